//! The log: what was said in each room, in order, so that whoever was away can get it later. This is the one seam for
//! every store. Nothing here waits: messages are handed over, and answers come back on the store's own thread.

#[cfg(test)]
mod contract;
mod memory;
mod page;
pub mod redis;
mod seats;
mod sqlite;
mod stays;

use crate::config::{History, HistoryKind};
use alert_core::event::RoomEvent;
use alert_core::names::RoomCode;
use alert_core::position::{Epoch, Run};
use page::MOST_BYTES;
pub use page::{Gap, Page, Query, Start};
use seats::Seats;
pub use seats::{Seat, SeatId};
pub use sqlite::{Archive, ArchiveError, FileError, Stats, delete};
pub use stays::{ALIVE, FormerStays, Gone, Stay, StayId};
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime},
};
use tokio::sync::oneshot;

/// The log of this server. Cheap to clone.
#[derive(Clone)]
pub struct Log(Arc<Shared>);

struct Shared {
    kind: HistoryKind,
    run: Run,
    parts: AtomicU64,
    store: Store,
    /// Those of a server that keeps no history.
    seats: Seats,
}

enum Store {
    /// No history is kept.
    None,
    /// What is said in the rooms of this server is recorded in their order.
    Own(Box<dyn Recorder>),
    /// The store itself orders what is said in rooms that several servers share.
    Shared(redis::Shared),
}

/// A store for rooms that this server orders. Every one passes `contract`.
pub trait Recorder: Backend {
    /// Takes a message. It is called under the room's lock, so that the calls come in the room's order, and must not
    /// wait. `append.stored` is called once, from any thread; if the fate is known at once, it is returned instead, to
    /// be called without the lock.
    #[must_use = "whoever waits for the message's fate has to be told"]
    fn append(&self, append: Append) -> Option<(OnStored, Stored)>;
}

/// What every store must do.
pub trait Backend: Send + Sync {
    /// Reads a page, in which is everything that was appended before this call. `done` is called once, from any
    /// thread.
    fn read(&self, room: RoomCode, query: Query, done: OnRead);

    /// The messages that came with a key at `since` or later. Called once, at the start.
    fn keys(&self, since: SystemTime) -> Vec<(KeyDigest, RoomCode, Arc<RoomEvent>)>;

    /// Keeps a seat, or forgets it. Must not wait. Calls about the same seat take effect in order.
    fn put_seat(&self, id: SeatId, seat: Option<Seat>);

    /// Looks for a seat. `done` is called once, from any thread.
    fn seat(&self, id: SeatId, done: Box<dyn FnOnce(Option<Seat>) + Send>);

    /// Keeps a stay, or forgets it, where the store survives the process. As with a seat, it must not wait.
    fn put_stay(&self, id: StayId, stay: Option<Stay>) {
        let _ = (id, stay);
    }

    /// What earlier runs have left: asked once, at the start. Nothing where it cannot be read, or nothing survives.
    fn former_stays(&self) -> Option<FormerStays> {
        None
    }

    /// Which of two runs is the later one: the one with the greater number. One that is not known has 0.
    fn order(&self, run: Run) -> u64 {
        let _ = run;
        0
    }

    /// Why messages are not stored at the moment, and what to do about it.
    fn trouble(&self) -> Option<String> {
        None
    }

    /// Stores what waits to be stored. Nothing is appended after this.
    fn close(&self) {}
}

/// A message for the log.
pub struct Append {
    /// Where it was said.
    pub room: RoomCode,
    /// The message; always a `Said`.
    pub message: Arc<RoomEvent>,
    /// Identifies a retry of it.
    pub key: Option<KeyDigest>,
    /// Whoever waits for its fate.
    pub stored: Option<OnStored>,
}

/// Called with the fate of a message.
pub type OnStored = Box<dyn FnOnce(Stored) + Send>;

/// Called with what was read.
pub type OnRead = Box<dyn FnOnce(Result<Page, ReadError>) + Send>;

/// A digest of an idempotency key, its sender and its room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct KeyDigest(pub [u8; 16]);

/// The fate of a message that was said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stored {
    /// It is on disk and survives whatever happens to this process.
    Durably,
    /// It was not meant to be: this server keeps its history in memory, or none.
    NotMeant,
    /// It was meant to be, and the store failed. Everybody in the room got it.
    Failed,
}

/// Why nothing was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// The store failed; it says more in the server's log.
    #[error("the history cannot be read at the moment: try again later")]
    Failed,
    /// Too many are waiting already.
    #[error("too many read the history at the moment: try again in a second")]
    Busy,
}

/// Why a log cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// There is no state folder.
    #[error(
        "there is no folder for the history: none of STATE_DIRECTORY, XDG_STATE_HOME and HOME is set; set one, or set \
         history to memory"
    )]
    Nowhere,
    /// The file is not to be used.
    #[error(transparent)]
    File(#[from] FileError),
    /// It was not said where Redis is.
    #[error("history redis needs the address of Redis: set redis, as in --redis redis://127.0.0.1:6379")]
    NoRedis,
    /// Redis is not to be used.
    #[error(transparent)]
    Redis(#[from] redis::ConnectError),
}

impl OpenError {
    fn is_of_the_place(&self) -> bool {
        match self {
            Self::Nowhere => true,
            Self::File(problem) => problem.is_of_the_place(),
            Self::NoRedis | Self::Redis(_) => false,
        }
    }
}

impl Log {
    /// Opens the log that `history` asks for.
    ///
    /// # Errors
    /// If its file cannot be used, or has to be looked at by somebody first.
    pub fn open(history: &History) -> Result<Self, OpenError> {
        match history.kind {
            HistoryKind::Redis => Self::in_redis(history),
            HistoryKind::Off => Ok(Self::of(HistoryKind::Off, random_run(), Store::None)),
            HistoryKind::Memory => Ok(Self::in_memory(history)),
            HistoryKind::Sqlite => match Self::in_file(history) {
                Err(problem) if !history.is_asked_for && problem.is_of_the_place() => {
                    let reason = problem.to_string();
                    tracing::warn!(reason, "the history is kept in memory only: a restart forgets it");
                    Ok(Self::in_memory(history))
                }
                log => log,
            },
        }
    }

    fn in_file(history: &History) -> Result<Self, OpenError> {
        let run = random_run();
        let file = history.file.as_deref().ok_or(OpenError::Nowhere)?;
        let store = sqlite::Sqlite::open(file, run, history.retention(HistoryKind::Sqlite))?;
        Ok(Self::of(HistoryKind::Sqlite, run, Store::Own(Box::new(store))))
    }

    fn in_redis(history: &History) -> Result<Self, OpenError> {
        let run = random_run();
        let settings = history.redis.as_ref().ok_or(OpenError::NoRedis)?;
        let shared = redis::Shared::open(settings.clone(), run, history.retention(HistoryKind::Redis))?;
        Ok(Self::of(HistoryKind::Redis, run, Store::Shared(shared)))
    }

    fn in_memory(history: &History) -> Self {
        let run = random_run();
        let retention = history.retention(HistoryKind::Memory);
        Self::of(HistoryKind::Memory, run, Store::Own(Box::new(memory::Memory::new(run, retention))))
    }

    fn of(kind: HistoryKind, run: Run, store: Store) -> Self {
        let seats = Seats::new(Duration::ZERO);
        Self(Arc::new(Shared { kind, run, parts: AtomicU64::new(0), store, seats }))
    }

    fn backend(&self) -> Option<&dyn Backend> {
        match &self.0.store {
            Store::None => None,
            Store::Own(recorder) => Some(&**recorder),
            Store::Shared(shared) => Some(shared),
        }
    }

    /// The rooms that this server shares with others, if it does.
    pub fn shared(&self) -> Option<&redis::Shared> {
        match &self.0.store {
            Store::Shared(shared) => Some(shared),
            Store::None | Store::Own(_) => None,
        }
    }

    /// Where it is kept, which may not be the place that was asked for.
    pub fn kind(&self) -> HistoryKind {
        self.0.kind
    }

    /// This run of the server.
    pub fn run(&self) -> Run {
        self.0.run
    }

    /// An epoch that was never given before.
    pub fn next_epoch(&self) -> Epoch {
        Epoch { run: self.0.run, part: self.0.parts.fetch_add(1, Ordering::Relaxed) }
    }

    /// Whether anything is kept.
    pub fn is_on(&self) -> bool {
        self.backend().is_some()
    }

    /// Hands a message over; see [`Recorder::append`].
    #[must_use = "whoever waits for the message's fate has to be told"]
    pub fn append(&self, append: Append) -> Option<(OnStored, Stored)> {
        match &self.0.store {
            Store::Own(recorder) => recorder.append(append),
            Store::None | Store::Shared(_) => append.stored.map(|stored| (stored, Stored::NotMeant)),
        }
    }

    /// Reads a page; see [`Backend::read`]. If nothing is kept, whatever was said is a gap.
    pub fn read(&self, room: RoomCode, query: Query, done: OnRead) {
        match self.backend() {
            Some(backend) => backend.read(room, query, done),
            None => {
                let gap = matches!(query.start, Start::After(_)).then_some(Gap { missed: None });
                done(Ok(Page { gap, ..Page::default() }));
            }
        }
    }

    /// Reads a page of at most `MOST_BYTES`, or of one message that is larger.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn page(&self, room: RoomCode, query: Query) -> Result<Page, ReadError> {
        let (tell, told) = oneshot::channel();
        self.read(room, query, Box::new(|page| drop(tell.send(page))));
        let mut page = told.await.unwrap_or(Err(ReadError::Failed))?;
        page.shorten(query.start.is_backwards());
        Ok(page)
    }

    /// The messages that came with a key at `since` or later.
    pub fn keys(&self, since: SystemTime) -> Vec<(KeyDigest, RoomCode, Arc<RoomEvent>)> {
        self.backend().map_or_else(Vec::new, |backend| backend.keys(since))
    }

    /// Why messages are not stored at the moment although they should be, and what to do about it.
    pub fn trouble(&self) -> Option<String> {
        self.backend()?.trouble()
    }

    /// Stores what waits to be stored; it may take as long as the disk does.
    pub fn close(&self) {
        if let Some(backend) = self.backend() {
            backend.close();
        }
    }

    /// Keeps a seat, or forgets it.
    pub fn put_seat(&self, id: SeatId, seat: Option<Seat>) {
        match self.backend() {
            Some(backend) => backend.put_seat(id, seat),
            None => self.0.seats.put(id, seat),
        }
    }

    /// Keeps a stay, or forgets it; see [`Backend::put_stay`].
    pub fn put_stay(&self, id: StayId, stay: Option<Stay>) {
        if let Some(backend) = self.backend() {
            backend.put_stay(id, stay);
        }
    }

    /// What earlier runs have left; see [`Backend::former_stays`].
    pub fn former_stays(&self) -> Option<FormerStays> {
        self.backend()?.former_stays()
    }

    /// Which of two runs is the later one; see [`Backend::order`].
    pub fn order(&self, run: Run) -> u64 {
        self.backend().map_or(0, |backend| backend.order(run))
    }

    /// Looks for a seat.
    pub fn seat(&self, id: SeatId, done: Box<dyn FnOnce(Option<Seat>) + Send>) {
        match self.backend() {
            Some(backend) => backend.seat(id, done),
            None => done(self.0.seats.get(&id)),
        }
    }
}

#[expect(clippy::expect_used, reason = "a system without random numbers cannot serve")]
fn random_run() -> Run {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).expect("the system gives random numbers");
    Run::new(u64::from_ne_bytes(bytes))
}
