//! Policies, audit logs and removals, on disk.

use super::*;
use crate::log::contract::{Stage, alert, confirmed, mark, names, put_roster, roll, roster};
use crate::log::{Decision, KeptPolicy, Stored};
use alert_core::room::policy::{Audit, Deed, Policy};
use alert_core::room::roll_call::{Mark, Person, RollCall, Roster};

fn line() -> Audit {
    let at = time(micros(SystemTime::now()));
    Audit { at, by: "Ada".into(), deed: Deed::Remove, to: Some("x".into()), detail: None }
}

#[test]
fn what_hosts_did_is_there_after_a_server_was_killed() {
    let folder = tempfile::tempdir().unwrap();
    let killed = tempfile::tempdir().unwrap();
    let mut desk = open_in(folder.path(), KEEP_ALL);
    let mut room = desk.room("one");
    let [a, b] = ["a", "b"].map(|text| desk.say(&mut room, text));
    let policy = Policy { revision: 1, announce: true, ..Policy::default() };
    desk.rule("one", &policy, line());
    assert!(Stage::remove(&desk, "one", a, line()));
    // What is on the disk when everything has been answered.
    for name in ["alert.db", "alert.db-wal"] {
        std::fs::copy(folder.path().join(name), killed.path().join(name)).unwrap();
    }
    let next = open_in(killed.path(), KEEP_ALL);
    assert_eq!(next.policy("one"), Some(policy));
    assert_eq!(next.audits("one", 9).len(), 2);
    assert_eq!(shown(&next.read("one", Start::Oldest, 9)), (vec!["b"], None, false));
    assert_eq!(shown(&next.read("one", Start::After(a.epoch.start()), 9)), (vec!["b"], None, false));
    assert!(!Stage::remove(&next, "one", a, line()));
    assert!(Stage::remove(&next, "one", b, line()), "of an earlier run");
}

#[test]
fn a_message_that_is_removed_while_it_is_written_is_removed_all_the_same() {
    let mut desk = open(KEEP_ALL);
    let mut room = desk.room("one");
    for number in 0..200 {
        // Nobody waits for it, so it may be anywhere between the queue and its room.
        let append = desk.message(&mut room, "x", SystemTime::now(), None);
        assert!(desk.store.append(append).is_none());
        if number % 7 == 0 {
            assert!(Stage::remove(&desk, "one", room.position(), line()));
        }
    }
    let page = desk.read("one", Start::Oldest, 300);
    assert_eq!((page.messages.len(), page.gap, page.more), (200 - 29, None, false));
}

#[test]
fn a_policy_goes_to_disk_with_what_is_said_with_it_and_not_before_or_after() {
    let mut desk = open(KEEP_ALL);
    let mut room = desk.room("one");
    let shared = state::Shared::default();
    let (tell, told) = std::sync::mpsc::channel();
    let mut rule = |said: Vec<&str>| {
        let tell = tell.clone();
        let said = said.into_iter().map(|text| desk.message(&mut room, text, SystemTime::now(), None));
        let untold = shared.put_decision(Decision {
            kept: Some(KeptPolicy { policy: Arc::default(), used: SystemTime::now() }),
            said: said.collect(),
            stored: Some(Box::new(move |stored| tell.send(stored).unwrap())),
            ..Decision::forget(RoomCode::parse("one", 64).unwrap())
        });
        assert!(untold.is_empty());
    };
    let write = |end| {
        let policies = shared.begin(end).0.rulings.len();
        shared.succeeded(end, true).0.into_iter().for_each(|stored| stored(Stored::Durably));
        (policies, told.try_iter().count())
    };
    // The writer has taken what there was of messages when the two come.
    rule(vec!["it rings"]);
    assert_eq!(write(0), (0, 0), "its words go with a later batch");
    assert_eq!(write(1), (1, 1));
    rule(vec!["a", "b"]);
    rule(vec![]);
    assert_eq!(write(2), (0, 0), "nor may a later policy tell that it was said");
    assert_eq!(write(3), (1, 2));
    rule(vec![]);
    assert_eq!(write(3), (1, 1));
}

#[test]
fn a_policy_that_is_forgotten_or_cannot_be_read_leaves_an_open_room() {
    let folder = tempfile::tempdir().unwrap();
    let desk = open_in(folder.path(), KEEP_ALL);
    for code in ["one", "two"] {
        desk.rule(code, &Policy { revision: 1, ..Policy::default() }, line());
    }
    let code = RoomCode::parse("one", 64).unwrap();
    assert!(desk.store.put_decision(Decision::forget(code)).is_empty());
    desk.rule("three", &Policy { revision: 1, ..Policy::default() }, line());
    assert_eq!((desk.policy("one"), desk.policy("two").is_some()), (None, true));
    desk.store.close();
    let connection = Connection::open(folder.path().join("alert.db")).unwrap();
    connection.execute("UPDATE policies SET policy = 'x' WHERE room = 'two'", []).unwrap();
    drop(connection);
    let next = open_in(folder.path(), KEEP_ALL);
    assert_eq!((next.policy("two"), next.policy("three").is_some()), (None, true));
}

#[test]
fn roll_calls_and_rosters_are_there_after_a_server_was_killed() {
    let folder = tempfile::tempdir().unwrap();
    let killed = tempfile::tempdir().unwrap();
    let desk = open_in(folder.path(), KEEP_ALL);
    mark(&desk, ("one", alert(1)), names(&["Ada", "Bea"]), Mark::Expected).unwrap();
    mark(&desk, ("one", alert(2)), names(&["Ada"]), Mark::Reached).unwrap();
    let answered = mark(&desk, ("one", alert(1)), names(&["Ada"]), confirmed("safe"));
    assert_eq!(answered, Ok(Stored::Durably));
    put_roster(&desk, "one", Roster::of(names(&["Bea", "Ada"])).unwrap()).unwrap();
    // What is on the disk when everything has been answered.
    for name in ["alert.db", "alert.db-wal"] {
        std::fs::copy(folder.path().join(name), killed.path().join(name)).unwrap();
    }
    let next = open_in(killed.path(), KEEP_ALL);
    let (before, after) = (roll(&desk, "one", alert(1)).unwrap(), roll(&next, "one", alert(1)).unwrap());
    let shown = |roll: &RollCall| {
        let people = roll.people().into_iter().map(|(name, person)| {
            (name.clone(), Person { at: person.at.map(|at| time(micros(at))), ..person.clone() })
        });
        people.collect::<Vec<_>>()
    };
    assert_eq!(shown(&after), shown(&before));
    assert_eq!(roll(&next, "one", alert(2)).map(|roll| roll.len()), Some(1));
    assert_eq!(roster(&next, "one").names(), names(&["Bea", "Ada"]));
    // What is forgotten is not there the next time either.
    for number in 3..67 {
        mark(&next, ("one", alert(number)), names(&["Ada"]), Mark::Reached).unwrap();
    }
    next.store.close();
    drop(next);
    let last = open_in(killed.path(), KEEP_ALL);
    assert_eq!((roll(&last, "one", alert(1)), roll(&last, "one", alert(2))), (None, None));
    assert_eq!(roll(&last, "one", alert(66)).map(|roll| roll.len()), Some(1));
}
