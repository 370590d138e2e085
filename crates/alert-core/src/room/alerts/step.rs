//! What somebody does with alerts, and what it makes of those of a room.

use std::time::{Duration, SystemTime};

use super::{
    Alert, AlertId, Alerts, Draft, Heard, Level, MOST_ALERTS, Person, Recount, Reminders, Tally, is_ahead,
};
use crate::names::UserName;
use crate::room::policy::{NotDone, Until};

/// What is to be changed of an alert; what is `None` stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Amendment {
    /// See [`Alert::text`].
    pub text: Option<Box<str>>,
    /// See [`Alert::level`].
    pub level: Option<Level>,
    /// See [`Alert::confirm`].
    pub confirm: Option<bool>,
    /// See [`Alert::show_missing`].
    pub show_missing: Option<bool>,
    /// See [`Alert::countdown`].
    pub countdown: Option<Recount>,
    /// How often whoever has not confirmed is reminded.
    pub remind: Option<Option<Duration>>,
    /// See [`Alert::ends_at`].
    pub ends_at: Option<Until>,
    /// See [`Alert::audience`].
    pub audience: Option<Option<Box<str>>>,
    /// See [`Alert::all_clear`].
    pub all_clear: Option<Option<Box<str>>>,
}

/// What is told when an alert ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// This; or else what the alert itself has for its end.
    AllClear(Option<Box<str>>),
    /// That it was raised by mistake.
    Mistake,
}

impl Ending {
    /// What is told when this alert ends, and whether that it was a mistake.
    pub(crate) fn of(self, alert: &Alert) -> (Option<Box<str>>, bool) {
        match self {
            Self::AllClear(words) => (words.or_else(|| alert.all_clear.clone()), false),
            Self::Mistake => (None, true),
        }
    }
}

impl Default for Ending {
    fn default() -> Self {
        Self::AllClear(None)
    }
}

/// What becomes of alerts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// One is raised; or proposed, where it takes a second person.
    Raise(Draft),
    /// A second person releases one.
    Release(AlertId, Person),
    /// Somebody changes one.
    Change(AlertId, UserName, Amendment),
    /// Somebody ends one, or withdraws one that waits.
    End(AlertId, UserName, Ending),
    /// The server has counted who has not confirmed one at its time.
    Escalate(AlertId, Tally),
    /// One of another room is passed on to this one.
    Hear(Heard),
    /// Those whose time is over end.
    Expire,
    /// All of them go to the room's other code.
    Move,
}

impl Step {
    /// The alert that it is about, if it is one.
    #[must_use]
    pub fn id(&self) -> Option<AlertId> {
        match self {
            Self::Raise(draft) => Some(draft.alert.id),
            Self::Change(id, ..) | Self::Release(id, _) | Self::End(id, ..) | Self::Escalate(id, _) => {
                Some(*id)
            }
            Self::Hear(_) | Self::Expire | Self::Move => None,
        }
    }
}

impl Alerts {
    /// Takes a step, at `now`. One that was taken before changes nothing. `takes_two` says whether an emergency waits for a
    /// second person.
    ///
    /// # Errors
    /// If it cannot be taken.
    pub(in crate::room) fn take(
        &mut self,
        step: &Step,
        takes_two: bool,
        now: SystemTime,
    ) -> Result<(), NotDone> {
        match step {
            Step::Raise(draft) => {
                let alert = &draft.alert;
                if let Some(before) = alert.key.and_then(|key| self.with_key(key)) {
                    return if before.key == alert.key { Ok(()) } else { Err(NotDone::KeyReused) };
                }
                if self.in_force.len() >= MOST_ALERTS {
                    return Err(NotDone::TooManyAlerts);
                }
                if !alert.is_ahead_of(now) {
                    return Err(NotDone::NotAhead);
                }
                let lasts = lasts(alert.ends_at, alert.at);
                let escalates = alert.escalation.as_ref().map(|escalation| escalation.after);
                outlasts(lasts, alert.remind.map(|remind| remind.every), escalates)?;
                if takes_two && alert.level == Level::Emergency {
                    return self.propose(draft.clone(), now);
                }
                self.in_force.push(alert.clone());
                self.moved = false;
            }
            Step::Change(id, by, amendment) => {
                let alert = self.in_force.iter_mut().find(|alert| alert.id == *id);
                let alert = alert.ok_or(NotDone::NoSuchAlert)?;
                let next = alert.amended(amendment, now)?;
                if next == *alert {
                    return Ok(());
                }
                if takes_two && next.level == Level::Emergency && alert.level != Level::Emergency {
                    return Err(NotDone::TakesTwo);
                }
                let counts = next.countdown.is_none_or(|countdown| countdown.is_ahead(now));
                let ends = next.ends_at == alert.ends_at || is_ahead(next.ends_at, now);
                if !ends || !(next.countdown == alert.countdown || counts) {
                    return Err(NotDone::NotAhead);
                }
                // It may end sooner than was said at first; then nobody is reminded any more.
                let other = next.remind.filter(|_| next.remind != alert.remind);
                outlasts(lasts(next.ends_at, now), other.map(|remind| remind.every), None)?;
                *alert = Alert { changed: Some((by.clone(), now)), ..next };
            }
            Step::End(id, by, ending) => {
                let place = self.in_force.iter().position(|alert| alert.id == *id);
                match place {
                    Some(place) => {
                        let alert = self.in_force.remove(place);
                        self.note_end(alert, Some(by.clone()), now, ending.clone());
                    }
                    None if self.ended(*id).is_some() => {}
                    None => {
                        let alert = self.withdraw(*id).ok_or(NotDone::NoSuchAlert)?;
                        self.note_withdrawn(alert, Some(by.clone()), now);
                    }
                }
            }
            Step::Release(id, by) => self.release(*id, by, now)?,
            Step::Escalate(id, tally) => self.escalate(*id, *tally),
            Step::Hear(heard) => self.hear(heard, now),
            Step::Expire => {}
            Step::Move => *self = Self { moved: true, ..Self::default() },
        }
        Ok(())
    }
}

/// Whether an alert that lasts for so long is in force when people are to be reminded of it, and when it is to be passed on.
pub(super) fn outlasts(
    lasts: Option<Duration>,
    remind: Option<Duration>,
    escalate_after: Option<Duration>,
) -> Result<(), NotDone> {
    let is_late = |time: Option<Duration>| time.zip(lasts).is_some_and(|(time, lasts)| time >= lasts);
    match (is_late(remind), is_late(escalate_after)) {
        (true, _) => Err(NotDone::EndsBeforeReminder),
        (_, true) => Err(NotDone::EndsBeforeEscalation),
        _ => Ok(()),
    }
}

fn lasts(ends_at: Until, from: SystemTime) -> Option<Duration> {
    ends_at.map(|ends_at| ends_at.duration_since(from).unwrap_or_default())
}

impl Alert {
    fn amended(&self, amendment: &Amendment, now: SystemTime) -> Result<Self, NotDone> {
        let Amendment { text, level, confirm, show_missing, countdown, remind, ends_at, audience, all_clear } =
            amendment.clone();
        // Whoever says how often people are reminded wants them to confirm.
        let confirm = confirm.unwrap_or(self.confirm) || matches!(remind, Some(Some(_)));
        let remind = match remind {
            Some(every) => every.map(|every| Reminders::at(self.remind, every, now)),
            None => self.remind.filter(|_| confirm),
        };
        Ok(Self {
            text: text.unwrap_or_else(|| self.text.clone()),
            level: level.unwrap_or(self.level),
            confirm,
            show_missing: show_missing.unwrap_or(self.show_missing),
            remind,
            countdown: countdown.map_or(Ok(self.countdown), |recount| recount.of(self.countdown, now))?,
            ends_at: ends_at.unwrap_or(self.ends_at),
            audience: audience.unwrap_or_else(|| self.audience.clone()),
            all_clear: all_clear.unwrap_or_else(|| self.all_clear.clone()),
            ..self.clone()
        })
    }
}
