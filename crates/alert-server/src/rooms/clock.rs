//! The clock of this machine: somebody, or NTP, may set it. Alerts and countdowns go by it, so whoever counts by it is told,
//! and asks what time it is.

use super::Rooms;
use super::live_room::LiveRoom;
use alert_core::event::What;
use alert_core::wire;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

/// The clocks are compared this often.
const LOOK: Duration = Duration::from_secs(1);
/// By less than this nobody sees two countdowns differ. A clock that is slewed comes to it in a while.
const NOTICED: Duration = Duration::from_millis(40);
/// Between two looks at clocks there is less than this, unless the thread was stopped.
const STOPPED: Duration = Duration::from_millis(5);

/// What both clocks said at the same moment.
#[derive(Clone, Copy)]
struct Clocks {
    wall: SystemTime,
    monotonic: Instant,
}

/// By how much a clock was set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Set {
    Forward(Duration),
    Back(Duration),
}

impl Clocks {
    fn now() -> Self {
        loop {
            let (before, wall, monotonic) = (Instant::now(), SystemTime::now(), Instant::now());
            if monotonic - before < STOPPED {
                return Self { wall, monotonic };
            }
        }
    }

    /// By how much the wall clock differs from what it would say, had nobody set it since `self`; nothing, where it is too
    /// little to be seen.
    fn set_by(self, now: Self) -> Option<Set> {
        let expected = self.wall + now.monotonic.saturating_duration_since(self.monotonic);
        let set = match now.wall.duration_since(expected) {
            Ok(ahead) => (ahead, Set::Forward(ahead)),
            Err(behind) => (behind.duration(), Set::Back(behind.duration())),
        };
        (set.0 >= NOTICED).then_some(set.1)
    }
}

impl Rooms {
    /// Tells those who hear rooms here, whenever the clock was set.
    pub(super) fn watch_clock(&self) {
        let rooms = Arc::downgrade(&self.0);
        self.runtime().spawn(async move {
            let mut known = Clocks::now();
            loop {
                tokio::time::sleep(LOOK).await;
                let Some(rooms) = rooms.upgrade().map(Self) else { return };
                let now = Clocks::now();
                let Some(set) = known.set_by(now) else { continue };
                known = now;
                let (way, by) = match set {
                    Set::Forward(by) => ("forward", by),
                    Set::Back(by) => ("back", by),
                };
                let seconds = by.as_secs_f64();
                tracing::warn!(seconds, "the clock of this machine was set {way}; clients are told");
                let live: Vec<_> = rooms.lock().values().cloned().collect();
                for room in live {
                    room.tell_clock();
                    tokio::task::yield_now().await;
                }
            }
        });
    }
}

impl LiveRoom {
    fn tell_clock(&self) {
        let size = wire::size_of(&What::ClockSet);
        self.publish_here(What::ClockSet, size).render();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_two_looks_at_the_clocks_then_only_a_clock_that_was_set_is_noticed() {
        let start =
            Clocks { wall: SystemTime::UNIX_EPOCH + Duration::from_hours(1), monotonic: Instant::now() };
        let later = |wall_millis: i64| {
            let moved = Duration::from_millis(wall_millis.unsigned_abs());
            let wall = if wall_millis < 0 { start.wall - moved } else { start.wall + moved };
            Clocks { wall, monotonic: start.monotonic + Duration::from_secs(1) }
        };
        for (wall, set) in [
            (1000, None),
            (1039, None),
            (961, None),
            (1040, Some(Set::Forward(Duration::from_millis(40)))),
            (960, Some(Set::Back(Duration::from_millis(40)))),
            (3_601_000, Some(Set::Forward(Duration::from_hours(1)))),
            (-3_599_000, Some(Set::Back(Duration::from_hours(1)))),
        ] {
            assert_eq!(start.set_by(later(wall)), set, "{wall}");
        }
    }
}
