//! Why an event was not carried out, as a code for programs and a sentence for people.

use std::time::Duration;

use serde::{Serialize, Serializer};

use crate::access::Denied;
use crate::names::NameError;

/// What was wrong, for programs. A code, once given, keeps its meaning.
///
/// The contract also has `msg_invalid`; nothing causes it, because a `msg` that is neither empty nor too long is
/// passed on untouched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorCode {
    /// The body is not a JSON object, holds binary, or a key that counts has the wrong type.
    InvalidBody,
    /// `name` is missing or empty.
    NameRequired,
    /// `name` holds control characters.
    NameInvalid,
    /// `name` is over its limit.
    NameTooLong,
    /// `room` is missing or empty.
    RoomRequired,
    /// `room` holds control characters.
    RoomInvalid,
    /// `room` is over its limit.
    RoomTooLong,
    /// `msg` is missing or empty.
    MsgRequired,
    /// `msg` is over its limit.
    MsgTooLong,
    /// An event in a room before entering it.
    NotJoined,
    /// `joined` without `headless` and without a web session for that room.
    NotLoggedIn,
    /// An event that the protocol does not have.
    UnknownEvent,
    /// `joined` to more different rooms than one address may name.
    TooManyRooms,
    /// `joined` more often than one address may.
    TooManyJoins,
    /// The room would be one more than the server may have.
    ServerFull,
    /// The person would be one more than the room may have.
    RoomFull,
    /// v2: the room would be one more than a connection may be in.
    InTooManyRooms,
    /// v2: a `key` came with another message before.
    KeyReused,
    /// v2: the history cannot be read.
    HistoryUnavailable,
}

impl ErrorCode {
    /// The code as clients see it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InvalidBody => "invalid_body",
            Self::NameRequired => "name_required",
            Self::NameInvalid => "name_invalid",
            Self::NameTooLong => "name_too_long",
            Self::RoomRequired => "room_required",
            Self::RoomInvalid => "room_invalid",
            Self::RoomTooLong => "room_too_long",
            Self::MsgRequired => "msg_required",
            Self::MsgTooLong => "msg_too_long",
            Self::NotJoined => "not_joined",
            Self::NotLoggedIn => "not_logged_in",
            Self::UnknownEvent => "unknown_event",
            Self::TooManyRooms => "too_many_rooms",
            Self::TooManyJoins => "too_many_joins",
            Self::ServerFull => "server_full",
            Self::RoomFull => "room_full",
            Self::InTooManyRooms => "in_too_many_rooms",
            Self::KeyReused => "key_reused",
            Self::HistoryUnavailable => "history_unavailable",
        }
    }
}

impl Serialize for ErrorCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// An event that was not carried out. It serializes as the `error` of an ack.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("{message}")]
pub struct Refusal {
    code: ErrorCode,
    message: String,
}

impl Refusal {
    /// What was wrong, for programs.
    #[must_use]
    pub fn code(&self) -> ErrorCode {
        self.code
    }

    /// What was wrong and what to do: one sentence, for people. It repeats nothing that the client sent.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// `text` or `left` came before `joined`.
    #[must_use]
    pub fn not_joined() -> Self {
        Self::new(ErrorCode::NotJoined, "send joined first.")
    }

    /// `joined` came without `headless`, and no web session holds a name for that room.
    #[must_use]
    pub fn not_logged_in() -> Self {
        let message = "log in on the web page first, or send headless true with a name and a room.";
        Self::new(ErrorCode::NotLoggedIn, message)
    }

    /// Too many different rooms were named.
    #[must_use]
    pub fn too_many_rooms(wait: Duration) -> Self {
        let wait = whole_seconds(wait);
        let message = format!("too many different rooms were named from your address; wait {wait} s.");
        Self::new(ErrorCode::TooManyRooms, message)
    }

    /// Too many people entered.
    #[must_use]
    pub fn too_many_joins(wait: Duration) -> Self {
        let wait = whole_seconds(wait);
        let message = format!("too many people enter rooms from your address; wait {wait} s.");
        Self::new(ErrorCode::TooManyJoins, message)
    }

    /// There are as many rooms as there may be.
    #[must_use]
    pub fn server_full() -> Self {
        Self::new(ErrorCode::ServerFull, "this server has as many rooms as it may have; try again later.")
    }

    /// There are as many people in the room as there may be.
    #[must_use]
    pub fn room_full(max: usize) -> Self {
        Self::new(ErrorCode::RoomFull, format!("this room is full: it may hold {max} people."))
    }

    pub(in crate::wire) fn unknown_event() -> Self {
        Self::new(ErrorCode::UnknownEvent, "there is no such event; send joined, text or left.")
    }

    pub(in crate::wire) fn invalid_body(message: impl Into<String>) -> Self {
        Self::new(ErrorCode::InvalidBody, message)
    }

    /// A text cannot be the name of a person.
    #[must_use]
    pub fn name(error: NameError) -> Self {
        let code = match error {
            NameError::Empty => ErrorCode::NameRequired,
            NameError::Control => ErrorCode::NameInvalid,
            NameError::TooLong { .. } => ErrorCode::NameTooLong,
        };
        Self::new(code, format!("name {error}."))
    }

    /// A text cannot be the code of a room.
    #[must_use]
    pub fn room(error: NameError) -> Self {
        let code = match error {
            NameError::Empty => ErrorCode::RoomRequired,
            NameError::Control => ErrorCode::RoomInvalid,
            NameError::TooLong { .. } => ErrorCode::RoomTooLong,
        };
        Self::new(code, format!("room {error}."))
    }

    pub(in crate::wire) fn msg_required() -> Self {
        Self::new(ErrorCode::MsgRequired, "msg is required.")
    }

    pub(in crate::wire) fn msg_too_long(max: usize) -> Self {
        Self::new(ErrorCode::MsgTooLong, format!("msg is longer than {max} bytes."))
    }

    pub(in crate::wire) fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }
}

/// Rounded up, so that whoever waits for them does not come too early.
fn whole_seconds(wait: Duration) -> u64 {
    (wait.as_secs() + u64::from(wait.subsec_nanos() > 0)).max(1)
}

/// v1 itself has no rights: whoever may not do something needs a credential that may.
impl From<Denied> for Refusal {
    fn from(_: Denied) -> Self {
        Self::not_logged_in()
    }
}
