//! How much may wait for Redis, and from where on those who speak wait too, so that nobody has to be refused.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};
use tokio::sync::watch;

/// Calls that wait. More are refused at once.
const MOST_CALLS: usize = 20_000;
/// Bytes of calls that wait.
const MOST_BYTES: usize = 64 << 20;
/// From this part of either on, nobody is read from,
const STRAINED: usize = 2;
/// until less than this part waits.
const RELIEVED: usize = 4;

/// What waits.
#[derive(Debug)]
pub(super) struct Held {
    calls: AtomicUsize,
    bytes: AtomicUsize,
    is_strained: AtomicBool,
    strain: watch::Sender<bool>,
}

/// A call's part of what may wait.
#[derive(Debug)]
pub(super) struct Space {
    held: Arc<Held>,
    bytes: usize,
}

impl Default for Held {
    fn default() -> Self {
        let (calls, bytes) = (AtomicUsize::new(0), AtomicUsize::new(0));
        Self { calls, bytes, is_strained: AtomicBool::new(false), strain: watch::Sender::new(false) }
    }
}

impl Held {
    /// Space for one more call, if there is any.
    pub(super) fn take(self: &Arc<Self>, bytes: usize) -> Option<Space> {
        let calls = self.calls.fetch_add(1, Ordering::Relaxed);
        let held = self.bytes.fetch_add(bytes, Ordering::Relaxed);
        let space = Space { held: Arc::clone(self), bytes };
        if calls >= MOST_CALLS / STRAINED || held >= MOST_BYTES / STRAINED {
            self.strain(true);
        }
        (calls < MOST_CALLS && held < MOST_BYTES).then_some(space)
    }

    /// Calls that wait.
    pub(super) fn calls(&self) -> usize {
        self.calls.load(Ordering::Relaxed)
    }

    /// Whether much waits.
    pub(super) fn watch(&self) -> watch::Receiver<bool> {
        self.strain.subscribe()
    }

    fn strain(&self, is_strained: bool) {
        if self.is_strained.swap(is_strained, Ordering::Relaxed) != is_strained {
            // Under the lock of the channel, so that the last of two that change it is told last.
            self.strain.send_modify(|told| *told = self.is_strained.load(Ordering::Relaxed));
        }
    }
}

impl Drop for Space {
    fn drop(&mut self) {
        let held = &self.held;
        let calls = held.calls.fetch_sub(1, Ordering::Relaxed);
        let bytes = held.bytes.fetch_sub(self.bytes, Ordering::Relaxed);
        if held.is_strained.load(Ordering::Relaxed)
            && calls <= MOST_CALLS / RELIEVED
            && bytes <= MOST_BYTES / RELIEVED
        {
            held.strain(false);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_half_of_what_may_wait_then_there_is_strain_until_a_quarter_is_left() {
        for (bytes, half, all) in [(1, MOST_CALLS / 2, MOST_CALLS), (1 << 16, 512, 1024)] {
            let held = Arc::new(Held::default());
            let strain = held.watch();
            let mut spaces: Vec<_> = (0..half).map(|_| held.take(bytes).unwrap()).collect();
            assert!(!*strain.borrow());
            while spaces.len() < all {
                spaces.push(held.take(bytes).unwrap());
                assert!(*strain.borrow());
            }
            assert!(held.take(bytes).is_none(), "it is full");
            spaces.truncate(all / 4 + 1);
            assert!(*strain.borrow());
            spaces.truncate(all / 4 - 1);
            assert!(!*strain.borrow());
            drop(spaces);
            assert!(held.take(bytes).is_some());
        }
    }
}
