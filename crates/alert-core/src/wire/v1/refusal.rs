//! Why an event was not carried out, as a code for programs and a sentence for people.

use std::time::Duration;

use serde::{Serialize, Serializer};

use crate::access::Denied;
use crate::names::NameError;
use crate::room::policy::{Forbidden, NotDone};
use crate::wire::history::At;

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
    /// A right is missing, or the token that gave it has ended.
    NotAllowed,
    /// v2: the room to be made is in use.
    RoomInUse,
    /// v2: there is no such message.
    NoSuchMessage,
    /// There is no such alert.
    NoSuchAlert,
    /// There is no such bell.
    NoSuchBell,
    /// There is no such webhook.
    NoSuchWebhook,
    /// v2: nobody in the room has this name.
    NoSuchPerson,
    /// The room has a password, which was not shown, or another one.
    PasswordRequired,
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
    /// v2: this server sends no Web Push.
    PushOff,
    /// v2: there are as many devices as this server tells.
    PushFull,
    /// The store that the nodes share does not answer.
    Unavailable,
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
            Self::NotAllowed => "not_allowed",
            Self::PasswordRequired => "password_required",
            Self::RoomInUse => "room_in_use",
            Self::NoSuchMessage => "no_such_message",
            Self::NoSuchAlert => "no_such_alert",
            Self::NoSuchBell => "no_such_bell",
            Self::NoSuchWebhook => "no_such_webhook",
            Self::NoSuchPerson => "no_such_person",
            Self::UnknownEvent => "unknown_event",
            Self::TooManyRooms => "too_many_rooms",
            Self::TooManyJoins => "too_many_joins",
            Self::ServerFull => "server_full",
            Self::RoomFull => "room_full",
            Self::InTooManyRooms => "in_too_many_rooms",
            Self::KeyReused => "key_reused",
            Self::HistoryUnavailable => "history_unavailable",
            Self::PushOff => "push_off",
            Self::PushFull => "push_full",
            Self::Unavailable => "unavailable",
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
    /// What exactly a room's hosts do not allow, and for how long.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    rule: Option<Rule>,
    /// Which of several names is meant, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    number: Option<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
struct Rule {
    reason: &'static str,
    /// Seconds, where waiting is all that it takes.
    #[serde(skip_serializing_if = "Option::is_none")]
    wait: Option<u64>,
    /// When it ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<At>,
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

    /// The same, with what a program may say in its own words.
    #[must_use]
    pub fn because(mut self, reason: &'static str) -> Self {
        self.rule = Some(Rule { reason, wait: None, until: None });
        self
    }

    /// The same, of the room that an alert is to be passed on to.
    #[must_use]
    pub fn of_other_room(mut self) -> Self {
        self.message = format!("escalate_to takes a room where you may speak, and there: {}", self.message);
        self
    }

    /// The same, of one name on a list: the so many-th, from 1.
    #[must_use]
    pub fn of_name(mut self, number: usize) -> Self {
        self.message = format!("number {number} of names: {}", self.message);
        self.number = Some(number);
        self
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

    /// Too many rooms were made.
    #[must_use]
    pub fn too_many_makes(wait: Duration) -> Self {
        let wait = whole_seconds(wait);
        let message = format!("too many rooms with a host were made from your address; wait {wait} s.");
        Self::new(ErrorCode::TooManyRooms, message)
    }

    /// There are as many policies as there may be.
    #[must_use]
    pub fn too_many_policies() -> Self {
        let message = "this server keeps as much for rooms with a host as it may: make the lists of your room \
                       shorter, use a room that has a host already, or ask whoever runs the server.";
        Self::new(ErrorCode::ServerFull, message)
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

    /// The store that the nodes share does not answer.
    #[must_use]
    pub fn unavailable() -> Self {
        let message = "the server cannot reach the store of its rooms; try again in a few seconds.";
        Self::new(ErrorCode::Unavailable, message)
    }

    /// A room was to be made that somebody is in, where something was said, or that has a host.
    #[must_use]
    pub fn room_in_use() -> Self {
        Self::new(ErrorCode::RoomInUse, "this room is in use: make another one, or ask its host.")
    }

    /// There is no such message to remove.
    #[must_use]
    pub fn no_such_message() -> Self {
        Self::new(ErrorCode::NoSuchMessage, "there is no such message in this room, or it is gone already.")
    }

    pub(in crate::wire) fn unknown_event() -> Self {
        Self::new(ErrorCode::UnknownEvent, "there is no such event; send joined, text or left.")
    }

    /// The body is not what it has to be.
    #[must_use]
    pub fn invalid_body(message: impl Into<String>) -> Self {
        Self::new(ErrorCode::InvalidBody, message)
    }

    /// An alert is to be passed on to what is no room.
    #[must_use]
    pub(in crate::wire) fn not_a_room(most: usize) -> Self {
        let message =
            format!("escalate_to must be the code of a room, of up to {most} characters, or a link to one.");
        let rule = Rule { reason: "no_room", wait: None, until: None };
        Self { rule: Some(rule), ..Self::invalid_body(message) }
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
        Self { code, message: message.into(), rule: None, number: None }
    }
}

/// Rounded up, so that whoever waits for them does not come too early.
fn whole_seconds(wait: Duration) -> u64 {
    (wait.as_secs() + u64::from(wait.subsec_nanos() > 0)).max(1)
}

impl From<Denied> for Refusal {
    fn from(denied: Denied) -> Self {
        Self::new(ErrorCode::NotAllowed, denied.to_string())
    }
}

/// What the room's hosts do not allow.
impl From<Forbidden> for Refusal {
    fn from(forbidden: Forbidden) -> Self {
        let code = match forbidden {
            Forbidden::PasswordRequired
            | Forbidden::PasswordWrong
            | Forbidden::TooManyGuesses(_)
            | Forbidden::PasswordsBusy(_) => ErrorCode::PasswordRequired,
            Forbidden::Full(_) => ErrorCode::RoomFull,
            _ => ErrorCode::NotAllowed,
        };
        let until =
            if let Forbidden::Banned(until) | Forbidden::Muted(until) = forbidden { until } else { None };
        let wait = forbidden.wait().map(whole_seconds);
        let rule = Rule { reason: forbidden.reason(), wait, until: until.map(At) };
        Self { rule: Some(rule), ..Self::new(code, forbidden.to_string()) }
    }
}

/// An action that changes nothing.
impl From<NotDone> for Refusal {
    fn from(not_done: NotDone) -> Self {
        let code = match not_done {
            NotDone::NotHost => return Forbidden::NotHost.into(),
            NotDone::NobodyHere => ErrorCode::NoSuchPerson,
            NotDone::NoSuchAlert | NotDone::NotPrepared => ErrorCode::NoSuchAlert,
            NotDone::NoSuchBell => ErrorCode::NoSuchBell,
            NotDone::NoSuchHook => ErrorCode::NoSuchWebhook,
            NotDone::KeyReused => ErrorCode::KeyReused,
            NotDone::NotAhead
            | NotDone::EndsBeforeReminder
            | NotDone::EndsBeforeEscalation
            | NotDone::NoSuchAnswer
            | NotDone::OwnRoom
            | NotDone::BellNever => ErrorCode::InvalidBody,
            NotDone::TooMany
            | NotDone::NoNeed
            | NotDone::TooManyAlerts
            | NotDone::NoCountdown
            | NotDone::CountdownChanged
            | NotDone::NotAsked
            | NotDone::RollCallFull
            | NotDone::RostersFull
            | NotDone::TooManyProposed
            | NotDone::TooManyPrepared
            | NotDone::SamePerson
            | NotDone::TakesTwo
            | NotDone::TooManyBells
            | NotDone::BellOfFile
            | NotDone::TooManyDays
            | NotDone::TooManyHooks
            | NotDone::TooManyHooksInAll
            | NotDone::HooksNeedHistory => ErrorCode::NotAllowed,
        };
        let rule = not_done.reason().map(|reason| Rule { reason, wait: None, until: None });
        Self { rule, ..Self::new(code, not_done.to_string()) }
    }
}
