//! Reminders: whoever has not confirmed an alert hears of it again, at an interval. When is known from the alert alone, so
//! every server of a room reminds at the same times, also after a restart. Pure: the time is passed in.

use std::time::{Duration, Instant, SystemTime};

use super::{Alert, Alerts};

/// How often a server reminds people of an alert, from when it has the room.
pub const MOST_REMINDERS: u32 = 100;

/// When people are reminded of an alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reminders {
    /// Between two of them: one of [`super::INTERVALS`].
    pub every: Duration,
    /// The first is so much later than this.
    pub since: SystemTime,
}

impl Reminders {
    /// These, or, if `every` is another time, others from `now` on.
    pub(super) fn at(before: Option<Self>, every: Duration, now: SystemTime) -> Self {
        before.filter(|before| before.every == every).unwrap_or(Self { every, since: now })
    }
}

/// How far a server has come with the reminders of an alert. From when it has them it goes by a clock that nobody sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reminded {
    /// As the alert has them.
    pub of: Reminders,
    /// When the first is due that a server can give which has them now.
    first: Instant,
    /// How many were due before.
    before: u32,
    /// How many have been due since.
    due: u32,
    /// How many of these people were reminded of.
    given: u32,
}

impl Reminded {
    /// From now on, which is `wall` by the clock that people see. What was due before is over.
    #[must_use]
    pub fn begin(of: Reminders, wall: SystemTime, now: Instant) -> Self {
        // By a clock that was put back while no server ran, an alert may be of the future.
        let age = wall.duration_since(of.since).unwrap_or_default();
        let before = intervals(age, of.every);
        let gone = age.saturating_sub(of.every.saturating_mul(before));
        Self { of, first: now + of.every.saturating_sub(gone), before, due: 0, given: 0 }
    }

    /// When the next is due; never, once there were [`MOST_REMINDERS`].
    #[must_use]
    pub fn next(&self) -> Option<Instant> {
        let after = self.of.every.checked_mul(self.due).filter(|_| self.given < MOST_REMINDERS)?;
        self.first.checked_add(after)
    }

    /// The number of the one that is due now, if one is. Of several it is the last: the others are left out.
    pub fn take(&mut self, now: Instant) -> Option<u32> {
        self.next().filter(|next| *next <= now)?;
        self.due = intervals(now.saturating_duration_since(self.first), self.of.every).saturating_add(1);
        self.given += 1;
        Some(self.number())
    }

    /// Nobody could be reminded of this one: it is due still, or the one that is due by then.
    pub fn put_back(&mut self, number: u32) {
        if self.number() == number {
            self.due = self.due.saturating_sub(1);
            self.given = self.given.saturating_sub(1);
        }
    }

    fn number(&self) -> u32 {
        self.before.saturating_add(self.due)
    }
}

fn intervals(time: Duration, every: Duration) -> u32 {
    let count = time.as_millis().checked_div(every.as_millis()).unwrap_or_default();
    u32::try_from(count).unwrap_or(u32::MAX)
}

impl Alerts {
    /// Those of which people are reminded.
    pub fn reminding(&self, now: SystemTime) -> impl Iterator<Item = (&Alert, Reminders)> {
        self.in_force(now).filter(|alert| alert.confirm).filter_map(|alert| Some((alert, alert.remind?)))
    }
}
