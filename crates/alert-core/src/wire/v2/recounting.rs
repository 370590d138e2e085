//! Moments, and what is to become of a countdown, as clients send them.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jiff::Timestamp;
use serde_json::value::RawValue;

use crate::duration;
use crate::room::alerts::{Countdown, Recount};
use crate::wire::body;
use crate::wire::v1::Refusal;

/// What is to become of a countdown, as it is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recounting {
    /// To take it away.
    Cancel,
    /// To count to a moment.
    To(When),
    /// To have so much left as if it were counted to this moment, and not to count on.
    PausedBefore(When),
    /// What one of the last two does, if it is what somebody has seen: a moment, or what was left of it.
    Instead(When, Next),
    /// To pause it.
    Pause,
    /// To go on with it.
    Resume,
}

/// What a countdown is to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// See [`Recounting::To`].
    To(When),
    /// See [`Recounting::PausedBefore`].
    PausedBefore(When),
}

impl Next {
    /// To which moment.
    #[must_use]
    pub fn when(self) -> When {
        match self {
            Self::To(when) | Self::PausedBefore(when) => when,
        }
    }

    fn at(self, now: SystemTime) -> Countdown {
        match self {
            Self::To(when) => Countdown::To(when.at(now)),
            Self::PausedBefore(when) => {
                Countdown::Paused(when.at(now).duration_since(now).unwrap_or_default())
            }
        }
    }
}

/// A moment: by the clock, or so long after the server hears of it, whose clock counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// By the clock.
    At(SystemTime),
    /// So much later.
    In(Duration),
}

impl When {
    /// How long it takes until then, if it is said so.
    #[must_use]
    pub fn time(self) -> Option<Duration> {
        match self {
            Self::At(_) => None,
            Self::In(time) => Some(time),
        }
    }

    /// By the clock, if it is `now`.
    #[must_use]
    pub fn at(self, now: SystemTime) -> SystemTime {
        match self {
            Self::At(at) => at,
            // To the millisecond, as stores keep it.
            Self::In(time) => u64::try_from(time.as_millis())
                .ok()
                .and_then(|millis| now.checked_add(Duration::from_millis(millis)))
                .unwrap_or(now),
        }
    }
}

impl Recounting {
    /// What becomes of a countdown, if it is `now`.
    #[must_use]
    pub fn at(self, now: SystemTime) -> Recount {
        match self {
            Self::Cancel => Recount::Cancel,
            Self::To(when) => Recount::Set(Next::To(when).at(now)),
            Self::PausedBefore(when) => Recount::Set(Next::PausedBefore(when).at(now)),
            Self::Instead(seen, next) => {
                let seen = match seen {
                    When::At(_) => Next::To(seen),
                    When::In(_) => Next::PausedBefore(seen),
                };
                Recount::Replace(seen.at(now), next.at(now))
            }
            Self::Pause => Recount::Pause,
            Self::Resume => Recount::Resume,
        }
    }

    pub(super) fn parse(
        to: Option<&RawValue>,
        paused: Option<&RawValue>,
        from: Option<&RawValue>,
    ) -> Result<Option<Self>, Refusal> {
        let from = from.map(|json| when("countdown_from", json)).transpose()?.flatten();
        let to = to.map(|json| when("countdown_to", json)).transpose()?;
        let paused = paused.map(|json| body::boolean("paused", Some(json))).transpose()?;
        if let Some(seen) = from {
            let next = match (to.flatten(), paused) {
                (Some(to), Some(true)) => Next::PausedBefore(to),
                (Some(to), _) => Next::To(to),
                (None, _) => {
                    return Err(Refusal::invalid_body(
                        "countdown_from needs countdown_to: what is to follow.",
                    ));
                }
            };
            return Ok(Some(Self::Instead(seen, next)));
        }
        Ok(Some(match (to, paused) {
            (None, None) => return Ok(None),
            (None, Some(true)) => Self::Pause,
            (None, Some(false)) => Self::Resume,
            (Some(None), Some(true)) => {
                return Err(Refusal::invalid_body("a countdown that is taken away cannot be paused."));
            }
            (Some(None), _) => Self::Cancel,
            (Some(Some(when)), Some(true)) => Self::PausedBefore(when),
            (Some(Some(when)), _) => Self::To(when),
        }))
    }
}

/// A time in RFC 3339; or how long from now, as seconds or as in `5m`; or null.
pub(super) fn when(key: &str, json: &RawValue) -> Result<Option<When>, Refusal> {
    if json.get() == "null" {
        return Ok(None);
    }
    let when = match serde_json::from_str::<f64>(json.get()) {
        Ok(seconds) => Duration::try_from_secs_f64(seconds).ok().map(When::In),
        Err(_) => body::string(key, json).ok().and_then(|text| read_when(&text)),
    };
    let wrong = || {
        Refusal::invalid_body(format!(
            "{key} must be a time such as 2026-11-30T09:00:00Z, or how long from now, such as 5m, or null."
        ))
    };
    when.map(Some).ok_or_else(wrong)
}

fn read_when(text: &str) -> Option<When> {
    if let Ok(time) = text.parse::<Timestamp>() {
        let millis = u64::try_from(time.as_millisecond()).ok()?;
        return Some(When::At(UNIX_EPOCH + Duration::from_millis(millis)));
    }
    duration::read(text).map(When::In)
}
