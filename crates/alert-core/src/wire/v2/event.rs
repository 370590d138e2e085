//! What the server tells its clients: each event of a room as a packet, rendered once for all who hear it.

use serde::Serialize;
use socketio_protocol::socket::encode::{self, Rendered};

use super::{ENTERED, ERROR, LEFT, MESSAGE, NAMESPACE};
use crate::event::{RoomEvent, What};
use crate::names::{RoomCode, UserName};
use crate::wire::history::{At, Message};
use crate::wire::json_size;
use crate::wire::v1::Refusal;

/// Something that happened, with its room.
#[derive(Serialize)]
struct Payload<'a, T> {
    room: &'a RoomCode,
    #[serde(flatten)]
    what: T,
}

/// A person came or went.
#[derive(Serialize)]
struct Person<'a> {
    name: &'a UserName,
    at: At,
    /// How many there are now.
    count: usize,
}

/// What happened in a room, as a packet.
#[must_use]
pub fn packet(room: &RoomCode, event: &RoomEvent) -> Rendered {
    let person = |name, count| Person { name, at: At(event.at), count };
    match &event.what {
        What::Said { name, text } => {
            render(MESSAGE, room, Message::of(event), name.as_str().len() + text.len())
        }
        What::Entered { name, count } => render(ENTERED, room, person(name, *count), name.as_str().len()),
        What::Left { name, count } => render(LEFT, room, person(name, *count), name.as_str().len()),
    }
}

#[expect(clippy::expect_used, reason = "a payload is strings and numbers, which JSON can hold")]
fn render(event: &str, room: &RoomCode, what: impl Serialize, length: usize) -> Rendered {
    let length = extra(room) + length;
    encode::event_of(NAMESPACE, event, &Payload { room, what }, length).expect("a payload is JSON")
}

/// What was wrong, for the sender alone, if it asked for no ack.
#[must_use]
#[expect(clippy::expect_used, reason = "a refusal is strings, which JSON can hold")]
pub fn error(refusal: &Refusal) -> Rendered {
    encode::event_of(NAMESPACE, ERROR, refusal, refusal.message().len() + 40).expect("a refusal is JSON")
}

/// By how many bytes an event in `room` can be longer than [`crate::wire::size`] says.
pub(in crate::wire) fn extra(room: &RoomCode) -> usize {
    /// An id, a position and a time.
    const AROUND: usize = 100;
    AROUND + json_size(room.as_str())
}
