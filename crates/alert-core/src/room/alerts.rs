//! Alerts of a room: messages that have a state. One is raised, perhaps changed, and ends, by somebody or by itself. They
//! are a part of the room's policy, so that every store keeps them, and every server of a room has the same ones. Pure: the
//! time is passed in.

mod change;
mod countdown;
mod escalation;
mod id;
mod prepared;
mod proposal;
mod reminders;
mod step;
pub(crate) mod stored;
mod template;

use std::ops::RangeInclusive;
use std::time::{Duration, SystemTime};

pub use change::{Change, Fate};
pub use countdown::{Countdown, Recount};
pub use escalation::{Escalation, Heard, MOST_HEARD, Tally};
pub use id::{AlertId, NotAnAlertId};
pub use prepared::{
    AllPrepared, Blanks, Filled, MOST_FILLED, MOST_PREPARED, MOST_TITLE, Prepared, Preparing, Unfilled,
};
pub use proposal::{Draft, MOST_PROPOSED, Person, Proposed, WAITS};
pub use reminders::{MOST_REMINDERS, Reminded, Reminders};
pub use step::{Amendment, Ending, Step};
pub use template::{NotATemplate, Template};

use super::policy::Until;
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
/// The least and the most time between two reminders, and until an alert is passed on.
pub const INTERVALS: RangeInclusive<Duration> = Duration::from_secs(5)..=Duration::from_secs(7 * 24 * 3600);
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
    /// Whoever may hear the room sees who has not confirmed it, as on its big screen. Otherwise hosts alone do.
    pub show_missing: bool,
    /// When whoever has not confirmed it is reminded.
    pub remind: Option<Reminders>,
    /// Who hears of it where people have not confirmed it after a time. That never changes.
    pub escalation: Option<Box<Escalation>>,
    /// It is an exercise. That never changes, and everything that is told of it says so first.
    pub drill: bool,
    /// What people count down to.
    pub countdown: Option<Countdown>,
    /// When it ends by itself.
    pub ends_at: Until,
    /// Who is meant, in words.
    pub audience: Option<Box<str>>,
    /// What is told when it ends, unless something else is given then: at most [`MOST_TEXT`] bytes.
    pub all_clear: Option<Box<str>>,
    /// Who has released it, where that takes a second person.
    pub released_by: Option<UserName>,
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
    /// It was raised by mistake.
    pub mistake: bool,
    /// It never was in force: nobody has released it.
    pub withdrawn: bool,
}

/// The alerts of a room: those in force, in the order in which they were raised, those that wait, and those that have just
/// ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Alerts {
    in_force: Vec<Alert>,
    proposed: Vec<Proposed>,
    ended: Vec<Ended>,
    /// What was passed on from other rooms.
    heard: Vec<Heard>,
    /// They have gone to the room's other code, where they go on; nobody is told here.
    moved: bool,
}

impl Alerts {
    /// Those that hold at `now`, the first that was raised first.
    pub fn in_force(&self, now: SystemTime) -> impl Iterator<Item = &Alert> {
        self.in_force.iter().filter(move |alert| !alert.is_over(now))
    }

    /// Whether there are none, and never were of late.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// When the next one ends by itself, or does not wait any more.
    #[must_use]
    pub fn next_end(&self) -> Option<SystemTime> {
        let ends = self.in_force.iter().filter_map(|alert| alert.ends_at);
        ends.chain(self.proposed.iter().map(|proposed| proposed.until)).min()
    }

    /// Whether the same ones wait.
    #[must_use]
    pub(super) fn awaits_as(&self, other: &Self) -> bool {
        self.proposed == other.proposed
    }

    /// One that is in force.
    #[must_use]
    pub fn get(&self, id: AlertId) -> Option<&Alert> {
        self.in_force.iter().find(|alert| alert.id == id)
    }

    /// One that is in force, or waits.
    #[must_use]
    pub fn find(&self, id: AlertId) -> Option<&Alert> {
        self.get(id).or_else(|| self.proposal(id).map(|proposed| &proposed.draft.alert))
    }

    /// One that has just ended.
    #[must_use]
    pub fn ended(&self, id: AlertId) -> Option<&Ended> {
        self.ended.iter().find(|ended| ended.alert.id == id)
    }

    /// Those that have ended at this moment or later, as far as that is known.
    pub fn ended_since(&self, since: SystemTime) -> impl Iterator<Item = &Ended> {
        self.ended.iter().filter(move |ended| ended.at >= since && !ended.withdrawn)
    }

    /// The one that was raised with this key, though it may have ended.
    #[must_use]
    pub fn with_key(&self, key: Key) -> Option<&Alert> {
        let ended = self.ended.iter().map(|ended| &ended.alert);
        let proposed = self.proposed.iter().map(|proposed| &proposed.draft.alert);
        let has_it = |alert: &&Alert| alert.key.is_some_and(|of| of.digest == key.digest);
        self.in_force.iter().chain(proposed).chain(ended).find(has_it)
    }

    /// Ends those whose time is over, and forgets those that ended long ago.
    pub(super) fn expire(&mut self, now: SystemTime) {
        // A clock that was put back ends nothing.
        self.ended.retain(|ended| now.duration_since(ended.at).map_or(true, |age| age < KNOWN));
        let over: Vec<_> = self.in_force.extract_if(.., |alert| alert.is_over(now)).collect();
        over.into_iter().for_each(|alert| self.note_end(alert, None, now, Ending::default()));
        let late: Vec<_> = self.proposed.extract_if(.., |proposed| proposed.until <= now).collect();
        late.into_iter().for_each(|late| self.note_withdrawn(late.draft.alert, None, now));
    }

    fn note_end(&mut self, alert: Alert, by: Option<UserName>, at: SystemTime, ending: Ending) {
        let (all_clear, mistake) = ending.of(&alert);
        self.note(Ended { alert, by, at, all_clear, mistake, withdrawn: false });
    }

    fn note_withdrawn(&mut self, alert: Alert, by: Option<UserName>, at: SystemTime) {
        self.note(Ended { alert, by, at, all_clear: None, mistake: false, withdrawn: true });
    }

    fn note(&mut self, ended: Ended) {
        if self.ended.len() >= MOST_ENDED {
            self.ended.remove(0);
        }
        self.ended.push(ended);
    }

    /// Those in force alone, as somebody is told of them.
    #[must_use]
    pub fn in_force_only(&self) -> Self {
        Self { in_force: self.in_force.clone(), ..Self::default() }
    }

    /// What has become of an alert was told: with this, it is nothing new.
    pub fn told(&mut self, change: &Change) {
        let place = self.in_force.iter().position(|alert| alert.id == change.alert.id);
        match (place, &change.fate) {
            (Some(place), Fate::Ended { .. }) => _ = self.in_force.remove(place),
            (None, Fate::Ended { .. }) => {}
            (Some(place), _) => self.in_force[place] = change.alert.clone(),
            (None, _) => self.in_force.push(change.alert.clone()),
        }
    }

    /// About how many bytes they take in memory, besides their own.
    pub(super) fn size(&self) -> usize {
        let size = |alert: &Alert| {
            let audience = alert.audience.as_deref().unwrap_or_default();
            let changed = alert.changed.as_ref().map(|(by, _)| by);
            let people: usize = [Some(&alert.by), alert.released_by.as_ref(), changed]
                .into_iter()
                .flatten()
                .map(|name| name.as_str().len())
                .sum();
            let asked =
                alert.answers.iter().chain(&alert.word).map(|text| size_of::<Box<str>>() + text.len());
            let all_clear = alert.all_clear.as_deref().unwrap_or_default();
            let words = alert.text.len() + audience.len() + all_clear.len() + asked.sum::<usize>();
            let to = alert.escalation.as_ref().and_then(|escalation| escalation.to.as_ref());
            2 * size_of::<Alert>() + words + people + to.map_or(0, |room| room.as_str().len())
        };
        let ended = |ended: &Ended| size(&ended.alert) + ended.all_clear.as_deref().unwrap_or_default().len();
        let proposed = |proposed: &Proposed| {
            let Draft { alert, subject, .. } = &proposed.draft;
            size(alert) + size_of::<Proposed>() + subject.as_deref().unwrap_or_default().len()
        };
        self.in_force.iter().map(size).sum::<usize>()
            + self.proposed.iter().map(proposed).sum::<usize>()
            + self.ended.iter().map(ended).sum::<usize>()
            + self.heard.iter().map(Heard::size).sum::<usize>()
    }
}

impl Alert {
    /// One for tests, without anything that it need not have.
    #[cfg(test)]
    pub(crate) fn example() -> Self {
        Self {
            id: AlertId::made_of([0; 8]),
            by: UserName::parse("Ada", 64).unwrap(),
            at: SystemTime::UNIX_EPOCH,
            text: "Ice on the stairs".into(),
            level: Level::Warning,
            confirm: false,
            answers: [].into(),
            word: None,
            show_missing: false,
            remind: None,
            escalation: None,
            drill: false,
            countdown: None,
            ends_at: None,
            audience: None,
            all_clear: None,
            released_by: None,
            changed: None,
            key: None,
        }
    }

    /// The answer that somebody gives, as it is named.
    #[must_use]
    pub fn answer(&self, given: &str) -> Option<&str> {
        let given = given.trim().to_lowercase();
        self.answers.iter().find(|answer| answer.to_lowercase() == given).map(|answer| &**answer)
    }

    /// What has become of its escalation, if its time has come.
    #[must_use]
    pub fn escalated(&self) -> Option<Tally> {
        self.escalation.as_ref().and_then(|escalation| escalation.done)
    }

    /// Whether somebody who says this confirms it.
    #[must_use]
    pub fn is_confirmed_by(&self, said: &str) -> bool {
        let is_it = |word: &str| word.to_lowercase() == said.trim().to_lowercase();
        self.confirm && self.word.as_deref().is_some_and(is_it)
    }

    /// Whether its end and its countdown are still to come, and not in years.
    fn is_ahead_of(&self, now: SystemTime) -> bool {
        is_ahead(self.ends_at, now) && self.countdown.is_none_or(|countdown| countdown.is_ahead(now))
    }

    fn is_over(&self, now: SystemTime) -> bool {
        self.ends_at.is_some_and(|ends_at| ends_at <= now)
    }
}

fn is_ahead(time: Until, now: SystemTime) -> bool {
    time.is_none_or(|time| time > now && time <= now + LONGEST)
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
