//! Reminders and escalations.

use std::time::Instant;

use proptest::prelude::*;

use super::*;

fn every(seconds: u64, since: u64) -> Option<Reminders> {
    Some(Reminders { every: Duration::from_secs(seconds), since: after(since) })
}

fn passed_on(seconds: u64, to: Option<&str>) -> Option<Box<Escalation>> {
    let to = to.map(|to| RoomCode::parse(to, 64).unwrap());
    Some(Box::new(Escalation { after: Duration::from_secs(seconds), to, done: None }))
}

fn asked(number: u8) -> Alert {
    let (remind, escalation) = (every(60, 0), passed_on(300, Some("office")));
    Alert { confirm: true, remind, escalation, ..alert(number) }
}

fn raised(alert: Alert) -> Policy {
    take(&Policy::default(), Step::Raise(alert.into()), START).unwrap().0
}

fn tally(at: u64, missing: usize) -> Tally {
    Tally { at: after(at), missing, expected: 30 }
}

fn heard(number: u8, at: u64, text: &str) -> Heard {
    let id = AlertId::made_of([number % 32, number / 32, 0, 0, 0, 0, 0, 0]);
    Heard { alert: id, at: after(at), name: name("Ada"), text: text.into() }
}

#[test]
fn people_are_reminded_as_long_as_an_alert_asks_them_to_confirm_whatever_becomes_of_its_countdown() {
    let counted = Alert { countdown: Some(Countdown::To(after(900))), ..asked(1) };
    let policy = raised(counted);
    let change = |policy: &Policy, amendment, at| {
        let (next, _) = take(policy, Step::Change(alert(1).id, name("Bea"), amendment), after(at)).unwrap();
        let reminders = next.alerts.reminding(after(at)).map(|(_, reminders)| reminders).next();
        (next, reminders)
    };
    let other = |remind| Amendment { remind: Some(remind), ..Amendment::default() };
    let (same, reminders) = change(&policy, other(Some(Duration::from_secs(60))), 70);
    assert_eq!((same.revision, reminders), (policy.revision, every(60, 0)), "it is that already");
    let (_, reminders) = change(&policy, other(Some(Duration::from_secs(30))), 70);
    assert_eq!(reminders, every(30, 70), "another interval begins then");
    let (never, reminders) = change(&policy, other(None), 70);
    assert_eq!(reminders, None);
    let (again, reminders) = change(&never, other(Some(Duration::from_secs(60))), 80);
    assert_eq!(reminders, every(60, 80));
    let recount = |recount| Amendment { countdown: Some(recount), ..Amendment::default() };
    assert_eq!(change(&again, recount(Recount::Pause), 90).1, every(60, 80));
    assert_eq!(change(&again, recount(Recount::Cancel), 90).1, every(60, 80));
    let unasked = Amendment { confirm: Some(false), ..Amendment::default() };
    let (unasked, reminders) = change(&policy, unasked, 90);
    assert_eq!((reminders, unasked.alerts.escalating().count()), (None, 0));
    assert_eq!(change(&unasked, other(Some(Duration::from_secs(60))), 95).1, every(60, 95), "and to confirm");
    let end = Step::End(alert(1).id, name("Ada"), Ending::Mistake);
    assert_eq!(take(&policy, end, after(95)).unwrap().0.alerts.reminding(after(95)).count(), 0);
}

#[test]
fn given_an_alert_that_waits_for_a_second_person_then_its_times_count_from_the_release() {
    let draft = Alert { level: Level::Emergency, ..asked(1) };
    let waits = step(&of_two(), Step::Raise(draft.into()), START).unwrap();
    assert_eq!((waits.alerts.reminding(after(99)).count(), waits.alerts.escalating().count()), (0, 0));
    let released = step(&waits, Step::Release(alert(1).id, person("Bea", None)), after(30)).unwrap();
    let alert = released.alerts.get(alert(1).id).unwrap();
    assert_eq!((alert.remind, alert.escalates_at()), (every(60, 30), Some(after(330))));
}

#[test]
fn an_alert_that_would_end_before_what_is_to_happen_is_refused() {
    let raise = |ends_at, remind, escalation| {
        let draft = Alert { ends_at: Some(after(ends_at)), remind, escalation, ..asked(1) };
        take(&Policy::default(), Step::Raise(draft.into()), START).map(|(policy, _)| policy)
    };
    assert_eq!(raise(300, None, passed_on(300, None)), Err(NotDone::EndsBeforeEscalation));
    assert_eq!(raise(60, every(60, 0), None), Err(NotDone::EndsBeforeReminder));
    let short = raise(301, every(60, 0), passed_on(300, None)).unwrap();
    let remind = |every| {
        let amendment = Amendment { remind: Some(Some(Duration::from_secs(every))), ..Amendment::default() };
        step(&short, Step::Change(alert(1).id, name("Bea"), amendment), after(251)).map(|_| ())
    };
    assert_eq!([49, 50].map(remind), [Ok(()), Err(NotDone::EndsBeforeReminder)]);
    assert_eq!(remind(60), Ok(()), "it is that already");
}

#[test]
fn an_alert_is_passed_on_once_and_its_room_is_told_unless_nobody_is_missing() {
    let policy = raised(asked(1));
    assert!(policy.is_timed());
    let (one, changes) = take(&policy, Step::Escalate(alert(1).id, tally(301, 3)), after(301)).unwrap();
    assert_eq!(
        (&changes[0].fate, changes[0].speaker()),
        (&Fate::Escalated(tally(301, 3)), Some(&name("Ada")))
    );
    assert_eq!((changes[0].alert.escalated(), one.is_timed()), (Some(tally(301, 3)), false));
    let (same, changes) = take(&one, Step::Escalate(alert(1).id, tally(302, 1)), after(302)).unwrap();
    assert_eq!((same.revision, changes), (one.revision, vec![]));
    let (complete, changes) = take(&policy, Step::Escalate(alert(1).id, tally(301, 0)), after(301)).unwrap();
    assert_eq!((complete.is_timed(), changes), (false, vec![]));
    let nobody = Tally { expected: 0, ..tally(301, 0) };
    let (_, changes) = take(&policy, Step::Escalate(alert(1).id, nobody), after(301)).unwrap();
    assert_eq!(changes[0].fate, Fate::Escalated(nobody), "nobody was expected, so nobody has confirmed");
    let end = Step::End(alert(1).id, name("Ada"), Ending::default());
    let (ended, _) = take(&policy, end, after(10)).unwrap();
    let (same, changes) = take(&ended, Step::Escalate(alert(1).id, tally(301, 3)), after(301)).unwrap();
    assert_eq!((same.revision, changes, ended.is_timed()), (ended.revision, vec![], false));
    let sooner = Amendment { ends_at: Some(Some(after(300))), ..Amendment::default() };
    let short = step(&policy, Step::Change(alert(1).id, name("Bea"), sooner), after(10)).unwrap();
    assert!(!short.is_timed(), "it has ended by then");
    let ends = raised(Alert { ends_at: Some(after(400)), ..asked(1) });
    let due = |at| ends.alerts.to_pass_on(alert(1).id, after(at)).map(|alert| alert.is_some());
    assert_eq!([300, 399, 400].map(due), [Some(true), Some(true), Some(false)], "nor when it is over");
    let alert = policy.alerts.get(alert(1).id).unwrap();
    let left = [0, 299, 300, 999].map(|at| alert.escalates_in(after(at)));
    assert_eq!(left, [300, 1, 0, 0].map(|left| Some(Duration::from_secs(left))));
    let early = START - Duration::from_secs(3600);
    assert_eq!(alert.escalates_in(early), Some(Duration::from_secs(300)), "by a clock that was put back");
}

#[test]
fn a_room_hears_of_an_alert_once_however_often_it_is_told_and_what_it_knows_is_bounded() {
    let hear = |policy: &Policy, heard: Heard, now| {
        let (next, changes) = take(policy, Step::Hear(heard), now).unwrap();
        assert_eq!(changes, []);
        let said = next.alerts.heard_since(&policy.alerts);
        let said = said.map(|(name, text)| (name.clone(), text.to_owned()));
        (next, said)
    };
    let (one, said) = hear(&Policy::default(), heard(1, 0, "one"), START);
    assert_eq!(said, Some((name("Ada"), "one".to_owned())));
    let (again, said) = hear(&one, heard(1, 5, "another count"), after(5));
    assert_eq!((again.revision, said), (one.revision, None));
    let (mut policy, said) = hear(&one, heard(2, 6, "two"), after(6));
    assert_eq!(said, Some((name("Ada"), "two".to_owned())));
    for number in 3..=40 {
        (policy, _) = hear(&policy, heard(number, 7, "x"), after(7));
    }
    assert_eq!(policy.alerts.heard.len(), MOST_HEARD);
    assert_eq!(policy.alerts.heard.iter().filter(|heard| !heard.text.is_empty()).count(), 1);
    let late = after(3 * 24 * 3600);
    assert_eq!(hear(&policy, heard(50, 3 * 24 * 3600, "x"), late).0.alerts.heard.len(), 1);
    let (old, new) = (raised(asked(1)), after(300 + 24 * 3600));
    let alert = old.alerts.get(asked(1).id).unwrap();
    assert_eq!([new, new + Duration::from_secs(1)].map(|now| alert.escalates_too_late(now)), [false, true]);
}

#[test]
fn given_a_server_that_was_down_or_a_clock_that_was_set_meanwhile_then_reminders_go_on() {
    let now = Instant::now();
    let begin = |since, wall| Reminded::begin(every(5, since).unwrap(), after(wall), now);
    let take =
        |mut reminded: Reminded, at: [u64; 3]| at.map(|at| reminded.take(now + Duration::from_secs(at)));
    assert_eq!(take(begin(0, 2), [2, 3, 4]), [None, Some(1), None]);
    assert_eq!(take(begin(0, 2), [3, 20, 22]), [Some(1), Some(4), None], "one, of all that were due");
    assert_eq!(
        take(begin(0, 3602), [2, 3, 8]),
        [None, Some(721), Some(722)],
        "more than 100 were due before"
    );
    assert_eq!(take(begin(700, 100), [4, 5, 10]), [None, Some(1), Some(2)], "an alert of the future");
}

#[test]
fn given_a_reminder_that_could_not_be_given_then_it_is_due_still_and_does_not_count() {
    let (now, minute) = (Instant::now(), Duration::from_secs(60));
    let mut reminded = Reminded::begin(every(60, 0).unwrap(), START, now);
    for _ in 0..2 {
        assert_eq!(reminded.take(now + minute), Some(1));
        reminded.put_back(1);
        assert_eq!(reminded.next(), Some(now + minute));
    }
    assert_eq!([2, 2].map(|at| reminded.take(now + minute * at)), [Some(2), None], "not both of them");
    let given = (3..500).filter_map(|at| reminded.take(now + minute * at)).count();
    assert_eq!((given, reminded.next()), (99, None), "100 in all");
}

proptest! {
    #[test]
    fn reminders_come_at_their_interval(
        every in 5_u64..100_000, age in 0_u64..1_000, looks in proptest::collection::vec(1_u64..200_000, 1..60),
    ) {
        let (start, interval) = (Instant::now(), Duration::from_secs(every));
        let mut reminded = Reminded::begin(Reminders { every: interval, since: START }, after(age), start);
        let (mut now, raised) = (start, start.checked_sub(Duration::from_secs(age)).unwrap());
        for look in looks {
            now += Duration::from_millis(look);
            let (next, number) = (reminded.next().unwrap(), reminded.take(now));
            prop_assert_eq!(number.is_some(), next <= now, "whoever waits for the next has it");
            prop_assert!((next - raised).as_millis().is_multiple_of(interval.as_millis()));
            if let Some(number) = number {
                prop_assert_eq!(u128::from(number), (now - raised).as_millis() / interval.as_millis());
            }
            prop_assert!(reminded.next().unwrap() > now);
        }
    }
}
