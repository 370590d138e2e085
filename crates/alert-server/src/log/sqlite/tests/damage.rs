//! Files that are not as the server left them.

use super::*;

/// A folder with a file in which a room has `count` messages, and the names of its files.
fn stored(count: usize) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let mut desk = open_in(folder.path(), KEEP_ALL);
    let mut room = desk.room("one");
    for number in 0..count {
        desk.say(&mut room, &format!("message {number}"));
    }
    desk.store.close();
    folder
}

fn refusal(folder: &Path) -> FileError {
    let file = folder.join("alert.db");
    let before = std::fs::read(&file).unwrap();
    let problem = try_open(folder, KEEP_ALL).err().unwrap();
    assert_eq!(std::fs::read(&file).unwrap(), before, "it is left as it was");
    assert!(!problem.is_of_the_place());
    assert!(problem.to_string().contains("move"), "{problem}");
    problem
}

#[test]
fn a_file_of_a_newer_version_is_refused_with_words() {
    let folder = stored(1);
    let connection = Connection::open(folder.path().join("alert.db")).unwrap();
    connection.pragma_update(None, "journal_mode", "DELETE").unwrap();
    connection.pragma_update(None, "user_version", schema::VERSION + 1).unwrap();
    drop(connection);
    let problem = refusal(folder.path());
    assert!(problem.to_string().contains("written by a newer Alert"), "{problem}");
}

#[test]
fn a_file_of_another_program_is_refused_with_words() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("alert.db");
    let other = Connection::open(&file).unwrap();
    other.execute_batch("CREATE TABLE songs (title TEXT)").unwrap();
    drop(other);
    assert!(matches!(refusal(folder.path()), FileError::Foreign { .. }));
    for text in ["not a database at all", &"x".repeat(10_000)] {
        std::fs::write(&file, text).unwrap();
        assert!(matches!(refusal(folder.path()), FileError::Foreign { .. }), "{}", text.len());
    }
}

#[test]
fn a_damaged_file_is_refused_with_what_to_do() {
    let folder = stored(10);
    let file = folder.path().join("alert.db");
    let mut bytes = std::fs::read(&file).unwrap();
    // The list of tables, behind the header.
    bytes[100..4096].fill(0xA5);
    std::fs::write(&file, bytes).unwrap();
    let problem = refusal(folder.path());
    assert!(matches!(problem, FileError::Corrupt { .. }), "{problem:?}");
    assert!(problem.to_string().contains("restore a backup"), "{problem}");
}

#[test]
fn an_empty_file_is_a_new_history() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("alert.db"), "").unwrap();
    let mut desk = open_in(folder.path(), KEEP_ALL);
    desk.say_in("one", "a");
}

#[test]
fn a_log_that_was_cut_anywhere_opens_and_gives_no_position_again() {
    let folder = tempfile::tempdir().unwrap();
    let mut desk = open_in(folder.path(), KEEP_ALL);
    let mut room = desk.room("one");
    let given: Vec<_> = (0..40).map(|number| desk.say(&mut room, &format!("message {number}"))).collect();
    let copy = tempfile::tempdir().unwrap();
    let [file, wal] =
        ["alert.db", "alert.db-wal"].map(|name| std::fs::read(folder.path().join(name)).unwrap());
    assert!(wal.len() > 100_000, "{}", wal.len());
    // Some of these places are at the end of a page, most in the middle of one.
    for cut in (0..wal.len()).step_by(wal.len() / 40) {
        std::fs::write(copy.path().join("alert.db"), &file).unwrap();
        std::fs::write(copy.path().join("alert.db-wal"), &wal[..cut]).unwrap();
        let _ = std::fs::remove_file(copy.path().join("alert.db-shm"));
        let mut cut_off = open_in(copy.path(), KEEP_ALL);
        let page = cut_off.read("one", Start::Oldest, 100);
        let kept: Vec<_> = page.messages.iter().map(|message| message.position).collect();
        assert!(given.starts_with(&kept), "a beginning, whole and in order");
        let new = cut_off.say_in("one", "new");
        assert!(!given.contains(&new));
        let page = cut_off.read("one", Start::After(given[39]), 100);
        assert_eq!(page.gap.is_some(), kept.len() < 40, "{} are left", kept.len());
        assert_eq!(page.messages.last().unwrap().position, new);
        cut_off.store.close();
    }
}
