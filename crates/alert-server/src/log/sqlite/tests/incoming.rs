//! Messages on their way from those that came in to their rooms.

use super::super::state::Seating;
use super::super::store::Also;
use super::super::unwritten::{Message, Unwritten};
use super::*;
use crate::log::contract::Speaker;

/// What a killed server leaves: messages that are on disk, and in no room.
fn leave_behind(folder: &Path, texts: &[&str]) -> Speaker {
    let mut desk = open_in(folder, KEEP_ALL);
    let mut room = desk.room("one");
    desk.store.close();
    let mut connection = file::open_to_write(&folder.join("alert.db")).unwrap();
    let runs = Runs::read(&connection).unwrap();
    let mut unwritten = Unwritten::default();
    let message = |text: &&str| Message::of(&desk.message(&mut room, text, SystemTime::now(), None));
    unwritten.take(&mut texts.iter().map(message).collect());
    let batch = unwritten.batch(usize::MAX);
    store::write(
        &mut connection,
        &runs,
        &batch,
        &Seating::default(),
        &Also { settling: None, notes_alive: false },
    )
    .unwrap();
    room
}

#[test]
fn what_a_killed_server_left_is_read_by_commands_and_by_the_next_server() {
    let folder = tempfile::tempdir().unwrap();
    let left = leave_behind(folder.path(), &["a", "b", "c"]);
    let archive = Archive::open(&history(folder.path(), KEEP_ALL)).unwrap();
    let code = RoomCode::parse("one", 64).unwrap();
    let page = archive.page(&code, Query { start: Start::Oldest, limit: 9 }).unwrap();
    assert_eq!(shown(&page), (vec!["a", "b", "c"], None, false));
    let second = page.messages[1].position;
    let page = archive.page(&code, Query { start: Start::After(second), limit: 9 }).unwrap();
    assert_eq!(shown(&page), (vec!["c"], None, false), "its position is known");
    let stats = archive.stats().unwrap();
    assert_eq!((stats.messages, stats.rooms), (3, 1));
    assert!(stats.oldest.is_some() && stats.oldest <= stats.newest);
    drop(archive);
    let mut next = open_in(folder.path(), KEEP_ALL);
    next.say_in("one", "d");
    assert_eq!(shown(&next.read("one", Start::After(second), 9)), (vec!["c", "d"], None, false));
    assert_eq!(shown(&next.read("one", Start::After(left.position()), 9)), (vec!["d"], None, false));
}

#[test]
fn a_reader_finds_each_message_once_wherever_it_is() {
    let mut desk = open(KEEP_ALL);
    let mut rooms: Vec<_> = (0..3).map(|number| desk.room(&format!("room{number}"))).collect();
    let first = rooms[0].position();
    // Several moves, and some that have not gone to their rooms at each reading.
    for count in 1..=60 {
        let texts: Vec<_> = (1..=count).map(|number| number.to_string()).collect();
        for room in &mut rooms {
            desk.say(room, &texts[count - 1]);
        }
        let texts: Vec<_> = texts.iter().map(String::as_str).collect();
        for start in [Start::Oldest, Start::Newest, Start::After(first)] {
            assert_eq!(shown(&desk.read("room0", start, 100)), (texts.clone(), None, false), "{start:?}");
        }
    }
    let page = desk.read("room0", Start::Newest, 25);
    assert!(page.more && page.messages.len() == 25);
    let page = desk.read("room0", Start::Before(page.messages[0].position), 100);
    assert_eq!((page.messages.len(), page.more), (35, false));
}

#[test]
fn given_a_room_that_a_command_deletes_then_a_running_server_has_nothing_of_it_and_no_file_has() {
    let folder = tempfile::tempdir().unwrap();
    let mut desk = open_in(folder.path(), KEEP_ALL);
    let secret = "a text that nobody may read any more";
    let [mut one, mut two] = ["one", "two"].map(|code| desk.room(code));
    let first = one.position();
    // Some have gone to their room, and some have not.
    for _ in 0..35 {
        desk.say(&mut one, secret);
    }
    desk.say(&mut two, "stays");
    let code = RoomCode::parse("one", 64).unwrap();
    assert_eq!(delete(&history(folder.path(), KEEP_ALL), &code).unwrap(), 35);
    assert_eq!(
        shown(&desk.read("one", Start::After(first), 99)),
        (vec![], Some(Gap { missed: Some(35) }), false)
    );
    desk.say(&mut one, "new");
    assert_eq!(shown(&desk.read("one", Start::Oldest, 99)), (vec!["new"], None, false));
    assert_eq!(shown(&desk.read("two", Start::Oldest, 99)), (vec!["stays"], None, false));
    for entry in std::fs::read_dir(folder.path()).unwrap() {
        let file = entry.unwrap().path();
        let bytes = std::fs::read(&file).unwrap();
        let is_there = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
        assert!(!is_there, "{} still has it", file.display());
    }
}

#[test]
fn a_commit_waits_for_the_disk_where_somebody_waits_for_it() {
    let mut desk = open(KEEP_ALL);
    let mut room = desk.room("one");
    let shared = state::Shared::default();
    let mut append = |is_waited_for: bool| {
        let mut append = desk.message(&mut room, "x", SystemTime::now(), None);
        append.stored = is_waited_for.then(|| -> crate::log::OnStored { Box::new(|_| ()) });
        assert!(shared.append(append).is_none());
    };
    append(false);
    assert!(!shared.begin(1).1);
    append(true);
    assert!(!shared.begin(1).1, "its message goes with a later batch");
    assert!(shared.begin(2).1);
    shared.succeeded(2, true);
    append(false);
    assert!(!shared.begin(3).1);
    shared.failed("the disk is full");
    assert!(shared.begin(3).1, "whether the disk works is seen on the disk");
}

#[test]
fn what_nobody_waits_for_is_in_the_file_soon_and_synchronised_without_more_to_write() {
    let folder = tempfile::tempdir().unwrap();
    let mut desk = open_in(folder.path(), KEEP_ALL);
    let mut room = desk.room("one");
    assert!(desk.store.append(desk.message(&mut room, "a", SystemTime::now(), None)).is_none());
    let (archive, code) =
        (Archive::open(&history(folder.path(), KEEP_ALL)).unwrap(), RoomCode::parse("one", 64).unwrap());
    let query = Query { start: Start::Oldest, limit: 9 };
    let until = Instant::now() + DEADLINE;
    while archive.page(&code, query).unwrap().messages.is_empty() {
        assert!(Instant::now() < until);
        std::thread::sleep(Duration::from_millis(5));
    }
    Opened::now(&folder.path().join("alert.db")).unwrap().sync().unwrap();
    assert!(desk.store.trouble().is_none());
}

#[test]
fn a_file_of_the_first_version_is_brought_up_to_date_with_what_is_in_it() {
    let folder = tempfile::tempdir().unwrap();
    let mut desk = open_in(folder.path(), KEEP_ALL);
    let mut room = desk.room("one");
    let first = desk.say(&mut room, "a");
    desk.store.close();
    let connection = Connection::open(folder.path().join("alert.db")).unwrap();
    let later =
        "DROP TABLE incoming; DROP TABLE stays; DROP TABLE alive; DROP TABLE policies; DROP TABLE audits;
                 DROP TABLE revoked; DROP TABLE roll_calls; DROP TABLE rosters; DROP TABLE devices; DROP TABLE hooks;
                 PRAGMA user_version = 1";
    connection.execute_batch(later).unwrap();
    drop(connection);
    let mut desk = open_in(folder.path(), KEEP_ALL);
    desk.say_in("one", "b");
    assert_eq!(shown(&desk.read("one", Start::After(first), 9)), (vec!["b"], None, false));
    assert_eq!(desk.store.former_stays().unwrap().stays, []);
}
