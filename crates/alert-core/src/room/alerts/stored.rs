//! Alerts as JSON, within a policy. What a later version adds is passed over, and what an earlier one left out is at its
//! default.

use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

use super::{Alert, Alerts, Countdown, Ended, Key};
use crate::names::UserName;
use crate::room::policy::NotAPolicy;
use crate::room::policy::stored::{millis, name, since, time};

/// The alerts of a room.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
pub(in crate::room) struct Kept {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    in_force: Vec<KeptAlert>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    ended: Vec<KeptEnd>,
}

/// Times are milliseconds since 1970; 0 for what has no end.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct KeptAlert {
    id: String,
    by: String,
    at: u64,
    text: Box<str>,
    level: String,
    confirm: bool,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    answers: Box<[Box<str>]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    word: Option<Box<str>>,
    drill: bool,
    countdown_to: u64,
    /// What is left of a countdown that is paused.
    #[serde(skip_serializing_if = "Option::is_none")]
    paused: Option<u64>,
    ends_at: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    audience: Option<Box<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    changed: Option<(String, u64)>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<KeptKey>,
}

#[derive(Serialize, Deserialize)]
struct KeptKey {
    digest: [u8; 16],
    asked: [u8; 16],
}

#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct KeptEnd {
    alert: KeptAlert,
    by: Option<String>,
    at: u64,
    all_clear: Option<Box<str>>,
}

impl Kept {
    pub(in crate::room) fn is_empty(&self) -> bool {
        self.in_force.is_empty() && self.ended.is_empty()
    }
}

impl From<&Alerts> for Kept {
    fn from(alerts: &Alerts) -> Self {
        let end = |Ended { alert, by, at, all_clear }: &Ended| KeptEnd {
            alert: alert.into(),
            by: by.as_ref().map(UserName::to_string),
            at: millis(Some(*at)),
            all_clear: all_clear.clone(),
        };
        Self {
            in_force: alerts.in_force.iter().map(KeptAlert::from).collect(),
            ended: alerts.ended.iter().map(end).collect(),
        }
    }
}

impl From<&Alert> for KeptAlert {
    fn from(alert: &Alert) -> Self {
        let changed = |(by, at): &(UserName, SystemTime)| (by.to_string(), millis(Some(*at)));
        Self {
            id: alert.id.to_string(),
            by: alert.by.to_string(),
            at: millis(Some(alert.at)),
            text: alert.text.clone(),
            level: alert.level.as_str().to_owned(),
            confirm: alert.confirm,
            answers: alert.answers.clone(),
            word: alert.word.clone(),
            drill: alert.drill,
            countdown_to: millis(alert.countdown.and_then(Countdown::to)),
            paused: alert.countdown.and_then(Countdown::remaining).map(millis_of),
            ends_at: millis(alert.ends_at),
            audience: alert.audience.clone(),
            changed: alert.changed.as_ref().map(changed),
            key: alert.key.map(|Key { digest, asked }| KeptKey { digest, asked }),
        }
    }
}

fn millis_of(time: Duration) -> u64 {
    time.as_millis().try_into().unwrap_or(u64::MAX)
}

impl TryFrom<Kept> for Alerts {
    type Error = NotAPolicy;

    fn try_from(kept: Kept) -> Result<Self, NotAPolicy> {
        let end = |KeptEnd { alert, by, at, all_clear }: KeptEnd| {
            let by = by.as_deref().map(name).transpose()?;
            Ok(Ended { alert: alert.try_into()?, by, at: since(at), all_clear })
        };
        Ok(Self {
            in_force: kept.in_force.into_iter().map(Alert::try_from).collect::<Result<_, _>>()?,
            ended: kept.ended.into_iter().map(end).collect::<Result<_, _>>()?,
        })
    }
}

impl TryFrom<KeptAlert> for Alert {
    type Error = NotAPolicy;

    fn try_from(kept: KeptAlert) -> Result<Self, NotAPolicy> {
        let changed = |(by, at): (String, u64)| Ok((name(&by)?, since(at)));
        Ok(Self {
            id: kept.id.parse().map_err(|_| NotAPolicy)?,
            by: name(&kept.by)?,
            at: since(kept.at),
            text: kept.text,
            level: kept.level.parse().map_err(|_| NotAPolicy)?,
            confirm: kept.confirm,
            answers: kept.answers,
            word: kept.word,
            drill: kept.drill,
            countdown: match kept.paused {
                Some(left) => Some(Countdown::Paused(Duration::from_millis(left))),
                None => time(kept.countdown_to).map(Countdown::To),
            },
            ends_at: time(kept.ends_at),
            audience: kept.audience,
            changed: kept.changed.map(changed).transpose()?,
            key: kept.key.map(|KeptKey { digest, asked }| Key { digest, asked }),
        })
    }
}
