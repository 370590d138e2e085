//! The log: what was said in each room, in order, so that whoever was away can get it later. This is the one seam for
//! every store. Nothing here waits: messages are handed over, and answers come back on the store's own thread.

mod backend;
#[cfg(test)]
mod contract;
mod devices;
mod hooks;
mod memory;
mod news;
mod page;
mod policies;
pub mod redis;
mod revocations;
mod roll_calls;
mod seats;
mod sqlite;
mod stays;

use crate::config::{History, HistoryKind};
use alert_core::event::RoomEvent;
use alert_core::names::RoomCode;
use alert_core::position::{Epoch, Position, Run};
use alert_core::room::policy::Audit;
pub use backend::{
    Append, Backend, Decision, Figures, KeyDigest, OnRead, OnRemoved, OnStored, ReadError, Recorder, Stored,
};
pub use devices::{DeviceError, Devices, OnDevices, OnPutDevice};
pub use hooks::{
    Claim, HookError, HookKey, HookStore, LEASE, Letter, MOST_LETTERS, OnClaim, OnHookKept, OnLetters, OnLook,
};
pub use news::Listener;
use news::News;
use page::MOST_BYTES;
pub use page::{Gap, Page, Query, Start};
pub use policies::{KeptPolicy, MOST_POLICIES, MOST_POLICY_BYTES, OnAudits, UNUSED, Untold};
pub use revocations::{OnPut, OnRevoked, Revocation, RevokeError, YEAR};
use roll_calls::InMemory;
pub use roll_calls::{Marking, OnCounts, OnKept, OnPerson, OnRollCall, OnRoster, RollCalls, RollError};
use seats::Seats;
pub use seats::{Seat, SeatId};
pub use sqlite::{Archive, ArchiveError, FileError, Stats, delete, revoke};
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
    roll_calls: InMemory,
    devices: devices::InMemory,
    news: News,
}

enum Store {
    /// No history is kept.
    None,
    /// What is said in the rooms of this server is recorded in their order.
    Own(Box<dyn Recorder>),
    /// The store itself orders what is said in rooms that several servers share.
    Shared(redis::Shared),
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
    Redis(#[from] redis::OpenError),
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
        let (parts, roll_calls, news) = (AtomicU64::new(0), InMemory::default(), News::default());
        let devices = devices::InMemory::default();
        Self(Arc::new(Shared { kind, run, parts, store, seats, roll_calls, devices, news }))
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
        self.0.news.tell(&append.room);
        match &self.0.store {
            Store::Own(recorder) => recorder.append(append),
            Store::None | Store::Shared(_) => append.stored.map(|stored| (stored, Stored::NotMeant)),
        }
    }

    /// The store of rooms that this server orders.
    fn own(&self) -> Option<&dyn Recorder> {
        match &self.0.store {
            Store::Own(recorder) => Some(&**recorder),
            Store::None | Store::Shared(_) => None,
        }
    }

    /// Takes what hosts have decided; see [`Recorder::put_decision`].
    #[must_use = "whoever waits for it has to be told"]
    pub fn put_decision(&self, decision: Decision) -> Vec<(OnStored, Stored)> {
        self.0.news.tell(&decision.room);
        match self.own() {
            Some(recorder) => recorder.put_decision(decision),
            None => {
                let said = decision.said.into_iter().filter_map(|append| append.stored);
                said.chain(decision.stored).map(|stored| (stored, Stored::NotMeant)).collect()
            }
        }
    }

    /// All policies, of a server that orders its rooms itself; see [`Recorder::policies`].
    pub fn policies(&self) -> Vec<(RoomCode, KeptPolicy)> {
        self.own().map_or_else(Vec::new, Recorder::policies)
    }

    /// Removes a message; see [`Recorder::remove`].
    pub fn remove(&self, room: &RoomCode, position: Position, audit: Audit, done: OnRemoved) {
        match self.own() {
            Some(recorder) => recorder.remove(room, position, audit, done),
            None => done(Some(false)),
        }
    }

    /// The newest lines of a room's audit log; nothing where it cannot be read.
    pub async fn audits(&self, room: &RoomCode, most: usize) -> Option<Vec<Audit>> {
        let Some(backend) = self.backend() else { return Some(Vec::new()) };
        let (tell, told) = oneshot::channel();
        backend.audits(room, most, Box::new(|audits| drop(tell.send(audits))));
        told.await.ok().flatten()
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

    /// Hears when something is said or decided in a room of this server, until that is dropped. What other servers order is
    /// not heard.
    pub fn listen(&self, room: &RoomCode) -> Listener {
        self.0.news.listen(room)
    }

    /// Why messages are not stored at the moment although they should be, and what to do about it.
    pub fn trouble(&self) -> Option<String> {
        self.backend()?.trouble()
    }

    /// What it has counted, and what waits; nothing, where nothing is kept.
    pub fn figures(&self) -> Option<Figures> {
        self.backend().map(Backend::figures)
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
