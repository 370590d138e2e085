//! What a client asks for, checked in everything that does not depend on who asks.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::{
    ALERT, Alerting, BELL, Belling, HAND, HISTORY, Hooking, JOIN, LEAVE, MAKE, MEMBERS, MODERATE,
    MOST_KEY_BYTES, MOST_MESSAGES, Moderation, PUSH, Pushing, SEND, TIME, WEBHOOK,
};
use crate::names::{NameError, RoomCode};
use crate::position::Position;
use crate::room::policy::{HostKey, Shown};
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
    /// Make a room.
    Make(Make),
    /// Do what hosts do.
    Moderate(Moderate),
    /// Raise a hand, or lower it.
    Hand(Hand),
    /// Do something with an alert.
    Alert(Box<AlertAction<'a>>),
    /// Do something with the room's bells.
    Bell(BellAction),
    /// Do something with the room's webhooks.
    Webhook(HookAction),
    /// Have a device told of alerts, or no more.
    Push(Push),
    /// Learn what time it is for the server.
    Time,
}

/// Something that is done with the bells of a room.
#[derive(Debug)]
pub struct BellAction {
    /// Where.
    pub room: RoomCode,
    /// What they show; without it, what they have shown on entering.
    pub shown: Shown,
    /// What.
    pub what: Belling,
}

/// Something that is done with the webhooks of a room.
#[derive(Debug)]
pub struct HookAction {
    /// Where.
    pub room: RoomCode,
    /// What they show; without it, what they have shown on entering.
    pub shown: Shown,
    /// What.
    pub what: Hooking,
}

/// Something that is done with an alert.
#[derive(Debug)]
pub struct AlertAction<'a> {
    /// Where.
    pub room: RoomCode,
    /// In whose name, by whoever is not in the room.
    pub name: Speaker<'a>,
    /// The same for every attempt to raise this alert.
    pub key: Option<Cow<'a, str>>,
    /// What they show; without it, what they have shown on entering.
    pub shown: Shown,
    /// What.
    pub what: Alerting,
}

/// A request to make a room.
#[derive(Debug)]
pub struct Make {
    /// Its code; one is made up if there is none.
    pub room: Option<RoomCode>,
}

/// Something that a host does.
#[derive(Debug)]
pub struct Moderate {
    /// Where.
    pub room: RoomCode,
    /// What they show; without it, what they have shown on entering.
    pub shown: Shown,
    /// What.
    pub what: Moderation,
}

/// A hand.
#[derive(Debug)]
pub struct Hand {
    /// Where.
    pub room: RoomCode,
    /// Raised, or lowered.
    pub up: bool,
}

/// Something about what a device is told.
#[derive(Debug)]
pub struct Push {
    /// Of which room.
    pub room: RoomCode,
    /// What.
    pub what: Pushing,
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
    /// What is shown at the door.
    pub shown: Shown,
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
    /// What is shown at the door, by whoever is not in the room.
    pub shown: Shown,
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
                let keys = &["room", "name", "since", "listen", "host", "password"];
                let [room, name, since, listen, host, password] = body::object(arg, has_attachments, keys)?;
                Ok(Self::Join(Join {
                    room: required_room(room, limits)?,
                    name: Speaker(name),
                    since: since.map_or(Ok(Since::Nothing), read_since)?,
                    listen: body::boolean("listen", listen)?,
                    shown: read_shown(host, password)?,
                }))
            }
            SEND => {
                let keys = &["room", "name", "msg", "key", "host", "password"];
                let [room, name, msg, key, host, password] = body::object(arg, has_attachments, keys)?;
                Ok(Self::Send(Send {
                    room: required_room(room, limits)?,
                    text: Text::of(name, msg, limits)?,
                    key: key.map(read_key).transpose()?,
                    shown: read_shown(host, password)?,
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
            MAKE => {
                let [room] = body::object(arg, has_attachments, &["room"])?;
                Ok(Self::Make(Make { room: room.map(|json| body::room(json, limits)).transpose()? }))
            }
            MODERATE => {
                let [room, host] = body::object(arg, has_attachments, &["room", "host"])?;
                Ok(Self::Moderate(Moderate {
                    room: required_room(room, limits)?,
                    shown: read_shown(host, None)?,
                    what: Moderation::parse(arg, has_attachments, limits)?,
                }))
            }
            HAND => {
                let [room, up] = body::object(arg, has_attachments, &["room", "up"])?;
                let room = required_room(room, limits)?;
                let up = up.ok_or_else(|| Refusal::invalid_body("up is required: true or false."))?;
                Ok(Self::Hand(Hand { room, up: body::boolean("up", Some(up))? }))
            }
            ALERT => {
                let keys = &["room", "name", "key", "host", "password"];
                let [room, name, key, host, password] = body::object(arg, has_attachments, keys)?;
                Ok(Self::Alert(Box::new(AlertAction {
                    room: required_room(room, limits)?,
                    name: Speaker(name),
                    key: key.map(read_key).transpose()?,
                    shown: read_shown(host, password)?,
                    what: Alerting::parse(arg, has_attachments, limits)?,
                })))
            }
            BELL => {
                let [room, host, password] =
                    body::object(arg, has_attachments, &["room", "host", "password"])?;
                Ok(Self::Bell(BellAction {
                    room: required_room(room, limits)?,
                    shown: read_shown(host, password)?,
                    what: Belling::parse(arg, has_attachments)?,
                }))
            }
            WEBHOOK => {
                let [room, host] = body::object(arg, has_attachments, &["room", "host"])?;
                Ok(Self::Webhook(HookAction {
                    room: required_room(room, limits)?,
                    shown: read_shown(host, None)?,
                    what: Hooking::parse(arg, has_attachments)?,
                }))
            }
            PUSH => {
                let [room] = body::object(arg, has_attachments, &["room"])?;
                let room = required_room(room, limits)?;
                Ok(Self::Push(Push { room, what: Pushing::parse(arg)? }))
            }
            TIME => Ok(Self::Time),
            _ => Err(Refusal::unknown_v2_event()),
        }
    }
}

fn required_room(json: Option<&RawValue>, limits: &Limits) -> Result<RoomCode, Refusal> {
    body::room(json.ok_or_else(|| Refusal::room(NameError::Empty))?, limits)
}

fn read_shown(host: Option<&RawValue>, password: Option<&RawValue>) -> Result<Shown, Refusal> {
    let host = host.map(|json| body::string("host", json)).transpose()?;
    let password = password.map(super::shown_password).transpose()?;
    Ok(Shown { host: host.map(|text| HostKey::shown(&text)), password, is_for_any: false })
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
