//! Counters that any thread may add to, for what happens less often than deliveries.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// Threads that add to one place; more than there are shards on most machines.
const PLACES: usize = 16;

thread_local! {
    static PLACE: usize = {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        NEXT.fetch_add(1, Ordering::Relaxed) % PLACES
    };
}

/// A counter for something that several shards do at a time: each adds to a cache line of its own.
#[derive(Debug, Default)]
pub(crate) struct Counter([Line; PLACES]);

#[derive(Debug, Default)]
#[repr(align(128))]
struct Line(AtomicU64);

impl Counter {
    /// Adds one.
    pub(crate) fn count(&self) {
        PLACE.with(|place| self.0[*place].0.fetch_add(1, Ordering::Relaxed));
    }

    /// What has been counted so far.
    pub(crate) fn read(&self) -> u64 {
        self.0.iter().map(|line| line.0.load(Ordering::Relaxed)).sum()
    }
}

/// Counters by kind, for what is rare. Kinds are words of our own, so there are few of them.
#[derive(Debug, Default)]
pub struct Kinds(Mutex<BTreeMap<&'static str, u64>>);

impl Kinds {
    /// Those that are known before they happen: they are shown with 0.
    pub fn of(kinds: &[&'static str]) -> Self {
        Self(Mutex::new(kinds.iter().map(|kind| (*kind, 0)).collect()))
    }

    /// Adds to a kind.
    pub fn add(&self, kind: &'static str, count: u64) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(kind).or_default() += count;
    }

    /// What has been counted so far.
    pub fn read(&self) -> Vec<(&'static str, u64)> {
        let kinds = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kinds.iter().map(|(kind, count)| (*kind, *count)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_many_threads_count_is_the_sum() {
        let (counter, kinds) = (Counter::default(), Kinds::of(&["a", "b"]));
        std::thread::scope(|scope| {
            for _ in 0..2 * PLACES {
                scope.spawn(|| (0..1000).for_each(|_| counter.count()));
                scope.spawn(|| kinds.add("a", 3));
            }
        });
        assert_eq!(counter.read(), 2000 * PLACES as u64);
        assert_eq!(kinds.read(), [("a", 6 * PLACES as u64), ("b", 0)]);
    }
}
