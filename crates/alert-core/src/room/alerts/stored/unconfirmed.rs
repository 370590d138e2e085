//! What happens where people have not confirmed an alert, as JSON.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{millis_of, room};
use crate::names::RoomCode;
use crate::room::alerts::{AlertId, Escalation, Heard, Reminders, Tally};
use crate::room::policy::NotAPolicy;
use crate::room::policy::stored::{millis, name, since};

#[derive(Serialize, Deserialize)]
pub(super) struct KeptReminders {
    every: u64,
    since: u64,
}

#[derive(Serialize, Deserialize)]
pub(super) struct KeptEscalation {
    after: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    to: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    done: Option<KeptTally>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct KeptTally {
    at: u64,
    missing: usize,
    expected: usize,
}

#[derive(Serialize, Deserialize)]
pub(super) struct KeptHeard {
    alert: String,
    at: u64,
    name: String,
    text: Box<str>,
}

impl From<Reminders> for KeptReminders {
    fn from(Reminders { every, since }: Reminders) -> Self {
        Self { every: millis_of(every), since: millis(Some(since)) }
    }
}

impl From<KeptReminders> for Reminders {
    fn from(kept: KeptReminders) -> Self {
        Self { every: Duration::from_millis(kept.every), since: since(kept.since) }
    }
}

impl From<&Escalation> for KeptEscalation {
    fn from(Escalation { after, to, done }: &Escalation) -> Self {
        let tally = |Tally { at, missing, expected }| KeptTally { at: millis(Some(at)), missing, expected };
        Self { after: millis_of(*after), to: to.as_ref().map(RoomCode::to_string), done: done.map(tally) }
    }
}

impl TryFrom<KeptEscalation> for Escalation {
    type Error = NotAPolicy;

    fn try_from(KeptEscalation { after, to, done }: KeptEscalation) -> Result<Self, NotAPolicy> {
        let tally = |KeptTally { at, missing, expected }| Tally { at: since(at), missing, expected };
        Ok(Self {
            after: Duration::from_millis(after),
            to: to.as_deref().map(room).transpose()?,
            done: done.map(tally),
        })
    }
}

impl From<&Heard> for KeptHeard {
    fn from(Heard { alert, at, name, text }: &Heard) -> Self {
        Self { alert: alert.to_string(), at: millis(Some(*at)), name: name.to_string(), text: text.clone() }
    }
}

impl TryFrom<KeptHeard> for Heard {
    type Error = NotAPolicy;

    fn try_from(kept: KeptHeard) -> Result<Self, NotAPolicy> {
        let alert: AlertId = kept.alert.parse().map_err(|_| NotAPolicy)?;
        Ok(Self { alert, at: since(kept.at), name: name(&kept.name)?, text: kept.text })
    }
}
