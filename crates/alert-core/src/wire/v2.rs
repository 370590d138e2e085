//! The v2 protocol: events with keys for retries, positions, history. Text in, types out; no I/O.
//!
//! Client events come in through [`ClientEvent::parse`]; each is answered with an [`Answer`]. What happens in a room
//! goes out through [`packet`]. Codes, limits and cleaning are v1's.

mod answer;
pub mod client;
mod client_event;
mod event;
mod refusal;

pub use answer::{Answer, Joined};
pub use client_event::{ClientEvent, History, Join, Send, Start};
pub(super) use event::extra;
pub use event::{error, packet};

/// The namespace of v2.
pub const NAMESPACE: &str = "/v2";

/// Event: a client enters a room, or hears it.
pub const JOIN: &str = "join";
/// Event: a client speaks.
pub const SEND: &str = "send";
/// Event: a client wants what was said before.
pub const HISTORY: &str = "history";
/// Event: a client asks who is in a room.
pub const MEMBERS: &str = "members";
/// Event: a client leaves a room.
pub const LEAVE: &str = "leave";
/// Event: somebody spoke.
pub const MESSAGE: &str = "message";
/// Event: a person entered a room.
pub const ENTERED: &str = "entered";
/// Event: a person is no longer in a room.
pub const LEFT: &str = "left";
/// Event: the client's own event was refused, and it had asked for no ack.
pub const ERROR: &str = "error";

/// The most messages in one answer.
pub const MOST_MESSAGES: usize = 200;
/// The most rooms that one socket may be in.
pub const MOST_ROOMS: usize = 64;
/// The longest `key`, in bytes of UTF-8.
pub const MOST_KEY_BYTES: usize = 255;

#[cfg(test)]
mod tests;
