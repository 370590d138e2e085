//! Escalation: where people have not confirmed an alert after a time, its room hears how many, and perhaps another room who.
//! Both are steps of a policy, each taken once, whoever takes it: the other room's comes first and knows what it has heard, so
//! that a server that dies in between passes nothing on twice. Pure: the time is passed in.

use std::time::{Duration, SystemTime};

use super::{Alert, AlertId, Alerts};
use crate::names::{RoomCode, UserName};

/// What a room knows of what was passed on to it. The oldest is forgotten.
pub const MOST_HEARD: usize = 32;
/// It is known for so long. An alert is not passed on that is later than half of it.
const KNOWN: Duration = Duration::from_secs(48 * 3600);

/// What happens where people have not confirmed an alert after a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Escalation {
    /// So much after it was raised: one of [`super::INTERVALS`].
    pub after: Duration,
    /// Which room is told who is missing.
    pub to: Option<RoomCode>,
    /// It has happened.
    pub done: Option<Tally>,
}

/// How many people had not confirmed an alert at its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tally {
    /// When they were counted.
    pub at: SystemTime,
    /// Those who were expected and had not.
    pub missing: usize,
    /// All who were expected.
    pub expected: usize,
}

/// An alert that was passed on to this room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heard {
    /// Which one. It is of another room.
    pub alert: AlertId,
    /// When.
    pub at: SystemTime,
    /// In whose name.
    pub name: UserName,
    /// What was said here; nothing, once another one has been heard.
    pub text: Box<str>,
}

impl Tally {
    /// Whether all who were expected have confirmed. Where nobody was, nobody has.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.missing == 0 && self.expected > 0
    }
}

impl Heard {
    /// About how many bytes it takes in memory.
    pub(super) fn size(&self) -> usize {
        2 * size_of::<Self>() + self.name.as_str().len() + self.text.len()
    }
}

impl Alert {
    /// When it is to be passed on, if it still is, and is in force then.
    #[must_use]
    pub fn escalates_at(&self) -> Option<SystemTime> {
        let pending = self.escalation.as_ref().filter(|escalation| self.confirm && escalation.done.is_none());
        let at = pending.and_then(|escalation| self.at.checked_add(escalation.after));
        at.filter(|at| self.ends_at.is_none_or(|ends_at| ends_at > *at))
    }

    /// In what time it is to be passed on, for a server that finds it now. It is raised already, whatever the clock says.
    #[must_use]
    pub fn escalates_in(&self, now: SystemTime) -> Option<Duration> {
        let left = self.escalates_at()?.duration_since(now).unwrap_or_default();
        self.escalation.as_ref().map(|escalation| left.min(escalation.after))
    }

    /// Whether it is too late to pass it on: another room may not know any more whether it has heard of it.
    #[must_use]
    pub fn escalates_too_late(&self, now: SystemTime) -> bool {
        let late = self.escalates_at().and_then(|at| now.duration_since(at).ok());
        late.is_some_and(|late| late > KNOWN / 2)
    }
}

impl Alerts {
    /// Those that are to be passed on, or may be.
    pub fn escalating(&self) -> impl Iterator<Item = &Alert> {
        self.in_force.iter().filter(|alert| alert.escalates_at().is_some())
    }

    /// One whose time has come: `None`, if it is not to be passed on, or that has happened; else the alert, unless it is over
    /// meanwhile.
    #[must_use]
    pub fn to_pass_on(&self, id: AlertId, now: SystemTime) -> Option<Option<&Alert>> {
        let pending = self.get(id).filter(|alert| alert.escalates_at().is_some());
        pending.map(|alert| Some(alert).filter(|alert| !alert.is_over(now)))
    }

    /// Whether an alert of another room was passed on to this one.
    #[must_use]
    pub fn has_heard(&self, alert: AlertId) -> bool {
        self.heard.iter().any(|heard| heard.alert == alert)
    }

    /// What was passed on to this room since `before`: in whose name, and what.
    #[must_use]
    pub fn heard_since(&self, before: &Self) -> Option<(&UserName, &str)> {
        let last = self.heard.last().filter(|last| !before.has_heard(last.alert))?;
        Some((&last.name, &last.text))
    }

    pub(super) fn escalate(&mut self, id: AlertId, tally: Tally) {
        let alert = self.in_force.iter_mut().find(|alert| alert.id == id);
        let pending = alert.filter(|alert| alert.escalates_at().is_some());
        if let Some(escalation) = pending.and_then(|alert| alert.escalation.as_mut()) {
            escalation.done = Some(tally);
        }
    }

    pub(super) fn hear(&mut self, heard: &Heard, now: SystemTime) {
        if self.has_heard(heard.alert) {
            return;
        }
        // By a clock that was put back, nothing is old.
        self.heard.retain(|heard| now.duration_since(heard.at).map_or(true, |age| age < KNOWN));
        if self.heard.len() >= MOST_HEARD {
            self.heard.remove(0);
        }
        self.heard.iter_mut().for_each(|before| before.text = Box::default());
        self.heard.push(heard.clone());
    }
}
