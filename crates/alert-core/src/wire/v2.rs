//! The v2 protocol: events with keys for retries, positions, history. Text in, types out; no I/O.
//!
//! Client events come in through [`ClientEvent::parse`]; each is answered with an [`Answer`]. What happens in a room
//! goes out through [`packet`]. Codes, limits and cleaning are v1's.

mod alert_fields;
mod alerting;
mod answer;
mod belling;
pub mod client;
mod client_event;
mod event;
mod hooking;
mod moderate;
mod policy;
mod preparing;
mod pushing;
mod recounting;
mod refusal;
mod rolling;

pub use alerting::{Alerting, Changes, Raise, Wording, ending, read_id};
pub use answer::{Answer, AuditLine, Joined, Listed, Rolled};
pub use belling::Belling;
pub use client_event::{
    AlertAction, BellAction, ClientEvent, Hand, History, HookAction, Join, Make, Moderate, Push, Send, Start,
};
pub(super) use event::extra;
pub use event::{confirmed, error, packet, put_out, roll_call};
pub use hooking::Hooking;
pub(super) use moderate::shown_password;
pub use moderate::{Moderation, Settings};
pub(super) use policy::size as policy_size;
pub use policy::{Shown, Whole};
pub use preparing::{ShownPrepared, all_prepared, prepared, title};
pub use pushing::Pushing;
pub use recounting::{Recounting, When};
pub use rolling::{Rolling, Rostering, confirm, read_roster};

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
/// Event: a client makes a room, and becomes its host.
pub const MAKE: &str = "make";
/// Event: a host does something.
pub const MODERATE: &str = "moderate";
/// Event: a person raises a hand, or lowers it.
pub const HAND: &str = "hand";
/// Event: somebody does something with an alert; and what has become of one.
pub const ALERT: &str = "alert";
/// Event: somebody does something with the bells of a room.
pub const BELL: &str = "bell";
/// Event: a host does something with the webhooks of a room.
pub const WEBHOOK: &str = "webhook";
/// Event: a client wants a device to be told of alerts while its page is closed.
pub const PUSH: &str = "push";
/// Event: a client asks what time it is for the server; and that the server's clock was set.
pub const TIME: &str = "time";
/// Event: how far an alert has come, for hosts.
pub const ROLL_CALL: &str = "roll_call";
/// Event: whoever has the connection has not confirmed an alert, and is reminded of it.
pub const REMINDER: &str = "reminder";
/// Event: whoever has the connection has confirmed an alert, perhaps on another one.
pub const CONFIRMED: &str = "confirmed";
/// Event: somebody spoke.
pub const MESSAGE: &str = "message";
/// Event: a person entered a room.
pub const ENTERED: &str = "entered";
/// Event: a person is no longer in a room.
pub const LEFT: &str = "left";
/// Event: a message has been removed.
pub const REMOVED: &str = "removed";
/// Event: the room's hosts have decided something.
pub const POLICY: &str = "policy";
/// Event: a host has put the client out of a room.
pub const PUT_OUT: &str = "put_out";
/// Event: messages are missing here.
pub const GAP: &str = "gap";
/// Event: the client's own event was refused, and it had asked for no ack.
pub const ERROR: &str = "error";

/// The most messages in one answer.
pub const MOST_MESSAGES: usize = 200;
/// The most rooms that one socket may be in.
pub const MOST_ROOMS: usize = 64;
/// The most people in one answer.
pub const MOST_NAMED: usize = 1000;
/// The longest `key`, in bytes of UTF-8.
pub const MOST_KEY_BYTES: usize = 255;

#[cfg(test)]
mod tests;
