//! The answer to an event whose sender asked for one.

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};
use socketio_protocol::socket::encode::Arguments;

use super::{Refusal, arguments};
use crate::names::{RoomCode, UserName};

/// How many names the ack of `joined` lists at most; its `count` is always the whole.
pub const ACK_MEMBERS_MAX: usize = 1_000;

/// The one argument of an ack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AckBody {
    /// `text` or `left` was carried out: `{"ok":true}`.
    Done,
    /// `joined` was carried out: `{"ok":true,"room":...,"members":[...],"count":...}`.
    Joined {
        /// Where the client is now.
        room: RoomCode,
        /// The first [`ACK_MEMBERS_MAX`] people in the room, in the order in which they entered.
        members: Vec<UserName>,
        /// How many people there are in all.
        count: usize,
    },
    /// Nothing was done: `{"ok":false,"error":{"code":...,"message":...}}`.
    Refused(Refusal),
}

impl AckBody {
    /// The ack's arguments.
    #[must_use]
    pub fn arguments(&self) -> Arguments {
        arguments(self)
    }
}

impl Serialize for AckBody {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut body = serializer.serialize_struct("AckBody", 4)?;
        body.serialize_field("ok", &!matches!(self, Self::Refused(_)))?;
        match self {
            Self::Done => {}
            Self::Joined { room, members, count } => {
                body.serialize_field("room", room)?;
                body.serialize_field("members", members)?;
                body.serialize_field("count", count)?;
            }
            Self::Refused(refusal) => body.serialize_field("error", refusal)?,
        }
        body.end()
    }
}
