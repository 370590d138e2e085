//! Bells: what is said in a room, or raised as an alert, again and again at its time. Pure: the time is passed in.

mod form;

use std::fmt;
use std::time::{Duration, SystemTime};

use alert_schedule::{Schedule, Times};
use jiff::Timestamp;
use jiff::civil::Date;

pub use form::{Form, FormError, Raised};

use crate::names::UserName;
use crate::room::alerts::Level;

/// The most bytes of a bell's id.
const MOST_ID: usize = 40;
/// A bell that was missed while no server could ring it rings later by so much at most, where it does not say.
pub const LATE: Duration = Duration::from_secs(60);
/// The latest that it may say.
pub const LATEST: Duration = Duration::from_secs(3600);

/// What tells a bell from the others of its room: small letters, digits and hyphens.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BellId(Box<str>);

/// A text that names no bell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a bell is called by small letters, digits and hyphens, up to {MOST_ID} of them, such as lesson-1")]
pub struct NotABellId;

/// Something that happens in a room at its times.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bell {
    /// Tells it from others of its room.
    pub id: BellId,
    /// When.
    pub schedule: Schedule,
    /// Who says it.
    pub by: UserName,
    /// What happens.
    pub does: Does,
    /// By how much it may be late, when it was missed.
    pub missed: Missed,
}

/// What a bell does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Does {
    /// It says this.
    Say(Box<str>),
    /// It raises an alert.
    Raise {
        /// How serious it is.
        level: Level,
        /// What it says.
        text: Box<str>,
        /// It is an exercise.
        drill: bool,
        /// Everybody is asked to confirm it.
        confirm: bool,
        /// After which time it ends by itself.
        ends_after: Duration,
    },
}

/// What becomes of a bell that was missed while no server could ring it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missed {
    /// It does not ring. One that is late by less than a second was not missed.
    Skip,
    /// It rings if it is late by this at most.
    Within(Duration),
}

impl Bell {
    /// The same, with other times on some days.
    #[must_use]
    pub fn on(&self, days: impl IntoIterator<Item = (Date, Times)>) -> Self {
        let mut bell = self.clone();
        bell.schedule.changes.extend(days);
        bell
    }

    /// When it rings next after a moment.
    #[must_use]
    pub fn next(&self, after: SystemTime) -> Option<SystemTime> {
        self.schedule.next(Timestamp::try_from(after).ok()?).map(SystemTime::from)
    }

    /// Whether it rings at a moment.
    #[must_use]
    pub fn rings_at(&self, at: SystemTime) -> bool {
        Timestamp::try_from(at).is_ok_and(|at| self.schedule.is_at(at))
    }

    /// When it rings from a moment on, within so many times 24 hours.
    #[must_use]
    pub fn preview(&self, from: SystemTime, days: u16) -> Vec<SystemTime> {
        let from = Timestamp::try_from(from);
        let all = from.map(|from| self.schedule.preview(from, days)).unwrap_or_default();
        all.into_iter().map(SystemTime::from).collect()
    }
}

impl Missed {
    /// By how much a bell may be late.
    #[must_use]
    pub const fn most(self) -> Duration {
        match self {
            Self::Skip => Duration::from_secs(1),
            Self::Within(time) => time,
        }
    }
}

impl Does {
    /// What it says.
    #[must_use]
    pub fn text(&self) -> &str {
        match self {
            Self::Say(text) | Self::Raise { text, .. } => text,
        }
    }

    /// The same with its level, and that it is a drill.
    #[must_use]
    pub fn heard(&self) -> String {
        match self {
            Self::Say(text) => text.to_string(),
            Self::Raise { level, text, drill, .. } => {
                let drill = if *drill { "DRILL: " } else { "" };
                format!("{drill}{}: {text}", level.as_str().to_ascii_uppercase())
            }
        }
    }
}

impl BellId {
    /// As clients see it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::str::FromStr for BellId {
    type Err = NotABellId;

    fn from_str(text: &str) -> Result<Self, NotABellId> {
        let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let is_one = (1..=MOST_ID).contains(&text.len()) && text.bytes().all(fits);
        if is_one { Ok(Self(text.into())) } else { Err(NotABellId) }
    }
}

impl fmt::Display for BellId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests;
