//! How much a sender may send in: the generic cell rate algorithm, in integers. Whoever is over the rate is not read
//! from until the time has come.

use std::{
    num::NonZeroU32,
    sync::{
        LazyLock,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

/// A sender's rate, in units: events, frames, or bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Units a second.
    pub per_second: NonZeroU32,
    /// Units in one burst after a quiet time.
    pub burst: NonZeroU32,
}

/// Nanoseconds in a second.
const NANOS: u64 = 1_000_000_000;

impl Rate {
    /// How long `units` take at this rate, in nanoseconds, rounded up.
    fn nanos(self, units: u64) -> u64 {
        let per_second = u64::from(self.per_second.get());
        // Dividing 128 bits is a function call, and few need it.
        units.checked_mul(NANOS).map(|nanos| nanos.div_ceil(per_second)).unwrap_or_else(|| {
            let nanos = u128::from(units) * u128::from(NANOS);
            u64::try_from(nanos.div_ceil(per_second.into())).unwrap_or(u64::MAX)
        })
    }

    /// How long a sender that has used up its burst has to be quiet to have it again.
    pub fn recovery(self) -> Duration {
        Duration::from_nanos(self.nanos(self.burst.get().into()))
    }

    /// How far ahead of time a sender may be and still send in `units`, in nanoseconds.
    fn tolerance(self, units: u64) -> u64 {
        self.nanos(u64::from(self.burst.get()).saturating_sub(units))
    }
}

/// What one sender has used of its rate. A new one has used nothing.
///
/// It is the algorithm's "theoretical arrival time", in nanoseconds since `START`: the moment by which all that was
/// sent in would have come at the rate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Meter(u64);

/// A [`Meter`] that several threads share.
#[derive(Debug, Default)]
pub(crate) struct SharedMeter(AtomicU64);

/// A little before its first use, so that a moment taken just before that still counts.
static START: LazyLock<Instant> = LazyLock::new(|| {
    let now = Instant::now();
    now.checked_sub(Duration::from_secs(1)).unwrap_or(now)
});

fn nanos_at(now: Instant) -> u64 {
    u64::try_from(now.saturating_duration_since(*START).as_nanos()).unwrap_or(u64::MAX)
}

impl Meter {
    /// Takes `units` that are being handled, even if that is more than the rate allows: then what follows waits.
    pub fn take(&mut self, now: Instant, rate: Rate, units: u64) {
        self.0 = self.0.max(nanos_at(now)).saturating_add(rate.nanos(units));
    }

    /// How long the next unit has to wait.
    pub fn wait(self, now: Instant, rate: Rate) -> Option<Duration> {
        self.wait_for(now, rate, 1)
    }

    /// How long the next `units` have to wait, if they are taken together. At most a burst.
    pub fn wait_for(self, now: Instant, rate: Rate, units: u64) -> Option<Duration> {
        let ahead = self.0.saturating_sub(nanos_at(now));
        let wait = ahead.saturating_sub(rate.tolerance(units));
        (wait > 0).then(|| Duration::from_nanos(wait))
    }
}

impl SharedMeter {
    /// As [`Meter::take`].
    pub(crate) fn take(&self, now: Instant, rate: Rate, units: u64) {
        let add = |nanos| {
            let mut meter = Meter(nanos);
            meter.take(now, rate, units);
            Some(meter.0)
        };
        // `add` always returns a value, so this cannot fail.
        let _ = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, add);
    }

    /// As [`Meter::wait`].
    pub(crate) fn wait(&self, now: Instant, rate: Rate) -> Option<Duration> {
        Meter(self.0.load(Ordering::Relaxed)).wait(now, rate)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rate(per_second: u32, burst: u32) -> Rate {
        Rate { per_second: per_second.try_into().unwrap(), burst: burst.try_into().unwrap() }
    }

    #[test]
    fn after_the_burst_messages_come_at_the_rate() {
        let rate = rate(10, 3);
        let start = Instant::now();
        let mut meter = Meter::default();
        for _ in 0..3 {
            assert_eq!(meter.wait(start, rate), None);
            meter.take(start, rate, 1);
        }
        let mut now = start;
        for _ in 0..100 {
            now += meter.wait(now, rate).expect("over the rate");
            assert_eq!(meter.wait(now, rate), None);
            meter.take(now, rate, 1);
        }
        assert_eq!(now - start, Duration::from_secs(10));
    }

    #[test]
    fn a_quiet_time_gives_the_burst_back_and_no_more() {
        let rate = rate(10, 2);
        let later = Instant::now() + Duration::from_secs(3600);
        let mut meter = Meter::default();
        for _ in 0..2 {
            assert_eq!(meter.wait(later, rate), None);
            meter.take(later, rate, 1);
        }
        assert_eq!(meter.wait(later, rate), Some(Duration::from_millis(100)));
        assert_eq!(meter.wait(later + rate.recovery(), rate), None);
    }

    #[test]
    fn what_is_larger_than_the_burst_passes_whole_and_is_waited_for_after_it() {
        let rate = rate(1000, 500);
        let start = Instant::now();
        let mut meter = Meter::default();
        assert_eq!(meter.wait(start, rate), None);
        meter.take(start, rate, 10_000);
        assert_eq!(meter.wait(start, rate), Some(Duration::from_millis(9_501)));
    }

    #[test]
    fn no_rate_and_no_amount_overflows() {
        for rate in [rate(1, 1), rate(u32::MAX, 1), rate(1, u32::MAX), rate(u32::MAX, u32::MAX)] {
            let mut meter = Meter::default();
            meter.take(Instant::now(), rate, u64::MAX);
            meter.take(Instant::now(), rate, u64::MAX);
            assert!(meter.wait(Instant::now(), rate).is_some());
        }
    }
}
