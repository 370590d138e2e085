//! Policies of rooms in Redis, their audit logs, and messages that are removed: each a step of the room, which all who hear
//! it are told of in its order.

use super::answer::Placed;
use super::entry::{millis, number, position, time};
use super::keys::TAGS;
use super::link::Unavailable;
use super::page::parts;
use super::standing::LastEntered;
use super::{Shared, answer, bytes};
use crate::log::OnAudits;
use crate::log::policies::{AUDIT_AGE, MOST_AUDITS, UNUSED};
use alert_core::names::{RoomCode, UserName};
use alert_core::position::Position;
use alert_core::room::policy::{Audit, Policy};
use redis::{Value, from_redis_value};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// What became of a policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ruled {
    /// It holds from there on.
    Holds(Placed),
    /// It was made of another one than this, which holds.
    Stale(Option<Arc<Policy>>),
    /// Somebody is in the room, or something was said there: nobody can make it.
    InUse,
}

/// Whom a policy may come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Of {
    /// A room that may be in use.
    Any,
    /// The same, if nobody has entered since these people were asked for.
    People(LastEntered),
    /// A room that nobody is in, where nothing was said.
    NewRoom,
}

#[derive(Serialize, Deserialize)]
struct Line {
    /// Milliseconds since 1970.
    at: u64,
    by: Box<str>,
    deed: Box<str>,
    to: Option<Box<str>>,
    detail: Option<Box<str>>,
}

impl Shared {
    /// Has a policy hold in a room, if the one before it has the revision just below; and has people say something just before.
    pub fn rule(
        &self,
        room: &RoomCode,
        (policy, words): (&Policy, &[(UserName, Box<str>)]),
        of: Of,
        audit: Option<&Audit>,
        done: impl FnOnce(Result<Ruled, Unavailable>) + Send + 'static,
    ) {
        let text = policy.write();
        let mut args = self.begin();
        args.extend([
            bytes(policy.revision.saturating_sub(1)),
            bytes(policy.revision),
            text.clone().into_bytes(),
            audit.map(write).unwrap_or_default().into_bytes(),
            bytes(u8::from(of == Of::NewRoom)),
            self.age(),
        ]);
        args.extend(lasts());
        args.push(bytes(u8::from(!policy.bans.is_empty())));
        args.push(if let Of::People(LastEntered(event)) = of { bytes(event) } else { Vec::new() });
        args.push(bytes(self.0.retention.messages));
        args.push(bytes(u8::from(policy.is_timed())));
        args.push(bytes(u8::from(!policy.hooks.all().is_empty())));
        for (name, text) in words {
            args.extend([name.as_str(), text].map(|text| text.as_bytes().to_vec()));
        }
        self.call("rule", self.0.keys.of(room), args, move |answer| {
            done(answer.and_then(|value| Ruled::parse(value, &text).ok_or(Unavailable)));
        });
    }

    /// The policy of a room.
    ///
    /// # Errors
    /// Where Redis does not answer.
    pub async fn policy(&self, room: &RoomCode) -> Result<Option<Arc<Policy>>, Unavailable> {
        let text: Option<String> = self.ask("policy_of", vec![self.0.keys.room(room)], Vec::new()).await?;
        read_policy(text.as_deref().unwrap_or_default())
    }

    /// The policies of all rooms in which somebody is banned.
    ///
    /// # Errors
    /// Where Redis does not answer.
    pub async fn banned(&self) -> Result<Vec<(RoomCode, Arc<Policy>)>, Unavailable> {
        self.policies_of("banned").await
    }

    /// The policies of all rooms where something happens at its time, whoever hears it: bells ring, or an alert may be passed on.
    ///
    /// # Errors
    /// Where Redis does not answer.
    pub async fn belled(&self) -> Result<Vec<(RoomCode, Arc<Policy>)>, Unavailable> {
        self.policies_of("belled").await
    }

    /// The policies of all rooms that have webhooks.
    ///
    /// # Errors
    /// Where Redis does not answer.
    pub async fn hooked(&self) -> Result<Vec<(RoomCode, Arc<Policy>)>, Unavailable> {
        self.policies_of("hooked").await
    }

    async fn policies_of(&self, function: &'static str) -> Result<Vec<(RoomCode, Arc<Policy>)>, Unavailable> {
        let ask = |tag| self.begin_to_ask(function, vec![self.0.keys.rooms(tag)], Vec::new());
        // All of them are on their way before the first is waited for.
        let calls: Vec<_> = (0..TAGS).map(ask).collect();
        let mut all = Vec::new();
        for told in calls {
            let found: Vec<(String, String)> = answer(told).await?;
            for (base, policy) in found {
                if let (Some(room), Some(policy)) = (self.0.keys.code(&base), read_policy(&policy)?) {
                    all.push((room, policy));
                }
            }
        }
        Ok(all)
    }

    /// Removes a message. Gives where the room is told of it, if it was there.
    pub fn remove(
        &self,
        room: &RoomCode,
        at: Position,
        audit: &Audit,
        done: impl FnOnce(Result<Option<Placed>, Unavailable>) + Send + 'static,
    ) {
        let mut args = self.begin();
        let (epoch, number) = parts(at);
        args.extend([epoch, number, write(audit)].map(String::into_bytes));
        args.push(self.age());
        args.extend(lasts());
        self.call("remove", self.0.keys.of(room), args, move |answer| {
            let parts =
                answer.and_then(|value| from_redis_value::<Vec<String>>(value).map_err(|_| Unavailable));
            done(parts.and_then(|parts| match &*parts {
                [] => Ok(None),
                parts => placed(parts).map(Some).ok_or(Unavailable),
            }));
        });
    }

    pub(super) fn newest_audits(&self, room: &RoomCode, most: usize, done: OnAudits) {
        let args = vec![bytes(most.min(MOST_AUDITS))];
        self.call("audits_of", vec![self.0.keys.room(room)], args, |answer| {
            let lines = answer.ok().and_then(|value| from_redis_value::<Vec<String>>(value).ok());
            done(lines.map(|lines| lines.iter().filter_map(|line| read(line)).collect()));
        });
    }
}

/// How long a policy is kept that nobody needs, how many lines of an audit log are, and for how long.
fn lasts() -> [Vec<u8>; 3] {
    [bytes(UNUSED.as_millis()), bytes(MOST_AUDITS), bytes(AUDIT_AGE.as_millis())]
}

impl Ruled {
    fn parse(value: Value, written: &str) -> Option<Self> {
        let parts: Vec<String> = from_redis_value(value).ok()?;
        match parts.split_first()? {
            (kind, rest) if kind == "holds" => placed(rest).map(Self::Holds),
            (kind, [_]) if kind == "in use" => Some(Self::InUse),
            // The call was carried out, and then sent again over another connection.
            (kind, [text, rest @ ..]) if kind == "stale" && text == written => placed(rest).map(Self::Holds),
            (kind, [text, ..]) if kind == "stale" => read_policy(text).ok().map(Self::Stale),
            _ => None,
        }
    }
}

/// A policy as Redis has it; nothing where there is none.
pub(super) fn read_policy(text: &str) -> Result<Option<Arc<Policy>>, Unavailable> {
    if text.is_empty() {
        return Ok(None);
    }
    let policy = Policy::read(text).inspect_err(|problem| tracing::error!("Redis: {problem}"));
    policy.map(|policy| Some(Arc::new(policy))).map_err(|_| Unavailable)
}

fn placed(parts: &[String]) -> Option<Placed> {
    let [epoch, last, at, seq] = parts else { return None };
    Some(Placed { position: position(epoch, last)?, at: time(number(at)?), seq: number(seq)? })
}

fn write(audit: &Audit) -> String {
    let Audit { at, by, deed, to, detail } = audit.clone();
    let line = Line { at: millis(at), by, deed: deed.as_str().into(), to, detail };
    // Texts and numbers only: there is always a JSON for them.
    serde_json::to_string(&line).unwrap_or_default()
}

fn read(text: &str) -> Option<Audit> {
    let Line { at, by, deed, to, detail } = serde_json::from_str(text).ok()?;
    Some(Audit { at: time(at), by, deed: deed.parse().ok()?, to, detail })
}

#[cfg(test)]
mod tests {
    use super::*;
    use alert_core::room::policy::Deed;

    #[test]
    fn given_a_line_then_it_is_read_as_it_was_written() {
        let (to, detail) = (Some("Bea \"é".into()), None);
        let audit = Audit { at: time(1_764_382_000_123), by: "Ada".into(), deed: Deed::Ban, to, detail };
        assert_eq!(read(&write(&audit)), Some(audit));
        assert_eq!(read("{}"), None);
    }
}
