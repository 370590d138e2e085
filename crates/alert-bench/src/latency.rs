//! Times, from microseconds to minutes, in an `HdrHistogram` with three digits.

use hdrhistogram::Histogram;
use serde::Serialize;

use super::error::BenchError;

/// Ten minutes, in microseconds: nobody waits longer.
const LONGEST: u64 = 600_000_000;

/// Times in microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Latency {
    /// The median.
    pub p50: u64,
    /// Of 100, one is slower.
    pub p99: u64,
    /// Of 1,000, one is slower.
    pub p999: u64,
    /// The slowest.
    pub max: u64,
}

#[derive(Clone, Debug)]
pub(super) struct Times(Histogram<u64>);

impl Times {
    pub(super) fn new() -> Result<Self, BenchError> {
        Histogram::new_with_bounds(1, LONGEST, 3)
            .map(Self)
            .map_err(|error| BenchError::System(std::io::Error::other(error)))
    }

    /// Counts a time in nanoseconds.
    #[inline]
    pub(super) fn record(&mut self, nanoseconds: u64) {
        self.0.saturating_record(nanoseconds / 1_000);
    }

    /// What was measured; `None` without a single time.
    pub(super) fn summary(&self) -> Option<Latency> {
        let at = |quantile| self.0.value_at_quantile(quantile);
        (!self.0.is_empty()).then(|| Latency {
            p50: at(0.5),
            p99: at(0.99),
            p999: at(0.999),
            max: self.0.max(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_times_then_the_quantiles_are_microseconds() {
        let mut times = Times::new().unwrap();
        assert_eq!(times.summary(), None);
        (1..=1000).for_each(|time| times.record(time * 1_000));
        times.record(u64::MAX);
        let summary = times.summary().unwrap();
        assert_eq!((summary.p50, summary.p99), (501, 991));
        assert!(summary.max >= LONGEST);
    }
}
