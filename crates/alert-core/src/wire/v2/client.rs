//! The client's side: what a member of a room says, and what it reads from a server, as the texts of WebSocket frames.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use socketio_protocol::engine::Packet as EnginePacket;
use socketio_protocol::socket::{AckId, Arguments, Packet, decode, encode};
use socketio_protocol::text::{LossyString, lossy_string};

use super::{ALERT, CONFIRMED, ENTERED, GAP, HISTORY, JOIN, LEAVE, LEFT, MESSAGE, NAMESPACE, REMINDER, SEND};
use crate::names::{RoomCode, UserName};
use crate::position::Gap;
use crate::wire;
use crate::wire::client::{Complaint, Handshake, reason};
pub use crate::wire::client::{PacketProblem, pong};

mod alert;
#[cfg(test)]
mod tests;

pub use alert::{Alert, AlertNews, Confirmed, Reminder};

/// One packet from the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Incoming {
    /// Engine.IO's handshake.
    Open {
        /// Without a ping for this long the server is gone.
        silence: Duration,
        /// The longest frame that the server takes, in bytes.
        max_payload: usize,
    },
    /// A ping, with the data that the pong has to repeat.
    Ping(String),
    /// The server ends the connection.
    Close,
    /// It does not let us in, and says why.
    Refused(String),
    /// Somebody spoke.
    Message(Message),
    /// A person entered or left, in v1's words.
    Status(String),
    /// An alert is raised, changed or over.
    Alert(Box<AlertNews>),
    /// We have not confirmed an alert.
    Reminder(Reminder),
    /// We have confirmed an alert, here or elsewhere.
    Confirmed(Confirmed),
    /// Messages are missing here.
    Gap(Gap),
    /// The answer to the event with this id.
    Ack(u64, Answer),
    /// Anything that a member has no use for.
    Other,
}

/// A message, live or from the history.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Message {
    /// Where it stands in its room's history.
    pub position: String,
    /// Who spoke.
    #[serde(deserialize_with = "lossy_string")]
    pub name: String,
    /// What they said.
    #[serde(deserialize_with = "lossy_string")]
    pub msg: String,
    #[serde(default)]
    at: String,
}

/// What the ack of an event says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It was carried out.
    Done,
    /// `join` was.
    Joined(Joined),
    /// `history` was: messages, and whether there are more of them.
    Page {
        /// Oldest first.
        messages: Vec<Message>,
        /// What is missing before the first.
        gap: Option<Gap>,
        /// There are more.
        more: bool,
    },
    /// It was not, and why.
    Refused(String),
}

/// What the answer to `join` says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Joined {
    /// The names of the first people.
    pub members: Vec<String>,
    /// How many there are.
    pub count: usize,
    /// Live events come after this.
    pub position: String,
    /// What was said before.
    pub history: Vec<Message>,
    /// What is missing before the first.
    pub gap: Option<Gap>,
    /// There are more.
    pub more: bool,
    /// The alerts that are in force.
    pub state: Vec<Alert>,
}

#[derive(Deserialize)]
struct Person {
    #[serde(deserialize_with = "lossy_string")]
    name: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Ack {
    members: Vec<LossyString>,
    count: usize,
    position: String,
    history: Option<Vec<Message>>,
    messages: Option<Vec<Message>>,
    gap: Option<Missed>,
    more: bool,
    state: Vec<Alert>,
    error: Option<Complaint>,
}

#[derive(Deserialize)]
struct Missed {
    missed: Option<u64>,
}

impl Message {
    /// When it was said, by the server's clock.
    #[must_use]
    pub fn at(&self) -> Option<Timestamp> {
        self.at.parse().ok()
    }
}

impl Incoming {
    /// Reads the text of a frame.
    ///
    /// # Errors
    /// If no Socket.IO server sends that.
    pub fn read(text: &str) -> Result<Self, PacketProblem> {
        Ok(match EnginePacket::decode(text)? {
            EnginePacket::Open(json) => {
                let handshake: Handshake = serde_json::from_str(&json)?;
                Self::Open { silence: handshake.silence(), max_payload: handshake.max_payload }
            }
            EnginePacket::Ping(data) => Self::Ping(data.into_owned()),
            EnginePacket::Close => Self::Close,
            EnginePacket::Message(packet) => Self::socket(decode(&packet)?)?,
            _ => Self::Other,
        })
    }

    fn socket(packet: Packet<'_>) -> Result<Self, PacketProblem> {
        let person = |body: &RawValue| serde_json::from_str::<Person>(body.get()).map(|person| person.name);
        Ok(match packet {
            Packet::ConnectError { data, .. } => Self::Refused(reason(data)),
            Packet::Disconnect { .. } => Self::Close,
            Packet::Ack { id, args, .. } => Self::Ack(id.get(), answer(args.get(0))?),
            Packet::Event { name, args, .. } => match (&*name, args.get(0)) {
                (MESSAGE, Some(body)) => Self::Message(serde_json::from_str(body.get())?),
                (ENTERED, Some(body)) => Self::Status(format!("{} has entered the room.", person(body)?)),
                (LEFT, Some(body)) => Self::Status(format!("{} has left the room.", person(body)?)),
                (ALERT, Some(body)) => Self::Alert(serde_json::from_str(body.get())?),
                (REMINDER, Some(body)) => Self::Reminder(serde_json::from_str(body.get())?),
                (CONFIRMED, Some(body)) => Self::Confirmed(serde_json::from_str(body.get())?),
                (GAP, Some(body)) => {
                    let Missed { missed } = serde_json::from_str(body.get())?;
                    Self::Gap(Gap { missed })
                }
                _ => Self::Other,
            },
            Packet::Connect { .. } => Self::Other,
        })
    }
}

fn answer(argument: Option<&RawValue>) -> Result<Answer, PacketProblem> {
    let ack: Ack = argument.map(|json| serde_json::from_str(json.get())).transpose()?.unwrap_or_default();
    let gap = ack.gap.map(|gap| Gap { missed: gap.missed });
    let Ack { members, count, position, history, messages, more, state, error, .. } = ack;
    Ok(match (error, history, messages) {
        (Some(complaint), ..) => Answer::Refused(complaint.message),
        (None, Some(history), _) => {
            let members = members.into_iter().map(|LossyString(name)| name).collect();
            Answer::Joined(Joined { members, count, position, history, gap, more, state })
        }
        (None, None, Some(messages)) => Answer::Page { messages, gap, more },
        (None, None, None) => Answer::Done,
    })
}

/// Asks for the namespace.
#[must_use]
pub fn connect() -> String {
    wire::client::connect(NAMESPACE)
}

#[derive(Serialize)]
struct Body<'a> {
    room: &'a RoomCode,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a UserName>,
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    limit: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    msg: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    action: Option<&'a str>,
    /// Of an alert.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    answer: Option<&'a str>,
}

impl<'a> Body<'a> {
    fn of(room: &'a RoomCode) -> Self {
        Self {
            room,
            name: None,
            since: None,
            after: None,
            limit: None,
            msg: None,
            key: None,
            action: None,
            id: None,
            answer: None,
        }
    }
}

/// Enters a room, and asks for what was said since `since`.
#[must_use]
pub fn join(id: AckId, room: &RoomCode, name: &UserName, since: &str) -> String {
    event(id, JOIN, &Body { name: Some(name), since: Some(since), ..Body::of(room) })
}

/// Speaks. The same key is the same message.
#[must_use]
pub fn send(id: AckId, room: &RoomCode, msg: &str, key: &str) -> String {
    event(id, SEND, &Body { msg: Some(msg), key: Some(key), ..Body::of(room) })
}

/// Asks for what was said after a position.
#[must_use]
pub fn history(id: AckId, room: &RoomCode, after: &str) -> String {
    event(id, HISTORY, &Body { after: Some(after), limit: Some(super::MOST_MESSAGES), ..Body::of(room) })
}

/// Confirms an alert, perhaps with one of its answers.
#[must_use]
pub fn confirm(id: AckId, room: &RoomCode, alert: &str, answer: Option<&str>) -> String {
    event(id, ALERT, &Body { action: Some("confirm"), id: Some(alert), answer, ..Body::of(room) })
}

/// Says that a person sees an alert.
#[must_use]
pub fn shown(id: AckId, room: &RoomCode, alert: &str) -> String {
    event(id, ALERT, &Body { action: Some("shown"), id: Some(alert), ..Body::of(room) })
}

/// Leaves a room.
#[must_use]
pub fn leave(id: AckId, room: &RoomCode) -> String {
    event(id, LEAVE, &Body::of(room))
}

fn event(id: AckId, event: &str, body: &Body<'_>) -> String {
    #[expect(clippy::expect_used, reason = "a struct of strings always serializes")]
    let arguments = Arguments::new().json(body).expect("a struct of strings always serializes");
    encode::event(NAMESPACE, Some(id), event, &arguments).text
}
