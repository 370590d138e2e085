//! The log: what was said in each room, in order, so that whoever was away can get it later. This is the one seam for
//! every store. Nothing here waits: messages are handed over, and answers come back on the store's own thread.

#[cfg(test)]
mod contract;
mod memory;
mod seats;
mod sqlite;
mod stays;

use crate::config::{History, HistoryKind};
use alert_core::event::{RoomEvent, What};
use alert_core::names::RoomCode;
pub use alert_core::position::Gap;
use alert_core::position::{Epoch, Position, Run};
use alert_core::wire;
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

/// The most bytes of a page's messages, as JSON.
const MOST_BYTES: usize = 1 << 20;

/// The log of this server. Cheap to clone.
#[derive(Clone)]
pub struct Log(Arc<Shared>);

struct Shared {
    kind: HistoryKind,
    run: Run,
    parts: AtomicU64,
    /// There is none if no history is kept.
    backend: Option<Box<dyn Backend>>,
    /// Seats of a server that keeps no history.
    seats: Seats,
}

/// What a store must do. Every one passes `contract`.
pub trait Backend: Send + Sync {
    /// Takes a message. It is called under the room's lock, so that the calls come in the room's order, and must not
    /// wait. `append.stored` is called once, from any thread; if the fate is known at once, it is returned instead, to
    /// be called without the lock.
    #[must_use = "whoever waits for the message's fate has to be told"]
    fn append(&self, append: Append) -> Option<(OnStored, Stored)>;

    /// Reads a page, which includes everything that was appended before this call. `done` is called once, from any
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

/// Where reading begins, and how much is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Query {
    /// Where it begins.
    pub start: Start,
    /// At most this many messages.
    pub limit: usize,
}

/// Where reading begins. In each case, a page has its messages oldest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Start {
    /// What came after this position.
    After(Position),
    /// The oldest that there is.
    Oldest,
    /// The newest ones.
    Newest,
    /// What was said at this time or later.
    Time(SystemTime),
    /// The ones just before this position.
    Before(Position),
}

/// A part of a room's log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// The messages, oldest first.
    pub messages: Arc<[Arc<RoomEvent>]>,
    /// Set if messages are missing between the position that was asked for and the first of these.
    pub gap: Option<Gap>,
    /// There is more in the direction of reading: after the last, or with `Newest` and `Before` before the first.
    pub more: bool,
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
}

impl OpenError {
    fn is_of_the_place(&self) -> bool {
        match self {
            Self::Nowhere => true,
            Self::File(problem) => problem.is_of_the_place(),
        }
    }
}

impl Start {
    /// Whether reading goes from here to what is older.
    pub fn is_backwards(self) -> bool {
        matches!(self, Self::Newest | Self::Before(_))
    }
}

impl Page {
    /// Drops messages at the far end until the rest is small enough.
    fn shorten(&mut self, is_backwards: bool) {
        let mut bytes = 0;
        let mut fits = |message: &Arc<RoomEvent>| {
            let What::Said { name, text } = &message.what else { return true };
            bytes += wire::size(name, text);
            bytes <= MOST_BYTES
        };
        let all = self.messages.len();
        let most = if is_backwards {
            self.messages.iter().rev().take_while(|message| fits(message)).count()
        } else {
            self.messages.iter().take_while(|message| fits(message)).count()
        };
        let kept = most.max(1).min(all);
        self.more |= kept < all;
        // The page may be shared.
        if kept < all {
            let kept = if is_backwards { all - kept..all } else { 0..kept };
            self.messages = self.messages[kept].into();
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
            HistoryKind::Off => Ok(Self::of(HistoryKind::Off, random_run(), None)),
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
        Ok(Self::of(HistoryKind::Sqlite, run, Some(Box::new(store))))
    }

    fn in_memory(history: &History) -> Self {
        let run = random_run();
        let retention = history.retention(HistoryKind::Memory);
        Self::of(HistoryKind::Memory, run, Some(Box::new(memory::Memory::new(run, retention))))
    }

    fn of(kind: HistoryKind, run: Run, backend: Option<Box<dyn Backend>>) -> Self {
        let seats = Seats::new(Duration::ZERO);
        Self(Arc::new(Shared { kind, run, parts: AtomicU64::new(0), backend, seats }))
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
        self.0.backend.is_some()
    }

    /// Hands a message over; see [`Backend::append`].
    #[must_use = "whoever waits for the message's fate has to be told"]
    pub fn append(&self, append: Append) -> Option<(OnStored, Stored)> {
        match &self.0.backend {
            Some(backend) => backend.append(append),
            None => append.stored.map(|stored| (stored, Stored::NotMeant)),
        }
    }

    /// Reads a page; see [`Backend::read`]. If nothing is kept, whatever was said is a gap.
    pub fn read(&self, room: RoomCode, query: Query, done: OnRead) {
        match &self.0.backend {
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
        self.0.backend.as_ref().map_or_else(Vec::new, |backend| backend.keys(since))
    }

    /// Why messages are not stored at the moment although they should be, and what to do about it.
    pub fn trouble(&self) -> Option<String> {
        self.0.backend.as_ref()?.trouble()
    }

    /// Stores what waits to be stored; it may take as long as the disk does.
    pub fn close(&self) {
        if let Some(backend) = &self.0.backend {
            backend.close();
        }
    }

    /// Keeps a seat, or forgets it.
    pub fn put_seat(&self, id: SeatId, seat: Option<Seat>) {
        match &self.0.backend {
            Some(backend) => backend.put_seat(id, seat),
            None => self.0.seats.put(id, seat),
        }
    }

    /// Keeps a stay, or forgets it; see [`Backend::put_stay`].
    pub fn put_stay(&self, id: StayId, stay: Option<Stay>) {
        if let Some(backend) = &self.0.backend {
            backend.put_stay(id, stay);
        }
    }

    /// What earlier runs have left; see [`Backend::former_stays`].
    pub fn former_stays(&self) -> Option<FormerStays> {
        self.0.backend.as_ref()?.former_stays()
    }

    /// Which of two runs is the later one; see [`Backend::order`].
    pub fn order(&self, run: Run) -> u64 {
        self.0.backend.as_ref().map_or(0, |backend| backend.order(run))
    }

    /// Looks for a seat.
    pub fn seat(&self, id: SeatId, done: Box<dyn FnOnce(Option<Seat>) + Send>) {
        match &self.0.backend {
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

#[cfg(test)]
mod tests {
    use super::*;
    use alert_core::names::UserName;
    use alert_core::position::Numbering;

    #[test]
    fn a_page_that_is_too_large_ends_early_in_the_direction_of_reading_and_has_one_message_at_least() {
        let mut numbering = Numbering::new(Epoch { run: Run::new(1), part: 0 });
        let mut page = |sizes: &[usize]| {
            let said = |size: &usize| {
                let what =
                    What::Said { name: UserName::parse("Ada", 64).unwrap(), text: "x".repeat(*size).into() };
                Arc::new(RoomEvent { at: SystemTime::UNIX_EPOCH, position: numbering.advance(), what })
            };
            Page { messages: sizes.iter().map(said).collect(), ..Page::default() }
        };
        let shortened = |mut page: Page, is_backwards| {
            let before = page.messages.clone();
            page.shorten(is_backwards);
            let kept = before.iter().enumerate().filter(|(_, message)| page.messages.contains(message));
            (kept.map(|(place, _)| place).collect::<Vec<_>>(), page.more)
        };
        let large = MOST_BYTES / 3;
        let sizes = [large, large, 5, large, 5];
        assert_eq!(shortened(page(&sizes), false), (vec![0, 1, 2], true));
        assert_eq!(shortened(page(&sizes), true), (vec![1, 2, 3, 4], true));
        assert_eq!(shortened(page(&[2 * MOST_BYTES, 5]), false), (vec![0], true));
        assert_eq!(shortened(page(&[5, 2 * MOST_BYTES]), true), (vec![1], true));
        assert_eq!(shortened(page(&[5, 5]), false), (vec![0, 1], false));
        assert_eq!(shortened(page(&[]), true), (vec![], false));
    }
}
