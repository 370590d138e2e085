//! The answer to an event: the one argument of its ack.

use std::sync::Arc;
use std::time::SystemTime;

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};
use socketio_protocol::socket::encode::Arguments;

use super::{Shown, ShownPrepared, Whole};
use crate::access::{Right, Rights};
use crate::delivery::Delivery;
use crate::event::RoomEvent;
use crate::members::Members;
use crate::names::{RoomCode, UserName};
use crate::position::{Gap, Position};
use crate::room::alerts::{Alert, AlertId, AllPrepared, Ended, Proposed};
use crate::room::hooks::Hook;
use crate::room::policy::{Audit, HostKey, Policy};
use crate::room::roll_call::{Counts, Person, Roster};
use crate::wire::alert;
use crate::wire::bell::{ShownBell, ShownBells};
use crate::wire::history::{At, Messages};
use crate::wire::roll_call::{ShownCounts, ShownPerson};
use crate::wire::v1::Refusal;
use crate::wire::webhook::{ShownHook, Tested};

/// What became of an event.
#[derive(Clone, Debug)]
pub enum Answer {
    /// `leave` was carried out.
    Done,
    /// `join` was carried out.
    Joined(Box<Joined>),
    /// `send` was carried out.
    Said {
        /// Where the message stands.
        position: Position,
        /// When it was said.
        at: SystemTime,
        /// Whether it is on disk, and so survives whatever happens to the server.
        stored: bool,
    },
    /// `history`: a page of it.
    Page {
        /// The messages, oldest first.
        messages: Vec<Arc<RoomEvent>>,
        /// The next page begins after this.
        position: Position,
        /// What is missing before the first of them.
        gap: Option<Gap>,
        /// Whether there are more in the direction of reading.
        more: bool,
    },
    /// `members`.
    Members(Arc<Members>),
    /// `make`: the room, and the key of its host.
    Made(RoomCode, HostKey),
    /// `moderate`, where a policy comes of it.
    Policy(Arc<Policy>),
    /// The same, of what is done to a name: and whether somebody who is in the room is meant.
    Named(Arc<Policy>, bool),
    /// The same, and how many listen on this server.
    Shown(Arc<Policy>, usize),
    /// The same, with another key.
    NewKey(Arc<Policy>, HostKey),
    /// The same, with another code for the room.
    NewCode(RoomCode, Arc<Policy>),
    /// `moderate`: the newest lines of the audit log.
    Audit(Vec<Audit>),
    /// `alert`: one was raised or changed, and whether that is on disk.
    Alert(Box<Alert>, bool),
    /// `alert`: one has ended, and whether that is on disk.
    Ended(Box<Ended>, bool),
    /// `alert`: one waits to be released, and whether that is on disk.
    Proposed(Box<Proposed>, bool),
    /// `alert`: those that are in force; and, for whoever may release them, those that wait.
    Alerts(Vec<Alert>, Option<Vec<Proposed>>),
    /// `alert`: what is prepared.
    Prepared(AllPrepared),
    /// `bell`: those of the room, and whether there are more than an answer holds.
    Bells(Box<ShownBells>, bool),
    /// `bell`: one was set, or a day of it was.
    Bell(Box<ShownBell>),
    /// `webhook`: those of the room, and how far each has come.
    Hooks(Vec<(Hook, Delivery)>),
    /// `webhook`: one was made, and its secret as its receiver knows it.
    MadeHook(Box<Hook>, Box<str>),
    /// `webhook`: one has another secret.
    NewSecret(Box<str>),
    /// `webhook`: what became of a test.
    Tested(Tested),
    /// `time`: when the question came.
    Time {
        /// By the server's clock.
        received: SystemTime,
        /// When the answer goes.
        sent: SystemTime,
    },
    /// `alert`: somebody has confirmed one, and whether that is on disk.
    Confirmed(Box<(UserName, Person)>, bool),
    /// `alert`: who has confirmed one, and who has not.
    RollCall(RoomCode, Box<Rolled>),
    /// `alert`: who has not confirmed one.
    Missing(Arc<Rolled>),
    /// `alert`: who is expected in the room, as much of it as an answer holds.
    Roster(Listed),
    /// `push`: the public key that a browser subscribes with, in base64.
    PushKey(Box<str>),
    /// Nothing was done.
    Refused(Refusal),
}

/// Where a client is now.
#[derive(Clone, Debug)]
pub struct Joined {
    /// When it is there, by the server's clock.
    pub at: SystemTime,
    /// The room.
    pub room: RoomCode,
    /// Its name there; without one it only hears the room.
    pub name: Option<UserName>,
    /// The history goes up to here, and live events come after it.
    pub position: Position,
    /// Who is in the room.
    pub members: Arc<Members>,
    /// What was said before, oldest first.
    pub history: Vec<Arc<RoomEvent>>,
    /// What is missing before the first of these.
    pub gap: Option<Gap>,
    /// Whether there are more in the direction of reading.
    pub more: bool,
    /// What the client may do.
    pub rights: Rights,
    /// What the room's hosts have decided.
    pub policy: Option<Arc<Policy>>,
    /// The alerts that are in force.
    pub alerts: Vec<Alert>,
}

/// A part of a roll call.
#[derive(Clone, Debug)]
pub struct Rolled {
    /// Of which alert.
    pub id: AlertId,
    /// Of all people.
    pub counts: Counts,
    /// Some of them: who is missing comes first.
    pub people: Vec<(UserName, Person)>,
    /// Whether there are more behind those.
    pub more: bool,
}

/// A part of a room's roster.
#[derive(Clone, Debug)]
pub struct Listed {
    /// All of it.
    pub roster: Roster,
    /// So many names are passed over.
    pub skip: usize,
    /// Where it has just become another one: whether that is on disk.
    pub stored: Option<bool>,
    /// At most so many bytes of names come, and one name.
    pub most: usize,
}

/// A line of an audit log.
#[derive(Clone, Copy, Debug)]
pub struct AuditLine<'a>(pub &'a Audit);

impl Serialize for AuditLine<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Audit { at, by, deed, to, detail } = self.0;
        let mut line = serializer.serialize_struct("Audit", 5)?;
        line.serialize_field("at", &At(*at))?;
        line.serialize_field("by", by)?;
        line.serialize_field("action", deed.as_str())?;
        line.serialize_field("to", to)?;
        line.serialize_field("detail", detail)?;
        line.end()
    }
}

impl Answer {
    /// The ack's arguments.
    #[must_use]
    #[expect(
        clippy::expect_used,
        reason = "answers are strings, numbers and lists of them, which JSON can hold"
    )]
    pub fn arguments(&self) -> Arguments {
        Arguments::new().json(self).expect("an answer is JSON")
    }
}

impl Serialize for Answer {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut body = serializer.serialize_struct("Answer", 12)?;
        body.serialize_field("ok", &!matches!(self, Self::Refused(_)))?;
        match self {
            Self::Done => {}
            Self::Joined(joined) => joined.fields(&mut body)?,
            Self::Said { position, at, stored } => {
                body.serialize_field("id", &position.message_id())?;
                body.serialize_field("position", position)?;
                body.serialize_field("at", &At(*at))?;
                body.serialize_field("stored", stored)?;
            }
            Self::Page { messages, position, gap, more } => {
                body.serialize_field("messages", &Messages(messages))?;
                body.serialize_field("position", position)?;
                body.serialize_field("gap", gap)?;
                body.serialize_field("more", more)?;
            }
            Self::Members(members) => list(&mut body, members)?,
            Self::Made(room, key) => {
                body.serialize_field("room", room)?;
                body.serialize_field("host", key.as_str())?;
            }
            Self::Policy(policy) => body.serialize_field("policy", &Whole(policy))?,
            Self::Named(policy, is_here) => {
                body.serialize_field("policy", &Whole(policy))?;
                body.serialize_field("here", is_here)?;
            }
            Self::Shown(policy, listeners) => {
                body.serialize_field("policy", &Whole(policy))?;
                body.serialize_field("listeners", listeners)?;
            }
            Self::NewKey(policy, key) => {
                body.serialize_field("policy", &Whole(policy))?;
                body.serialize_field("host", key.as_str())?;
            }
            Self::NewCode(room, policy) => {
                body.serialize_field("room", room)?;
                body.serialize_field("policy", &Whole(policy))?;
            }
            Self::Audit(lines) => {
                let lines: Vec<_> = lines.iter().map(AuditLine).collect();
                body.serialize_field("audit", &lines)?;
            }
            Self::Alert(alert, stored) => {
                body.serialize_field("alert", &alert::Shown(alert))?;
                body.serialize_field("stored", stored)?;
            }
            Self::Ended(ended, stored) => {
                body.serialize_field("alert", &alert::ShownEnd(ended))?;
                body.serialize_field("stored", stored)?;
            }
            Self::Proposed(proposed, stored) => {
                body.serialize_field("alert", &alert::ShownProposal(proposed))?;
                body.serialize_field("stored", stored)?;
            }
            Self::Alerts(alerts, proposed) => {
                body.serialize_field("alerts", &alerts_of(alerts))?;
                if let Some(proposed) = proposed {
                    let proposed: Vec<_> = proposed.iter().map(alert::ShownProposal).collect();
                    body.serialize_field("proposed", &proposed)?;
                }
            }
            Self::Prepared(prepared) => {
                let prepared: Vec<_> = prepared.iter().map(ShownPrepared).collect();
                body.serialize_field("prepared", &prepared)?;
            }
            Self::Bells(all, more) => {
                all.fields(&mut body)?;
                body.serialize_field("more", more)?;
            }
            Self::Bell(bell) => body.serialize_field("bell", bell)?,
            Self::Hooks(hooks) => {
                let hooks: Vec<_> =
                    hooks.iter().map(|(hook, delivery)| ShownHook::new(hook, delivery)).collect();
                body.serialize_field("webhooks", &hooks)?;
            }
            Self::MadeHook(hook, secret) => {
                body.serialize_field("webhook", &ShownHook::new(hook, &Delivery::default()))?;
                body.serialize_field("secret", secret)?;
            }
            Self::NewSecret(secret) => body.serialize_field("secret", secret)?,
            Self::Tested(Tested { delivered, status, problem }) => {
                body.serialize_field("delivered", delivered)?;
                body.serialize_field("status", status)?;
                body.serialize_field("problem", problem)?;
            }
            Self::Time { received, sent } => {
                body.serialize_field("received", &At(*received))?;
                body.serialize_field("sent", &At(*sent))?;
            }
            Self::Confirmed(person, stored) => {
                body.serialize_field("person", &ShownPerson(&person.0, &person.1))?;
                body.serialize_field("stored", stored)?;
            }
            Self::RollCall(_, rolled) => rolled.fields(&mut body)?,
            Self::Missing(rolled) => rolled.fields(&mut body)?,
            Self::Roster(listed) => listed.fields(&mut body)?,
            Self::PushKey(key) => body.serialize_field("key", key)?,
            Self::Refused(refusal) => body.serialize_field("error", refusal)?,
        }
        body.end()
    }
}

impl Rolled {
    fn fields<S: SerializeStruct>(&self, body: &mut S) -> Result<(), S::Error> {
        body.serialize_field("id", &self.id)?;
        body.serialize_field("counts", &ShownCounts(&self.counts))?;
        let people: Vec<_> = self.people.iter().map(|(name, person)| ShownPerson(name, person)).collect();
        body.serialize_field("people", &people)?;
        body.serialize_field("more", &self.more)
    }
}

impl Listed {
    fn fields<S: SerializeStruct>(&self, body: &mut S) -> Result<(), S::Error> {
        let rest = self.roster.names().get(self.skip..).unwrap_or_default();
        let mut left = self.most;
        let mut fits = |name: &UserName| {
            let rest = left.checked_sub(name.as_str().len());
            left = rest.unwrap_or_default();
            rest.is_some()
        };
        let count = rest.iter().take_while(|name| fits(name)).count().max(1).min(rest.len());
        body.serialize_field("names", &rest[..count])?;
        body.serialize_field("more", &(count < rest.len()))?;
        match &self.stored {
            Some(stored) => body.serialize_field("stored", stored),
            None => Ok(()),
        }
    }
}

impl Joined {
    fn fields<S: SerializeStruct>(&self, body: &mut S) -> Result<(), S::Error> {
        body.serialize_field("room", &self.room)?;
        body.serialize_field("name", &self.name)?;
        body.serialize_field("at", &At(self.at))?;
        body.serialize_field("position", &self.position)?;
        list(body, &self.members)?;
        body.serialize_field("history", &Messages(&self.history))?;
        body.serialize_field("gap", &self.gap)?;
        body.serialize_field("more", &self.more)?;
        let can: Vec<&str> = self.rights.iter().map(Right::as_str).collect();
        body.serialize_field("can", &can)?;
        if let Some(policy) = &self.policy {
            body.serialize_field("policy", &Shown(policy))?;
        }
        body.serialize_field("state", &alerts_of(&self.alerts))
    }
}

fn alerts_of(alerts: &[Alert]) -> Vec<alert::Shown<'_>> {
    alerts.iter().map(alert::Shown).collect()
}

fn list<S: SerializeStruct>(body: &mut S, members: &Members) -> Result<(), S::Error> {
    body.serialize_field("members", members.json())?;
    body.serialize_field("count", &members.count())
}
