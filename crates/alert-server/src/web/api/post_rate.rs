//! How fast one caller may post: `event_rate`, `event_burst` and `byte_rate`, as for one connection.

use std::time::{Duration, Instant};

use socketio_server::{Meter, Rate};

use crate::auth::Origin;
use crate::recent::Recent;

/// What those who posted lately have used of their rates.
pub(super) struct PostRate {
    messages: Option<Rate>,
    bytes: Option<Rate>,
    used: Recent<Origin, Used>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Used {
    messages: Meter,
    bytes: Meter,
}

/// About 1 MB. Beyond that, whoever has been quiet longest is forgotten.
const MOST_CALLERS: usize = 10_000;

impl PostRate {
    pub(super) fn new(messages: Option<Rate>, bytes: Option<Rate>) -> Self {
        // After this time an untouched meter is as good as new.
        let recovery = messages.map(Rate::recovery).max(bytes.map(Rate::recovery)).unwrap_or_default();
        Self { messages, bytes, used: Recent::new(recovery, MOST_CALLERS) }
    }

    /// Lets `caller` post a body of this many bytes, or says how long it has to wait.
    pub(super) fn admit(&self, caller: Origin, bytes: usize, now: Instant) -> Result<(), Duration> {
        let mut table = self.used.at(now);
        let used = table.touch(caller, Used::default);
        let wait = |meter: Meter, rate: Option<Rate>| rate.and_then(|rate| meter.wait(now, rate));
        match wait(used.messages, self.messages).max(wait(used.bytes, self.bytes)) {
            Some(wait) => Err(wait),
            None => {
                self.messages.inspect(|rate| used.messages.take(now, *rate, 1));
                self.bytes.inspect(|rate| used.bytes.take(now, *rate, bytes as u64));
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rate(per_second: u32, burst: u32) -> Option<Rate> {
        Some(Rate { per_second: per_second.try_into().unwrap(), burst: burst.try_into().unwrap() })
    }

    fn caller(last: u8) -> Origin {
        Origin::Network([192, 0, 2, last].into())
    }

    #[test]
    fn after_the_burst_a_caller_posts_at_the_rate_and_others_are_not_held_up() {
        let (posts, start) = (PostRate::new(rate(10, 3), None), Instant::now());
        for _ in 0..3 {
            assert_eq!(posts.admit(caller(1), 1, start), Ok(()));
        }
        let wait = Duration::from_millis(100);
        assert_eq!(posts.admit(caller(1), 1, start), Err(wait));
        assert_eq!(posts.admit(caller(2), 1, start), Ok(()));
        assert_eq!(posts.admit(caller(1), 1, start + wait), Ok(()));
        assert!(posts.admit(caller(1), 1, start + wait).is_err());
        for _ in 0..3 {
            assert_eq!(posts.admit(caller(1), 1, start + Duration::from_secs(5)), Ok(()));
        }
        assert!(posts.admit(caller(1), 1, start + Duration::from_secs(5)).is_err());
    }

    #[test]
    fn bytes_count_too() {
        let (posts, start) = (PostRate::new(rate(1000, 1000), rate(1000, 2000)), Instant::now());
        assert_eq!(posts.admit(caller(1), 1500, start), Ok(()));
        assert_eq!(posts.admit(caller(1), 1500, start), Ok(()));
        assert_eq!(posts.admit(caller(1), 1, start), Err(Duration::from_millis(1001)));
        assert_eq!(posts.admit(caller(2), 1, start), Ok(()));
    }

    #[test]
    fn without_rates_everybody_posts() {
        let (posts, start) = (PostRate::new(None, None), Instant::now());
        (0..10_000).for_each(|_| assert_eq!(posts.admit(caller(1), 1 << 20, start), Ok(())));
    }
}
