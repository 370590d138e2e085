//! What a store has to promise of rooms with hosts: policies, audit logs, and messages that are removed.

use super::*;
use alert_core::room::alerts::{Alert, AlertId, Countdown, Escalation, Key, Level, Reminders, Step};
use alert_core::room::policy::{Action, Deed};
use std::time::UNIX_EPOCH;

fn line(number: u64) -> Audit {
    // Stores keep milliseconds.
    let at = UNIX_EPOCH + Duration::from_millis(now_millis() + number);
    let (to, detail) = (Some("Bea \"\u{e9}".into()), (number.is_multiple_of(2)).then(|| "for 5 min".into()));
    Audit { at, by: format!("Ada {number}").into(), deed: Deed::Mute, to, detail }
}

fn now_millis() -> u64 {
    u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()).unwrap()
}

fn policy(revision: u64) -> Policy {
    let now = UNIX_EPOCH + Duration::from_millis(now_millis());
    let alert = Alert {
        id: AlertId::made_of([7; 8]),
        by: ada(),
        at: UNIX_EPOCH,
        text: "ice \"\u{e9}\n".into(),
        level: Level::Emergency,
        confirm: true,
        answers: ["safe".into(), "need help".into()].into(),
        word: Some("OK".into()),
        show_missing: false,
        remind: Some(Reminders { every: Duration::from_secs(60), since: now }),
        escalation: Some(Box::new(Escalation {
            after: Duration::from_millis(90_500),
            to: Some(room("office \u{e9}")),
            done: None,
        })),
        drill: true,
        countdown: Some(Countdown::Paused(Duration::from_millis(60_500))),
        ends_at: Some(now + Duration::from_secs(3600)),
        audience: Some("Year 7".into()),
        all_clear: Some("come back".into()),
        released_by: None,
        changed: None,
        key: Some(Key { digest: [255; 16], asked: [0; 16] }),
    };
    let raised =
        Policy::default().after(&Action::Alert(Box::new(Step::Raise(alert.into()))), &[], now).unwrap();
    Policy { revision, announce: true, hands: vec![ada()], ..raised }
}

pub(in crate::log) fn a_policy_is_kept_changed_and_that_of_its_room_only<S: Stage>(open: Open<S>) {
    let desk = open(RETENTION);
    assert_eq!(desk.policy("one"), None);
    let [one, two] = [1, 2].map(policy);
    desk.rule("one", &one, line(0));
    desk.rule("two", &one, line(1));
    desk.rule("one", &two, line(2));
    assert_eq!((desk.policy("one"), desk.policy("two")), (Some(two), Some(one)), "with their alerts");
    assert_eq!(desk.policy("three"), None);
}

pub(in crate::log) fn an_audit_log_has_the_newest_lines_first<S: Stage>(open: Open<S>) {
    let desk = open(RETENTION);
    assert_eq!(desk.audits("one", 9), []);
    let lines = [line(0), line(1), line(2)];
    for (revision, line) in (1..).zip(&lines) {
        desk.rule("one", &policy(revision), line.clone());
        desk.rule("two", &policy(revision), Audit { by: "other".into(), ..line.clone() });
    }
    assert_eq!(desk.audits("one", 2), [lines[2].clone(), lines[1].clone()]);
    assert_eq!(desk.audits("one", 9).len(), 3);
}

pub(in crate::log) fn a_message_that_is_removed_is_in_no_page_and_not_missing<S: Stage>(open: Open<S>) {
    // The first, one in between, and the last, of a room that goes on and of one that does not.
    for (gone, texts) in [(0, ["b", "c", "d"]), (1, ["a", "c", "d"]), (3, ["a", "b", "c"])] {
        let mut desk = open(RETENTION);
        let mut one = desk.room("one");
        let at: Vec<_> = ["a", "b", "c", "d"].map(|text| desk.say(&mut one, text)).into();
        let start = at[0].epoch.start();
        assert_eq!(desk.read("one", Start::Oldest, 9).messages.len(), 4, "it has been read before");
        assert!(desk.remove("one", at[gone], line(0)));
        for place in [Start::Oldest, Start::Newest, Start::After(start), Start::Time(UNIX_EPOCH)] {
            assert_eq!(shown(&desk.read("one", place, 9)), (texts.to_vec(), None, false), "{place:?}");
        }
        for (place, after) in at.iter().enumerate() {
            let page = desk.read("one", Start::After(*after), 9);
            let left = at[place + 1..].iter().filter(|position| **position != at[gone]).count();
            assert_eq!((page.messages.len(), page.gap), (left, None), "after {place} without {gone}");
            let page = desk.read("one", Start::Before(*after), 9);
            let left = at[..place].iter().filter(|position| **position != at[gone]).count();
            assert_eq!((page.messages.len(), page.gap), (left, None), "before {place} without {gone}");
        }
        desk.say(&mut one, "e");
        assert_eq!(shown(&desk.read("one", Start::After(at[3]), 9)), (vec!["e"], None, false));
        assert_eq!(desk.audits("one", 9), [line_of(&desk)]);
    }
}

/// The line that the desk has, since the times of two are not the same.
fn line_of<S: Stage>(desk: &S) -> Audit {
    let line = desk.audits("one", 1).remove(0);
    assert_eq!((&*line.by, line.deed), ("Ada 0", Deed::Mute));
    line
}

pub(in crate::log) fn pages_are_full_whatever_was_removed<S: Stage>(open: Open<S>) {
    let mut desk = open(RETENTION);
    let mut one = desk.room("one");
    let at: Vec<_> = (0..12).map(|number| desk.say(&mut one, &number.to_string())).collect();
    for position in at.iter().take(9).skip(2) {
        assert!(desk.remove("one", *position, line(0)));
    }
    for (start, limit, texts, more) in [
        (Start::Oldest, 3, vec!["0", "1", "9"], true),
        (Start::Oldest, 5, vec!["0", "1", "9", "10", "11"], false),
        (Start::After(at[1]), 2, vec!["9", "10"], true),
        (Start::After(at[4]), 3, vec!["9", "10", "11"], false),
        (Start::Newest, 4, vec!["1", "9", "10", "11"], true),
        (Start::Newest, 5, vec!["0", "1", "9", "10", "11"], false),
        (Start::Before(at[9]), 1, vec!["1"], true),
        (Start::Before(at[9]), 2, vec!["0", "1"], false),
    ] {
        assert_eq!(shown(&desk.read("one", start, limit)), (texts, None, more), "{start:?} {limit}");
    }
    for position in &at {
        desk.remove("one", *position, line(0));
    }
    for start in [Start::Oldest, Start::Newest, Start::After(at[0].epoch.start()), Start::After(at[11])] {
        assert_eq!(shown(&desk.read("one", start, 5)), (vec![], None, false), "{start:?}");
    }
}

pub(in crate::log) fn a_message_is_removed_once_and_from_its_own_room<S: Stage>(open: Open<S>) {
    let mut desk = open(RETENTION);
    let (mut one, mut two) = (desk.room("one"), desk.room("two"));
    let a = desk.say(&mut one, "a");
    desk.say(&mut two, "b");
    let future = Position { number: 99, ..a };
    let foreign = Position { epoch: Epoch { run: Run::new(1 << 40), part: 0 }, number: 1 };
    for (code, position) in
        [("two", Position { number: 9, ..a }), ("one", future), ("one", foreign), ("nowhere", a)]
    {
        assert!(!desk.remove(code, position, line(0)), "{code} {position}");
    }
    assert!(desk.remove("one", a, line(0)));
    assert!(!desk.remove("one", a, line(1)), "it is gone");
    assert_eq!(desk.audits("one", 9).len(), 1);
    assert_eq!(shown(&desk.read("two", Start::Oldest, 9)), (vec!["b"], None, false));
}
