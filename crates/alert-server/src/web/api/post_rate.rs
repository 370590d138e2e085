//! How fast one caller may post: `event_rate` and `event_burst`, as for one connection.

use std::time::{Duration, Instant};

use socketio_server::{Bucket, Rate};

use super::caller::Origin;
use super::recent::Recent;

/// The tokens of those who posted lately.
pub(super) struct PostRate {
    rate: Rate,
    buckets: Recent<Origin, Bucket>,
}

/// About 1 MB. Then whoever was quiet for longest starts with a full bucket.
const MOST_CALLERS: usize = 10_000;

impl PostRate {
    pub(super) fn new(rate: Rate) -> Self {
        // An untouched bucket is full after this time, as a new one is.
        let full_after = f64::from(rate.burst.get()) / f64::from(rate.per_second.get());
        Self { rate, buckets: Recent::new(Duration::from_secs_f64(full_after), MOST_CALLERS) }
    }

    /// Lets `caller` post once, or says how long it has to wait.
    pub(super) fn admit(&self, caller: Origin, now: Instant) -> Result<(), Duration> {
        let mut buckets = self.buckets.at(now);
        let bucket = buckets.touch(caller, || Bucket::full(now, Some(self.rate)));
        match bucket.wait(now, self.rate) {
            Some(wait) => Err(wait),
            None => {
                bucket.take();
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_the_burst_a_caller_posts_at_the_rate_and_others_are_not_held_up() {
        let rate = Rate { per_second: 10.try_into().unwrap(), burst: 3.try_into().unwrap() };
        let (posts, start) = (PostRate::new(rate), Instant::now());
        let [one, other] = [1, 2].map(|last| Origin::Network([192, 0, 2, last].into()));
        for _ in 0..3 {
            assert_eq!(posts.admit(one.clone(), start), Ok(()));
        }
        let wait = posts.admit(one.clone(), start).unwrap_err();
        assert!((Duration::from_millis(99)..=Duration::from_millis(101)).contains(&wait), "{wait:?}");
        assert_eq!(posts.admit(other, start), Ok(()));
        assert_eq!(posts.admit(one.clone(), start + wait), Ok(()));
        assert!(posts.admit(one.clone(), start + wait).is_err());
        for _ in 0..3 {
            assert_eq!(posts.admit(one.clone(), start + Duration::from_secs(5)), Ok(()));
        }
        assert!(posts.admit(one, start + Duration::from_secs(5)).is_err());
    }
}
