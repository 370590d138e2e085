//! Webhooks as JSON, within a policy.

use serde::{Deserialize, Serialize};

use super::{Hook, Hooks, Secret, Tells};
use crate::room::policy::NotAPolicy;
use crate::room::policy::stored::{millis, since};

/// Times are milliseconds since 1970.
#[derive(Serialize, Deserialize)]
pub(in crate::room) struct Kept {
    id: String,
    url: Box<str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tells: Option<String>,
    secret: [u8; 32],
    #[serde(default, skip_serializing_if = "Option::is_none")]
    before: Option<([u8; 32], u64)>,
    by: Box<str>,
    at: u64,
}

impl From<&Hook> for Kept {
    fn from(hook: &Hook) -> Self {
        let tells = match hook.tells {
            Tells::All => None,
            Tells::Messages => Some("messages".to_owned()),
            Tells::Alerts => Some("alerts".to_owned()),
        };
        Self {
            id: hook.id.to_string(),
            url: hook.url.clone(),
            tells,
            secret: *hook.secret.bytes(),
            before: hook.before.as_ref().map(|(secret, until)| (*secret.bytes(), millis(Some(*until)))),
            by: hook.by.clone(),
            at: millis(Some(hook.at)),
        }
    }
}

impl TryFrom<Kept> for Hook {
    type Error = NotAPolicy;

    fn try_from(kept: Kept) -> Result<Self, NotAPolicy> {
        let tells = match kept.tells.as_deref() {
            None => Tells::All,
            Some("messages") => Tells::Messages,
            Some("alerts") => Tells::Alerts,
            Some(_) => return Err(NotAPolicy),
        };
        Ok(Self {
            id: kept.id.parse().map_err(|_| NotAPolicy)?,
            url: kept.url,
            tells,
            secret: Secret::new(kept.secret),
            before: kept.before.map(|(secret, until)| (Secret::new(secret), since(until))),
            by: kept.by,
            at: since(kept.at),
        })
    }
}

impl Hooks {
    pub(in crate::room) fn kept(&self) -> Vec<Kept> {
        self.0.iter().map(Kept::from).collect()
    }

    pub(in crate::room) fn read(kept: Vec<Kept>) -> Result<Self, NotAPolicy> {
        kept.into_iter().map(Hook::try_from).collect::<Result<_, _>>().map(Self)
    }
}
