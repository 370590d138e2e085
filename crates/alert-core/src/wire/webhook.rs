//! What webhooks are told: `{"type","timestamp","room","data"}`, where `data` is what a stream has for the same event; and
//! webhooks themselves, as hosts see them over HTTP and v2.

use std::time::SystemTime;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

use super::body::whole;
use super::history::At;
use super::stream::{alerted, missing, told};
use super::v1::Refusal;
use crate::delivery::{ATTEMPTS, Delivery, Failing, Item};
use crate::names::RoomCode;
use crate::position::Position;
use crate::room::hooks::{Hook, HookId, Tells};

/// What is posted, and by what a receiver knows it again: the same for each attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Body {
    /// What kind of event it is.
    pub kind: &'static str,
    /// `webhook-id`.
    pub id: String,
    /// The body.
    pub json: String,
}

#[derive(Serialize)]
struct Envelope<'a, T> {
    r#type: &'static str,
    timestamp: At,
    room: &'a str,
    data: T,
}

#[derive(Serialize)]
struct Test<'a> {
    msg: &'static str,
    webhook: &'a str,
}

impl Body {
    /// Of an event in a room, which comes after this position, at `now`.
    #[must_use]
    pub fn of(room: &RoomCode, item: &Item, after: Option<Position>, now: SystemTime) -> Self {
        match item {
            Item::Gap(gap, next) => {
                let after = after.map(|place| place.to_string()).unwrap_or_default();
                let id = digest(&[room.as_str(), &after, &next.to_string()]);
                Self::new("gap", format!("gap_{id}"), room, now, missing(*gap))
            }
            Item::Said(event) => {
                let id = event.position.message_id();
                Self::new("message", format!("message_{id}"), room, event.at, told(event))
            }
            Item::Alert(change, at) => {
                let data = alerted(change, *at);
                let id = digest(&[room.as_str(), &json(&data.told)]);
                Self::new("alert", format!("alert_{}_{id}", change.alert.id), room, *at, data)
            }
        }
    }

    /// Of a test, which happens now.
    #[must_use]
    pub fn test(room: &RoomCode, hook: HookId, random: u64, now: SystemTime) -> Self {
        let data = Test { msg: "This is a test of a webhook.", webhook: hook.as_str() };
        Self::new("test", format!("test_{random:016x}"), room, now, data)
    }

    fn new(kind: &'static str, id: String, room: &RoomCode, at: SystemTime, data: impl Serialize) -> Self {
        let json = json(&Envelope { r#type: kind, timestamp: At(at), room: room.as_str(), data });
        Self { kind, id, json }
    }
}

#[expect(clippy::expect_used, reason = "strings and numbers are what JSON can hold")]
fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("JSON")
}

/// 24 hexadecimal digits.
fn digest(texts: &[&str]) -> String {
    let mut digest = Sha256::new();
    for text in texts {
        digest.update((text.len() as u64).to_be_bytes());
        digest.update(text);
    }
    digest.finalize()[..12].iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A webhook of a room: `{"id","url","tells","made_by","made_at",..}`.
#[derive(Debug, Serialize)]
pub struct ShownHook<'a> {
    id: HookId,
    url: &'a str,
    tells: &'static [&'static str],
    made_by: &'a str,
    made_at: At,
    /// When something was delivered last.
    delivered_at: Option<At>,
    failing: Option<ShownFailing<'a>>,
    /// Its receiver has said that it is gone: nothing is sent any more.
    gone: bool,
}

#[derive(Debug, Serialize)]
struct ShownFailing<'a> {
    id: &'a str,
    attempts: u32,
    most_attempts: u32,
    next_at: At,
    problem: &'a str,
}

const TELLS: [(Tells, &[&str]); 3] =
    [(Tells::All, &["message", "alert"]), (Tells::Messages, &["message"]), (Tells::Alerts, &["alert"])];

impl<'a> ShownHook<'a> {
    /// A webhook, and how far it has come.
    #[must_use]
    pub fn new(hook: &'a Hook, delivery: &'a Delivery) -> Self {
        let failing = |Failing { event, attempts, why }: &'a Failing| ShownFailing {
            id: event,
            attempts: *attempts,
            most_attempts: ATTEMPTS,
            next_at: At(delivery.pause.until()),
            problem: why,
        };
        Self {
            id: hook.id,
            url: &hook.url,
            tells: TELLS.iter().find(|(tells, _)| *tells == hook.tells).map_or(&[], |(_, names)| names),
            made_by: &hook.by,
            made_at: At(hook.at),
            delivered_at: delivery.delivered.map(At),
            failing: delivery.failing.as_ref().map(failing),
            gone: delivery.is_gone,
        }
    }
}

/// What became of a test.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Tested {
    /// Whether its receiver has it.
    pub delivered: bool,
    /// What it answers, if it was delivered.
    pub status: Option<u16>,
    /// Why it was not.
    pub problem: Option<String>,
}

/// A webhook that somebody asks for: where it leads, which is still to be looked at, and what it tells.
#[derive(Debug, PartialEq, Eq)]
pub struct Asked {
    /// The address.
    pub url: String,
    /// What it tells.
    pub tells: Tells,
}

/// Reads a webhook that is to be made.
///
/// # Errors
/// A [`Refusal`] to answer with.
pub fn read_hook(body: &RawValue) -> Result<Asked, Refusal> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Fields {
        url: String,
        #[serde(default)]
        tells: Option<Vec<String>>,
    }
    let Fields { url, tells } = whole(body)?;
    let Some(mut names) = tells else { return Ok(Asked { url, tells: Tells::All }) };
    names.sort_unstable();
    names.dedup();
    let is_it = |(_, all): &&(Tells, &[&str])| {
        all.len() == names.len() && all.iter().all(|name| names.iter().any(|given| given == name))
    };
    let tells = TELLS.iter().find(is_it).map(|(tells, _)| *tells);
    let tells = tells.ok_or_else(|| {
        Refusal::invalid_body("tells must be a list of \"message\", \"alert\" or both.".to_owned())
    })?;
    Ok(Asked { url, tells })
}

/// Reads the id of a webhook.
///
/// # Errors
/// A [`Refusal`] to answer with.
pub fn read_hook_id(id: &str) -> Result<HookId, Refusal> {
    id.parse().map_err(|error: crate::room::hooks::NotAHookId| Refusal::invalid_body(format!("{error}.")))
}

#[cfg(test)]
mod tests;
