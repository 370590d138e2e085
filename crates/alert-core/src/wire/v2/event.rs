//! What the server tells: each event of a room as a packet, rendered once for all who hear it.

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};
use socketio_protocol::socket::encode::{self, Rendered};

use super::{ENTERED, ERROR, LEFT, MESSAGE, NAMESPACE};
use crate::event::{RoomEvent, What};
use crate::names::RoomCode;
use crate::wire::json_size;
use crate::wire::message::{At, fields};
use crate::wire::v1::Refusal;

/// What happened, with the room in which it did.
struct Payload<'a> {
    room: &'a RoomCode,
    event: &'a RoomEvent,
}

/// What happened in a room, as a packet.
#[must_use]
#[expect(clippy::expect_used, reason = "a payload is strings and numbers, which JSON can hold")]
pub fn packet(room: &RoomCode, event: &RoomEvent) -> Rendered {
    let (name, text, kind) = match &event.what {
        What::Said { name, text } => (name, &**text, MESSAGE),
        What::Entered { name, .. } => (name, "", ENTERED),
        What::Left { name, .. } => (name, "", LEFT),
    };
    let length = extra(room) + name.as_str().len() + text.len();
    encode::event_of(NAMESPACE, kind, &Payload { room, event }, length).expect("a payload is JSON")
}

/// What was wrong, for the sender alone, where it asked for no ack.
#[must_use]
#[expect(clippy::expect_used, reason = "a refusal is strings, which JSON can hold")]
pub fn error(refusal: &Refusal) -> Rendered {
    encode::event_of(NAMESPACE, ERROR, refusal, refusal.message().len() + 40).expect("a refusal is JSON")
}

/// How many bytes more than [`crate::wire::size`] an event in `room` has at most.
pub(in crate::wire) fn extra(room: &RoomCode) -> usize {
    /// An id, a position and a time.
    const AROUND: usize = 100;
    AROUND + json_size(room.as_str())
}

impl Serialize for Payload<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let RoomEvent { at, position, what } = self.event;
        let mut object = serializer.serialize_struct("Payload", 6)?;
        object.serialize_field("room", self.room)?;
        match what {
            What::Said { name, text } => fields(&mut object, (*at, *position), name.as_str(), text)?,
            What::Entered { name, count } | What::Left { name, count } => {
                object.serialize_field("name", name)?;
                object.serialize_field("at", &At(*at))?;
                object.serialize_field("count", count)?;
            }
        }
        object.end()
    }
}
