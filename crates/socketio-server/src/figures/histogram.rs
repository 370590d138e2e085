//! How long something took, as counts of durations below certain bounds.

use super::Tally;
use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

/// The buckets' upper bounds, in seconds: from what a quiet server needs to what nobody waits for.
pub const BUCKETS: [f64; 16] = [
    0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
];

const COUNT: usize = BUCKETS.len() + 1;

/// Durations that were measured, by the bucket that they fall into; the last one has no bound.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Histogram {
    /// One for each of [`BUCKETS`], and one for what took longer.
    pub counts: [u64; COUNT],
    /// All of them together.
    pub sum: Duration,
}

impl Histogram {
    pub(crate) fn add(&mut self, tallies: &Tallies) {
        for (count, tally) in self.counts.iter_mut().zip(&tallies.counts) {
            *count += tally.get();
        }
        self.sum += Duration::from_nanos(tallies.nanos.get());
    }
}

/// A histogram that one thread fills.
#[derive(Debug, Default)]
pub(crate) struct Tallies {
    counts: [Tally; COUNT],
    nanos: Tally,
}

impl Tallies {
    pub(crate) fn observe(&self, took: Duration) {
        self.counts[bucket(took)].add(1);
        self.nanos.add(nanos(took));
    }
}

/// A histogram that any thread fills. It is meant for what happens some thousand times a second at most.
#[derive(Debug, Default)]
pub struct SharedHistogram {
    counts: [AtomicU64; COUNT],
    nanos: AtomicU64,
}

impl SharedHistogram {
    /// Counts one duration.
    pub fn observe(&self, took: Duration) {
        self.counts[bucket(took)].fetch_add(1, Ordering::Relaxed);
        self.nanos.fetch_add(nanos(took), Ordering::Relaxed);
    }

    /// What it has counted so far.
    pub fn read(&self) -> Histogram {
        Histogram {
            counts: std::array::from_fn(|place| self.counts[place].load(Ordering::Relaxed)),
            sum: Duration::from_nanos(self.nanos.load(Ordering::Relaxed)),
        }
    }
}

fn bucket(took: Duration) -> usize {
    let seconds = took.as_secs_f64();
    BUCKETS.partition_point(|bound| *bound < seconds)
}

fn nanos(took: Duration) -> u64 {
    u64::try_from(took.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_counts_in_the_first_bucket_that_is_not_below_it() {
        let histogram = SharedHistogram::default();
        for micros in [0, 100, 101, 2_500, 10_000_000, 10_000_001] {
            histogram.observe(Duration::from_micros(micros));
        }
        let Histogram { counts, sum } = histogram.read();
        let places: Vec<_> = (0..).zip(counts).filter(|(_, count)| *count > 0).collect();
        assert_eq!(places, [(0, 2), (1, 1), (4, 1), (15, 1), (16, 1)]);
        assert_eq!(sum, Duration::from_micros(20_002_702));
    }
}
