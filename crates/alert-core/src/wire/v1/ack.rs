//! The answer to an event whose sender asked for one.

use std::sync::Arc;

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};
use socketio_protocol::socket::encode::Arguments;

use super::{Refusal, arguments};
use crate::members::Members;
use crate::names::RoomCode;

/// The one argument of an ack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AckBody {
    /// `text` or `left` was carried out: `{"ok":true}`.
    Done,
    /// `text` was carried out, and the server could not keep it for those who are away: `{"ok":true,"stored":false}`.
    NotStored,
    /// `joined` was carried out: `{"ok":true,"room":...,"members":[...],"count":...}`.
    Joined {
        /// Where the client is now.
        room: RoomCode,
        /// Who is in the room: the first [`Members::MOST`].
        members: Arc<Members>,
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
            Self::NotStored => body.serialize_field("stored", &false)?,
            Self::Joined { room, members } => {
                body.serialize_field("room", room)?;
                body.serialize_field("members", members.json())?;
                body.serialize_field("count", &members.count())?;
            }
            Self::Refused(refusal) => body.serialize_field("error", refusal)?,
        }
        body.end()
    }
}
