//! The v1 protocol: every type, event name and string that a v1 client sees. Text in, types out; no I/O.
//!
//! Client events come in through [`ClientEvent::parse`]; [`Notice`] and [`AckBody`] go out, and a [`Refusal`] as either
//! of them.

use serde::Serialize;
use socketio_protocol::socket::encode::Arguments;

mod ack;
mod client_event;
mod notice;
mod refusal;

pub use ack::AckBody;
pub use client_event::{ClientEvent, Joined, Left, Speaker, Text};
pub use notice::{Away, Msg, Notice};
pub use refusal::{ErrorCode, Refusal};

/// The namespace of v1, the only one.
pub const NAMESPACE: &str = "/";

/// Event: a client enters a room.
pub const JOINED: &str = "joined";
/// Event: a client speaks.
pub const TEXT: &str = "text";
/// Event: a client leaves its room.
pub const LEFT: &str = "left";
/// Event: the server says who entered and left, and what was wrong with an event.
pub const STATUS: &str = "status";
/// Event: somebody in the room spoke.
pub const MESSAGE: &str = "message";

/// A body as the one argument of an event or an ack.
#[expect(
    clippy::expect_used,
    reason = "our bodies are strings, numbers and lists of them, which JSON can hold"
)]
fn arguments(body: &impl Serialize) -> Arguments {
    Arguments::new().json(body).expect("a body of ours is JSON")
}

/// How long names, room codes and messages may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Longest name, in Unicode scalar values after cleaning.
    pub name_chars: usize,
    /// Longest room code, in Unicode scalar values after cleaning.
    pub room_chars: usize,
    /// Longest `msg`, in bytes of UTF-8.
    pub msg_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { name_chars: 64, room_chars: 128, msg_bytes: 16_384 }
    }
}

#[cfg(test)]
mod tests;
