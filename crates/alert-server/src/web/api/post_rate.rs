//! How fast one caller may post: `event_rate` and `event_burst`, as for one connection.

use std::time::{Duration, Instant};

use socketio_server::{Meter, Rate};

use super::caller::Origin;
use super::recent::Recent;

/// What those who posted lately have used of their rate.
pub(super) struct PostRate {
    rate: Rate,
    meters: Recent<Origin, Meter>,
}

/// About 1 MB. Then whoever was quiet for longest starts anew.
const MOST_CALLERS: usize = 10_000;

impl PostRate {
    pub(super) fn new(rate: Rate) -> Self {
        // After this time an untouched meter is as a new one.
        Self { rate, meters: Recent::new(rate.recovery(), MOST_CALLERS) }
    }

    /// Lets `caller` post once, or says how long it has to wait.
    pub(super) fn admit(&self, caller: Origin, now: Instant) -> Result<(), Duration> {
        let mut meters = self.meters.at(now);
        let meter = meters.touch(caller, Meter::default);
        match meter.wait(now, self.rate) {
            Some(wait) => Err(wait),
            None => {
                meter.take(now, self.rate, 1);
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
        assert_eq!(wait, Duration::from_millis(100));
        assert_eq!(posts.admit(other, start), Ok(()));
        assert_eq!(posts.admit(one.clone(), start + wait), Ok(()));
        assert!(posts.admit(one.clone(), start + wait).is_err());
        for _ in 0..3 {
            assert_eq!(posts.admit(one.clone(), start + Duration::from_secs(5)), Ok(()));
        }
        assert!(posts.admit(one, start + Duration::from_secs(5)).is_err());
    }
}
