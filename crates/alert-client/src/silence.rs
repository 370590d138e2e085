//! How long a connection may be silent before it counts as dead. The server sends a comment once every
//! `ping_interval`, which it does not tell: it is learnt from the comments.

use std::time::Duration;

/// Learns how often comments come.
#[derive(Debug)]
pub(super) struct Silence {
    /// The time waited since the last comment, if nothing else came in between.
    since_comment: Option<Duration>,
    longest_gap: Option<Duration>,
    until_known: Duration,
}

/// More than twice the default interval (25 s).
const UNTIL_KNOWN: Duration = Duration::from_secs(60);
/// More than twice the longest interval that a server can be set to (1 h).
const LONGEST: Duration = Duration::from_secs(3 * 3600);
/// Allowed for the network, beyond two intervals.
const ALLOWANCE: Duration = Duration::from_secs(5);
/// Comments that are closer together were held up on the way, or here.
const SHORTEST_GAP: Duration = Duration::from_millis(50);

impl Silence {
    pub(super) fn new() -> Self {
        Self { since_comment: None, longest_gap: None, until_known: UNTIL_KNOWN }
    }

    /// Something came after this time.
    pub(super) fn waited(&mut self, time: Duration) {
        self.since_comment = self.since_comment.map(|before| before + time);
    }

    /// It was a comment.
    pub(super) fn comment(&mut self) {
        let gap = self.since_comment.replace(Duration::ZERO).filter(|gap| *gap >= SHORTEST_GAP);
        self.longest_gap = self.longest_gap.max(gap);
    }

    /// It was something else, or it is another connection: the time to the next comment proves nothing.
    pub(super) fn interrupt(&mut self) {
        self.since_comment = None;
    }

    /// How long to wait for the next byte.
    pub(super) fn limit(&self) -> Duration {
        self.longest_gap.map_or(self.until_known, |gap| gap * 2 + ALLOWANCE)
    }

    /// The limit has passed. If no interval is known, it may just have been too short.
    pub(super) fn was_too_long(&mut self) {
        if self.longest_gap.is_none() {
            self.until_known = (self.until_known * 2).min(LONGEST);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn given_comments_then_twice_their_longest_gap_and_some_is_allowed() {
        let mut silence = Silence::new();
        silence.waited(seconds(1));
        silence.comment();
        assert_eq!(silence.limit(), seconds(60), "one comment is no gap");
        for gap in [10, 15] {
            silence.waited(seconds(gap));
        }
        silence.comment();
        assert_eq!(silence.limit(), seconds(55));
        silence.waited(seconds(10));
        silence.comment();
        silence.was_too_long();
        assert_eq!(silence.limit(), seconds(55));
    }

    #[test]
    fn given_events_in_between_or_comments_in_a_heap_then_nothing_is_learnt() {
        let mut silence = Silence::new();
        silence.comment();
        silence.comment();
        silence.waited(seconds(9));
        silence.interrupt();
        silence.waited(seconds(9));
        silence.comment();
        assert_eq!(silence.limit(), seconds(60));
    }

    #[test]
    fn given_a_server_with_long_intervals_then_the_wait_grows_until_one_is_seen() {
        let mut silence = Silence::new();
        for expected in [60, 120, 240, 480, 960, 1920, 3840, 7680, 10_800, 10_800] {
            assert_eq!(silence.limit(), seconds(expected));
            silence.was_too_long();
        }
    }
}
