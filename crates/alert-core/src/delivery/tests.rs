//! What a webhook tells, in which order, and what becomes of what cannot be delivered.

use super::*;
use crate::names::UserName;
use crate::position::{Epoch, Run};
use crate::room::alerts::{Alert, AlertId, Amendment, Ending, Escalation, Step, Tally};
use crate::room::policy::{Action, Policy};

fn at(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000 + seconds)
}

fn position(number: u64) -> Position {
    Position { epoch: Epoch { run: Run::new(7), part: 0 }, number }
}

fn said(number: u64, seconds: u64) -> Arc<RoomEvent> {
    let name = UserName::parse("Ada", 64).unwrap();
    let what = What::Said { name, text: number.to_string().into() };
    Arc::new(RoomEvent { at: at(seconds), position: position(number), what })
}

fn raised(number: u8, seconds: u64) -> Alert {
    Alert { id: AlertId::made_of([number; 8]), at: at(seconds), ..Alert::example() }
}

fn act(policy: &Policy, step: Step, seconds: u64) -> Policy {
    policy.after(&Action::Alert(Box::new(step)), [], at(seconds)).unwrap()
}

/// All that a webhook tells of these, by number and state.
fn told(delivery: &mut Delivery, messages: &[Arc<RoomEvent>], alerts: &Alerts, tells: Tells) -> Vec<String> {
    let mut all = Vec::new();
    loop {
        let after = delivery.after.map_or(0, |position| position.number);
        let left: Vec<_> =
            messages.iter().filter(|event| event.position.number > after).map(Arc::clone).collect();
        let news = News { messages: &left, gap: None, more: false, alerts };
        let Some(item) = delivery.next(news, tells, at(99)) else { return all };
        all.push(match &item {
            Item::Gap(gap, _) => format!("{gap:?}"),
            Item::Said(event) => event.position.number.to_string(),
            Item::Alert(change, _) => match change.fate {
                Fate::Raised => "raised".to_owned(),
                Fate::Updated { .. } => "updated".to_owned(),
                Fate::Ended { .. } => "ended".to_owned(),
                Fate::Stands | Fate::Escalated(_) | Fate::Reminded(_) => "stands".to_owned(),
            },
        });
        delivery.passed(&item);
    }
}

#[test]
fn messages_and_what_becomes_of_alerts_are_told_in_the_order_in_which_they_happened_and_once() {
    let policy = act(&Policy::default(), Step::Raise(raised(1, 2).into()), 2);
    let messages = [said(1, 1), said(2, 3), said(3, 4)];
    let mut delivery = Delivery::begin(None, &Alerts::default());
    let all = told(&mut delivery, &messages, &policy.alerts, Tells::All);
    assert_eq!(
        all,
        ["1", "2", "raised", "3"],
        "the words of an alert come just before it, whenever they are dated"
    );
    assert_eq!(told(&mut delivery, &messages, &policy.alerts, Tells::All), [""; 0]);
    let name = UserName::parse("Ada", 64).unwrap();
    let policy = act(&policy, Step::End(raised(1, 2).id, name, Ending::default()), 5);
    assert_eq!(
        told(&mut delivery, &[said(4, 4), said(5, 7)], &policy.alerts, Tells::All),
        ["4", "ended", "5"]
    );
    assert_eq!(delivery.alerts, Alerts::default());
}

#[test]
fn given_one_kind_of_event_then_the_others_are_passed_over() {
    let policy = act(&Policy::default(), Step::Raise(raised(1, 2).into()), 2);
    let messages = [said(1, 1), said(2, 2)];
    let mut delivery = Delivery::begin(None, &Alerts::default());
    assert_eq!(told(&mut delivery, &messages, &policy.alerts, Tells::Alerts), ["raised"]);
    assert_eq!(delivery.after, Some(position(2)));
    let mut delivery = Delivery::begin(None, &Alerts::default());
    assert_eq!(told(&mut delivery, &messages, &policy.alerts, Tells::Messages), ["1", "2"]);
}

#[test]
fn given_a_webhook_that_is_made_while_an_alert_is_in_force_then_only_what_comes_after_is_told() {
    let policy = act(&Policy::default(), Step::Raise(raised(1, 2).into()), 2);
    let mut delivery = Delivery::begin(Some(position(2)), &policy.alerts);
    let policy = act(&policy, Step::Raise(raised(2, 3).into()), 3);
    assert_eq!(told(&mut delivery, &[said(1, 1), said(3, 9)], &policy.alerts, Tells::All), ["raised", "3"]);
}

#[test]
fn given_messages_that_are_gone_then_that_is_told_before_what_comes_first() {
    let mut delivery = Delivery::begin(Some(position(1)), &Alerts::default());
    let gap = Gap { missed: Some(3) };
    let messages = [said(5, 5)];
    let none = News { messages: &[], gap: Some(gap), more: false, alerts: &Alerts::default() };
    assert_eq!(delivery.next(none, Tells::All, at(9)), None, "it has to go on from somewhere");
    assert_eq!(delivery.after, Some(position(1)));
    let item = delivery.next(News { messages: &messages, ..none }, Tells::All, at(9)).unwrap();
    assert_eq!(item, Item::Gap(gap, position(4)));
    delivery.passed(&item);
    assert_eq!(told(&mut delivery, &messages, &Alerts::default(), Tells::All), ["5"]);
}

#[test]
fn given_more_to_read_then_an_alert_waits_for_what_may_have_been_said_before() {
    let policy = act(&Policy::default(), Step::Raise(raised(1, 2).into()), 2);
    let mut delivery = Delivery::begin(Some(position(1)), &Alerts::default());
    let news = News { messages: &[], gap: None, more: true, alerts: &policy.alerts };
    assert_eq!(delivery.next(news, Tells::All, at(9)), None);
    let all = delivery.next(News { more: false, ..news }, Tells::All, at(9));
    assert!(matches!(all, Some(Item::Alert(..))), "{all:?}");
}

#[test]
fn given_an_alert_that_everybody_confirmed_in_time_then_what_changes_later_is_told() {
    let escalation = Escalation { after: Duration::from_secs(60), to: None, done: None };
    let alert = Alert { confirm: true, escalation: Some(Box::new(escalation)), ..raised(1, 2) };
    let before = act(&Policy::default(), Step::Raise(alert.clone().into()), 2);
    let mut delivery = Delivery::begin(None, &before.alerts);
    let tally = Tally { at: at(70), missing: 0, expected: 2 };
    let passed = act(&before, Step::Escalate(alert.id, tally), 70);
    assert_eq!(told(&mut delivery, &[], &passed.alerts, Tells::All), [""; 0], "nobody was missing");
    let name = UserName::parse("Ada", 64).unwrap();
    let amendment = Amendment { text: Some("Worse".into()), ..Amendment::default() };
    let changed = act(&passed, Step::Change(alert.id, name, amendment), 80);
    assert_eq!(told(&mut delivery, &[], &changed.alerts, Tells::All), ["updated"]);
}

fn message(number: u64) -> Item {
    Item::Said(said(number, number))
}

/// Fails, and gives the pause after that.
fn fail(delivery: &mut Delivery, item: &Item, retry_after: Option<u64>, now: SystemTime) -> Duration {
    let event = ("event", "it answers 500");
    delivery.failed(item, event, retry_after.map(Duration::from_secs), 0, now);
    delivery.wait(now)
}

#[test]
fn given_a_receiver_that_fails_then_pauses_grow_for_more_than_a_day_and_then_it_is_a_dead_letter() {
    let mut delivery = Delivery::default();
    let (mut now, mut pauses) = (at(0), Vec::new());
    while delivery.failed(&message(1), ("message_1", "it answers 500"), None, 0, now) == Verdict::Again {
        let pause = delivery.wait(now);
        assert!(pauses.last().is_none_or(|before| *before < pause));
        pauses.push(pause);
        now += pause;
        assert_eq!(delivery.wait(now), Duration::ZERO);
    }
    assert_eq!((pauses.len() as u32 + 1, pauses[0]), (ATTEMPTS, Duration::from_secs(1)));
    let all = now.duration_since(at(0)).unwrap().as_secs();
    assert!((24 * 3600..30 * 3600).contains(&all), "{all}");
    assert_eq!((&delivery.failing, delivery.after), (&None, Some(position(1))), "the next begins anew");
    assert_eq!(fail(&mut delivery, &message(2), None, now), Duration::from_secs(1));
}

#[test]
fn given_a_receiver_that_asks_to_be_left_alone_then_it_is_for_so_long_and_for_no_more_than_half_a_day() {
    let wait = |retry_after| {
        let mut delivery = Delivery::default();
        let retry_after = Some(Duration::from_secs(retry_after));
        delivery.failed(&message(1), ("message_1", "it answers 429"), retry_after, 255, at(0));
        delivery.wait(at(0)).as_millis()
    };
    assert_eq!([wait(0), wait(90), wait(1 << 30)], [1100, 90_000, 12 * 3_600_000]);
    let mut delivery = Delivery::default();
    for _ in 0..ATTEMPTS {
        fail(&mut delivery, &message(1), Some(90), at(0));
    }
    assert_eq!(delivery.failing, None);
    assert_eq!(delivery.wait(at(80)), Duration::from_secs(10), "what comes after a dead letter too");
}

#[test]
fn given_an_alert_that_changes_while_it_waits_then_its_receiver_is_left_alone_and_its_tries_count() {
    let raised = raised(1, 2);
    let mut delivery = Delivery::begin(None, &Alerts::default());
    let mut policy = act(&Policy::default(), Step::Raise(raised.clone().into()), 2);
    let next = |delivery: &mut Delivery, policy: &Policy| {
        let news = News { messages: &[], gap: None, more: false, alerts: &policy.alerts };
        delivery.next(news, Tells::All, at(9)).unwrap()
    };
    let name = UserName::parse("Ada", 64).unwrap();
    for tries in 1..ATTEMPTS {
        let item = next(&mut delivery, &policy);
        assert_eq!(fail(&mut delivery, &item, Some(50_000), at(10)), LONGEST);
        let amendment = Amendment { text: Some(tries.to_string().into()), ..Amendment::default() };
        policy = act(&policy, Step::Change(raised.id, name.clone(), amendment), 10);
        assert_ne!(next(&mut delivery, &policy), item);
        assert_eq!(delivery.wait(at(10)), LONGEST);
        assert_eq!(delivery.failing.as_ref().unwrap().attempts, tries);
        // Another event in between has tries of its own.
        fail(&mut delivery, &message(3), None, at(10));
        assert_eq!(delivery.failing.as_ref().unwrap().attempts, tries);
    }
    let last = next(&mut delivery, &policy);
    let verdict = delivery.failed(&last, ("alert_1", "it answers 500"), None, 0, at(10));
    assert_eq!(verdict, Verdict::Dead);
}

#[test]
fn given_a_clock_that_is_set_back_then_nobody_waits_for_longer_than_the_pause() {
    let hour = Duration::from_secs(3600);
    let mut delivery = Delivery::default();
    assert_eq!(fail(&mut delivery, &message(1), Some(3600), at(200_000)), hour);
    assert_eq!(delivery.wait(at(0)), hour);
    let mut delivery = Delivery::read(&delivery.write()).unwrap();
    assert_eq!(delivery.wait(at(3000)), hour / 6, "it has begun when the clock was set");
    assert_eq!(delivery.wait(at(3600)), Duration::ZERO);
}

#[test]
fn given_many_events_that_are_tried_in_turn_then_the_tries_of_the_oldest_are_forgotten() {
    let mut delivery = Delivery::default();
    for number in 0..=MOST_TRIED as u64 {
        fail(&mut delivery, &message(number), None, at(0));
    }
    assert_eq!(delivery.tried.len(), MOST_TRIED);
    fail(&mut delivery, &message(1), None, at(0));
    assert_eq!(delivery.failing.as_ref().unwrap().attempts, 2);
    fail(&mut delivery, &message(0), None, at(0));
    assert_eq!(delivery.failing.unwrap().attempts, 1);
}

#[test]
fn given_how_far_it_has_come_then_it_is_read_as_it_was_written() {
    let policy = act(&Policy::default(), Step::Raise(raised(1, 2).into()), 2);
    let mut delivery = Delivery::begin(Some(position(2)), &policy.alerts);
    delivery.delivered = Some(at(3));
    fail(&mut delivery, &message(3), None, at(4));
    delivery.is_gone = true;
    assert_eq!(Delivery::read(&delivery.write()), Some(delivery));
    assert_eq!(Delivery::read("{}"), Some(Delivery::default()));
    assert_eq!((Delivery::read("x"), Delivery::read(r#"{"after":"x"}"#)), (None, None));
}
