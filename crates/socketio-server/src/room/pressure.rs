//! Why those who speak in a room have to wait: the room has said more than its rate allows, more than its shards have
//! taken in yet, or more than members who do read have received, here or on another server.
//!
//! Each of these bounds what may wait for a member, so that nobody in a room can have another member closed as a slow
//! consumer. Only the room's own speakers wait: those who are in it, and those who post to it over HTTP.

use crate::rate::{Rate, SharedMeter};
use std::{
    sync::{
        LazyLock,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::sync::Notify;

/// Deliveries that may wait in inboxes: some milliseconds of a shard's work.
const MOST_DELIVERIES: usize = 100_000;

/// The longest that a speaker waits before it looks again, whatever it was told.
const LOOK_AGAIN: Duration = Duration::from_millis(250);

/// What a room's speakers may do, from the server's [`crate::Config`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct PressureLimits {
    /// Bytes a second.
    pub(crate) rate: Option<Rate>,
    /// Bytes that may wait in inboxes.
    pub(crate) bytes: usize,
}

/// A room's state as its speakers see it.
#[derive(Debug)]
pub(crate) struct Pressure {
    limits: PressureLimits,
    published: SharedMeter,
    /// Bytes of publications in inboxes.
    bytes: AtomicUsize,
    /// What these publications cost: one for each member that will get one.
    deliveries: AtomicUsize,
    /// Members who read, but for whom too much waits.
    behind: AtomicUsize,
    /// Until when speakers wait for members elsewhere, in milliseconds since [`START`]; 0 is not at all.
    held_until: AtomicU64,
    relief: Notify,
}

/// Before any of these times.
static START: LazyLock<Instant> = LazyLock::new(Instant::now);

fn millis(at: Instant) -> u64 {
    u64::try_from(at.saturating_duration_since(*START).as_millis()).unwrap_or(u64::MAX)
}

impl Pressure {
    pub(crate) fn new(limits: PressureLimits) -> Self {
        Self {
            limits,
            published: SharedMeter::default(),
            bytes: AtomicUsize::new(0),
            deliveries: AtomicUsize::new(0),
            behind: AtomicUsize::new(0),
            held_until: AtomicU64::new(0),
            relief: Notify::new(),
        }
    }

    /// A publication of `bytes` is made.
    pub(super) fn publish(&self, bytes: usize, now: Instant) {
        if let Some(rate) = self.limits.rate {
            self.published.take(now, rate, bytes as u64);
        }
    }

    /// A publication is put into an inbox, for `members`.
    pub(super) fn put_in(&self, bytes: usize, members: usize) {
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
        self.deliveries.fetch_add(members, Ordering::Relaxed);
    }

    /// A publication has been taken out of an inbox, with the figures that were put in.
    pub(crate) fn taken_out(&self, bytes: usize, members: usize) {
        let was_over = self.is_over();
        self.bytes.fetch_sub(bytes, Ordering::Relaxed);
        self.deliveries.fetch_sub(members, Ordering::Relaxed);
        if was_over {
            self.look_again();
        }
    }

    /// Bytes of publications in inboxes.
    pub(super) fn bytes(&self) -> usize {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Too much waits for a member who reads.
    pub(crate) fn falls_behind(&self) {
        self.behind.fetch_add(1, Ordering::Relaxed);
    }

    /// The member has caught up, has been given up on, or has gone.
    pub(crate) fn no_longer_behind(&self) {
        self.behind.fetch_sub(1, Ordering::Relaxed);
        self.look_again();
    }

    /// Members who read have more waiting for them than they should.
    pub(super) fn members_are_behind(&self) -> bool {
        self.behind.load(Ordering::Relaxed) > 0 || self.deliveries.load(Ordering::Relaxed) > MOST_DELIVERIES
    }

    /// Members elsewhere are behind: speakers wait until then.
    pub(super) fn hold_until(&self, until: Instant) {
        self.held_until.fetch_max(millis(until), Ordering::Relaxed);
    }

    fn wait_for_others(&self, now: Instant) -> Option<Duration> {
        let until = self.held_until.load(Ordering::Relaxed);
        // Nearly always: no look at the clock's start.
        if until == 0 {
            return None;
        }
        until.checked_sub(millis(now)).filter(|left| *left > 0).map(Duration::from_millis)
    }

    fn look_again(&self) {
        if !self.is_over() {
            self.relief.notify_waiters();
        }
    }

    /// The same without the rate, and cheaper.
    pub(crate) fn is_over(&self) -> bool {
        self.behind.load(Ordering::Relaxed) > 0
            || self.bytes.load(Ordering::Relaxed) > self.limits.bytes
            || self.deliveries.load(Ordering::Relaxed) > MOST_DELIVERIES
    }

    fn wait_for_rate(&self, now: Instant) -> Option<Duration> {
        self.published.wait(now, self.limits.rate?)
    }

    /// Whether a speaker has to wait.
    pub(crate) fn is_on(&self, now: Instant) -> bool {
        self.is_over() || self.wait_for_rate(now).is_some() || self.wait_for_others(now).is_some()
    }

    /// Waits for a while, or less if a speaker may go on before that. Look again afterwards.
    pub(crate) async fn wait(&self) {
        let relief = self.relief.notified();
        let now = Instant::now();
        let time = match self.wait_for_rate(now).max(self.wait_for_others(now)) {
            Some(wait) => wait.min(LOOK_AGAIN),
            None if self.is_over() => LOOK_AGAIN,
            None => return,
        };
        // A rate takes its time; any other pressure may end before.
        let _ = tokio::time::timeout(time, relief).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pressure(rate: Option<Rate>) -> Pressure {
        Pressure::new(PressureLimits { rate, bytes: 1000 })
    }

    #[test]
    fn what_waits_in_inboxes_is_bounded_in_bytes_and_in_deliveries() {
        for (bytes, members) in [(1001, 1), (1, MOST_DELIVERIES + 1)] {
            let (pressure, now) = (pressure(None), Instant::now());
            assert!(!pressure.is_on(now));
            pressure.put_in(bytes, members);
            assert!(pressure.is_on(now));
            pressure.taken_out(bytes, members);
            assert!(!pressure.is_on(now));
        }
    }

    #[test]
    fn a_rate_counts_what_is_published_once_however_many_members_there_are() {
        let rate = Rate { per_second: 1000.try_into().unwrap(), burst: 2000.try_into().unwrap() };
        let pressure = pressure(Some(rate));
        pressure.publish(1999, Instant::now());
        assert!(!pressure.is_on(Instant::now()));
        pressure.publish(500, Instant::now());
        assert!(pressure.is_on(Instant::now()));
        assert!(!pressure.is_on(Instant::now() + Duration::from_millis(500)));
    }

    #[tokio::test]
    async fn members_elsewhere_who_are_behind_hold_the_speakers_up_for_as_long_as_was_said() {
        let (pressure, now) = (pressure(None), Instant::now());
        pressure.hold_until(now + Duration::from_millis(40));
        pressure.hold_until(now + Duration::from_millis(20));
        assert!(pressure.is_on(now + Duration::from_millis(30)) && !pressure.members_are_behind());
        assert!(!pressure.is_on(now + Duration::from_millis(41)));
        while pressure.is_on(Instant::now()) {
            pressure.wait().await;
        }
        assert!(now.elapsed() >= Duration::from_millis(39));
    }

    #[tokio::test]
    async fn a_member_who_is_behind_holds_the_speakers_up_until_it_is_not() {
        let pressure = pressure(None);
        pressure.falls_behind();
        pressure.falls_behind();
        pressure.no_longer_behind();
        assert!(pressure.is_on(Instant::now()));
        let waiting = async {
            while pressure.is_on(Instant::now()) {
                pressure.wait().await;
            }
        };
        tokio::join!(waiting, async { pressure.no_longer_behind() });
    }
}
