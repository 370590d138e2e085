//! Alerts that wait: where a room asks for it, an emergency is in force only when a second person has released it.

use std::time::{Duration, SystemTime};

use super::{Alert, AlertId, Alerts, Countdown, MOST_ALERTS, Reminders};
use crate::names::UserName;
use crate::room::policy::{NotDone, is_like};

/// The most that wait in a room.
pub const MOST_PROPOSED: usize = 8;
/// For how long one waits.
pub const WAITS: Duration = Duration::from_secs(300);

/// Somebody who proposes an alert, or releases one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// How they are called there.
    pub name: UserName,
    /// Who their token says they are, if they have shown one.
    pub subject: Option<Box<str>>,
}

/// An alert that is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// As it would be in force now.
    pub alert: Alert,
    /// Who the token of whoever asks says they are.
    pub subject: Option<Box<str>>,
    /// How long its countdown takes, where that begins with the alert.
    pub countdown: Option<Duration>,
    /// How long it lasts, where that is said so.
    pub lasts: Option<Duration>,
}

/// One that waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposed {
    /// What is asked for.
    pub draft: Draft,
    /// When it is withdrawn by itself.
    pub until: SystemTime,
}

impl From<Alert> for Draft {
    fn from(alert: Alert) -> Self {
        Self { alert, subject: None, countdown: None, lasts: None }
    }
}

impl Draft {
    /// Whether somebody is who asked for it. Tokens tell people from each other where both have shown one, and names that
    /// look like each other where not.
    fn is_of(&self, person: &Person) -> bool {
        match (&self.subject, &person.subject) {
            (Some(one), Some(other)) => one == other,
            _ => is_like(&self.alert.by, &person.name),
        }
    }

    fn released(self, by: &UserName, now: SystemTime) -> Alert {
        let Self { alert, countdown, lasts, .. } = self;
        Alert {
            at: now,
            countdown: countdown.map_or(alert.countdown, |time| now.checked_add(time).map(Countdown::To)),
            ends_at: lasts.map_or(alert.ends_at, |time| now.checked_add(time)),
            remind: alert.remind.map(|remind| Reminders { since: now, ..remind }),
            released_by: Some(by.clone()),
            ..alert
        }
    }
}

impl Alerts {
    /// Those that wait at `now`, the first that was proposed first.
    pub fn proposed(&self, now: SystemTime) -> impl Iterator<Item = &Proposed> {
        self.proposed.iter().filter(move |proposed| proposed.until > now)
    }

    /// One that waits.
    #[must_use]
    pub fn proposal(&self, id: AlertId) -> Option<&Proposed> {
        self.proposed.iter().find(|proposed| proposed.draft.alert.id == id)
    }

    pub(super) fn propose(&mut self, draft: Draft, now: SystemTime) -> Result<(), NotDone> {
        if self.proposed.len() >= MOST_PROPOSED {
            return Err(NotDone::TooManyProposed);
        }
        self.proposed.push(Proposed { draft, until: now + WAITS });
        Ok(())
    }

    pub(super) fn release(&mut self, id: AlertId, by: &Person, now: SystemTime) -> Result<(), NotDone> {
        let Some(place) = self.place_of(id) else {
            // A retry.
            let is_released = self.get(id).is_some_and(|alert| alert.released_by.as_ref() == Some(&by.name));
            return if is_released { Ok(()) } else { Err(NotDone::NoSuchAlert) };
        };
        if self.proposed[place].draft.is_of(by) {
            return Err(NotDone::SamePerson);
        }
        if self.in_force.len() >= MOST_ALERTS {
            return Err(NotDone::TooManyAlerts);
        }
        let alert = self.proposed[place].draft.clone().released(&by.name, now);
        if !alert.is_ahead_of(now) {
            return Err(NotDone::NotAhead);
        }
        self.proposed.remove(place);
        self.in_force.push(alert);
        self.moved = false;
        Ok(())
    }

    /// Takes one away that waits.
    pub(super) fn withdraw(&mut self, id: AlertId) -> Option<Alert> {
        self.place_of(id).map(|place| self.proposed.remove(place).draft.alert)
    }

    fn place_of(&self, id: AlertId) -> Option<usize> {
        self.proposed.iter().position(|proposed| proposed.draft.alert.id == id)
    }
}
