//! A disk that cannot take what is said.

use super::*;
use std::process::Command;

/// A small file system in memory.
struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    /// `None`, with a notice, if this user may not mount.
    fn mount(bytes: u64) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let size = format!("size={bytes}");
        let mount =
            Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(folder.path()).output();
        if mount.is_ok_and(|done| done.status.success()) {
            return Some(Self(folder));
        }
        println!("SKIPPED: this user may not mount a file system; run it as root");
        None
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn remount(&self, option: &str) {
        let mount =
            Command::new("mount").args(["-o", &format!("remount,{option}")]).arg(self.path()).status();
        assert!(mount.unwrap().success());
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // The store's threads may still be about to end.
        let _ = Command::new("umount").arg("--lazy").arg(self.path()).status();
    }
}

fn wait_until(mut is_so: impl FnMut() -> bool) {
    let until = Instant::now() + DEADLINE;
    while !is_so() {
        assert!(Instant::now() < until, "it takes too long");
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn a_full_disk_fails_the_acks_loses_nothing_that_is_kept_and_recovers_by_itself() {
    let Some(disk) = SmallDisk::mount(2 << 20) else { return };
    let mut desk = open_in(disk.path(), KEEP_ALL);
    let mut room = desk.room("one");
    let first = desk.say(&mut room, "first");
    let filler = disk.path().join("filler");
    // Takes all the space that is left.
    let _ = std::fs::write(&filler, vec![0; 4 << 20]);
    let text = "x".repeat(50_000);
    let mut said = 1;
    loop {
        let (_, told) = desk.say_at(&mut room, &text, SystemTime::now());
        said += 1;
        if told.recv_timeout(DEADLINE).unwrap() == Stored::Failed {
            break;
        }
        assert!(said < 1000);
    }
    assert!(desk.store.trouble().unwrap().contains("make room on the disk"));
    let (_, told) = desk.say_at(&mut room, "at once", SystemTime::now());
    said += 1;
    assert_eq!(told.try_recv(), Ok(Stored::Failed), "nobody waits for a disk that is known to be full");
    let all = |desk: &Desk| {
        let mut read = 1;
        let mut after = first;
        loop {
            let page = desk.read("one", Start::After(after), 100);
            assert_eq!(page.gap, None);
            read += page.messages.len();
            let Some(last) = page.messages.last() else { return read };
            after = last.position;
        }
    };
    assert_eq!(all(&desk), said, "what is not on disk is read from memory");
    std::fs::remove_file(&filler).unwrap();
    disk.remount("size=64m");
    wait_until(|| desk.store.trouble().is_none());
    desk.say(&mut room, "again");
    assert_eq!(all(&desk), said + 1);
    desk.store.close();
    let reopened = open_in(disk.path(), KEEP_ALL);
    assert_eq!(all(&reopened), said + 1, "everything is on disk");
    reopened.store.close();
}

#[test]
fn a_file_system_that_becomes_read_only_fails_the_acks_and_recovers_by_itself() {
    // An open file keeps a file system from becoming read-only; a limit on file sizes has the same effect.
    let Some(disk) = SmallDisk::mount(8 << 20) else { return };
    let mut desk = open_in(disk.path(), KEEP_ALL);
    let mut room = desk.room("one");
    desk.say(&mut room, "first");
    desk.store.close();
    disk.remount("ro");
    let problem = try_open(disk.path(), KEEP_ALL).err().unwrap();
    assert!(problem.is_of_the_place(), "{problem}");
    disk.remount("rw");
    let desk = open_in(disk.path(), KEEP_ALL);
    assert_eq!(desk.read("one", Start::Oldest, 9).messages.len(), 1);
    desk.store.close();
}

#[test]
fn too_many_unwritten_messages_leave_a_gap_and_never_silence() {
    use super::super::unwritten::{Message, Unwritten};
    let mut desk = open(KEEP_ALL);
    let mut room = desk.room("one");
    let mut unwritten = Unwritten::default();
    let mut positions = Vec::new();
    for _ in 0..10 {
        let mut queue: Vec<_> = (0..10_000)
            .map(|_| {
                let append = desk.message(&mut room, "x", SystemTime::now(), None);
                positions.push(append.message.position);
                Message::of(&append)
            })
            .collect();
        unwritten.take(&mut queue);
    }
    let all = unwritten.of_room(&RoomCode::parse("one", 64).unwrap());
    let (lost, kept) = all.split_first().unwrap();
    assert!(lost.message.is_none() && kept.iter().all(|entry| entry.message.is_some()));
    assert_eq!(kept.len() as u64 + lost.position.number, 100_000);
    assert_eq!(kept[0].position.number, lost.position.number + 1);
    assert_eq!(unwritten.lost_count(), lost.position.number);
    let batch = unwritten.batch(usize::MAX);
    unwritten.written(batch, true);
    assert!(unwritten.is_empty());
}

#[test]
fn what_was_lost_is_a_row_of_its_own_once_the_disk_works() {
    use super::super::unwritten::{Message, Unwritten};
    let folder = tempfile::tempdir().unwrap();
    let mut desk = open_in(folder.path(), KEEP_ALL);
    let mut room = desk.room("one");
    let first = desk.say(&mut room, "first");
    desk.store.close();
    let file = folder.path().join("alert.db");
    let mut connection = file::open_to_write(&file).unwrap();
    let runs = Runs::read(&connection).unwrap();
    let mut unwritten = Unwritten::default();
    let mut queue = Vec::new();
    for _ in 0..70_000 {
        queue.push(Message::of(&desk.message(&mut room, "x", SystemTime::now(), None)));
    }
    assert!(unwritten.take(&mut queue));
    let batch = unwritten.batch(usize::MAX);
    for is_moved in [false, false, true, true] {
        // A commit that failed may have been done all the same.
        let also = store::Also { settling: is_moved.then_some(&KEEP_ALL), notes_alive: false };
        store::write(&mut connection, &runs, &batch, &state::Seating::default(), &also).unwrap();
    }
    let sql = "SELECT count, (SELECT count(*) FROM messages) FROM rooms";
    let counts = |row: &rusqlite::Row<'_>| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?));
    let (counted, there) = connection.query_row(sql, [], counts).unwrap();
    assert_eq!((counted, there), (batch.messages.len() as i64 + 2, counted));
    drop(connection);
    let reopened = open_in(folder.path(), KEEP_ALL);
    let missed = 70_000 - batch.messages.len() as u64;
    let page = reopened.read("one", Start::After(first), 1);
    assert_eq!((page.gap, page.more), (Some(Gap { missed: Some(missed) }), true));
    assert_eq!(page.messages[0].position.number, 1 + missed + 1);
    assert_eq!(shown(&reopened.read("one", Start::Oldest, 9)), (vec!["first"], None, true));
}

#[test]
fn a_file_that_is_removed_or_replaced_fails_the_acks_until_it_is_back() {
    let folder = tempfile::tempdir().unwrap();
    let mut desk = open_in(folder.path(), KEEP_ALL);
    let mut room = desk.room("one");
    desk.say(&mut room, "first");
    let [file, aside] = ["alert.db", "aside"].map(|name| folder.path().join(name));
    std::fs::rename(&file, &aside).unwrap();
    for is_replaced in [false, true] {
        if is_replaced {
            std::fs::copy(&aside, &file).unwrap();
        }
        let (_, told) = desk.say_at(&mut room, "nowhere to go", SystemTime::now());
        assert_eq!(told.recv_timeout(DEADLINE), Ok(Stored::Failed));
        assert!(desk.store.trouble().unwrap().contains("removed or replaced"));
    }
    std::fs::rename(&aside, &file).unwrap();
    wait_until(|| desk.store.trouble().is_none());
    desk.say(&mut room, "last");
    assert_eq!(desk.read("one", Start::Oldest, 9).messages.len(), 4, "it waited in memory");
    desk.store.close();
}
