//! How many messages a sender may hand in: a token bucket. Who is over it is not read from until it fills.

use std::{
    num::NonZeroU32,
    time::{Duration, Instant},
};

/// A sender's rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Messages a second.
    pub per_second: NonZeroU32,
    /// Messages at once after a quiet time.
    pub burst: NonZeroU32,
}

impl Rate {
    fn per_second(self) -> f32 {
        self.per_second.get() as f32
    }

    fn burst(self) -> f32 {
        self.burst.get() as f32
    }
}

/// One sender's tokens.
#[derive(Clone, Copy, Debug)]
pub struct Bucket {
    tokens: f32,
    at: Instant,
}

impl Bucket {
    /// A bucket that holds the whole burst.
    pub fn full(now: Instant, rate: Option<Rate>) -> Self {
        Self { tokens: rate.map_or(0.0, Rate::burst), at: now }
    }

    /// Takes a token for a message that is being handled.
    pub fn take(&mut self) {
        self.tokens -= 1.0;
    }

    /// How long the next message has to wait.
    pub fn wait(&mut self, now: Instant, rate: Rate) -> Option<Duration> {
        let elapsed = now.saturating_duration_since(self.at).as_secs_f32();
        self.tokens = (self.tokens + elapsed * rate.per_second()).min(rate.burst());
        self.at = self.at.max(now);
        // A message needs a whole token; a hair less is rounding.
        let missing = 1.0 - self.tokens;
        (missing > 1e-3).then(|| Duration::from_secs_f32(missing / rate.per_second()))
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
        let mut bucket = Bucket::full(start, Some(rate));
        for _ in 0..3 {
            assert_eq!(bucket.wait(start, rate), None);
            bucket.take();
        }
        let mut now = start;
        for _ in 0..100 {
            now += bucket.wait(now, rate).expect("over the rate");
            assert_eq!(bucket.wait(now, rate), None);
            bucket.take();
        }
        let took = now - start;
        assert!((Duration::from_millis(9_900)..Duration::from_millis(10_100)).contains(&took), "{took:?}");
    }

    #[test]
    fn a_quiet_time_fills_it_up_to_the_burst_and_no_further() {
        let rate = rate(10, 2);
        let start = Instant::now();
        let mut bucket = Bucket::full(start, Some(rate));
        let later = start + Duration::from_secs(3600);
        for _ in 0..2 {
            assert_eq!(bucket.wait(later, rate), None);
            bucket.take();
        }
        assert!(bucket.wait(later, rate).is_some());
    }
}
