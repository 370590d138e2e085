//! The shard's timers: one heap for all its connections, and one sleep for the heap.
//!
//! A connection's entry counts only while it is the one the connection is armed for. Others are left over from when its
//! deadline moved closer, and are dropped when they come up.

use crate::connection::ConnectionKey;
use std::{cmp::Reverse, collections::BinaryHeap, time::Duration, time::Instant};

/// Deadlines closer together than this share a wake-up.
const TICK: Duration = Duration::from_millis(5);

#[derive(Default)]
pub(crate) struct Timers {
    heap: BinaryHeap<Reverse<(Instant, ConnectionKey)>>,
    last_run: Option<Instant>,
}

impl Timers {
    pub(crate) fn add(&mut self, at: Instant, connection: ConnectionKey) {
        self.heap.push(Reverse((at, connection)));
    }

    /// When to call [`Timers::pop_due`] next.
    pub(crate) fn next(&self) -> Option<Instant> {
        let Reverse((first, _)) = self.heap.peek()?;
        Some(self.last_run.map_or(*first, |last| (*first).max(last + TICK)))
    }

    /// Takes an entry whose time has come.
    pub(crate) fn pop_due(&mut self, now: Instant) -> Option<(Instant, ConnectionKey)> {
        self.last_run = Some(now);
        if self.heap.peek()?.0.0 > now {
            if self.heap.capacity() > 1024 && self.heap.capacity() > 4 * self.heap.len() {
                self.heap.shrink_to(2 * self.heap.len());
            }
            return None;
        }
        self.heap.pop().map(|Reverse(entry)| entry)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_come_up_in_the_order_of_their_time_and_not_before() {
        let (start, key) = (Instant::now(), ConnectionKey::default());
        let at = |ms| start + Duration::from_millis(ms);
        let mut timers = Timers::default();
        for ms in [30, 10, 20] {
            timers.add(at(ms), key);
        }
        assert_eq!(timers.next(), Some(at(10)));
        assert_eq!(timers.pop_due(at(9)), None);
        assert_eq!(timers.pop_due(at(20)), Some((at(10), key)));
        assert_eq!(timers.pop_due(at(20)), Some((at(20), key)));
        assert_eq!(timers.pop_due(at(20)), None);
        assert_eq!(timers.next(), Some(at(30)));
    }
}
