//! The thread that reads: one request after another, with those for the same page answered together.

use super::policies;
use super::read::{self, RoomState};
use super::revocations;
use super::runs::Runs;
use super::state::Shared;
use crate::config::Retention;
use crate::log::{OnAudits, OnRead, OnRevoked, Page, Query, ReadError, Seat, SeatId};
use alert_core::names::RoomCode;
use alert_core::position::Position;
use rusqlite::Connection;
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Requests beyond this many are refused.
const MOST_WAITING: usize = 65_536;
/// Pages that are kept for those who ask for the same.
const MOST_KEPT: usize = 256;
const MOST_KEPT_MESSAGES: usize = 50_000;
/// How long they are kept: messages grow old, and a quiet server returns its memory.
const KEPT: Duration = Duration::from_secs(5);

pub(super) type OnSeat = Box<dyn FnOnce(Option<Seat>) + Send>;
/// Called with whether something is there; nothing where that cannot be read.
pub(super) type OnFound = Box<dyn FnOnce(Option<bool>) + Send>;

/// The requests that wait.
#[derive(Default)]
pub(super) struct Requests {
    asked: Mutex<Asked>,
    to_reader: Condvar,
}

#[derive(Default)]
struct Asked {
    order: VecDeque<Request>,
    pages: HashMap<(RoomCode, Query), Vec<OnRead>>,
    waiting: usize,
    is_closing: bool,
}

enum Request {
    Page(RoomCode, Query),
    Seat(SeatId, OnSeat),
    Audits(RoomCode, usize, OnAudits),
    Has(RoomCode, Position, OnFound),
    Revoked(OnRevoked),
}

/// Everything that the thread has.
pub(super) struct Reader {
    pub(super) connection: Connection,
    pub(super) runs: Arc<Runs>,
    pub(super) retention: Retention,
    pub(super) shared: Arc<Shared>,
    pub(super) requests: Arc<Requests>,
}

/// Pages as they are while nothing is written to their rooms.
#[derive(Default)]
struct Kept {
    since: Option<Instant>,
    messages: usize,
    /// See [`Shared::removals`].
    removals: u64,
    /// Each with the last message of the room that is not in it on disk yet.
    pages: HashMap<(RoomCode, Query, Option<Position>), KeptPage>,
}

struct KeptPage {
    page: Page,
    /// SQLite's number for the state of the file. What has been written since need not concern the room: seats are
    /// written all the time when many come back.
    version: i64,
    room: RoomState,
}

impl Requests {
    pub(super) fn page(&self, room: RoomCode, query: Query, done: OnRead) {
        let mut asked = self.lock();
        if asked.waiting >= MOST_WAITING || asked.is_closing {
            drop(asked);
            return done(Err(ReadError::Busy));
        }
        asked.waiting += 1;
        let waiting = asked.pages.entry((room.clone(), query)).or_default();
        waiting.push(done);
        if waiting.len() == 1 {
            asked.order.push_back(Request::Page(room, query));
        }
        drop(asked);
        self.to_reader.notify_one();
    }

    pub(super) fn seat(&self, id: SeatId, done: OnSeat) {
        self.ask(Request::Seat(id, done));
    }

    pub(super) fn audits(&self, room: RoomCode, most: usize, done: OnAudits) {
        self.ask(Request::Audits(room, most, done));
    }

    /// Whether a message is on disk and has not been removed.
    pub(super) fn has(&self, room: RoomCode, position: Position, done: OnFound) {
        self.ask(Request::Has(room, position, done));
    }

    pub(super) fn revoked(&self, done: OnRevoked) {
        self.ask(Request::Revoked(done));
    }

    fn ask(&self, request: Request) {
        let mut asked = self.lock();
        if asked.waiting >= MOST_WAITING || asked.is_closing {
            drop(asked);
            return match request {
                Request::Page(..) => {}
                Request::Seat(_, done) => done(None),
                Request::Audits(_, _, done) => done(None),
                Request::Has(_, _, done) => done(None),
                Request::Revoked(done) => done(None),
            };
        }
        asked.waiting += 1;
        asked.order.push_back(request);
        drop(asked);
        self.to_reader.notify_one();
    }

    pub(super) fn close(&self) {
        self.lock().is_closing = true;
        self.to_reader.notify_one();
    }

    /// The next request with all who wait for it; `Ok(None)` if there was none for `patience`; an error at the end.
    fn next(&self, patience: Duration) -> Result<Option<(Request, Vec<OnRead>)>, ()> {
        let mut asked = self.lock();
        while asked.order.is_empty() {
            if asked.is_closing {
                return Err(());
            }
            let waited = self.to_reader.wait_timeout(asked, patience).unwrap_or_else(PoisonError::into_inner);
            asked = waited.0;
            if waited.1.timed_out() && asked.order.is_empty() && !asked.is_closing {
                return Ok(None);
            }
        }
        let Some(request) = asked.order.pop_front() else { return Ok(None) };
        let waiting = match &request {
            Request::Page(room, query) => asked.pages.remove(&(room.clone(), *query)).unwrap_or_default(),
            Request::Seat(..) | Request::Audits(..) | Request::Has(..) | Request::Revoked(_) => Vec::new(),
        };
        asked.waiting -= waiting.len().max(1);
        if asked.order.is_empty() {
            asked.order.shrink_to(64);
            asked.pages.shrink_to(64);
        }
        Ok(Some((request, waiting)))
    }

    fn lock(&self) -> MutexGuard<'_, Asked> {
        // The state is whole between any two statements.
        self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Reader {
    pub(super) fn run(self) {
        const LONG: Duration = Duration::from_secs(3600);
        let mut kept = Kept::default();
        let mut is_failing = false;
        while let Ok(next) = self.requests.next(if kept.pages.is_empty() { LONG } else { KEPT }) {
            let Some((request, waiting)) = next else {
                kept = Kept::default();
                continue;
            };
            let failed = match request {
                Request::Page(room, query) => {
                    let read = self.page(&mut kept, room, query);
                    let (page, failed) = match read {
                        Ok(page) => (Ok(page), None),
                        Err(problem) => (Err(ReadError::Failed), Some(problem)),
                    };
                    for done in waiting {
                        done(page.clone());
                    }
                    failed
                }
                Request::Seat(id, done) => {
                    answer(read::seat(&self.connection, id), |seat| done(seat.flatten()))
                }
                Request::Audits(room, most, done) => {
                    answer(policies::audits(&self.connection, &room, most), done)
                }
                Request::Has(room, position, done) => {
                    answer(policies::has(&self.connection, &self.runs, &room, position), done)
                }
                Request::Revoked(done) => answer(revocations::all(&self.connection), done),
            };
            match &failed {
                Some(problem) if !is_failing => {
                    tracing::error!(error = %problem, "the history cannot be read: whoever comes back misses what was said");
                }
                None if is_failing => tracing::info!("the history can be read again"),
                _ => {}
            }
            is_failing = failed.is_some();
        }
    }

    fn page(&self, kept: &mut Kept, room: RoomCode, query: Query) -> rusqlite::Result<Page> {
        // Before the file is looked at: what is written meanwhile is then in both, rather than in neither.
        let pending = self.shared.gathered().of_room(&room);
        let removals = self.shared.removals();
        let version =
            self.connection.prepare_cached("PRAGMA data_version")?.query_row([], |row| row.get(0))?;
        if kept.removals != removals || kept.since.is_none_or(|since| since.elapsed() > KEPT) {
            *kept = Kept { since: Some(Instant::now()), removals, ..Kept::default() };
        }
        let key = (room, query, pending.last().map(|entry| entry.position));
        if let Some(known) = kept.pages.get_mut(&key) {
            if known.version == version {
                return Ok(known.page.clone());
            }
            if known.room.is_some() && read::room_state(&self.connection, &key.0)? == known.room {
                known.version = version;
                return Ok(known.page.clone());
            }
            let stale = kept.pages.remove(&key);
            kept.messages -= stale.map_or(0, |stale| stale.page.messages.len());
        }
        // Before the page: what is written between is then looked at again.
        let room = read::room_state(&self.connection, &key.0)?;
        let page = read::page(&self.connection, &self.runs, &self.retention, &key.0, query, &pending)?;
        if kept.pages.len() < MOST_KEPT && kept.messages + page.messages.len() <= MOST_KEPT_MESSAGES {
            kept.messages += page.messages.len();
            kept.pages.insert(key, KeptPage { page: page.clone(), version, room });
        }
        Ok(page)
    }
}

/// Answers with what was read, or with nothing. Gives the problem.
fn answer<T>(read: rusqlite::Result<T>, done: impl FnOnce(Option<T>)) -> Option<rusqlite::Error> {
    match read {
        Ok(found) => {
            done(Some(found));
            None
        }
        Err(problem) => {
            done(None);
            Some(problem)
        }
    }
}
