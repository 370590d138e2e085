//! When the writer begins its next batch: it waits for work, and rests so that more meets in one transaction.

use super::{IMPATIENT, Shared, State};
use std::sync::PoisonError;
use std::time::{Duration, Instant};

impl Shared {
    /// Waits for something to write, until `due` at the latest.
    pub(in super::super) fn wait_for_work(&self, due: Instant) {
        self.state().is_gathered = false;
        let has_older = !self.unwritten().is_empty();
        let mut state = self.state();
        let has_work = |state: &State| {
            has_older
                || state.is_gathered
                || !state.queue.is_empty()
                || !state.seating.is_empty()
                // Somebody asks whether what was noted before is on disk.
                || !state.waiting_for_rulings.is_empty()
        };
        while !has_work(&state) && !state.is_closing {
            let left = due.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            state.is_writer_waiting = true;
            (state, _) = self.to_writer.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner);
            state.is_writer_waiting = false;
        }
    }

    /// Waits until `due`, or until the store is being closed.
    pub(in super::super) fn rest(&self, due: Instant) {
        self.rest_until(|state| (!state.is_closing).then_some(due));
    }

    /// Waits until it is worth starting the next batch after one that began at `begun`: sooner if somebody waits for an
    /// ack, and at once if many do.
    pub(in super::super) fn gather(&self, begun: Instant, pace: Duration, lazy: Duration) {
        self.rest_until(|state| match state.waiting.len() {
            _ if state.is_closing => None,
            0 if state.waiting_for_rulings.is_empty() => Some(begun + lazy),
            waiting => (waiting < IMPATIENT).then_some(begun + pace),
        });
    }

    fn rest_until(&self, due: impl Fn(&State) -> Option<Instant>) {
        let mut state = self.state();
        while let Some(due) = due(&state) {
            let left = due.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            state.is_writer_resting = true;
            (state, _) = self.to_writer.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner);
        }
        state.is_writer_resting = false;
    }
}
