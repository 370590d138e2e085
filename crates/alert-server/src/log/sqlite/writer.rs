//! The thread that writes: everything that waits goes to disk in one transaction, and then whoever waits hears of it.
//! A disk that fails is tried again until it works.

use super::file::{Lock, Opened};
use super::prune;
use super::runs::Runs;
use super::state::{Shared, Trouble};
use super::{stays, store};
use crate::config::Retention;
use crate::log::stays::ALIVE;
use crate::log::{OnStored, Stored};
use rusqlite::{Connection, ErrorCode};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// From one batch to the next, under load: a batch waits for the disk, and larger ones cost less for each message.
const PACE: Duration = Duration::from_millis(5);
/// The same where nobody waits for an ack: a killed server loses what was said in this time.
const LAZY: Duration = Duration::from_millis(20);
/// After a batch of no more than these the next one begins at once where somebody waits for it.
const FEW: usize = 4;
/// Messages of one batch.
const BATCH: usize = 4096;
/// A disk that failed is tried again after this.
const RETRY: Duration = Duration::from_secs(1);
/// So often it is looked whether something has grown old.
const PRUNE: Duration = Duration::from_secs(30);
/// From one sign of life in a batch to the next: each costs a page.
const ALIVE_WITH_BATCH: Duration = Duration::from_secs(1);

/// SQLite goes on writing to a file that has no name any more, and nobody will ever read that.
const REMOVED: &str =
    "somebody removed or replaced the history's file: put it back, or restart the server for a new one";

/// Everything that the thread has.
pub(super) struct Writer {
    pub(super) connection: Connection,
    pub(super) runs: Arc<Runs>,
    pub(super) retention: Retention,
    pub(super) shared: Arc<Shared>,
    pub(super) file: Opened,
    /// When it was noted last that the server is alive.
    pub(super) alive: Option<Instant>,
    /// Nobody else has the file before this thread ends.
    pub(super) _lock: Lock,
}

impl Writer {
    pub(super) fn run(mut self) {
        let (mut prune_at, mut alive_at) = (Instant::now(), Instant::now());
        let mut has_more_to_prune = true;
        loop {
            self.shared.wait_for_work(if has_more_to_prune {
                Instant::now()
            } else {
                prune_at.min(alive_at)
            });
            let begun = Instant::now();
            let written = match self.write_batch() {
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
            has_more_to_prune = self.prune(written, begun >= prune_at);
            if begun >= prune_at && !has_more_to_prune {
                prune_at = begun + PRUNE;
            }
            if written > 0 {
                // Whoever speaks and waits, and speaks again, waits for the disk alone.
                let pace = if written > FEW { PACE } else { Duration::ZERO };
                self.shared.gather(begun, pace, LAZY);
            }
        }
    }

    /// Writes what waits; says how many messages that were, or why it cannot.
    fn write_batch(&mut self) -> Result<usize, String> {
        let mut unwritten = self.shared.gathered();
        let batch = unwritten.batch(BATCH);
        let lost = unwritten.lost_count();
        drop(unwritten);
        if lost > 0 {
            tracing::error!(
                lost,
                "messages were delivered and will not be in the history: too many waited for the disk"
            );
        }
        let seating = self.shared.begin();
        let is_all = batch.messages.len() < BATCH;
        let is_empty = batch.messages.is_empty() && batch.lost.is_empty() && seating.is_empty();
        if !is_empty {
            let most = i64::try_from(self.retention.messages).unwrap_or(i64::MAX / 2);
            if !self.file.is_in_place() {
                return Err(REMOVED.to_owned());
            }
            let notes_alive = self.alive.is_none_or(|alive| alive.elapsed() >= ALIVE_WITH_BATCH);
            let how = (most, notes_alive);
            let written = store::write(&mut self.connection, &self.runs, &batch, &seating, how);
            written.map_err(|problem| words(&problem))?;
            if notes_alive {
                self.alive = Some(Instant::now());
            }
            self.shared.unwritten().written(&batch);
        }
        let (told, over) = self.shared.succeeded(batch.end, is_all);
        tell(told, Stored::Durably);
        if let Some(Trouble { since, .. }) = over {
            let seconds = since.elapsed().as_secs();
            tracing::info!(seconds, "the history is stored again");
        }
        Ok(batch.messages.len() + batch.lost.len() + seating.len())
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

    /// Notes that the server is alive, where no batch has done so for long, if that matters to anybody.
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

    /// Lets a portion of what is too old or too much go. Says whether there is more of it.
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
