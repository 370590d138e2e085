//! Alerts as JSON, within a policy. What a later version adds is passed over, and what an earlier one left out is at its
//! default.

mod unconfirmed;

use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

use super::{
    Alert, Alerts, Countdown, Draft, Ended, Escalation, Heard, Key, Prepared, Proposed, Reminders, Template,
};
use crate::names::{RoomCode, UserName};
use crate::room::policy::NotAPolicy;
use crate::room::policy::stored::{millis, name, since, time};
use unconfirmed::{KeptEscalation, KeptHeard, KeptReminders};

/// The alerts of a room.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Kept {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    in_force: Vec<KeptAlert>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    proposed: Vec<KeptProposal>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    ended: Vec<KeptEnd>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    heard: Vec<KeptHeard>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    moved: bool,
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
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    show_missing: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    remind: Option<KeptReminders>,
    #[serde(skip_serializing_if = "Option::is_none")]
    escalation: Option<KeptEscalation>,
    drill: bool,
    countdown_to: u64,
    /// What is left of a countdown that is paused.
    #[serde(skip_serializing_if = "Option::is_none")]
    paused: Option<u64>,
    ends_at: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    audience: Option<Box<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    all_clear: Option<Box<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    released_by: Option<String>,
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
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    mistake: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    withdrawn: bool,
}

/// One that hosts have prepared.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
pub(in crate::room) struct KeptPrepared {
    name: Box<str>,
    text: Box<str>,
    level: String,
    drill: bool,
    confirm: bool,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    answers: Box<[Box<str>]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    word: Option<Box<str>>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    show_missing: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    remind: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    escalate_after: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    escalate_to: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    countdown: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    lasts: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    audience: Option<Box<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    all_clear: Option<Box<str>>,
}

/// Times that something takes are milliseconds too.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct KeptProposal {
    alert: KeptAlert,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<Box<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    countdown: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    lasts: Option<u64>,
    until: u64,
}

impl Kept {
    pub(crate) fn is_empty(&self) -> bool {
        let Self { in_force, proposed, ended, heard, moved } = self;
        in_force.is_empty() && proposed.is_empty() && ended.is_empty() && heard.is_empty() && !moved
    }
}

impl From<&Alerts> for Kept {
    fn from(alerts: &Alerts) -> Self {
        let end = |Ended { alert, by, at, all_clear, mistake, withdrawn }: &Ended| KeptEnd {
            alert: alert.into(),
            by: by.as_ref().map(UserName::to_string),
            at: millis(Some(*at)),
            all_clear: all_clear.clone(),
            mistake: *mistake,
            withdrawn: *withdrawn,
        };
        Self {
            in_force: alerts.in_force.iter().map(KeptAlert::from).collect(),
            proposed: alerts.proposed.iter().map(KeptProposal::from).collect(),
            ended: alerts.ended.iter().map(end).collect(),
            heard: alerts.heard.iter().map(KeptHeard::from).collect(),
            moved: alerts.moved,
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
            show_missing: alert.show_missing,
            remind: alert.remind.map(KeptReminders::from),
            escalation: alert.escalation.as_deref().map(KeptEscalation::from),
            drill: alert.drill,
            countdown_to: millis(alert.countdown.and_then(Countdown::to)),
            paused: alert.countdown.and_then(Countdown::remaining).map(millis_of),
            ends_at: millis(alert.ends_at),
            audience: alert.audience.clone(),
            all_clear: alert.all_clear.clone(),
            released_by: alert.released_by.as_ref().map(UserName::to_string),
            changed: alert.changed.as_ref().map(changed),
            key: alert.key.map(|Key { digest, asked }| KeptKey { digest, asked }),
        }
    }
}

fn room(code: &str) -> Result<RoomCode, NotAPolicy> {
    RoomCode::parse(code, usize::MAX).map_err(|_| NotAPolicy)
}

fn millis_of(time: Duration) -> u64 {
    time.as_millis().try_into().unwrap_or(u64::MAX)
}

impl TryFrom<Kept> for Alerts {
    type Error = NotAPolicy;

    fn try_from(kept: Kept) -> Result<Self, NotAPolicy> {
        let end = |KeptEnd { alert, by, at, all_clear, mistake, withdrawn }: KeptEnd| {
            let by = by.as_deref().map(name).transpose()?;
            Ok(Ended { alert: alert.try_into()?, by, at: since(at), all_clear, mistake, withdrawn })
        };
        Ok(Self {
            in_force: kept.in_force.into_iter().map(Alert::try_from).collect::<Result<_, _>>()?,
            proposed: kept.proposed.into_iter().map(Proposed::try_from).collect::<Result<_, _>>()?,
            ended: kept.ended.into_iter().map(end).collect::<Result<_, _>>()?,
            heard: kept.heard.into_iter().map(Heard::try_from).collect::<Result<_, _>>()?,
            moved: kept.moved,
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
            show_missing: kept.show_missing,
            remind: kept.remind.map(Reminders::from),
            escalation: kept.escalation.map(Escalation::try_from).transpose()?.map(Box::new),
            drill: kept.drill,
            countdown: match kept.paused {
                Some(left) => Some(Countdown::Paused(Duration::from_millis(left))),
                None => time(kept.countdown_to).map(Countdown::To),
            },
            ends_at: time(kept.ends_at),
            audience: kept.audience,
            all_clear: kept.all_clear,
            released_by: kept.released_by.as_deref().map(name).transpose()?,
            changed: kept.changed.map(changed).transpose()?,
            key: kept.key.map(|KeptKey { digest, asked }| Key { digest, asked }),
        })
    }
}

impl From<&Prepared> for KeptPrepared {
    fn from(prepared: &Prepared) -> Self {
        let text = |template: &Template| template.as_str().into();
        Self {
            name: prepared.name.clone(),
            text: text(&prepared.text),
            level: prepared.level.as_str().to_owned(),
            drill: prepared.drill,
            confirm: prepared.confirm,
            answers: prepared.answers.clone(),
            word: prepared.word.clone(),
            show_missing: prepared.show_missing,
            remind: prepared.remind.map(millis_of),
            escalate_after: prepared.escalate_after.map(millis_of),
            escalate_to: prepared.escalate_to.as_ref().map(RoomCode::to_string),
            countdown: prepared.countdown.map(millis_of),
            lasts: prepared.lasts.map(millis_of),
            audience: prepared.audience.as_ref().map(text),
            all_clear: prepared.all_clear.as_ref().map(text),
        }
    }
}

impl TryFrom<KeptPrepared> for Prepared {
    type Error = NotAPolicy;

    fn try_from(kept: KeptPrepared) -> Result<Self, NotAPolicy> {
        let template = |text: Box<str>| Template::parse(&text).map_err(|_| NotAPolicy);
        let time = |millis: Option<u64>| millis.map(Duration::from_millis);
        Ok(Self {
            name: kept.name,
            text: template(kept.text)?,
            level: kept.level.parse().map_err(|_| NotAPolicy)?,
            drill: kept.drill,
            confirm: kept.confirm,
            answers: kept.answers,
            word: kept.word,
            show_missing: kept.show_missing,
            remind: time(kept.remind),
            escalate_after: time(kept.escalate_after),
            escalate_to: kept.escalate_to.as_deref().map(room).transpose()?,
            countdown: time(kept.countdown),
            lasts: time(kept.lasts),
            audience: kept.audience.map(template).transpose()?,
            all_clear: kept.all_clear.map(template).transpose()?,
        })
    }
}

impl From<&Proposed> for KeptProposal {
    fn from(Proposed { draft, until }: &Proposed) -> Self {
        Self {
            alert: (&draft.alert).into(),
            subject: draft.subject.clone(),
            countdown: draft.countdown.map(millis_of),
            lasts: draft.lasts.map(millis_of),
            until: millis(Some(*until)),
        }
    }
}

impl TryFrom<KeptProposal> for Proposed {
    type Error = NotAPolicy;

    fn try_from(kept: KeptProposal) -> Result<Self, NotAPolicy> {
        let KeptProposal { alert, subject, countdown, lasts, until } = kept;
        let [countdown, lasts] = [countdown, lasts].map(|time| time.map(Duration::from_millis));
        let draft = Draft { alert: alert.try_into()?, subject, countdown, lasts };
        Ok(Self { draft, until: since(until) })
    }
}
