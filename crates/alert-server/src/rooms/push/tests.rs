//! A store that does not answer, what is out of date, and what keeps devices out.

use super::*;
use alert_core::room::policy::{Action, Change as Settings, HostKey, PasswordHash};
use alert_core::room::push::Subscription;
use std::cell::Cell;
use std::future::ready;

fn after(policy: &Policy, action: &Action) -> Policy {
    policy.after(action, &[], SystemTime::now()).unwrap()
}

fn password(hash: &str) -> Action {
    let password = Some(Some(PasswordHash::new(hash)));
    Action::Set(Box::new(Settings { password, ..Settings::default() }))
}

fn device(entered: u64, is_host: bool) -> Device {
    let key = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4";
    Device {
        name: UserName::parse("Ada", 64).unwrap(),
        subscription: Subscription::parse("https://push.example/1", key, "BTBZMqHH6r4Tts7J_aSIgg").unwrap(),
        quiet: None,
        entered,
        is_host,
        token: None,
        renewed: SystemTime::now(),
    }
}

#[tokio::test]
async fn given_a_store_that_does_not_answer_then_it_is_asked_again_for_a_while() {
    let asked = Cell::new(0);
    let ask = |answers_at: u32| {
        asked.set(asked.get() + 1);
        ready(if asked.get() < answers_at { Err("down") } else { Ok(asked.get()) })
    };
    let pauses = [0; 2];
    assert_eq!(patiently(&pauses, || ask(3)).await, Ok(3));
    asked.set(0);
    assert_eq!(patiently(&pauses, || ask(4)).await, Err("down"));
    let whole: u64 = PAUSES.iter().sum();
    assert!((50..=70).contains(&whole));
}

#[test]
fn given_another_password_or_key_then_the_devices_that_the_old_one_let_in_are_kept_out() {
    let open = after(&Policy::default(), &Action::Key(HostKey::new([1; 16]).hash()));
    let first = after(&open, &password("one"));
    let (old, new) = (device(open.revision, false), device(first.revision, false));
    assert!(is_kept_out(&open, &first, &old));
    assert!(!is_kept_out(&open, &first, &new), "its page was there since");
    let second = after(&first, &password("two"));
    assert!(is_kept_out(&first, &second, &new));
    let host = device(open.revision, true);
    assert!(!is_kept_out(&first, &second, &host), "hosts need none");
    let rekeyed = after(&second, &Action::Key(HostKey::new([2; 16]).hash()));
    assert!(is_kept_out(&second, &rekeyed, &host));
    assert!(!is_kept_out(&second, &rekeyed, &new), "they never had it");
    assert!(!is_kept_out(&Policy::default(), &open, &device(0, true)), "the first");
}
