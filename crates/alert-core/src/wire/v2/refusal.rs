//! What v2 refuses in its own words. Everything else is v1's.

use super::{MOST_KEY_BYTES, MOST_ROOMS};
use crate::since::NotSince;
use crate::wire::v1::{ErrorCode, Refusal};

impl Refusal {
    /// The socket is not in the room.
    #[must_use]
    pub fn not_in_room() -> Self {
        Self::new(ErrorCode::NotJoined, "join the room first.")
    }

    /// A message to a room that the socket is not in has no name.
    #[must_use]
    pub fn not_in_room_and_no_name() -> Self {
        Self::new(ErrorCode::NotJoined, "join the room first, or send a name with the message.")
    }

    /// A socket is in as many rooms as it may be in.
    #[must_use]
    pub fn in_too_many_rooms() -> Self {
        let message = format!("a connection may be in {MOST_ROOMS} rooms; leave one first.");
        Self::new(ErrorCode::InTooManyRooms, message)
    }

    /// A key came with another message before.
    #[must_use]
    pub fn key_reused() -> Self {
        let message = "this key came with another message; give every message a key of its own.";
        Self::new(ErrorCode::KeyReused, message)
    }

    /// The history cannot be read.
    #[must_use]
    pub fn history_unavailable() -> Self {
        Self::new(ErrorCode::HistoryUnavailable, "the history cannot be read at the moment; try again later.")
    }

    /// Nobody has said whom push services may write to.
    #[must_use]
    pub fn push_off() -> Self {
        let message = "this server sends no Web Push; whoever runs it turns it on with web_push_contact.";
        Self::new(ErrorCode::PushOff, message)
    }

    /// There are as many devices as there may be.
    #[must_use]
    pub fn push_full() -> Self {
        let message = "as many devices are told of alerts as may be; try again when others have gone.";
        Self::new(ErrorCode::PushFull, message)
    }

    pub(super) fn unknown_v2_event() -> Self {
        let message = "there is no such event; send join, send, history, members, leave, make, moderate, hand, alert, bell, webhook, push or time.";
        Self::new(ErrorCode::UnknownEvent, message)
    }

    pub(super) fn since_invalid() -> Self {
        Self::invalid_body(format!("since {NotSince}."))
    }

    pub(super) fn position_invalid(key: &str) -> Self {
        Self::invalid_body(format!("{key} must be a position that the server gave."))
    }

    pub(super) fn before_and_after() -> Self {
        Self::invalid_body("send before or after, not both.")
    }

    pub(super) fn limit_invalid() -> Self {
        Self::invalid_body("limit must be a whole number from 1.")
    }

    pub(super) fn key_invalid() -> Self {
        Self::invalid_body(format!("key must be a string of 1 to {MOST_KEY_BYTES} bytes."))
    }
}
