//! What people count down to: a moment, or, while nobody counts on, what is left. Pure: the time is passed in.

use std::time::{Duration, SystemTime};

use super::LONGEST;
use crate::room::policy::NotDone;

/// The countdown of an alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Countdown {
    /// People count to this moment.
    To(SystemTime),
    /// The count is paused, and so much is left of it.
    Paused(Duration),
}

/// What becomes of a countdown. Each may be done again, and is the same then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recount {
    /// It is taken away.
    Cancel,
    /// It is another one, or there is one from now on.
    Set(Countdown),
    /// It is the second, if it is the first: somebody has seen that, and another one may have changed it meanwhile.
    Replace(Countdown, Countdown),
    /// It stops, and what is left stays.
    Pause,
    /// It goes on.
    Resume,
}

impl Countdown {
    /// To which moment people count, if they do.
    #[must_use]
    pub fn to(self) -> Option<SystemTime> {
        match self {
            Self::To(to) => Some(to),
            Self::Paused(_) => None,
        }
    }

    /// What is left of a count that is paused.
    #[must_use]
    pub fn remaining(self) -> Option<Duration> {
        match self {
            Self::To(_) => None,
            Self::Paused(left) => Some(left),
        }
    }

    /// Whether it ends after `now`, and not in years.
    pub(super) fn is_ahead(self, now: SystemTime) -> bool {
        let left = match self {
            Self::To(to) => to.duration_since(now).unwrap_or_default(),
            Self::Paused(left) => left,
        };
        !left.is_zero() && left <= LONGEST
    }
}

impl Recount {
    /// The countdown after this, at `now`.
    ///
    /// # Errors
    /// If there is none that could be paused, or go on.
    pub(super) fn of(self, before: Option<Countdown>, now: SystemTime) -> Result<Option<Countdown>, NotDone> {
        match (self, before) {
            (Self::Cancel, _) => Ok(None),
            (Self::Set(countdown), _) => Ok(Some(countdown)),
            (Self::Replace(seen, next), Some(countdown)) if countdown == seen || countdown == next => {
                Ok(Some(next))
            }
            (Self::Replace(..), _) => Err(NotDone::CountdownChanged),
            (Self::Pause, Some(Countdown::Paused(_))) => Ok(before),
            (Self::Pause | Self::Resume, Some(Countdown::To(to))) => match to.duration_since(now) {
                Ok(left) if left.is_zero() => Err(NotDone::NoCountdown),
                Ok(left) if self == Self::Pause => Ok(Some(Countdown::Paused(left))),
                Ok(_) => Ok(before),
                Err(_) => Err(NotDone::NoCountdown),
            },
            (Self::Resume, Some(Countdown::Paused(left))) => Ok(Some(Countdown::To(now + left))),
            (Self::Pause | Self::Resume, None) => Err(NotDone::NoCountdown),
        }
    }
}
