//! A history's file as a command uses it, whether or not a server has it open.

use super::file;
use super::prune::give_back_pages;
use super::read;
use super::revocations;
use super::runs::{Place, Runs, time};
use super::settle::at_once;
use super::store::drop_up_to;
use crate::config::{History, HistoryKind, Retention};
use crate::log::{OpenError, Page, Query, Revocation};
use alert_core::names::RoomCode;
use rusqlite::backup::Backup;
use rusqlite::{Connection, OptionalExtension, TransactionBehavior};
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// Messages deleted in one transaction, so that a running server gets its turn.
const PORTION: i64 = 1000;

/// A file that is read.
pub struct Archive {
    file: PathBuf,
    connection: Connection,
    runs: Runs,
    retention: Retention,
}

/// What a file holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stats {
    /// Its size, without what SQLite still keeps beside it.
    pub bytes: u64,
    /// Messages in all rooms.
    pub messages: u64,
    /// Rooms, including those that have no messages any more.
    pub rooms: u64,
    /// Places to which a client can come back.
    pub seats: u64,
    /// When the first of the messages was said.
    pub oldest: Option<SystemTime>,
    /// When the last one was.
    pub newest: Option<SystemTime>,
}

/// Why a command cannot do its work on a file.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// It cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// SQLite fails.
    #[error("the history {} cannot be used: {}", file.display(), super::writer::words(problem))]
    Failed {
        /// The file.
        file: PathBuf,
        /// What SQLite says.
        problem: rusqlite::Error,
    },
    /// The backup would have the name of a file that exists.
    #[error("{} is there already, and nothing is overwritten: give another name, or remove it", file.display())]
    Exists {
        /// The file.
        file: PathBuf,
    },
    /// The backup cannot be written.
    #[error("{} cannot be written: {problem}", file.display())]
    Unwritable {
        /// The file.
        file: PathBuf,
        /// What the system says.
        problem: io::Error,
    },
}

impl Archive {
    /// Opens the file that a server with these settings has.
    ///
    /// # Errors
    /// If there is no file, or it cannot be read.
    pub fn open(history: &History) -> Result<Self, ArchiveError> {
        let file = history.file.clone().ok_or(OpenError::Nowhere)?;
        let connection = file::open_to_read(&file).map_err(OpenError::File)?;
        let runs = Runs::read(&connection).map_err(failed(&file))?;
        Ok(Self { file, connection, runs, retention: history.retention(HistoryKind::Sqlite) })
    }

    /// The file.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// Reads a page.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn page(&self, room: &RoomCode, query: Query) -> Result<Page, ArchiveError> {
        // Before the rooms are looked at: what is moved meanwhile is then in both, rather than in neither.
        read::incoming(&self.connection, &self.runs, room)
            .and_then(|incoming| {
                read::page(&self.connection, &self.runs, &self.retention, room, query, &incoming)
            })
            .map_err(failed(&self.file))
    }

    /// Which tokens have been taken back.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn revoked(&self) -> Result<Vec<Revocation>, ArchiveError> {
        revocations::all(&self.connection).map_err(failed(&self.file))
    }

    /// How much there is of what.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn stats(&self) -> Result<Stats, ArchiveError> {
        let number = |sql| self.connection.query_row(sql, [], |row| row.get::<_, i64>(0));
        // The file is in order of time, except for those that came in together.
        let at = |which, order| {
            let sql = format!(
                "SELECT {which}(at) FROM (SELECT at FROM (SELECT at FROM messages ORDER BY id {order} LIMIT 10000)
                 UNION ALL SELECT at FROM incoming)"
            );
            self.connection.query_row(&sql, [], |row| row.get::<_, Option<i64>>(0))
        };
        let read = || {
            Ok(Stats {
                bytes: (number("PRAGMA page_count")? * number("PRAGMA page_size")?) as u64,
                messages: number(
                    "SELECT coalesce(sum(count), 0) + (SELECT count(*) FROM incoming) FROM rooms",
                )? as u64,
                rooms: number(
                    "SELECT count(*) FROM (SELECT code FROM rooms UNION SELECT room FROM incoming)",
                )? as u64,
                seats: number("SELECT count(*) FROM seats")? as u64,
                oldest: at("min", "ASC")?.map(time),
                newest: at("max", "DESC")?.map(time),
            })
        };
        read().map_err(failed(&self.file))
    }

    /// Copies all of it, as it is at this moment, into a new file that only this user can read. A server may go on.
    ///
    /// # Errors
    /// If the file exists already, or cannot be written.
    pub fn back_up(&self, to: &Path) -> Result<(), ArchiveError> {
        let unwritable = |problem| ArchiveError::Unwritable { file: to.to_owned(), problem };
        let exists = || ArchiveError::Exists { file: to.to_owned() };
        if to.symlink_metadata().is_ok() {
            return Err(exists());
        }
        let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        // It gets its name only when it is complete.
        let new = tempfile::NamedTempFile::new_in(folder).map_err(unwritable)?;
        let copied = || {
            let mut copy = Connection::open(new.path())?;
            // In one step: with several, each write of a server would start it over.
            Backup::new(&self.connection, &mut copy)?.step(-1)?;
            // One file, with nothing beside it.
            copy.pragma_update(None, "journal_mode", "DELETE")
        };
        copied().map_err(failed(to))?;
        new.as_file().sync_all().map_err(unwritable)?;
        new.persist_noclobber(to).map_err(|lost| match lost.error.kind() {
            io::ErrorKind::AlreadyExists => exists(),
            _ => unwritable(lost.error),
        })?;
        Ok(())
    }
}

/// Deletes all messages of a room, and the places of those who can come back to it. The room remembers that there were
/// some, so that a running server reports a gap. Returns how many there were.
///
/// # Errors
/// If the file cannot be written.
pub fn delete(history: &History, room: &RoomCode) -> Result<u64, ArchiveError> {
    let file = history.file.clone().ok_or(OpenError::Nowhere)?;
    // Opening it to write would make missing tables, and migrate an older version.
    drop(file::open_to_read(&file).map_err(OpenError::File)?);
    let mut connection = file::open_to_write(&file).map_err(OpenError::File)?;
    let retention = history.retention(HistoryKind::Sqlite);
    let mut all = || {
        // What is deleted is overwritten.
        connection.pragma_update(None, "secure_delete", "ON")?;
        at_once(&mut connection, &retention)?;
        let sql = "SELECT id FROM rooms WHERE code = ?1";
        let Some(id) = connection.query_row(sql, [room.as_str()], |row| row.get(0)).optional()? else {
            return Ok(0);
        };
        let mut deleted = 0;
        loop {
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let sql = "SELECT run, part, number FROM (SELECT run, part, number FROM messages WHERE room = ?1
                       ORDER BY run, part, number LIMIT ?2) ORDER BY run DESC, part DESC, number DESC LIMIT 1";
            let place = |row: &rusqlite::Row<'_>| {
                Ok(Place { run: row.get(0)?, part: row.get(1)?, number: row.get(2)? })
            };
            let Some(last) = transaction.query_row(sql, [id, PORTION], place).optional()? else { break };
            deleted += drop_up_to(&transaction, id, last)?;
            transaction.commit()?;
        }
        connection.execute("DELETE FROM seats WHERE room = ?1", [room.as_str()])?;
        connection.execute("DELETE FROM stays WHERE room = ?1", [room.as_str()])?;
        // It went through pages that are empty now and were not overwritten.
        while connection.pragma_query_value(None, "freelist_count", |row| row.get::<_, i64>(0))? > 0 {
            give_back_pages(&connection)?;
        }
        // The texts are also in the write-ahead log, until that is truncated. Readers may be in the way.
        connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
        Ok(deleted as u64)
    };
    all().map_err(failed(&file))
}

/// Takes tokens back, in the file that a server with these settings has: one that runs hears of it.
///
/// # Errors
/// If the file cannot be written.
pub fn revoke(history: &History, new: &Revocation) -> Result<(), ArchiveError> {
    put_revoked(&history.file.clone().ok_or(OpenError::Nowhere)?, new)
}

/// As [`revoke`], in this file.
pub(super) fn put_revoked(file: &Path, new: &Revocation) -> Result<(), ArchiveError> {
    drop(file::open_to_read(file).map_err(OpenError::File)?);
    let connection = file::open_to_write(file).map_err(OpenError::File)?;
    revocations::put(&connection, new).map_err(failed(file))
}

fn failed(file: &Path) -> impl FnOnce(rusqlite::Error) -> ArchiveError {
    let file = file.to_owned();
    |problem| ArchiveError::Failed { file, problem }
}
