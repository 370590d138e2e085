//! Reminders: whoever has not confirmed an alert hears of it again, at an interval. When is known from the alert alone, so
//! every server of a room reminds at the same times, also after a restart. Pure: the time is passed in.

use std::time::{Duration, SystemTime};

use super::{Alert, Alerts};

/// How often people are reminded of an alert.
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
    /// How many there have been at `now`.
    #[must_use]
    pub fn due(&self, now: SystemTime) -> u32 {
        let age = now.duration_since(self.since).unwrap_or_default();
        let due = age.as_millis().checked_div(self.every.as_millis()).unwrap_or_default();
        u32::try_from(due).map_or(MOST_REMINDERS, |due| due.min(MOST_REMINDERS))
    }

    /// When the next one is due after so many; nothing after the last.
    #[must_use]
    pub fn next(&self, said: u32) -> Option<SystemTime> {
        let after = (said < MOST_REMINDERS).then(|| self.every.checked_mul(said + 1)).flatten();
        after.and_then(|after| self.since.checked_add(after))
    }

    /// These, or, if `every` is another time, others from `now` on.
    pub(super) fn at(before: Option<Self>, every: Duration, now: SystemTime) -> Self {
        before.filter(|before| before.every == every).unwrap_or(Self { every, since: now })
    }
}

impl Alerts {
    /// Those of which people are reminded.
    pub fn reminding(&self, now: SystemTime) -> impl Iterator<Item = (&Alert, Reminders)> {
        self.in_force(now).filter(|alert| alert.confirm).filter_map(|alert| Some((alert, alert.remind?)))
    }
}
