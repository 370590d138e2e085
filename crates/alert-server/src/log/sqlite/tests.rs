//! What only a store on disk has to promise.

use super::*;
use crate::config::{History, HistoryKind};
use crate::log::contract::{DEADLINE, Desk, contract, shown};
use crate::log::{Gap, Start};
use std::os::unix::fs::PermissionsExt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

mod damage;
mod failing;
mod holes;
mod incoming;
mod rulings;
mod stays;

const KEEP_ALL: Retention =
    Retention { messages: 1_000_000, age: Duration::from_secs(7 * 24 * 3600), bytes: 1 << 30 };

fn run() -> Run {
    static RUNS: AtomicU64 = AtomicU64::new(1000);
    Run::new(RUNS.fetch_add(1, Ordering::Relaxed))
}

fn open(retention: Retention) -> Desk {
    let folder = tempfile::tempdir().unwrap();
    open_in(folder.path(), retention).keeping(folder)
}

fn open_in(folder: &Path, retention: Retention) -> Desk {
    let until = Instant::now() + DEADLINE;
    loop {
        match try_open(folder, retention) {
            // Another test has just forked, and its child has all files of this process until it becomes a program.
            Err(FileError::InUse { .. }) if Instant::now() < until => {
                std::thread::sleep(Duration::from_millis(5));
            }
            opened => return opened.unwrap(),
        }
    }
}

fn try_open(folder: &Path, retention: Retention) -> Result<Desk, FileError> {
    let run = run();
    Ok(Desk::new(Box::new(Sqlite::open(&folder.join("alert.db"), run, retention)?), run))
}

/// The settings of a command.
fn history(folder: &Path, retention: Retention) -> History {
    let Retention { messages, age, bytes } = retention;
    let retention = Retention { messages, age, bytes: Some(bytes) };
    let file = Some(folder.join("alert.db"));
    History { kind: HistoryKind::Sqlite, is_asked_for: true, redis: None, file, retention }
}

contract!(open);

#[test]
fn what_was_stored_is_there_after_a_restart_and_goes_on_in_a_later_epoch() {
    let folder = tempfile::tempdir().unwrap();
    let mut first = open_in(folder.path(), KEEP_ALL);
    let mut room = first.room("one");
    let [a, b] = ["a", "b"].map(|text| first.say(&mut room, text));
    first.store.close();
    let mut second = open_in(folder.path(), KEEP_ALL);
    assert_eq!(shown(&second.read("one", Start::After(a), 9)), (vec!["b"], None, false));
    let c = second.say_in("one", "c");
    assert_ne!(c.epoch, a.epoch);
    for (start, texts) in [
        (Start::Oldest, vec!["a", "b", "c"]),
        (Start::After(a.epoch.start()), vec!["a", "b", "c"]),
        (Start::After(b), vec!["c"]),
        (Start::Before(c), vec!["a", "b"]),
        (Start::Newest, vec!["a", "b", "c"]),
    ] {
        assert_eq!(shown(&second.read("one", start, 9)), (texts, None, false), "{start:?}");
    }
}

#[test]
fn a_position_that_was_given_and_never_stored_is_a_gap_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let mut first = open_in(folder.path(), KEEP_ALL);
    let mut room = first.room("one");
    let a = first.say(&mut room, "a");
    first.store.close();
    // What a killed server had said and not stored.
    let lost = alert_core::position::Position { number: a.number + 3, ..a };
    let mut second = open_in(folder.path(), KEEP_ALL);
    let unknown = Some(Gap { missed: None });
    assert_eq!(shown(&second.read("one", Start::After(lost), 9)), (vec![], unknown, false));
    second.say_in("one", "b");
    assert_eq!(shown(&second.read("one", Start::After(lost), 9)), (vec!["b"], unknown, false));
    assert_eq!(shown(&second.read("one", Start::After(a), 9)), (vec!["b"], None, false));
}

#[test]
fn a_restored_backup_knows_no_position_that_was_given_after_it() {
    let folder = tempfile::tempdir().unwrap();
    let backup = tempfile::tempdir().unwrap();
    let mut first = open_in(folder.path(), KEEP_ALL);
    first.say_in("one", "a");
    first.store.close();
    std::fs::copy(folder.path().join("alert.db"), backup.path().join("alert.db")).unwrap();
    let mut second = open_in(folder.path(), KEEP_ALL);
    let after = second.say_in("one", "after the backup");
    second.store.close();
    let mut restored = open_in(backup.path(), KEEP_ALL);
    let new = restored.say_in("one", "new");
    assert_ne!(new, after);
    let page = restored.read("one", Start::After(after), 9);
    assert_eq!(shown(&page), (vec!["a", "new"], Some(Gap { missed: None }), false));
}

#[test]
fn a_clock_that_went_back_changes_no_order() {
    let mut desk = open(KEEP_ALL);
    let mut room = desk.room("one");
    let now = SystemTime::now();
    let at = [0, 3600, 1800, 60].map(|ago| {
        let (position, told) = desk.say_at(&mut room, "x", now - Duration::from_secs(ago));
        told.recv_timeout(Duration::from_secs(20)).unwrap();
        position
    });
    let page = desk.read("one", Start::Oldest, 9);
    assert_eq!(page.messages.iter().map(|message| message.position).collect::<Vec<_>>(), at);
    assert_eq!(desk.read("one", Start::After(at[1]), 9).messages.len(), 2);
}

#[test]
fn keys_are_there_after_a_restart_for_as_long_as_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let mut first = open_in(folder.path(), KEEP_ALL);
    let mut room = first.room("one");
    let now = SystemTime::now();
    let ago = |seconds| now - Duration::from_secs(seconds);
    for (seconds, key) in [(700, Some(1)), (30, None), (20, Some(2)), (10, Some(3))] {
        let key = key.map(|byte| KeyDigest([byte; 16]));
        let (_, told) = first.append(&mut room, &format!("{seconds} s ago"), ago(seconds), key);
        told.recv_timeout(Duration::from_secs(20)).unwrap();
    }
    first.store.close();
    let second = open_in(folder.path(), KEEP_ALL);
    let keys = second.store.keys(ago(600));
    let found = keys.iter().map(|(key, room, event)| (key.0[0], room.as_str(), event.position.number));
    assert_eq!(found.collect::<Vec<_>>(), [(2, "one", 3), (3, "one", 4)]);
}

#[test]
fn the_file_and_its_folder_are_for_this_user_only() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("state/alert");
    let mut desk = open_in(&state, KEEP_ALL);
    desk.say_in("one", "a");
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&state), 0o700);
    let files: Vec<_> = std::fs::read_dir(&state).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(files.len() >= 3, "{files:?}");
    for file in files {
        assert_eq!(mode(&file), 0o600, "{}", file.display());
    }
    desk.store.close();
    let file = state.join("alert.db");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
    let _again = open_in(&state, KEEP_ALL);
    assert_eq!(mode(&file), 0o600, "one that was copied back is closed again");
}

#[test]
fn two_servers_do_not_share_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let first = open_in(folder.path(), KEEP_ALL);
    let problem = try_open(folder.path(), KEEP_ALL).err().unwrap();
    assert!(matches!(problem, FileError::InUse { .. }) && problem.to_string().contains("STATE_DIRECTORY"));
    first.store.close();
    open_in(folder.path(), KEEP_ALL);
}

#[test]
fn rooms_that_were_forgotten_with_their_messages_are_a_gap() {
    let folder = tempfile::tempdir().unwrap();
    let mut desk = open_in(folder.path(), KEEP_ALL);
    let [quiet, a] = ["one", "two"].map(|code| {
        let mut room = desk.room(code);
        let quiet = room.position();
        (quiet, desk.say(&mut room, "a"))
    });
    desk.store.close();
    let file = folder.path().join("alert.db");
    let mut connection = file::open_to_write(&file).unwrap();
    let old = Retention { age: Duration::ZERO, ..KEEP_ALL };
    while prune::messages(&mut connection, &old, 0).unwrap() {}
    let rooms = |connection: &Connection| -> i64 {
        connection.query_row("SELECT count(*) FROM rooms", [], |row| row.get(0)).unwrap()
    };
    assert_eq!(rooms(&connection), 2, "a quiet room remembers what it had");
    drop(connection);
    let known = open_in(folder.path(), KEEP_ALL);
    assert_eq!(shown(&known.read("one", Start::After(quiet.1), 9)), (vec![], None, false));
    assert_eq!(known.read("one", Start::After(quiet.0), 9).gap, Some(Gap { missed: Some(1) }));
    known.store.close();
    let mut connection = file::open_to_write(&file).unwrap();
    while prune::rest(&mut connection, &old).unwrap() {}
    assert_eq!(rooms(&connection), 0);
    drop(connection);
    let forgotten = open_in(folder.path(), KEEP_ALL);
    for position in [quiet.0, quiet.1, a.1] {
        assert_eq!(forgotten.read("one", Start::After(position), 9).gap, Some(Gap { missed: None }));
    }
}

#[test]
fn a_file_that_was_larger_gives_its_pages_back() {
    let folder = tempfile::tempdir().unwrap();
    let mut desk = open_in(folder.path(), KEEP_ALL);
    let mut room = desk.room("one");
    let text = "x".repeat(100_000);
    for _ in 0..400 {
        desk.say(&mut room, &text);
    }
    desk.store.close();
    let file = folder.path().join("alert.db");
    let size = || std::fs::metadata(&file).unwrap().len();
    assert!(size() > 40_000_000, "{}", size());
    let mut connection = file::open_to_write(&file).unwrap();
    let less = Retention { bytes: 1 << 20, ..KEEP_ALL };
    while prune::messages(&mut connection, &less, 0).unwrap() {}
    let mut portions = 0;
    while prune::rest(&mut connection, &less).unwrap() {
        portions += 1;
    }
    drop(connection);
    assert!(size() < 20_000_000, "{}", size());
    assert!(portions < 20, "{portions}");
}

#[test]
fn messages_that_a_wrong_clock_dated_in_the_future_grow_old_like_others() {
    let folder = tempfile::tempdir().unwrap();
    let mut desk = open_in(folder.path(), KEEP_ALL);
    let [mut one, mut two] = ["one", "two"].map(|code| desk.room(code));
    let now = SystemTime::now();
    let (year, hour) = (Duration::from_secs(365 * 24 * 3600), Duration::from_secs(3600));
    // The clock was ahead; it was put right an hour ago.
    for at in [now + year, now + year, now - hour] {
        desk.say_at(&mut one, "x", at).1.recv_timeout(Duration::from_secs(20)).unwrap();
    }
    desk.say_at(&mut two, "x", now + year).1.recv_timeout(Duration::from_secs(20)).unwrap();
    desk.store.close();
    let count = |age: Duration| {
        let less = Retention { age, ..KEEP_ALL };
        let mut connection = file::open_to_write(&folder.path().join("alert.db")).unwrap();
        while prune::messages(&mut connection, &less, 0).unwrap() {}
        let count = |sql| connection.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
        let kept = count("SELECT count(*) FROM messages");
        assert_eq!(count("SELECT sum(count) FROM rooms"), kept);
        kept
    };
    let archive = Archive::open(&history(folder.path(), Retention { age: hour / 2, ..KEEP_ALL })).unwrap();
    let (code, query) = (RoomCode::parse("one", 64).unwrap(), Query { start: Start::Oldest, limit: 9 });
    let page = archive.page(&code, query).unwrap();
    assert_eq!(page.messages.len(), 0, "what came before what is too old is too old");
    drop(archive);
    assert_eq!(count(2 * hour), 4, "a message that is an hour old stays, and so does what is of unknown age");
    assert_eq!(count(hour / 2), 1, "those before it were said before it");
    assert_eq!(count(Duration::ZERO), 0, "the last one grows old from when it was seen");
}
