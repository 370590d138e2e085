//! What a client asks for: `joined`, `text` or `left`, checked in everything that does not depend on who asks.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::{JOINED, LEFT, Limits, Refusal, TEXT};
use crate::names::{NameError, RoomCode, UserName};
use crate::room::policy::Password;
use crate::wire::{body, v2};

/// A well-formed event of a client. It borrows from the packet.
#[derive(Debug)]
pub enum ClientEvent<'a> {
    /// Enter a room.
    Joined(Joined),
    /// Speak.
    Text(Text<'a>),
    /// Leave the room.
    Left(Left<'a>),
}

/// Where the identity of a connection comes from, decided by `headless`.
#[derive(Debug, PartialEq, Eq)]
pub enum Joined {
    /// `headless: true`: the body says who and where; a web session does not count.
    Headless {
        /// Who.
        name: UserName,
        /// Where.
        room: RoomCode,
        /// The room's password, if it has one.
        password: Option<Password>,
    },
    /// `headless` false or missing: the web session says who; the body's `name` does not count.
    Session {
        /// Which of the session's rooms; if there is none, that of the last login.
        room: Option<RoomCode>,
        /// The room's password, if it has one.
        password: Option<Password>,
    },
}

/// Something to say to the room.
#[derive(Debug)]
pub struct Text<'a> {
    /// In whose name.
    pub speaker: Speaker<'a>,
    /// The text: not empty, within the limit, otherwise as the client sent it.
    pub msg: Cow<'a, str>,
}

/// A request to leave.
#[derive(Debug)]
pub struct Left<'a> {
    /// In whose name.
    pub speaker: Speaker<'a>,
}

/// The `name` of a `text` or `left`. It counts only on a connection that joined headless, and is read only there.
#[derive(Clone, Copy, Debug)]
pub struct Speaker<'a>(pub(in crate::wire) Option<&'a RawValue>);

/// The values under the keys that count, if present.
struct Body<'a> {
    headless: bool,
    name: Option<&'a RawValue>,
    room: Option<&'a RawValue>,
    msg: Option<&'a RawValue>,
    password: Option<&'a RawValue>,
}

impl<'a> ClientEvent<'a> {
    /// Reads the event `name` with its arguments. The first argument is the body; further ones do not count.
    /// `has_attachments` says whether the packet carried binary, which no v1 event does.
    ///
    /// # Errors
    /// A [`Refusal`] to answer with: in the ack if one was asked for, otherwise as a `status`.
    pub fn parse(
        name: &str,
        args: impl IntoIterator<Item = &'a RawValue>,
        has_attachments: bool,
        limits: &Limits,
    ) -> Result<Self, Refusal> {
        let body = || Body::parse(args.into_iter().next(), has_attachments);
        match name {
            JOINED => Joined::read(body()?, limits).map(Self::Joined),
            TEXT => Text::read(body()?, limits).map(Self::Text),
            LEFT => Ok(Self::Left(Left { speaker: Speaker(body()?.name) })),
            _ => Err(Refusal::unknown_event()),
        }
    }
}

impl<'a> Body<'a> {
    fn parse(arg: Option<&'a RawValue>, has_attachments: bool) -> Result<Self, Refusal> {
        let keys = &["headless", "name", "room", "msg", "password"];
        let [headless, name, room, msg, password] = body::object(arg, has_attachments, keys)?;
        Ok(Self { headless: body::boolean("headless", headless)?, name, room, msg, password })
    }
}

impl Joined {
    fn read(body: Body<'_>, limits: &Limits) -> Result<Self, Refusal> {
        let room = |json| body::room(json, limits);
        // Clients that exist may send anything there: what is no text is no password.
        let password = body.password.and_then(|json| v2::shown_password(json).ok());
        if !body.headless {
            return Ok(Self::Session { room: body.room.map(room).transpose()?, password });
        }
        let name = body.name.ok_or_else(|| Refusal::name(NameError::Empty))?;
        let name = body::name(name, limits)?;
        let room = body.room.ok_or_else(|| Refusal::room(NameError::Empty)).and_then(room)?;
        Ok(Self::Headless { name, room, password })
    }
}

impl<'a> Text<'a> {
    /// Reads the body of a `text` from outside Socket.IO: one JSON object.
    ///
    /// # Errors
    /// A [`Refusal`] to answer with.
    pub fn from_json(json: &'a [u8], limits: &Limits) -> Result<Self, Refusal> {
        let json = std::str::from_utf8(json)
            .map_err(|_| Refusal::invalid_body("the body must be one JSON object in UTF-8."))?;
        let body: &RawValue = serde_json::from_str(json)
            .map_err(|_| Refusal::invalid_body("the body must be one JSON object in UTF-8."))?;
        Self::read(Body::parse(Some(body), false)?, limits)
    }

    /// Takes bytes as the message itself; they do not say who speaks. Text with NUL characters is taken for UTF-16.
    ///
    /// # Errors
    /// A [`Refusal`] to answer with.
    pub fn verbatim(bytes: &'a [u8], limits: &Limits) -> Result<Self, Refusal> {
        let msg = std::str::from_utf8(bytes).ok().filter(|msg| !msg.contains('\0'));
        let msg = msg.ok_or_else(|| Refusal::invalid_body("the message must be UTF-8."))?;
        Self::new(Speaker(None), Cow::Borrowed(msg), limits)
    }

    fn read(body: Body<'a>, limits: &Limits) -> Result<Self, Refusal> {
        Self::of(body.name, body.msg, limits)
    }

    /// Made from the two keys of a body.
    pub(in crate::wire) fn of(
        name: Option<&'a RawValue>,
        msg: Option<&'a RawValue>,
        limits: &Limits,
    ) -> Result<Self, Refusal> {
        let msg = msg.ok_or_else(Refusal::msg_required)?;
        Self::new(Speaker(name), body::string("msg", msg)?, limits)
    }

    fn new(speaker: Speaker<'a>, msg: Cow<'a, str>, limits: &Limits) -> Result<Self, Refusal> {
        match msg.len() {
            0 => Err(Refusal::msg_required()),
            bytes if bytes > limits.msg_bytes => Err(Refusal::msg_too_long(limits.msg_bytes)),
            _ => Ok(Self { speaker, msg }),
        }
    }
}

impl Speaker<'_> {
    /// The name in the body, if there is one.
    ///
    /// # Errors
    /// A [`Refusal`] if it is not valid.
    pub fn given(self, limits: &Limits) -> Result<Option<UserName>, Refusal> {
        self.0.map(|json| body::name(json, limits)).transpose()
    }

    /// The name to use on a connection that joined headless as `joined`: the body's, or else `joined`.
    /// Not to be called on a connection with a web session, whose name is the session's.
    ///
    /// # Errors
    /// A [`Refusal`] if the body has a `name` that is not valid.
    pub fn or_joined(self, joined: &UserName, limits: &Limits) -> Result<UserName, Refusal> {
        self.0.map_or_else(|| Ok(joined.clone()), |json| body::name(json, limits))
    }
}
