//! A log in a file: an acknowledged message is on disk. One thread writes, one reads, and one watches for a disk that
//! does not answer, so that nobody in a room ever waits for it.

mod archive;
mod devices;
mod file;
mod hooks;
mod page;
mod policies;
mod prune;
mod read;
mod reader;
mod revocations;
mod roll_calls;
mod runs;
mod schema;
mod settle;
mod state;
mod stays;
mod store;
#[cfg(test)]
mod tests;
mod unwritten;
mod writer;

use super::{
    Append, Backend, Decision, Devices, Figures, FormerStays, HookStore, KeptPolicy, KeyDigest, OnAudits,
    OnPut, OnRead, OnRemoved, OnRevoked, OnStored, Query, Recorder, Revocation, RevokeError, RollCalls, Seat,
    SeatId, Stay, StayId, Stored,
};
use crate::config::Retention;
use alert_core::event::{RoomEvent, What};
use alert_core::names::{RoomCode, UserName};
use alert_core::position::{Position, Run};
use alert_core::room::policy::Audit;
pub use archive::{Archive, ArchiveError, Stats, delete, revoke};
pub use file::FileError;
use file::Opened;
use reader::{Reader, Requests};
use runs::{Place, Runs, micros, time};
use rusqlite::Connection;
use state::Shared;
use std::collections::VecDeque;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{Builder, JoinHandle};
use std::time::SystemTime;
use writer::Writer;

/// The most keys that are remembered.
const MOST_KEYS: i64 = 10_000;

/// The log of a server that keeps its history in a file.
pub(super) struct Sqlite {
    shared: Arc<Shared>,
    requests: Arc<Requests>,
    roll_calls: roll_calls::InFile,
    devices: devices::InFile,
    hooks: hooks::InFile,
    file: Box<Path>,
    /// The reader's comes first.
    runs: Arc<Runs>,
    /// The last sign of life of the run before this one.
    died: SystemTime,
    /// The reader's is the first.
    threads: Mutex<VecDeque<JoinHandle<()>>>,
}

/// Messages with the keys that identify a retry of them.
type Keys = Vec<(KeyDigest, RoomCode, Arc<RoomEvent>)>;

impl Sqlite {
    /// Opens the file for a new run, and makes it if it is missing.
    ///
    /// # Errors
    /// If it cannot be used, and what to do about it.
    pub(super) fn open(file: &Path, run: Run, retention: Retention) -> Result<Self, FileError> {
        let lock = file::prepare(file)?;
        let mut connection = file::open_to_write(file)?;
        let wrong = |problem: rusqlite::Error| FileError::of(file, &problem);
        // What a killed server left.
        settle::at_once(&mut connection, &retention).map_err(wrong)?;
        let died = stays::alive(&connection).map_err(wrong)?;
        let runs = Arc::new(Runs::begin(&connection, run, retention.age).map_err(wrong)?);
        let reading = file::open_to_read(file)?;
        let opened = Opened::now(file)
            .map_err(|problem| FileError::Unusable { file: file.to_owned(), problem: problem.to_string() })?;
        let (shared, requests) = (Arc::<Shared>::default(), Arc::<Requests>::default());
        let roll_calls = roll_calls::InFile::read(&connection, Arc::clone(&shared)).map_err(wrong)?;
        let devices = devices::InFile::read(&connection, Arc::clone(&shared)).map_err(wrong)?;
        let hooks = hooks::InFile::read(&connection, Arc::clone(&shared)).map_err(wrong)?;
        let writer = Writer {
            connection,
            runs: Arc::clone(&runs),
            retention,
            shared: Arc::clone(&shared),
            incoming: settle::Incoming::default(),
            does_sync: true,
            unsynced_since: None,
            file: opened,
            alive: None,
            _lock: lock,
        };
        let reader = Reader {
            connection: reading,
            runs: Arc::clone(&runs),
            retention,
            shared: Arc::clone(&shared),
            requests: Arc::clone(&requests),
        };
        let watched = Arc::clone(&shared);
        let threads = [
            spawn("history-read", move || reader.run()),
            spawn("history-watch", move || writer::watch(&watched)),
            spawn("history-write", move || writer.run()),
        ];
        let threads: std::io::Result<VecDeque<_>> = threads.into_iter().collect();
        let threads = threads.map_err(|problem| FileError::Unusable {
            file: file.to_owned(),
            problem: format!("the system gives no more threads: {problem}"),
        })?;
        let threads = Mutex::new(threads);
        Ok(Self { shared, requests, roll_calls, devices, hooks, file: file.into(), runs, died, threads })
    }
}

fn spawn(name: &str, run: impl FnOnce() + Send + 'static) -> std::io::Result<JoinHandle<()>> {
    Builder::new().name(name.to_owned()).spawn(run)
}

impl Recorder for Sqlite {
    fn append(&self, append: Append) -> Option<(OnStored, Stored)> {
        self.shared.append(append)
    }

    fn put_decision(&self, decision: Decision) -> Vec<(OnStored, Stored)> {
        self.shared.put_decision(decision)
    }

    fn policies(&self) -> Vec<(RoomCode, KeptPolicy)> {
        let read = file::open_to_read(&self.file).map_err(|problem| problem.to_string());
        let read = read.and_then(|file| policies::all(&file).map_err(|problem| problem.to_string()));
        read.unwrap_or_else(|problem| {
            tracing::error!(error = &*problem, "the policies of rooms cannot be read: all rooms are open");
            Vec::new()
        })
    }

    fn remove(&self, room: &RoomCode, position: Position, audit: Audit, done: OnRemoved) {
        let (shared, asked) = (Arc::clone(&self.shared), room.clone());
        let is_unwritten = self.shared.gathered().has(room, position);
        let remove = move |found: Option<bool>| {
            if found != Some(true) {
                return done(found);
            }
            let stored = Box::new(|stored| done((stored != Stored::Failed).then_some(true)));
            if let Some((stored, failed)) = shared.remove(&asked, position, audit, stored) {
                stored(failed);
            }
        };
        if is_unwritten {
            return remove(Some(true));
        }
        self.requests.has(room.clone(), position, Box::new(remove));
    }
}

impl Backend for Sqlite {
    fn read(&self, room: RoomCode, query: Query, done: OnRead) {
        self.requests.page(room, query, done);
    }

    fn revoke(&self, new: Revocation, done: OnPut) {
        let file = self.file.clone();
        // Rare, and it may wait for the writer: not worth a thread that is always there.
        let write = move || {
            let written = archive::put_revoked(&file, &new);
            done(written.map_err(|error| {
                tracing::error!(error = error.to_string(), "tokens cannot be taken back");
                RevokeError::Failed
            }));
        };
        // A thread that cannot begin drops whoever waits, who takes that for a failure.
        let _ = Builder::new().name("alert-revoke".to_owned()).spawn(write);
    }

    fn revoked(&self, done: OnRevoked) {
        self.requests.revoked(done);
    }

    fn keys(&self, since: SystemTime) -> Keys {
        file::open_to_read(&self.file)
            .map_err(|problem| problem.to_string())
            .and_then(|connection| keys(&connection, since).map_err(|problem| problem.to_string()))
            .unwrap_or_else(|problem| {
                tracing::error!(
                    error = &*problem,
                    "the idempotency keys cannot be read: a retry may be said twice"
                );
                Vec::new()
            })
    }

    fn put_seat(&self, id: SeatId, seat: Option<Seat>) {
        self.shared.put_seat(id, seat);
    }

    fn seat(&self, id: SeatId, done: Box<dyn FnOnce(Option<Seat>) + Send>) {
        match self.shared.unwritten_seat(id) {
            Some(seat) => done(seat),
            None => self.requests.seat(id, done),
        }
    }

    fn audits(&self, room: &RoomCode, most: usize, done: OnAudits) {
        self.requests.audits(room.clone(), most, done);
    }

    fn roll_calls(&self) -> &dyn RollCalls {
        &self.roll_calls
    }

    fn devices(&self) -> &dyn Devices {
        &self.devices
    }

    fn hooks(&self) -> &dyn HookStore {
        &self.hooks
    }

    fn put_stay(&self, id: StayId, stay: Option<Stay>) {
        self.shared.put_stay(id, stay);
    }

    fn former_stays(&self) -> Option<FormerStays> {
        let read = file::open_to_read(&self.file).map_err(|problem| problem.to_string());
        let read =
            read.and_then(|file| stays::former(&file, self.died).map_err(|problem| problem.to_string()));
        read.inspect_err(|problem| {
            tracing::error!(
                error = problem.as_str(),
                "nobody who was in a room before is given what they missed"
            );
        })
        .ok()
    }

    fn order(&self, run: Run) -> u64 {
        self.runs.order(run)
    }

    fn trouble(&self) -> Option<String> {
        self.shared.trouble().map(|trouble| trouble.words)
    }

    fn figures(&self) -> Figures {
        self.shared.figures()
    }

    fn close(&self) {
        let mut threads = std::mem::take(&mut *self.threads.lock().unwrap_or_else(PoisonError::into_inner));
        self.requests.close();
        // The reader first: the last connection to close tidies up, and a reader's cannot. A panic has been reported.
        threads.pop_front().map(JoinHandle::join);
        self.shared.close();
        threads.into_iter().for_each(|thread| drop(thread.join()));
    }
}

impl Drop for Sqlite {
    fn drop(&mut self) {
        // The threads end by themselves: nobody waits here for a disk.
        self.shared.close();
        self.requests.close();
    }
}

/// The newest messages that came with a key at a time or later, the oldest first.
fn keys(connection: &Connection, since: SystemTime) -> rusqlite::Result<Keys> {
    let runs = Runs::read(connection)?;
    let sql = "SELECT messages.run, part, number, at, name, text, key, rooms.code
               FROM messages JOIN rooms ON rooms.id = messages.room
               WHERE key IS NOT NULL AND at >= ?1 ORDER BY messages.id DESC LIMIT ?2";
    let mut found = connection.prepare(sql)?;
    let mut rows = found.query([micros(since), MOST_KEYS])?;
    let mut keys = Keys::new();
    while let Some(row) = rows.next()? {
        let place = Place { run: row.get(0)?, part: row.get(1)?, number: row.get(2)? };
        let name = UserName::parse(row.get_ref(4)?.as_str()?, usize::MAX);
        let room = RoomCode::parse(row.get_ref(7)?.as_str()?, usize::MAX);
        let (Ok(name), Ok(room), Some(position)) = (name, room, runs.position(place)) else { continue };
        let what = What::Said { name, text: row.get_ref(5)?.as_str()?.into() };
        keys.push((
            KeyDigest(row.get(6)?),
            room,
            Arc::new(RoomEvent { at: time(row.get(3)?), position, what }),
        ));
    }
    keys.reverse();
    Ok(keys)
}
