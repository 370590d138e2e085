use super::*;
use crate::room::alerts::{Alert, AlertId, Level};
use crate::room::policy::{Action, Policy};

const DAY: Duration = Duration::from_secs(24 * 3600);

/// A Monday in 2026, 7:00 UTC.
fn start() -> SystemTime {
    SystemTime::from("2026-11-30T07:00:00Z".parse::<jiff::Timestamp>().unwrap())
}

fn name(text: &str) -> UserName {
    UserName::parse(text, 64).unwrap()
}

fn id(text: &str) -> BellId {
    text.parse().unwrap()
}

fn bell(called: &str, say: &str) -> Box<Bell> {
    let form = Form {
        id: called.into(),
        rule: "FREQ=DAILY".into(),
        times: vec!["08:40".into()],
        zone: "Europe/Berlin".into(),
        say: Some(say.into()),
        ..Form::default()
    };
    Box::new(Bell::try_from(&form).unwrap())
}

fn take(policy: &Policy, step: Step, now: SystemTime) -> Result<Policy, NotDone> {
    let next = policy.after(&Action::Bell(Box::new(step)), &[], now)?;
    assert_eq!(Policy::read(&next.write()).as_ref(), Ok(&next), "a store keeps all of it");
    assert!(next.has_rules_of(policy), "bells are no rules");
    Ok(next)
}

fn says(called: &str, at: SystemTime) -> Step {
    Step::Ring(Ringing { bell: id(called), at, deed: Deed::Say(name("Bell"), format!("of {called}").into()) })
}

#[test]
fn bells_are_kept_changed_and_removed() {
    let one = take(&Policy::default(), Step::Put(bell("b", "x")), start()).unwrap();
    let two = take(&one, Step::Put(bell("a", "y")), start()).unwrap();
    let ids: Vec<_> = two.bells.kept().iter().map(|bell| bell.id.as_str()).collect();
    assert_eq!(ids, ["a", "b"]);
    let same = take(&two, Step::Put(bell("b", "x")), start()).unwrap();
    assert_eq!(same.revision, two.revision);
    let other = take(&two, Step::Put(bell("b", "z")), start()).unwrap();
    assert_eq!((other.bells.kept().len(), other.bells.kept()[1].does.text()), (2, "z"));
    let none = take(&other, Step::Remove(id("b")), start()).unwrap();
    assert_eq!(none.bells.kept().len(), 1);
    assert_eq!(take(&none, Step::Remove(id("b")), start()), Err(NotDone::NoSuchBell));
}

#[test]
fn given_a_bell_that_rings_then_it_rings_once_for_each_time() {
    let rings = |policy: &Policy, at, now| {
        let next = take(policy, says("a", at), now).unwrap();
        let said = next.bells.said_since(&policy.bells).map(|(name, text)| format!("{name}: {text}"));
        (next, said)
    };
    let (one, said) = rings(&Policy::default(), start(), start());
    assert_eq!(said.as_deref(), Some("Bell: of a"));
    let (two, said) = rings(&one, start(), start() + Duration::from_millis(30));
    assert_eq!((said, two.revision), (None, one.revision), "another server was faster");
    let (three, said) = rings(&two, start() + DAY, start() + DAY);
    assert!(said.is_some(), "the same words another time");
    // The clock was put back by an hour and comes by again.
    let (four, said) = rings(&three, start() + DAY, start() + DAY - DAY / 24);
    assert_eq!((said, four.revision), (None, three.revision));
    assert!(take(&four, says("b", start()), start()).unwrap().bells.said_since(&four.bells).is_some());
}

#[test]
fn given_a_clock_that_was_years_ahead_then_bells_ring_when_it_is_right_again() {
    let wrong = take(&Policy::default(), says("a", start() + 1000 * DAY), start() + 1000 * DAY).unwrap();
    let right = take(&wrong, says("a", start()), start()).unwrap();
    assert!(right.bells.said_since(&wrong.bells).is_some());
    assert_eq!(right.bells.rung(&id("a"), start()), Some(start()));
}

#[test]
fn given_a_bell_that_raises_an_alert_then_it_is_raised_with_it_or_nothing_has_rung() {
    let alert = |number: u8| Alert {
        id: AlertId::made_of([number; 8]),
        by: name("Bell"),
        at: start(),
        text: "Siren test".into(),
        level: Level::Info,
        confirm: false,
        answers: Box::default(),
        word: None,
        show_missing: false,
        remind: None,
        escalation: None,
        drill: true,
        countdown: None,
        ends_at: Some(start() + DAY),
        audience: None,
        all_clear: None,
        released_by: None,
        changed: None,
        key: None,
    };
    let ring = |number: u8, at| {
        Step::Ring(Ringing { bell: id("siren"), at, deed: Deed::Raise(Box::new(alert(number).into())) })
    };
    let mut policy = take(&Policy::default(), ring(0, start()), start()).unwrap();
    assert_eq!(policy.alerts.in_force(start()).count(), 1);
    assert_eq!(take(&policy, ring(1, start()), start()).unwrap(), policy);
    for number in 1..16 {
        policy = take(&policy, ring(number, start() + Duration::from_secs(number.into())), start()).unwrap();
    }
    assert_eq!(take(&policy, ring(16, start() + DAY), start()), Err(NotDone::TooManyAlerts));
}

#[test]
fn given_other_times_on_a_day_then_that_day_has_them_until_it_is_over() {
    let bell = bell("a", "x");
    let monday: Date = "2026-11-30".parse().unwrap();
    let short = |times: &[&str]| Some(Times::parse(times).unwrap());
    let kept = take(&Policy::default(), Step::Put(bell.clone()), start()).unwrap();
    let early = take(&kept, Step::Day(id("a"), monday, short(&["08:20"])), start()).unwrap();
    let next = |policy: &Policy| {
        policy.bells.as_it_rings(&bell).next(start()).unwrap().duration_since(start()).unwrap()
    };
    assert_eq!(next(&early), Duration::from_secs(20 * 60));
    let skipped = take(&early, Step::Day(id("a"), monday, short(&[])), start()).unwrap();
    assert_eq!(next(&skipped), DAY + Duration::from_secs(40 * 60));
    let as_always = take(&skipped, Step::Day(id("a"), monday, None), start()).unwrap();
    assert_eq!(next(&as_always), Duration::from_secs(40 * 60));
    let later = take(&skipped, says("a", start() + 5 * DAY), start() + 5 * DAY).unwrap();
    assert_eq!(later.bells.days_of(&id("a")).count(), 0);
}

#[test]
fn given_too_many_bells_or_days_then_they_are_refused() {
    let put = |policy: &Policy, step| policy.after(&Action::Bell(Box::new(step)), &[], start());
    let mut policy = Policy::default();
    for number in 0..MOST_BELLS {
        policy = put(&policy, Step::Put(bell(&format!("b{number}"), "x"))).unwrap();
    }
    assert_eq!(put(&policy, Step::Put(bell("more", "x"))), Err(NotDone::TooManyBells));
    let long = "x".repeat(2000);
    let longer = (0..MOST_BELLS).try_fold(policy.clone(), |policy, number| {
        put(&policy, Step::Put(bell(&format!("b{number}"), &long)))
    });
    assert_eq!(longer, Err(NotDone::TooManyBells));
    let date: Date = "2026-12-01".parse().unwrap();
    let many = (0..=MOST_DAYS).try_fold(policy, |policy, number| {
        let date = date.saturating_add(i64::try_from(number).unwrap().days());
        put(&policy, Step::Day(id("b1"), date, Some(Times::default())))
    });
    assert_eq!(many, Err(NotDone::TooManyDays));
}
