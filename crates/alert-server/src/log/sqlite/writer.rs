//! The thread that writes: everything that waits goes to disk in one transaction, and then those who wait are told.
//! A disk that fails is tried again until it works.

use super::file::{Lock, Opened};
use super::prune;
use super::runs::Runs;
use super::settle::Incoming;
use super::state::{Shared, Trouble};
use super::store::Also;
use super::{stays, store};
use crate::config::Retention;
use crate::log::stays::ALIVE;
use crate::log::{OnStored, Stored};
use rusqlite::{Connection, ErrorCode};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// From one batch to the next, under load: each batch waits for the disk, and larger ones cost less per message.
const PACE: Duration = Duration::from_millis(5);
/// The same if nobody waits for an ack: a killed server loses what was said in this time.
const LAZY: Duration = Duration::from_millis(20);
/// After a batch of no more than this, the next one begins at once if somebody waits for it.
const FEW: usize = 4;
/// What nobody waits for is on the disk after this time.
const UNSYNCED: Duration = Duration::from_secs(1);
/// The most messages of one batch.
const BATCH: usize = 4096;
/// A disk that failed is tried again after this.
const RETRY: Duration = Duration::from_secs(1);
/// How often old messages are looked for.
const PRUNE: Duration = Duration::from_secs(30);
/// From one sign of life in a batch to the next: each costs a page.
const ALIVE_WITH_BATCH: Duration = Duration::from_secs(1);

/// SQLite goes on writing to a file that has lost its name, which nobody will ever read.
const REMOVED: &str =
    "somebody removed or replaced the history's file: put it back, or restart the server for a new one";

/// Everything that the thread has.
pub(super) struct Writer {
    pub(super) connection: Connection,
    pub(super) runs: Arc<Runs>,
    pub(super) retention: Retention,
    pub(super) shared: Arc<Shared>,
    pub(super) incoming: Incoming,
    /// Each commit waits for the disk.
    pub(super) does_sync: bool,
    /// Since when something has been written that may not be on the disk.
    pub(super) unsynced_since: Option<Instant>,
    pub(super) file: Opened,
    /// When it was last noted that the server is alive.
    pub(super) alive: Option<Instant>,
    /// Nobody else has the file before this thread ends.
    pub(super) _lock: Lock,
}

/// What a batch was.
struct Written {
    /// Messages, seats and what was lost.
    all: usize,
    /// Messages that went to their rooms.
    settled: usize,
}

impl Writer {
    pub(super) fn run(mut self) {
        let (mut prune_at, mut alive_at) = (Instant::now(), Instant::now());
        let mut has_more_to_prune = true;
        loop {
            let due = if has_more_to_prune { Instant::now() } else { prune_at.min(alive_at) };
            let others = [self.incoming.due(&self.retention, false), self.sync_at()];
            self.shared.wait_for_work(others.into_iter().flatten().fold(due, Instant::min));
            let begun = Instant::now();
            let Written { all: written, settled } = match self.write_batch(begun) {
                Ok(written) => written,
                Err(reason) => {
                    self.fail(&reason);
                    if self.shared.state().is_closing {
                        return;
                    }
                    self.shared.rest(begun + RETRY);
                    continue;
                }
            };
            if written == 0 && self.shared.state().is_closing {
                return;
            }
            if begun >= alive_at {
                self.note_alive();
                alive_at = begun + ALIVE;
            }
            let is_time = begun >= prune_at;
            if settled > 0 || has_more_to_prune || is_time {
                has_more_to_prune = self.prune(settled, is_time);
            }
            if is_time && !has_more_to_prune {
                prune_at = begun + PRUNE;
            }
            if written > 0 {
                // Whoever speaks only after each answer waits for the disk alone.
                let pace = if written > FEW { PACE } else { Duration::ZERO };
                self.shared.gather(begun, pace, LAZY);
            }
        }
    }

    /// Writes what waits. The error says why it cannot.
    fn write_batch(&mut self, begun: Instant) -> Result<Written, String> {
        let mut unwritten = self.shared.gathered();
        let batch = unwritten.batch(BATCH);
        let lost = unwritten.lost_count();
        drop(unwritten);
        if lost > 0 {
            self.shared.count_lost(lost);
            tracing::error!(
                lost,
                "messages were delivered and will not be in the history: too many waited for the disk"
            );
        }
        let (seating, is_waited_for) = self.shared.begin(batch.end);
        let is_all = batch.messages.len() < BATCH;
        let (end, all) = (batch.end, batch.messages.len() + batch.lost.len() + seating.len());
        self.incoming.add(&batch);
        let is_closing = self.shared.state().is_closing;
        let settle_at = self.incoming.due(&self.retention, is_waited_for);
        let is_settled = settle_at.is_some_and(|due| is_closing || due <= begun);
        let is_to_sync = is_waited_for || self.sync_at().is_some_and(|due| due <= begun);
        if all > 0 || is_settled {
            if !self.file.is_in_place() {
                return Err(REMOVED.to_owned());
            }
            self.set_sync(is_to_sync).map_err(|problem| words(&problem))?;
            let notes_alive = self.alive.is_none_or(|alive| alive.elapsed() >= ALIVE_WITH_BATCH);
            let also = Also { settling: is_settled.then_some(&self.retention), notes_alive };
            let writes_since = Instant::now();
            let stored = store::write(&mut self.connection, &self.runs, &batch, &seating, &also);
            stored.map_err(|problem| words(&problem))?;
            self.shared.count_commit(writes_since.elapsed());
            if notes_alive {
                self.alive = Some(Instant::now());
            }
            self.shared.unwritten().written(batch, is_settled);
            self.unsynced_since = if is_to_sync { None } else { self.unsynced_since.or(Some(begun)) };
        } else if is_to_sync && self.unsynced_since.is_some() {
            self.file.sync().map_err(|problem| format!("{problem}; look at the disk"))?;
            self.unsynced_since = None;
        }
        let (told, over) = self.shared.succeeded(end, is_all);
        tell(told, Stored::Durably);
        if let Some(Trouble { since, .. }) = over {
            let seconds = since.elapsed().as_secs();
            tracing::info!(seconds, "the history is stored again");
        }
        let settled = if is_settled { std::mem::take(&mut self.incoming).messages() } else { 0 };
        Ok(Written { all, settled })
    }

    /// When what nobody waits for has to be on the disk.
    fn sync_at(&self) -> Option<Instant> {
        self.unsynced_since.map(|since| since + UNSYNCED)
    }

    /// Whether the next commit waits for the disk. If not, a killed process loses nothing of it, but a power cut may.
    fn set_sync(&mut self, is_to_sync: bool) -> rusqlite::Result<()> {
        if self.does_sync != is_to_sync {
            let level = if is_to_sync { "FULL" } else { "NORMAL" };
            self.connection.pragma_update(None, "synchronous", level)?;
            self.does_sync = is_to_sync;
        }
        Ok(())
    }

    fn fail(&self, reason: &str) {
        let (told, is_news) = self.shared.failed(reason);
        tell(told, Stored::Failed);
        if is_news {
            tracing::error!(
                reason,
                "the history cannot be stored: messages are delivered, and kept in memory until it can"
            );
        }
    }

    /// Notes that the server is alive, if no batch has done so for long and it matters to anybody.
    fn note_alive(&mut self) {
        if self.alive.is_some_and(|alive| alive.elapsed() < ALIVE / 2) {
            return;
        }
        let Self { connection, shared, .. } = self;
        let noted = shared.at_work(|| {
            let matters = stays::is_anybody_there(connection)?;
            if matters {
                stays::note_alive(connection)?;
            }
            Ok::<_, rusqlite::Error>(matters)
        });
        // A disk that fails is reported where messages are written.
        if noted.is_ok_and(|noted| noted) {
            self.alive = Some(Instant::now());
        }
    }

    /// Drops a portion of what is too old or too much. Returns whether there is more of it.
    fn prune(&mut self, written: usize, all: bool) -> bool {
        let Self { connection, retention, shared, .. } = self;
        let pruned = shared.at_work(|| match prune::messages(connection, retention, written)? {
            false if all => prune::rest(connection, retention),
            more => Ok(more),
        });
        pruned.unwrap_or_else(|problem| {
            let reason = words(&problem);
            tracing::warn!(reason, "old messages cannot be removed from the history");
            false
        })
    }
}

/// Waits for a disk that does not answer, in place of the writer, who cannot.
pub(super) fn watch(shared: &Shared) {
    while let Some((told, stalled)) = shared.wait_for_stall() {
        tell(told, Stored::Failed);
        if let Some(since) = stalled {
            let seconds = since.elapsed().as_secs();
            tracing::error!(
                seconds,
                "the disk of the history does not answer: messages are delivered, and kept in memory until it does"
            );
        }
    }
}

fn tell(all: Vec<OnStored>, stored: Stored) {
    for on_stored in all {
        on_stored(stored);
    }
}

/// What happened, and what to do about it.
pub(super) fn words(problem: &rusqlite::Error) -> String {
    let advice = match problem.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => "make room on the disk",
        Some(ErrorCode::ReadOnly) => "make the disk and the file writable",
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            "another program holds the file: let it end"
        }
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
            "the file is damaged: stop the server, move the file away, and restore a backup or begin a new one"
        }
        _ => "look at the disk",
    };
    format!("{problem}; {advice}")
}
