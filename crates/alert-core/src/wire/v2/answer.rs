//! The answer to an event: the one argument of its ack.

use std::sync::Arc;
use std::time::SystemTime;

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};
use socketio_protocol::socket::encode::Arguments;

use crate::access::Rights;
use crate::event::RoomEvent;
use crate::members::Members;
use crate::names::{RoomCode, UserName};
use crate::position::{Gap, Position};
use crate::wire::history::{At, Messages};
use crate::wire::v1::Refusal;

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
    /// Nothing was done.
    Refused(Refusal),
}

/// Where a client is now.
#[derive(Clone, Debug)]
pub struct Joined {
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
            Self::Refused(refusal) => body.serialize_field("error", refusal)?,
        }
        body.end()
    }
}

impl Joined {
    fn fields<S: SerializeStruct>(&self, body: &mut S) -> Result<(), S::Error> {
        const NONE: [(); 0] = [];
        body.serialize_field("room", &self.room)?;
        body.serialize_field("name", &self.name)?;
        body.serialize_field("position", &self.position)?;
        list(body, &self.members)?;
        body.serialize_field("history", &Messages(&self.history))?;
        body.serialize_field("gap", &self.gap)?;
        body.serialize_field("more", &self.more)?;
        let Rights { read, speak, .. } = self.rights;
        let can: Vec<&str> =
            [(read, "read"), (speak, "speak")].iter().filter(|(may, _)| *may).map(|(_, can)| *can).collect();
        body.serialize_field("can", &can)?;
        // Reserved for alerts that are in force, once there are any.
        body.serialize_field("state", &NONE)
    }
}

fn list<S: SerializeStruct>(body: &mut S, members: &Members) -> Result<(), S::Error> {
    body.serialize_field("members", members.json())?;
    body.serialize_field("count", &members.count())
}
