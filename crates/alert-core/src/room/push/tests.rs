//! Who may still be told, and what disturbs them.

use std::time::UNIX_EPOCH;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::*;
use crate::room::policy::{Action, Whom};

/// Of RFC 8291, appendix A.
const KEY: &str = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4";
const AUTH: &str = "BTBZMqHH6r4Tts7J_aSIgg";

fn at(seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_764_400_000 + seconds)
}

fn device() -> Device {
    Device {
        name: UserName::parse("Ada", 64).unwrap(),
        subscription: Subscription::parse("https://push.example/abc", KEY, AUTH).unwrap(),
        quiet: None,
        entered: 0,
        is_host: false,
        token: None,
        renewed: at(0),
    }
}

fn with_token() -> Device {
    let (subject, id) = (Subject::parse("u1").unwrap(), TokenId::parse("t1").unwrap());
    Device { token: Some(Shown { subject, id, expires: at(100) }), ..device() }
}

fn after(action: &Action) -> Policy {
    Policy::default().after(action, &[UserName::parse("Ada", 64).unwrap()], at(5)).unwrap()
}

#[test]
fn given_somebody_who_was_put_out_or_banned_or_finds_the_room_closed_then_they_are_told_nothing() {
    let (ada, open) = (device(), Policy::default());
    assert!(ada.may_hear(&open, &[], at(10)));
    for action in [
        Action::Kick(ada.name.clone()),
        Action::Ban(Whom::Name(ada.name.clone()), None, false),
        Action::Close,
    ] {
        assert!(!ada.may_hear(&after(&action), &[], at(10)), "{action:?}");
    }
    let again = Device { entered: 1, ..device() };
    assert!(again.may_hear(&after(&Action::Kick(again.name.clone())), &[], at(10)), "they have come back");
    let host = Device { is_host: true, ..device() };
    assert!(host.may_hear(&after(&Action::Close), &[], at(10)));
}

#[test]
fn given_a_token_that_has_ended_or_was_taken_back_then_its_holder_is_told_nothing() {
    let (ada, policy) = (with_token(), Policy::default());
    assert!(ada.may_hear(&policy, &[], at(99)));
    assert!(!ada.may_hear(&policy, &[], at(100)));
    for revoked in
        [Revoked::Subject(Subject::parse("u1").unwrap()), Revoked::Token(TokenId::parse("t1").unwrap())]
    {
        assert!(!ada.may_hear(&policy, &[revoked], at(1)));
    }
    assert!(ada.may_hear(&policy, &[Revoked::Subject(Subject::parse("u2").unwrap())], at(1)));
}

#[test]
fn given_a_device_whose_page_was_not_there_for_long_then_it_is_told_nothing() {
    let (ada, policy) = (device(), Policy::default());
    assert!(ada.may_hear(&policy, &[], at(AGE.as_secs() - 1)));
    assert!(!ada.may_hear(&policy, &[], at(AGE.as_secs())));
}

#[test]
fn given_quiet_hours_then_only_an_emergency_disturbs() {
    let quiet = Some(QuietHours::parse("08:00", "08:00", "UTC").unwrap());
    let ada = Device { quiet, ..device() };
    assert!(!ada.is_disturbed_by(Level::Warning, at(0)));
    assert!(ada.is_disturbed_by(Level::Emergency, at(0)));
    assert!(device().is_disturbed_by(Level::Warning, at(0)));
}

#[test]
fn given_a_device_then_it_is_read_as_it_was_written_and_nothing_shows_its_address() {
    let quiet = Some(QuietHours::parse("22:00", "07:00", "Europe/Berlin").unwrap());
    for ada in [device(), Device { quiet, is_host: true, entered: 7, ..with_token() }] {
        assert_eq!(Device::read(&ada.write()), Ok(ada.clone()));
        assert!(!format!("{ada:?}").contains("push.example"));
    }
    for text in ["", "{}", "null", r#"{"name":"Ada"}"#] {
        assert_eq!(Device::read(text), Err(NotADevice));
    }
}

#[test]
fn given_keys_or_an_address_that_are_none_then_there_is_no_subscription() {
    let long = format!("https://push.example/{}", "x".repeat(2048));
    let compressed = URL_SAFE_NO_PAD.encode([2; 65]);
    for (endpoint, p256dh, auth) in [
        (long.as_str(), KEY, AUTH),
        ("https://push.example/\n", KEY, AUTH),
        ("https://push.example/", &KEY[1..], AUTH),
        ("https://push.example/", &compressed, AUTH),
        ("https://push.example/", KEY, "AAAA"),
        ("https://push.example/", KEY, "+/"),
    ] {
        assert_eq!(Subscription::parse(endpoint, p256dh, auth), Err(NotASubscription));
    }
    let padded = format!("{AUTH}==");
    assert_eq!(
        Subscription::parse("https://push.example/abc", KEY, &padded).as_ref(),
        Ok(&device().subscription)
    );
}
