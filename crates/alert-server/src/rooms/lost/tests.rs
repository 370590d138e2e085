//! Who is found, by whom, and for how long; also in what an earlier run has left.

use super::*;
use crate::config::{History, HistoryKind, Retention};
use alert_core::position::Epoch;
use std::path::Path;

const WINDOW: Duration = Duration::from_secs(120);
const UNNOTICED: Duration = Duration::from_secs(45);
const CLIENT: ClientKey = ClientKey(1 << 63);

fn log(kind: HistoryKind, file: Option<&Path>) -> Log {
    let retention = Retention { messages: 9, age: WINDOW, bytes: None };
    Log::open(&History { kind, is_asked_for: true, file: file.map(Into::into), retention }).unwrap()
}

fn code(text: &str) -> RoomCode {
    RoomCode::parse(text, 64).unwrap()
}

fn name(text: &str) -> UserName {
    UserName::parse(text, 64).unwrap()
}

fn position(run: Run, number: u64) -> Position {
    Position { epoch: Epoch { run, part: 0 }, number }
}

#[test]
fn a_person_is_found_once_in_the_room_that_they_were_lost_in_and_never_without_a_window() {
    let [one, two] = ["one", "two"].map(code);
    let [ada, bob] = ["Ada", "Bob"].map(name);
    let start = position(Run::new(1), 0);
    let doubt = Doubt { entered: start, upto: start, unconfirmed: 7, since: None, at: Instant::now() };
    for window in [WINDOW, Duration::ZERO] {
        let lost = LostPeople::new(window, UNNOTICED, &log(HistoryKind::Memory, None));
        assert_eq!(lost.take(&one, &ada, CLIENT), None);
        lost.add(&one, &ada, CLIENT, doubt, None);
        assert_eq!(lost.take(&two, &ada, CLIENT), None);
        assert_eq!(lost.take(&one, &bob, CLIENT), None);
        let expected = (!window.is_zero()).then_some(Returning { client: CLIENT, doubt, stay: None });
        assert_eq!(lost.take(&one, &ada, CLIENT), expected);
        assert_eq!(lost.take(&one, &ada, CLIENT), None);
        assert!(lost.people.at(Instant::now()).is_empty());
    }
}

/// Runs follow one another on one file; a dropped log is closed first.
struct Runs(tempfile::TempDir);

impl Runs {
    fn next(&self, window: Duration) -> (Log, LostPeople) {
        let log = log(HistoryKind::Sqlite, Some(&self.0.path().join("alert.db")));
        let lost = LostPeople::new(window, UNNOTICED, &log);
        (log, lost)
    }
}

#[test]
fn whoever_was_in_a_room_or_lost_is_found_by_the_next_run_and_whoever_left_is_not() {
    let runs = Runs(tempfile::tempdir().unwrap());
    let room = code("one");
    let (first, lost) = runs.next(WINDOW);
    let entered = position(first.run(), 4);
    let [stays, is_lost, stops, leaves] = ["stays", "is lost", "stops", "leaves"].map(|who| {
        let who = name(who);
        let stay = lost.enters((&room, &who), CLIENT, entered, None, None);
        (who, stay)
    });
    let at = Instant::now();
    let upto = position(first.run(), 9);
    let doubt = Doubt { entered, upto, unconfirmed: 7, since: None, at };
    lost.add(&room, &is_lost.0, CLIENT, doubt, is_lost.1);
    lost.note(&room, &stops.0, CLIENT, &doubt, stops.1);
    lost.leaves(leaves.1.unwrap());
    first.close();
    for _ in 0..2 {
        // The run between is killed before anybody comes back.
        let (log, _) = runs.next(WINDOW);
        log.close();
    }
    let (log, lost) = runs.next(WINDOW);
    assert!(log.order(first.run()) > 0 && log.order(first.run()) < log.order(log.run()));
    for who in [&is_lost, &stops] {
        let Returning { doubt, stay, .. } = lost.take(&room, &who.0, CLIENT).unwrap();
        assert_eq!((doubt.entered, doubt.upto, doubt.unconfirmed, doubt.since), (entered, upto, 7, None));
        assert_eq!(stay, who.1);
        assert!(doubt.at.elapsed() < WINDOW);
    }
    let Returning { doubt, .. } = lost.take(&room, &stays.0, ClientKey(2)).unwrap();
    assert_eq!((doubt.entered, doubt.upto), (entered, entered), "nothing was said there");
    let since = SystemTime::now().duration_since(doubt.since.unwrap()).unwrap();
    assert!(since >= UNNOTICED && since < UNNOTICED + WINDOW, "{since:?}");
    assert_eq!(lost.take(&room, &leaves.0, CLIENT), None);
    let back = Returning { client: CLIENT, doubt, stay: stays.1 };
    assert_eq!(lost.enters((&room, &stays.0), CLIENT, entered, None, Some(&back)), stays.1);
    let new = lost.enters((&room, &stays.0), CLIENT, entered, None, None);
    assert!(new > [stays.1, is_lost.1, stops.1].into_iter().max().unwrap());
}

#[test]
fn the_window_goes_on_over_a_restart_and_none_keeps_nobody() {
    let (one, ada) = (code("one"), name("Ada"));
    for (first_window, second_window, is_found) in [
        (WINDOW, WINDOW, true),
        (Duration::from_nanos(1), WINDOW, false),
        (WINDOW, Duration::ZERO, false),
        (Duration::ZERO, WINDOW, false),
    ] {
        let runs = Runs(tempfile::tempdir().unwrap());
        let (first, lost) = runs.next(first_window);
        let entered = position(first.run(), 0);
        let stay = lost.enters((&one, &ada), CLIENT, entered, None, None);
        assert_eq!(stay.is_some(), !first_window.is_zero());
        let doubt = Doubt { entered, upto: entered, unconfirmed: 0, since: None, at: Instant::now() };
        lost.note(&one, &ada, CLIENT, &doubt, stay);
        first.close();
        let (second, lost) = runs.next(second_window);
        assert_eq!(lost.take(&one, &ada, CLIENT).is_some(), is_found);
        second.close();
        if !is_found {
            let (_, lost) = runs.next(WINDOW);
            assert_eq!(lost.take(&one, &ada, CLIENT), None, "it is gone for good");
        }
    }
}

#[test]
fn what_somebody_was_given_just_before_the_server_was_killed_is_in_doubt_again() {
    let lost = LostPeople::new(WINDOW, UNNOTICED, &log(HistoryKind::Memory, None));
    let died = SystemTime::now() - Duration::from_secs(5);
    let ago = |seconds| died - Duration::from_secs(seconds);
    let start = position(Run::new(1), 0);
    for (came, given, since) in
        [(600, 600, 45), (600, 900, 45), (46, 900, 45), (45, 900, 900), (1, 44, 45), (1, 1, 45)]
    {
        let stay = Stay {
            room: code("one"),
            name: name("Ada"),
            client: CLIENT,
            entered: start,
            at: ago(came),
            given: ago(given),
            gone: None,
        };
        let gone = lost.killed(&stay, died, start, SystemTime::now());
        assert_eq!(gone.since, Some(ago(since)), "came {came} s before, given {given} s");
        let last = gone.until - WINDOW;
        assert!(last >= died && last <= died + ALIVE, "it died then, or a little later");
    }
}
