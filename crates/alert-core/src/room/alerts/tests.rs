mod unconfirmed;

use super::super::policy::{Action, NotDone, Policy};
use super::*;
use crate::names::RoomCode;

const START: SystemTime = SystemTime::UNIX_EPOCH;

fn after(seconds: u64) -> SystemTime {
    START + Duration::from_secs(seconds)
}

fn name(text: &str) -> UserName {
    UserName::parse(text, 64).unwrap()
}

fn alert(number: u8) -> Alert {
    Alert {
        id: AlertId::made_of([number; 8]),
        text: format!("alert {number}").into(),
        drill: number.is_multiple_of(2),
        ..Alert::example()
    }
}

fn end_of(by: Option<&str>, all_clear: Option<&str>) -> Fate {
    Fate::Ended { by: by.map(name), all_clear: all_clear.map(Into::into), mistake: false }
}

#[test]
fn an_alert_tells_its_own_all_clear_unless_another_is_given_or_it_was_a_mistake() {
    let own = Alert { all_clear: Some("come back".into()), ends_at: Some(after(10)), ..alert(1) };
    let (one, _) = take(&Policy::default(), Step::Raise(own.into()), START).unwrap();
    let fate = |step, now| take(&one, step, now).unwrap().1.remove(0).fate;
    let end = |ending| Step::End(alert(1).id, name("Bea"), ending);
    assert_eq!(fate(end(Ending::default()), after(1)), end_of(Some("Bea"), Some("come back")));
    let other = Ending::AllClear(Some("go home".into()));
    assert_eq!(fate(end(other), after(1)), end_of(Some("Bea"), Some("go home")));
    let mistake = Fate::Ended { by: Some(name("Bea")), all_clear: None, mistake: true };
    assert_eq!(fate(end(Ending::Mistake), after(1)), mistake);
    assert_eq!(fate(Step::Expire, after(10)), end_of(None, Some("come back")), "by itself");
    let none = Amendment { all_clear: Some(None), ..Amendment::default() };
    let (two, _) = take(&one, Step::Change(alert(1).id, name("Bea"), none), after(1)).unwrap();
    assert_eq!(take(&two, Step::Expire, after(10)).unwrap().1[0].fate, end_of(None, None));
}

/// Takes a step in a room, and gives the policy after it with what has become of alerts.
fn take(policy: &Policy, step: Step, now: SystemTime) -> Result<(Policy, Vec<Change>), NotDone> {
    let next = policy.after(&Action::Alert(Box::new(step)), &[], now)?;
    let changes = next.alerts.changes_since(&policy.alerts);
    assert_eq!(Policy::read(&next.write()).as_ref(), Ok(&next), "a store keeps all of it");
    assert!(next.has_rules_of(policy));
    Ok((next, changes))
}

fn texts(policy: &Policy, now: SystemTime) -> Vec<&str> {
    policy.alerts.in_force(now).map(|alert| &*alert.text).collect()
}

#[test]
fn an_alert_is_confirmed_by_its_word_and_by_one_of_its_answers_however_they_are_written() {
    let answers = ["Safe".into(), "Need help".into()].into();
    let asked = Alert { confirm: true, answers, word: Some("Here".into()), ..alert(1) };
    assert!([" here ", "HERE"].into_iter().all(|said| asked.is_confirmed_by(said)));
    assert!(!["", "here!", "I am here"].into_iter().any(|said| asked.is_confirmed_by(said)));
    assert_eq!([asked.answer(" need HELP"), asked.answer("safe and sound")], [Some("Need help"), None]);
    assert!(!Alert { confirm: false, ..asked }.is_confirmed_by("here"), "nobody is asked any more");
    let (policy, _) = take(&Policy::default(), Step::Raise(alert(1).into()), START).unwrap();
    let (_, changes) =
        take(&policy, Step::Raise(Alert { answers: ["x".into()].into(), ..alert(2) }.into()), START).unwrap();
    assert_eq!(&*changes[0].alert.answers, ["x".into()]);
}

#[test]
fn an_alert_is_raised_changed_and_ended_and_each_is_told_once() {
    let (one, changes) = take(&Policy::default(), Step::Raise(alert(1).into()), START).unwrap();
    assert_eq!(changes, [Change { alert: alert(1), fate: Fate::Raised }]);
    let amendment = Amendment { level: Some(Level::Emergency), ..Amendment::default() };
    let step = Step::Change(alert(1).id, name("Bea"), amendment);
    let (two, changes) = take(&one, step.clone(), after(1)).unwrap();
    assert_eq!(changes[0].fate, Fate::Updated { in_words: true });
    assert_eq!(changes[0].speaker(), Some(&name("Bea")));
    let (same, changes) = take(&two, step, after(2)).unwrap();
    assert_eq!((same.revision, changes), (two.revision, vec![]), "it is that already");
    let amendment = Amendment { ends_at: Some(Some(after(60))), ..Amendment::default() };
    let (three, changes) = take(&two, Step::Change(alert(1).id, name("Ada"), amendment), after(3)).unwrap();
    assert_eq!((changes[0].fate.clone(), changes[0].speaker()), (Fate::Updated { in_words: false }, None));
    let end = Step::End(alert(1).id, name("Ada"), Ending::AllClear(Some("all is well".into())));
    let (four, changes) = take(&three, end.clone(), after(4)).unwrap();
    assert_eq!(changes[0].fate, end_of(Some("Ada"), Some("all is well")));
    let (five, changes) = take(&four, end, after(5)).unwrap();
    assert_eq!((five.revision, changes, texts(&five, after(5))), (four.revision, vec![], vec![]));
    let unknown = Step::End(alert(2).id, name("Ada"), Ending::default());
    assert_eq!(take(&five, unknown, after(6)), Err(NotDone::NoSuchAlert));
}

#[test]
fn an_alert_ends_by_itself_at_its_time_whatever_happens_then() {
    let timed = Alert { ends_at: Some(after(10)), ..alert(1) };
    let (one, _) = take(&Policy::default(), Step::Raise(timed.into()), START).unwrap();
    let (two, _) = take(&one, Step::Raise(alert(2).into()), after(1)).unwrap();
    assert_eq!(two.alerts.next_end(), Some(after(10)));
    assert_eq!(
        (texts(&two, after(9)), texts(&two, after(10))),
        (vec!["alert 1", "alert 2"], vec!["alert 2"])
    );
    let (early, changes) = take(&two, Step::Expire, after(9)).unwrap();
    assert_eq!((early.revision, changes), (two.revision, vec![]));
    let (ended, changes) = take(&two, Step::Expire, after(10)).unwrap();
    assert_eq!(changes[0].fate, end_of(None, None));
    assert_eq!((ended.alerts.next_end(), changes.len()), (None, 1));
    // Another action does the same.
    let kicked = two.after(&Action::Kick(name("Mal")), &[], after(11)).unwrap();
    assert_eq!(kicked.alerts.changes_since(&two.alerts), changes);
}

#[test]
fn what_is_raised_again_with_its_key_is_the_same_also_when_it_has_ended() {
    let key = |text: &str| Key { digest: [7; 16], asked: [text.as_bytes()[0]; 16] };
    let keyed = |text: &str, id| Alert { key: Some(key(text)), text: text.into(), ..alert(id) };
    let (one, _) = take(&Policy::default(), Step::Raise(keyed("x", 1).into()), START).unwrap();
    let (again, changes) = take(&one, Step::Raise(keyed("x", 3).into()), after(1)).unwrap();
    assert_eq!((again.revision, changes), (one.revision, vec![]));
    assert_eq!(again.alerts.with_key(key("x")).map(|alert| alert.id), Some(alert(1).id));
    assert_eq!(take(&one, Step::Raise(keyed("y", 3).into()), after(1)), Err(NotDone::KeyReused));
    let (ended, _) = take(&one, Step::End(alert(1).id, name("Ada"), Ending::default()), after(2)).unwrap();
    let (retried, changes) = take(&ended, Step::Raise(keyed("x", 3).into()), after(3)).unwrap();
    assert_eq!((retried.revision, changes), (ended.revision, vec![]));
    let (later, changes) = take(&ended, Step::Raise(keyed("x", 3).into()), after(1000)).unwrap();
    assert_eq!((changes.len(), texts(&later, after(1000))), (1, vec!["x"]));
}

#[test]
fn no_more_are_in_force_than_may_be_and_none_ends_before_it_begins() {
    let mut policy = Policy::default();
    for number in 0..16 {
        (policy, _) = take(&policy, Step::Raise(alert(number).into()), START).unwrap();
    }
    assert_eq!(take(&policy, Step::Raise(alert(20).into()), START), Err(NotDone::TooManyAlerts));
    let mut now = START;
    for number in 0..200_u8 {
        now += Duration::from_secs(1);
        (policy, _) = take(&policy, Step::End(alert(number).id, name("Ada"), Ending::Mistake), now).unwrap();
        (policy, _) = take(&policy, Step::Raise(alert(number + 16).into()), now).unwrap();
    }
    assert!(policy.alerts.ended.len() <= MOST_ENDED);
    for time in [START, after(1), after(366 * 24 * 3600 + 2)] {
        let late = |alert: Alert| take(&Policy::default(), Step::Raise(alert.into()), after(1)).err();
        let (ends, counts) = (
            Alert { ends_at: Some(time), ..alert(1) },
            Alert { countdown: Some(Countdown::To(time)), ..alert(1) },
        );
        assert_eq!((late(ends), late(counts)), (Some(NotDone::NotAhead), Some(NotDone::NotAhead)));
    }
}

#[test]
fn given_a_policy_of_a_room_that_was_not_heard_for_long_then_each_alert_that_is_gone_has_ended() {
    let (before, _) = take(&Policy::default(), Step::Raise(alert(1).into()), START).unwrap();
    let (other, _) = take(&Policy::default(), Step::Raise(alert(3).into()), START).unwrap();
    let changes = other.alerts.changes_since(&before.alerts);
    let ended = end_of(None, None);
    assert_eq!(changes.iter().map(|change| &change.fate).collect::<Vec<_>>(), [&ended, &Fate::Raised]);
}

#[test]
fn given_a_countdown_then_it_can_be_paused_go_on_be_extended_and_taken_away_and_a_retry_changes_nothing() {
    let counted = Alert { countdown: Some(Countdown::To(after(60))), ..alert(1) };
    let (policy, _) = take(&Policy::default(), Step::Raise(counted.into()), START).unwrap();
    let recount = |policy: &Policy, recount, now| {
        let amendment = Amendment { countdown: Some(recount), ..Amendment::default() };
        take(policy, Step::Change(alert(1).id, name("Bea"), amendment), now)
    };
    let countdown = |policy: &Policy| policy.alerts.get(alert(1).id).unwrap().countdown;
    let (paused, changes) = recount(&policy, Recount::Pause, after(20)).unwrap();
    assert_eq!(countdown(&paused), Some(Countdown::Paused(Duration::from_secs(40))));
    assert_eq!(changes[0].fate, Fate::Updated { in_words: false });
    let (again, changes) = recount(&paused, Recount::Pause, after(30)).unwrap();
    assert_eq!((again.revision, changes), (paused.revision, vec![]));
    let more = Recount::Set(Countdown::Paused(Duration::from_secs(100)));
    let (longer, _) = recount(&paused, more, after(30)).unwrap();
    let (resumed, _) = recount(&longer, Recount::Resume, after(50)).unwrap();
    assert_eq!(countdown(&resumed), Some(Countdown::To(after(150))));
    let (again, _) = recount(&resumed, Recount::Resume, after(60)).unwrap();
    assert_eq!(again.revision, resumed.revision);
    let (extended, _) = recount(&resumed, Recount::Set(Countdown::To(after(300))), after(60)).unwrap();
    assert_eq!(countdown(&extended), Some(Countdown::To(after(300))));
    // Another host was faster: nothing becomes of a countdown that is not what was seen.
    let longer = |from| recount(&extended, Recount::Replace(from, Countdown::To(after(360))), after(60));
    assert_eq!(longer(Countdown::To(after(150))).err(), Some(NotDone::CountdownChanged));
    let (more, _) = longer(Countdown::To(after(300))).unwrap();
    let again = Recount::Replace(Countdown::To(after(300)), Countdown::To(after(360)));
    assert_eq!(recount(&more, again, after(61)).unwrap().0.revision, more.revision, "a retry");
    let (cancelled, _) = recount(&extended, Recount::Cancel, after(61)).unwrap();
    assert_eq!(countdown(&cancelled), None);
    for (policy, what, now) in [
        (&cancelled, Recount::Pause, after(62)),
        (&cancelled, Recount::Resume, after(62)),
        (&policy, Recount::Pause, after(60)),
        (&policy, Recount::Resume, after(60)),
        (&policy, Recount::Resume, after(61)),
    ] {
        assert_eq!(recount(policy, what, now).err(), Some(NotDone::NoCountdown));
    }
    let over = Recount::Set(Countdown::Paused(Duration::ZERO));
    assert_eq!(recount(&paused, over, after(30)).err(), Some(NotDone::NotAhead));
}

#[test]
fn given_alerts_that_go_to_another_code_then_nobody_is_told_of_an_end_and_none_is_there() {
    let (before, _) = take(&Policy::default(), Step::Raise(alert(1).into()), START).unwrap();
    let (moved, changes) = take(&before, Step::Move, after(1)).unwrap();
    assert_eq!((changes, texts(&moved, after(1))), (vec![], vec![]));
    let (next, changes) = take(&moved, Step::Raise(alert(3).into()), after(2)).unwrap();
    assert_eq!((changes.len(), texts(&next, after(2))), (1, vec!["alert 3"]));
}

/// A room where an emergency takes a second person.
fn of_two() -> Policy {
    Policy { two_person: true, revision: 1, ..Policy::default() }
}

fn fire(number: u8) -> Draft {
    Alert { level: Level::Emergency, ..alert(number) }.into()
}

fn person(text: &str, subject: Option<&str>) -> Person {
    Person { name: name(text), subject: subject.map(Into::into) }
}

/// The policy after a step in a room of two; stores keep all of it.
fn step(policy: &Policy, step: Step, now: SystemTime) -> Result<Policy, NotDone> {
    let next = policy.after(&Action::Alert(Box::new(step)), &[], now)?;
    assert_eq!(Policy::read(&next.write()).as_ref(), Ok(&next));
    Ok(next)
}

#[test]
fn given_a_room_of_two_then_an_emergency_waits_until_a_second_person_releases_it_and_nothing_else_does() {
    let warned = step(&of_two(), Step::Raise(alert(1).into()), START).unwrap();
    assert_eq!(texts(&warned, START), ["alert 1"]);
    let up = Amendment { level: Some(Level::Emergency), ..Amendment::default() };
    assert_eq!(step(&warned, Step::Change(alert(1).id, name("Bea"), up), START), Err(NotDone::TakesTwo));

    let draft =
        Draft { countdown: Some(Duration::from_secs(60)), lasts: Some(Duration::from_secs(600)), ..fire(2) };
    let waits = step(&of_two(), Step::Raise(draft), START).unwrap();
    assert_eq!(
        (waits.alerts.changes_since(&of_two().alerts), waits.has_rules_of(&of_two())),
        (vec![], false)
    );
    assert_eq!(waits.alerts.next_end(), Some(START + WAITS));
    let release = |who| step(&waits, Step::Release(alert(2).id, who), after(30));
    for same in [person("Ada", None), person("\u{430}da", None), person("Ada", Some("bea"))] {
        assert_eq!(release(same), Err(NotDone::SamePerson));
    }
    let released = release(person("Bea", None)).unwrap();
    let changes = released.alerts.changes_since(&waits.alerts);
    assert_eq!((changes[0].fate.clone(), changes[0].speaker()), (Fate::Raised, Some(&name("Ada"))));
    let Alert { at, countdown, ends_at, released_by, .. } = changes[0].alert.clone();
    assert_eq!(
        (at, countdown.and_then(Countdown::to), ends_at),
        (after(30), Some(after(90)), Some(after(630))),
        "from its release"
    );
    assert_eq!(released_by, Some(name("Bea")));
    let again = |who| step(&released, Step::Release(alert(2).id, person(who, None)), after(31));
    assert_eq!((again("Bea").unwrap().revision, again("Cy")), (released.revision, Err(NotDone::NoSuchAlert)));
}

#[test]
fn whoever_was_away_is_told_of_what_ended_meanwhile_if_it_was_in_force() {
    let (one, _) = take(&Policy::default(), Step::Raise(alert(1).into()), START).unwrap();
    let (ended, _) = take(&one, Step::End(alert(1).id, name("Ada"), Ending::Mistake), after(5)).unwrap();
    let count = |policy: &Policy, since| policy.alerts.ended_since(after(since)).count();
    assert_eq!([4, 5, 6].map(|since| count(&ended, since)), [1, 1, 0]);
    let waits = step(&of_two(), Step::Raise(fire(1)), START).unwrap();
    assert_eq!(count(&step(&waits, Step::Expire, START + WAITS).unwrap(), 0), 0, "nobody has heard of it");
}

#[test]
fn tokens_tell_people_from_each_other_where_both_have_shown_one() {
    let waits = |subject: Option<&str>| {
        let draft = Draft { subject: subject.map(Into::into), ..fire(1) };
        step(&of_two(), Step::Raise(draft), START).unwrap()
    };
    let releases = |policy: &Policy, who| step(policy, Step::Release(alert(1).id, who), after(1)).is_ok();
    let mine = waits(Some("ada"));
    assert!(!releases(&mine, person("Bea", Some("ada"))) && releases(&mine, person("Ada", Some("bea"))));
    assert!(releases(&mine, person("Bea", None)) && !releases(&mine, person("Ada", None)));
}

#[test]
fn what_waits_lapses_can_be_withdrawn_and_was_never_in_force() {
    let key = Key { digest: [7; 16], asked: [1; 16] };
    let draft = || Draft { alert: Alert { key: Some(key), ..fire(1).alert }, ..fire(1) };
    let waits = step(&of_two(), Step::Raise(draft()), START).unwrap();
    assert_eq!(step(&waits, Step::Raise(draft()), after(1)).unwrap().revision, waits.revision, "a retry");
    let end = Step::End(alert(1).id, name("Ada"), Ending::default());
    let withdrawn = step(&waits, end.clone(), after(2)).unwrap();
    let lapsed = step(&waits, Step::Expire, START + WAITS).unwrap();
    for (over, by) in [(&withdrawn, Some(name("Ada"))), (&lapsed, None)] {
        assert_eq!(over.alerts.changes_since(&waits.alerts), []);
        let ended = over.alerts.ended(alert(1).id).unwrap();
        assert_eq!((ended.withdrawn, &ended.by), (true, &by));
        let release = Step::Release(alert(1).id, person("Bea", None));
        assert_eq!(step(over, release, START + WAITS), Err(NotDone::NoSuchAlert));
    }
    assert_eq!(step(&withdrawn, end, after(3)).unwrap().revision, withdrawn.revision, "a retry");
    assert_eq!(waits.alerts.proposed(START + WAITS).count(), 0);
    let mut full = of_two();
    for number in 0..8 {
        full = step(&full, Step::Raise(fire(number)), START).unwrap();
    }
    assert_eq!(step(&full, Step::Raise(fire(9)), START), Err(NotDone::TooManyProposed));
}
