//! When a certificate is ordered: at once if there is none, when two thirds of its time have passed, and after a failure
//! with growing pauses, within what authorities allow (Let's Encrypt: five failed checks of a name in an hour).

use super::Fault;
use std::time::{Duration, SystemTime};

/// After the first failure that the authority has counted; then twice as long each time.
const COUNTED: Duration = Duration::from_secs(15 * 60);
const LONGEST: Duration = Duration::from_secs(6 * 3600);
/// The same where it has not even been reached.
const UNREACHED: Duration = Duration::from_secs(5);
const LONGEST_UNREACHED: Duration = Duration::from_secs(10 * 60);
/// After a success: an authority's certificate may be too short, or this machine's clock wrong.
const LEAST: Duration = Duration::from_secs(5);
/// The longest that an authority may have us wait.
const MOST_ASKED: Duration = Duration::from_secs(24 * 3600);

/// The state of one name.
#[derive(Debug)]
pub(super) struct Schedule {
    failures: u32,
    /// Before that nothing is ordered.
    not_before: SystemTime,
    /// A thousandth of the lifetime for each: so that servers that began together do not all renew together.
    spread: u32,
}

impl Default for Schedule {
    fn default() -> Self {
        let spread = getrandom::u32().unwrap_or_default() % 30;
        Self { failures: 0, not_before: SystemTime::UNIX_EPOCH, spread }
    }
}

impl Schedule {
    /// How long to wait before ordering, given when the present certificate begins and ends.
    pub(super) fn wait(&self, times: Option<(SystemTime, SystemTime)>, now: SystemTime) -> Duration {
        let due = times.map_or(now, |(from, until)| {
            let lifetime = until.duration_since(from).unwrap_or_default();
            until - lifetime / 3 - lifetime / 1000 * self.spread
        });
        due.max(self.not_before).duration_since(now).unwrap_or_default()
    }

    /// A certificate has come. Returns how long nothing is ordered.
    pub(super) fn succeeded(&mut self) -> Duration {
        self.failures = 0;
        self.pause(LEAST)
    }

    /// None has come. Returns how long nothing is ordered; `asked` is what the authority has asked for.
    pub(super) fn failed(&mut self, fault: &Fault, asked: Option<Duration>) -> Duration {
        let (first, longest) =
            if fault.is_counted() { (COUNTED, LONGEST) } else { (UNREACHED, LONGEST_UNREACHED) };
        let pause = first.saturating_mul(1 << self.failures.min(16)).min(longest);
        self.failures += 1;
        self.pause(pause.max(asked.unwrap_or_default().min(MOST_ASKED)))
    }

    fn pause(&mut self, pause: Duration) -> Duration {
        self.not_before = SystemTime::now() + pause;
        pause
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Duration = Duration::from_secs(24 * 3600);

    #[test]
    fn given_no_certificate_then_one_is_ordered_at_once_and_one_in_its_last_third_is_renewed() {
        let (schedule, now) = (Schedule::default(), SystemTime::now());
        assert_eq!(schedule.wait(None, now), Duration::ZERO);
        let wait = schedule.wait(Some((now, now + DAY * 90)), now);
        assert!((DAY * 57..=DAY * 60).contains(&wait), "{wait:?}");
        assert_eq!(schedule.wait(Some((now - DAY * 61, now + DAY * 29)), now), Duration::ZERO);
        assert_eq!(schedule.wait(Some((now - DAY * 91, now - DAY)), now), Duration::ZERO);
    }

    #[test]
    fn given_failures_then_the_pauses_grow_within_what_authorities_allow() {
        let mut schedule = Schedule::default();
        let refused = Fault::Rejected("no".to_owned());
        let pauses: Vec<u64> = (0..7).map(|_| schedule.failed(&refused, None).as_secs() / 60).collect();
        assert_eq!(pauses, [15, 30, 60, 120, 240, 360, 360]);
        assert!(schedule.wait(None, SystemTime::now()) > LONGEST / 2);
        schedule.succeeded();
        let unreached = Fault::Unreachable("gone".to_owned());
        assert_eq!(schedule.failed(&unreached, None), UNREACHED);
        assert_eq!((0..20).map(|_| schedule.failed(&unreached, None)).max(), Some(LONGEST_UNREACHED));
        assert_eq!(schedule.failed(&refused, Some(DAY * 3)), DAY, "what the authority asks for");
    }
}
