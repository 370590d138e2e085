//! Alerts of a room: messages that have a state. One is raised, perhaps changed, and ends, by somebody or by itself. They
//! are a part of the room's policy, so that every store keeps them, and every server of a room has the same ones. Pure: the
//! time is passed in.

mod countdown;
mod id;
pub(in crate::room) mod stored;

use std::time::{Duration, SystemTime};

pub use countdown::{Countdown, Recount};
pub use id::{AlertId, NotAnAlertId};

use super::policy::{NotDone, Until};
use crate::names::UserName;

/// The most that are in force in a room.
pub const MOST_ALERTS: usize = 16;
/// The most bytes of an alert's text, and of an all-clear's.
pub const MOST_TEXT: usize = 2000;
/// The most bytes of what says who is meant.
pub const MOST_AUDIENCE: usize = 200;
/// The most answers that people choose from.
pub const MOST_ANSWERS: usize = 8;
/// The most bytes of an answer, and of the word that confirms.
pub const MOST_ANSWER: usize = 64;
/// The longest until an alert ends by itself, or its countdown does.
pub const LONGEST: Duration = Duration::from_secs(366 * 24 * 3600);
/// Those that have ended are known for so long, so that a retry finds them; and at most so many.
const KNOWN: Duration = Duration::from_secs(600);
const MOST_ENDED: usize = 16;

/// How serious an alert is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// To be known.
    Info,
    /// To be heeded.
    #[default]
    Warning,
    /// To be acted on at once.
    Emergency,
}

/// A text that names no level.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a level is one of info, warning, emergency")]
pub struct NotALevel;

/// Something that everybody in a room has to know, for as long as it is in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alert {
    /// Tells it from all others.
    pub id: AlertId,
    /// Who raised it.
    pub by: UserName,
    /// When.
    pub at: SystemTime,
    /// What it says: not empty, and at most [`MOST_TEXT`] bytes.
    pub text: Box<str>,
    /// How serious it is.
    pub level: Level,
    /// Everybody is asked to confirm it.
    pub confirm: bool,
    /// What people confirm with, each another one; any of them confirms, whatever it is, if there are none. That never changes.
    pub answers: Box<[Box<str>]>,
    /// What a client of v1 says to confirm it. That never changes.
    pub word: Option<Box<str>>,
    /// It is an exercise. That never changes, and everything that is told of it says so first.
    pub drill: bool,
    /// What people count down to.
    pub countdown: Option<Countdown>,
    /// When it ends by itself.
    pub ends_at: Until,
    /// Who is meant, in words.
    pub audience: Option<Box<str>>,
    /// Who changed it last, and when.
    pub changed: Option<(UserName, SystemTime)>,
    /// Identifies a retry of raising it.
    pub key: Option<Key>,
}

/// What a retry of raising an alert is known by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    /// Of the key that came with it.
    pub digest: [u8; 16],
    /// Of all that was asked for, and in whose name.
    pub asked: [u8; 16],
}

/// An alert that has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// As it was.
    pub alert: Alert,
    /// Who ended it; nobody, if that was its time.
    pub by: Option<UserName>,
    /// When.
    pub at: SystemTime,
    /// What is told then.
    pub all_clear: Option<Box<str>>,
}

/// What is to be changed of an alert; what is `None` stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Amendment {
    /// See [`Alert::text`].
    pub text: Option<Box<str>>,
    /// See [`Alert::level`].
    pub level: Option<Level>,
    /// See [`Alert::confirm`].
    pub confirm: Option<bool>,
    /// See [`Alert::countdown`].
    pub countdown: Option<Recount>,
    /// See [`Alert::ends_at`].
    pub ends_at: Option<Until>,
    /// See [`Alert::audience`].
    pub audience: Option<Option<Box<str>>>,
}

/// What becomes of alerts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// One is raised.
    Raise(Alert),
    /// Somebody changes one.
    Change(AlertId, UserName, Amendment),
    /// Somebody ends one, perhaps with an all-clear.
    End(AlertId, UserName, Option<Box<str>>),
    /// Those whose time is over end.
    Expire,
}

/// The alerts of a room: those in force, in the order in which they were raised, and those that have just ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Alerts {
    in_force: Vec<Alert>,
    ended: Vec<Ended>,
}

/// What has become of an alert.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It holds from now on.
    Raised,
    /// It has changed; in its words too, if that is true.
    Updated {
        /// The text or the level is another one.
        in_words: bool,
    },
    /// It does not hold any more.
    Ended {
        /// Who ended it; nobody, if that was its time.
        by: Option<UserName>,
        /// What they said.
        all_clear: Option<Box<str>>,
    },
    /// It holds, as somebody is told who comes later.
    Stands,
}

/// An alert, and what has become of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// As it is, or was when it ended.
    pub alert: Alert,
    /// What has become of it.
    pub fate: Fate,
}

impl Alerts {
    /// Those that hold at `now`, the first that was raised first.
    pub fn in_force(&self, now: SystemTime) -> impl Iterator<Item = &Alert> {
        self.in_force.iter().filter(move |alert| !alert.is_over(now))
    }

    /// Whether there are none, and never were of late.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.in_force.is_empty() && self.ended.is_empty()
    }

    /// When the next one ends by itself.
    #[must_use]
    pub fn next_end(&self) -> Option<SystemTime> {
        self.in_force.iter().filter_map(|alert| alert.ends_at).min()
    }

    /// One that is in force.
    #[must_use]
    pub fn get(&self, id: AlertId) -> Option<&Alert> {
        self.in_force.iter().find(|alert| alert.id == id)
    }

    /// One that has just ended.
    #[must_use]
    pub fn ended(&self, id: AlertId) -> Option<&Ended> {
        self.ended.iter().find(|ended| ended.alert.id == id)
    }

    /// The one that was raised with this key, though it may have ended.
    #[must_use]
    pub fn with_key(&self, key: Key) -> Option<&Alert> {
        let ended = self.ended.iter().map(|ended| &ended.alert);
        let has_it = |alert: &&Alert| alert.key.is_some_and(|of| of.digest == key.digest);
        self.in_force.iter().chain(ended).find(has_it)
    }

    /// Ends those whose time is over, and forgets those that ended long ago.
    pub(super) fn expire(&mut self, now: SystemTime) {
        // A clock that was put back ends nothing.
        self.ended.retain(|ended| now.duration_since(ended.at).map_or(true, |age| age < KNOWN));
        let over: Vec<_> = self.in_force.extract_if(.., |alert| alert.is_over(now)).collect();
        over.into_iter().for_each(|alert| self.note_end(alert, None, now, None));
    }

    fn note_end(&mut self, alert: Alert, by: Option<UserName>, at: SystemTime, all_clear: Option<Box<str>>) {
        if self.ended.len() >= MOST_ENDED {
            self.ended.remove(0);
        }
        self.ended.push(Ended { alert, by, at, all_clear });
    }

    /// Takes a step, at `now`. One that was taken before changes nothing.
    ///
    /// # Errors
    /// If it cannot be taken.
    pub(super) fn take(&mut self, step: &Step, now: SystemTime) -> Result<(), NotDone> {
        let is_ahead = |time: Until| time.is_none_or(|time| time > now && time <= now + LONGEST);
        let counts = |countdown: Option<Countdown>| countdown.is_none_or(|countdown| countdown.is_ahead(now));
        match step {
            Step::Raise(alert) => {
                if let Some(before) = alert.key.and_then(|key| self.with_key(key)) {
                    return if before.key == alert.key { Ok(()) } else { Err(NotDone::KeyReused) };
                }
                if self.in_force.len() >= MOST_ALERTS {
                    return Err(NotDone::TooManyAlerts);
                }
                if !is_ahead(alert.ends_at) || !counts(alert.countdown) {
                    return Err(NotDone::NotAhead);
                }
                self.in_force.push(alert.clone());
            }
            Step::Change(id, by, amendment) => {
                let alert = self.in_force.iter_mut().find(|alert| alert.id == *id);
                let alert = alert.ok_or(NotDone::NoSuchAlert)?;
                let next = alert.amended(amendment, now)?;
                if next == *alert {
                    return Ok(());
                }
                let ends = next.ends_at == alert.ends_at || is_ahead(next.ends_at);
                if !ends || !(next.countdown == alert.countdown || counts(next.countdown)) {
                    return Err(NotDone::NotAhead);
                }
                *alert = Alert { changed: Some((by.clone(), now)), ..next };
            }
            Step::End(id, by, all_clear) => {
                let place = self.in_force.iter().position(|alert| alert.id == *id);
                match place {
                    Some(place) => {
                        let alert = self.in_force.remove(place);
                        self.note_end(alert, Some(by.clone()), now, all_clear.clone());
                    }
                    None if self.ended(*id).is_some() => {}
                    None => return Err(NotDone::NoSuchAlert),
                }
            }
            Step::Expire => {}
        }
        Ok(())
    }

    /// What has become of each alert since `before`.
    #[must_use]
    pub fn changes_since(&self, before: &Self) -> Vec<Change> {
        let mut changes = Vec::new();
        for was in before.in_force.iter().filter(|was| self.get(was.id).is_none()) {
            let end = self.ended(was.id);
            let (by, all_clear) = end.map(|end| (end.by.clone(), end.all_clear.clone())).unwrap_or_default();
            changes.push(Change { alert: was.clone(), fate: Fate::Ended { by, all_clear } });
        }
        for alert in &self.in_force {
            let fate = match before.get(alert.id) {
                None => Fate::Raised,
                Some(was) if was == alert => continue,
                Some(was) => Fate::Updated { in_words: (&was.text, was.level) != (&alert.text, alert.level) },
            };
            changes.push(Change { alert: alert.clone(), fate });
        }
        changes
    }

    /// About how many bytes they take in memory, besides their own.
    pub(super) fn size(&self) -> usize {
        let size = |alert: &Alert| {
            let audience = alert.audience.as_deref().unwrap_or_default();
            let changed = alert.changed.as_ref().map_or(0, |(by, _)| by.as_str().len());
            let asked =
                alert.answers.iter().chain(&alert.word).map(|text| size_of::<Box<str>>() + text.len());
            2 * size_of::<Alert>()
                + asked.sum::<usize>()
                + alert.text.len()
                + audience.len()
                + alert.by.as_str().len()
                + changed
        };
        let ended = |ended: &Ended| size(&ended.alert) + ended.all_clear.as_deref().unwrap_or_default().len();
        self.in_force.iter().map(size).sum::<usize>() + self.ended.iter().map(ended).sum::<usize>()
    }
}

impl Alert {
    /// The answer that somebody gives, as it is named.
    #[must_use]
    pub fn answer(&self, given: &str) -> Option<&str> {
        let given = given.trim().to_lowercase();
        self.answers.iter().find(|answer| answer.to_lowercase() == given).map(|answer| &**answer)
    }

    /// Whether somebody who says this confirms it.
    #[must_use]
    pub fn is_confirmed_by(&self, said: &str) -> bool {
        let is_it = |word: &str| word.to_lowercase() == said.trim().to_lowercase();
        self.confirm && self.word.as_deref().is_some_and(is_it)
    }

    fn is_over(&self, now: SystemTime) -> bool {
        self.ends_at.is_some_and(|ends_at| ends_at <= now)
    }

    fn amended(&self, amendment: &Amendment, now: SystemTime) -> Result<Self, NotDone> {
        let Amendment { text, level, confirm, countdown, ends_at, audience } = amendment.clone();
        Ok(Self {
            text: text.unwrap_or_else(|| self.text.clone()),
            level: level.unwrap_or(self.level),
            confirm: confirm.unwrap_or(self.confirm),
            countdown: countdown.map_or(Ok(self.countdown), |recount| recount.of(self.countdown, now))?,
            ends_at: ends_at.unwrap_or(self.ends_at),
            audience: audience.unwrap_or_else(|| self.audience.clone()),
            ..self.clone()
        })
    }
}

impl Change {
    /// Whether everybody hears the alert's words, as a message of whom.
    #[must_use]
    pub fn speaker(&self) -> Option<&UserName> {
        match &self.fate {
            Fate::Raised => Some(&self.alert.by),
            Fate::Updated { in_words: true } => {
                Some(self.alert.changed.as_ref().map_or(&self.alert.by, |(by, _)| by))
            }
            Fate::Updated { in_words: false } | Fate::Ended { .. } | Fate::Stands => None,
        }
    }
}

impl Level {
    /// All there are.
    pub const ALL: [Self; 3] = [Self::Info, Self::Warning, Self::Emergency];

    /// As programs name it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Emergency => "emergency",
        }
    }
}

impl std::str::FromStr for Level {
    type Err = NotALevel;

    fn from_str(text: &str) -> Result<Self, NotALevel> {
        Self::ALL.into_iter().find(|level| level.as_str() == text).ok_or(NotALevel)
    }
}

#[cfg(test)]
mod tests;
