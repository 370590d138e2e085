//! Webhooks of a room, as its hosts make and remove them.

use super::*;
use crate::room::policy::{Action, Policy};

const NOW: SystemTime = SystemTime::UNIX_EPOCH;

fn hook(number: u8) -> Hook {
    Hook {
        id: HookId::made_of([number; 8]),
        url: "https://example.org/hook".into(),
        tells: Tells::All,
        secret: Secret::new([number; 32]),
        before: None,
        by: "Ada".into(),
        at: NOW,
    }
}

fn after(policy: &Policy, step: Step, now: SystemTime) -> Result<Policy, NotDone> {
    policy.after(&Action::Hook(Box::new(step)), [], now)
}

#[test]
fn given_as_many_webhooks_as_there_may_be_then_one_more_is_refused_until_one_is_removed() {
    let mut policy = Policy::default();
    for number in 0..MOST_HOOKS as u8 {
        policy = after(&policy, Step::Add(Box::new(hook(number))), NOW).unwrap();
    }
    assert_eq!(after(&policy, Step::Add(Box::new(hook(20))), NOW), Err(NotDone::TooManyHooks));
    // A step that is taken again changes nothing.
    assert_eq!(after(&policy, Step::Add(Box::new(hook(0))), NOW).as_ref(), Ok(&policy));
    policy = after(&policy, Step::Remove(hook(0).id), NOW).unwrap();
    policy = after(&policy, Step::Add(Box::new(hook(20))), NOW).unwrap();
    assert_eq!((policy.hooks.get(hook(0).id), policy.hooks.get(hook(20).id)), (None, Some(&hook(20))));
    assert_eq!(after(&policy, Step::Remove(hook(0).id), NOW), Err(NotDone::NoSuchHook));
    assert!(policy.is_open() == Policy::default().is_open() && policy.has_rules_of(&Policy::default()));
}

#[test]
fn given_a_room_that_goes_on_under_another_code_then_its_webhooks_tell_nothing_here() {
    let policy = after(&Policy::default(), Step::Add(Box::new(hook(1))), NOW).unwrap();
    let moves = Action::Alert(Box::new(crate::room::alerts::Step::Move));
    assert_eq!(policy.after(&moves, [], NOW).unwrap().hooks, Hooks::default());
}

#[test]
fn given_another_secret_then_both_are_signed_with_for_a_day() {
    let policy = after(&Policy::default(), Step::Add(Box::new(hook(1))), NOW).unwrap();
    let other = Secret::new([9; 32]);
    let policy = after(&policy, Step::Change(hook(1).id, other.clone()), NOW).unwrap();
    let secrets = |now| policy.hooks.get(hook(1).id).unwrap().secrets(now).cloned().collect::<Vec<_>>();
    assert_eq!(secrets(NOW), [other.clone(), hook(1).secret]);
    assert_eq!(secrets(NOW + BEFORE), [other]);
}

#[test]
fn given_webhooks_in_a_policy_then_they_are_read_as_they_were_written_and_their_secrets_are_not_printed() {
    let mut policy = Policy::default();
    for (number, tells) in [(1, Tells::All), (2, Tells::Messages), (3, Tells::Alerts)] {
        policy = after(&policy, Step::Add(Box::new(Hook { tells, ..hook(number) })), NOW).unwrap();
    }
    policy = after(&policy, Step::Change(hook(2).id, Secret::new([9; 32])), NOW).unwrap();
    assert_eq!(Policy::read(&policy.write()).as_ref(), Ok(&policy));
    let printed = format!("{policy:?}");
    assert!(printed.contains("Secret(hidden)") && !printed.contains("9, 9"), "{printed}");
}
