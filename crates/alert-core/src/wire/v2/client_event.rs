//! What a client asks for, checked in everything that does not depend on who asks.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::{HISTORY, JOIN, LEAVE, MEMBERS, MOST_KEY_BYTES, MOST_MESSAGES, SEND};
use crate::names::{NameError, RoomCode};
use crate::position::Position;
use crate::since::Since;
use crate::wire::body;
use crate::wire::v1::{Limits, Refusal, Speaker, Text};

/// A well-formed event of a client. It borrows from the packet.
#[derive(Debug)]
pub enum ClientEvent<'a> {
    /// Enter a room, or hear it.
    Join(Join<'a>),
    /// Speak.
    Send(Send<'a>),
    /// Get what was said.
    History(History),
    /// See who is in a room.
    Members(RoomCode),
    /// Leave a room.
    Leave(RoomCode),
}

/// A request to enter a room, or to hear it.
#[derive(Debug)]
pub struct Join<'a> {
    /// Where.
    pub room: RoomCode,
    /// Under which name, unless a web session says that.
    pub name: Speaker<'a>,
    /// From where it wants what was said before.
    pub since: Since,
    /// To hear the room without being in it.
    pub listen: bool,
}

/// Something to say.
#[derive(Debug)]
pub struct Send<'a> {
    /// Where.
    pub room: RoomCode,
    /// In whose name, and what.
    pub text: Text<'a>,
    /// The same for every attempt to send this message.
    pub key: Option<Cow<'a, str>>,
}

/// A request for what was said.
#[derive(Debug, PartialEq, Eq)]
pub struct History {
    /// Where.
    pub room: RoomCode,
    /// Which messages.
    pub start: Start,
    /// At most this many.
    pub limit: usize,
}

/// Which messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// The ones just before a position.
    Before(Position),
    /// The ones just after it.
    After(Position),
    /// The newest.
    Newest,
}

/// How many messages come if there is no `limit`.
const DEFAULT_LIMIT: usize = 50;

impl<'a> ClientEvent<'a> {
    /// Reads the event `name` with its arguments. The first argument is the body; further ones do not count.
    /// `has_attachments` says whether the packet carried binary, which no v2 event does.
    ///
    /// # Errors
    /// A [`Refusal`] to answer with.
    pub fn parse(
        name: &str,
        args: impl IntoIterator<Item = &'a RawValue>,
        has_attachments: bool,
        limits: &Limits,
    ) -> Result<Self, Refusal> {
        let arg = args.into_iter().next();
        let only_room = || {
            let [room] = body::object(arg, has_attachments, &["room"])?;
            required_room(room, limits)
        };
        match name {
            JOIN => {
                let keys = &["room", "name", "since", "listen"];
                let [room, name, since, listen] = body::object(arg, has_attachments, keys)?;
                Ok(Self::Join(Join {
                    room: required_room(room, limits)?,
                    name: Speaker(name),
                    since: since.map_or(Ok(Since::Nothing), read_since)?,
                    listen: body::boolean("listen", listen)?,
                }))
            }
            SEND => {
                let keys = &["room", "name", "msg", "key"];
                let [room, name, msg, key] = body::object(arg, has_attachments, keys)?;
                Ok(Self::Send(Send {
                    room: required_room(room, limits)?,
                    text: Text::of(name, msg, limits)?,
                    key: key.map(read_key).transpose()?,
                }))
            }
            HISTORY => {
                let keys = &["room", "before", "after", "limit"];
                let [room, before, after, limit] = body::object(arg, has_attachments, keys)?;
                Ok(Self::History(History {
                    room: required_room(room, limits)?,
                    start: match (before, after) {
                        (Some(before), None) => Start::Before(read_position("before", before)?),
                        (None, Some(after)) => Start::After(read_position("after", after)?),
                        (None, None) => Start::Newest,
                        (Some(_), Some(_)) => return Err(Refusal::before_and_after()),
                    },
                    limit: limit.map_or(Ok(DEFAULT_LIMIT), read_limit)?,
                }))
            }
            MEMBERS => only_room().map(Self::Members),
            LEAVE => only_room().map(Self::Leave),
            _ => Err(Refusal::unknown_v2_event()),
        }
    }
}

fn required_room(json: Option<&RawValue>, limits: &Limits) -> Result<RoomCode, Refusal> {
    body::room(json.ok_or_else(|| Refusal::room(NameError::Empty))?, limits)
}

fn read_since(json: &RawValue) -> Result<Since, Refusal> {
    let since = match serde_json::from_str::<u64>(json.get()) {
        Ok(number) => number.to_string().parse().ok(),
        Err(_) => body::string("since", json).ok().and_then(|text| text.parse().ok()),
    };
    since.ok_or_else(Refusal::since_invalid)
}

fn read_key(json: &RawValue) -> Result<Cow<'_, str>, Refusal> {
    let key = body::string("key", json).ok();
    key.filter(|key| (1..=MOST_KEY_BYTES).contains(&key.len())).ok_or_else(Refusal::key_invalid)
}

fn read_position(key: &str, json: &RawValue) -> Result<Position, Refusal> {
    let position = body::string(key, json).ok().and_then(|text| text.parse().ok());
    position.ok_or_else(|| Refusal::position_invalid(key))
}

fn read_limit(json: &RawValue) -> Result<usize, Refusal> {
    match serde_json::from_str::<u64>(json.get()) {
        Ok(limit) if limit > 0 => {
            Ok(usize::try_from(limit).map_or(MOST_MESSAGES, |limit| limit.min(MOST_MESSAGES)))
        }
        _ => Err(Refusal::limit_invalid()),
    }
}
