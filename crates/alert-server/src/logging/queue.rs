//! Lines on their way to the log's thread. Whoever logs never waits: what does not fit is dropped and counted.
//!
//! Not `tracing-appender`: if nobody reads stderr, its guard writes that to stderr, and the process never ends.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// The most bytes that wait: some thousand lines. As many again may be on their way to stderr.
const MOST_BYTES: usize = 1 << 20;

#[derive(Default)]
pub(super) struct Queue {
    state: Mutex<State>,
    filled: Condvar,
    emptied: Condvar,
}

#[derive(Default)]
struct State {
    waiting: Vec<u8>,
    dropped: u64,
    is_writing: bool,
    /// The writer has to work out anew when to wake.
    is_woken: bool,
}

impl Queue {
    /// Puts a line into the queue, if it fits.
    pub(super) fn push(&self, line: &str) {
        let mut state = self.lock();
        if state.waiting.len() + line.len() > MOST_BYTES {
            state.dropped += 1;
        } else {
            state.waiting.extend_from_slice(line.as_bytes());
            drop(state);
            self.filled.notify_one();
        }
    }

    /// Wakes the writer from [`Queue::take`], though there may be no lines.
    pub(super) fn wake(&self) {
        self.lock().is_woken = true;
        self.filled.notify_one();
    }

    /// Moves all lines into `batch` as soon as there are some, or at `until`, or after [`Queue::wake`]. Returns how
    /// many were dropped since the last time.
    pub(super) fn take(&self, batch: &mut Vec<u8>, until: Option<Instant>) -> u64 {
        batch.clear();
        let mut state = self.lock();
        while state.waiting.is_empty() && !std::mem::take(&mut state.is_woken) {
            state = match until.map(|until| until.saturating_duration_since(Instant::now())) {
                Some(Duration::ZERO) => break,
                Some(wait) => self.filled.wait_timeout(state, wait).unwrap_or_else(PoisonError::into_inner).0,
                None => self.filled.wait(state).unwrap_or_else(PoisonError::into_inner),
            };
        }
        std::mem::swap(&mut state.waiting, batch);
        state.is_writing = true;
        std::mem::take(&mut state.dropped)
    }

    /// What was taken has been written.
    pub(super) fn written(&self) {
        self.lock().is_writing = false;
        self.emptied.notify_all();
    }

    /// Waits until all lines are written. False when `limit` came first.
    pub(super) fn flush(&self, limit: Duration) -> bool {
        let is_full = |state: &mut State| state.is_writing || !state.waiting.is_empty();
        let waited = self.emptied.wait_timeout_while(self.lock(), limit, is_full);
        !waited.unwrap_or_else(PoisonError::into_inner).1.timed_out()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // The state is whole between any two calls.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
