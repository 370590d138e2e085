//! The client's side: what a member of a room says, and what it reads of a server, as texts of WebSocket frames.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use socketio_protocol::socket::{AckId, Arguments, Packet, encode};
use socketio_protocol::text::{LossyString, lossy_string};

use super::{JOINED, LEFT, MESSAGE, NAMESPACE, STATUS, TEXT};
use crate::names::{RoomCode, UserName};
use crate::wire::client::{Complaint, Frame, reason};
pub use crate::wire::client::{PacketProblem, pong};

#[cfg(test)]
mod tests;

/// One packet from the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Incoming {
    /// Engine.IO's handshake.
    Open {
        /// Without a ping for this long the server is gone.
        silence: Duration,
        /// The longest frame that it takes, in bytes.
        max_payload: usize,
    },
    /// A ping, with what the pong has to repeat.
    Ping(String),
    /// The server ends the connection.
    Close,
    /// It lets nobody in, and says why.
    Refused(String),
    /// The event `message`.
    Message(String),
    /// The event `status`.
    Status(String),
    /// The answer to the event with this id.
    Ack(u64, Answer),
    /// What a member has no use for.
    Other,
}

/// What the ack of an event says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It was carried out.
    Done,
    /// `joined` was, and these are in the room: the first of them by name, and how many in all.
    Joined { members: Vec<String>, count: usize },
    /// It was not, and why.
    Refused(String),
}

#[derive(Deserialize)]
struct Notice {
    #[serde(deserialize_with = "lossy_string")]
    msg: String,
}

/// The argument of an ack. Servers before Alert acknowledge without an argument, or with another: that counts as a yes.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Ack {
    members: Option<Vec<LossyString>>,
    count: Option<usize>,
    error: Option<Complaint>,
}

impl Incoming {
    /// Reads the text of a frame.
    ///
    /// # Errors
    /// When no server of Socket.IO sends that.
    pub fn read(text: &str) -> Result<Self, PacketProblem> {
        Ok(match Frame::read(text, Self::socket)? {
            Frame::Open { silence, max_payload } => Self::Open { silence, max_payload },
            Frame::Ping(data) => Self::Ping(data),
            Frame::Close => Self::Close,
            Frame::Socket(incoming) => incoming,
            Frame::Other => Self::Other,
        })
    }

    fn socket(packet: Packet<'_>) -> Result<Self, PacketProblem> {
        Ok(match packet {
            Packet::ConnectError { data, .. } => Self::Refused(reason(data)),
            Packet::Disconnect { .. } => Self::Close,
            Packet::Ack { id, args, .. } => Self::Ack(id.get(), answer(args.get(0))),
            Packet::Event { name, args, .. } => match (&*name, args.get(0)) {
                (MESSAGE, Some(body)) => Self::Message(serde_json::from_str::<Notice>(body.get())?.msg),
                (STATUS, Some(body)) => Self::Status(serde_json::from_str::<Notice>(body.get())?.msg),
                _ => Self::Other,
            },
            Packet::Connect { .. } => Self::Other,
        })
    }
}

fn answer(argument: Option<&RawValue>) -> Answer {
    let ack: Ack = argument.and_then(|json| serde_json::from_str(json.get()).ok()).unwrap_or_default();
    match ack {
        Ack { error: Some(complaint), .. } => Answer::Refused(complaint.message),
        Ack { members: Some(members), count, .. } => {
            let count = count.unwrap_or(members.len());
            Answer::Joined { members: members.into_iter().map(|LossyString(name)| name).collect(), count }
        }
        _ => Answer::Done,
    }
}

/// Asks for the namespace.
#[must_use]
pub fn connect() -> String {
    encode::connect_request(NAMESPACE, None).text
}

#[derive(Serialize)]
struct Body<'a> {
    name: &'a UserName,
    headless: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    room: Option<&'a RoomCode>,
    #[serde(skip_serializing_if = "Option::is_none")]
    msg: Option<&'a str>,
}

/// Enters a room.
#[must_use]
pub fn joined(id: AckId, name: &UserName, room: &RoomCode) -> String {
    event(id, JOINED, &Body { name, headless: true, room: Some(room), msg: None })
}

/// Speaks.
#[must_use]
pub fn text(id: AckId, name: &UserName, msg: &str) -> String {
    event(id, TEXT, &Body { name, headless: true, room: None, msg: Some(msg) })
}

/// Leaves the room.
#[must_use]
pub fn left(id: AckId, name: &UserName) -> String {
    event(id, LEFT, &Body { name, headless: true, room: None, msg: None })
}

fn event(id: AckId, event: &str, body: &Body<'_>) -> String {
    #[expect(clippy::expect_used, reason = "a struct of strings always serializes")]
    let arguments = Arguments::new().json(body).expect("a struct of strings always serializes");
    encode::event(NAMESPACE, Some(id), event, &arguments).text
}
