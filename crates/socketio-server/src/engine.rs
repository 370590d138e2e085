//! The seam between transports and what speaks over them: an [`Engine`] gets each connection's messages in order.
//! [`crate::socketio::SocketIo`] is the one that speaks Socket.IO; another may echo.

use crate::{
    connection::{Answers, CloseReason, ConnectionId},
    frame::Publication,
    hub::Hub,
    inbox::Command,
    stream::PeerAddr,
};
use bytes::Bytes;
use http::request::Parts;
use serde_json::value::RawValue;
use socketio_protocol::socket::encode::Arguments;
use std::{cell::Cell, net::IpAddr};

/// What speaks over Engine.IO connections. All methods are synchronous, and those of one connection are called in the
/// order of arrival on the thread that owns it.
pub trait Engine: Send + Sync + 'static {
    /// What is kept for a connection.
    type Session: 'static;

    /// Whether requests to this path are for Engine.IO; the others go to the application.
    fn claims(&self, path: &str) -> bool;

    /// A client has shaken hands.
    fn open(&self, link: &Link<'_>, handshake: &Handshake<'_>) -> Self::Session;

    /// A text message.
    ///
    /// # Errors
    /// The reason for which the connection is to be closed.
    fn text(&self, link: &Link<'_>, session: &mut Self::Session, text: &str) -> Result<(), CloseReason>;

    /// A binary message.
    ///
    /// # Errors
    /// The reason for which the connection is to be closed.
    fn binary(&self, link: &Link<'_>, session: &mut Self::Session, data: Bytes) -> Result<(), CloseReason>;

    /// Bytes of what has begun and needs further messages to be complete.
    fn unfinished(&self, session: &Self::Session) -> Option<usize> {
        let _ = session;
        None
    }

    /// The connection has ended.
    fn close(&self, link: &Link<'_>, session: Self::Session, reason: &CloseReason);

    /// Whether the connection has connected this namespace.
    fn hears(&self, session: &Self::Session, namespace: &str) -> bool;

    /// Sends an event that the client is to acknowledge.
    fn ask(&self, link: &Link<'_>, session: &mut Self::Session, ask: Ask) -> Option<Publication>;

    /// A page of this origin was refused: the text that its developer gets.
    fn refuse_origin(&self, origin: &str) -> String;
}

/// The request that opened a connection.
pub struct Handshake<'a> {
    /// Its head.
    pub request: &'a Parts,
    /// Who is at the other end of the socket.
    pub peer: PeerAddr,
}

impl Handshake<'_> {
    /// The peer's address, where it has one.
    pub fn ip(&self) -> Option<IpAddr> {
        match self.peer {
            PeerAddr::Tcp(address) => Some(address.ip()),
            PeerAddr::Unix => None,
        }
    }
}

/// A connection as an [`Engine`] sees it during a call.
pub struct Link<'a> {
    pub(crate) hub: &'a Hub,
    pub(crate) id: ConnectionId,
    pub(crate) confirmed: &'a Cell<bool>,
    pub(crate) answers: &'a Answers,
}

impl<'a> Link<'a> {
    /// The connection's name.
    pub fn id(&self) -> ConnectionId {
        self.id
    }

    /// The server.
    pub fn hub(&self) -> &'a Hub {
        self.hub
    }

    /// Sends to this connection, in order with everything else that the hub is told. It counts against the connection
    /// at once: while much of it waits, the connection is not read from.
    pub fn send(&self, publication: impl Into<Publication>) {
        let publication = publication.into();
        self.answers.on_their_way.update(|bytes| bytes + publication.size());
        self.hub.push(self.id.shard, Command::Answer { connection: self.id.key, publication });
    }

    /// The client has done what it must do within [`crate::Config::connect_timeout`].
    pub fn confirm(&self) {
        self.confirmed.set(true);
    }
}

/// An event that the server sends and the client is to acknowledge.
pub struct Ask {
    /// The namespace of the socket.
    pub namespace: Box<str>,
    /// The event's name.
    pub name: Box<str>,
    /// Its arguments.
    pub args: Arguments,
    /// Called once: with the answer, or when none can come any more.
    pub answer: AnswerFn,
}

/// Hears of an acknowledgement: exactly once, and with [`AskError::Disconnected`] when none can come any more.
pub struct AnswerFn(Option<BoxedAnswerFn>);

type BoxedAnswerFn = Box<dyn FnOnce(Result<Answer<'_>, AskError>) + Send>;

impl AnswerFn {
    /// Has `call` called with what comes.
    pub fn new(call: impl FnOnce(Result<Answer<'_>, AskError>) + Send + 'static) -> Self {
        Self(Some(Box::new(call)))
    }

    pub(crate) fn call(mut self, result: Result<Answer<'_>, AskError>) {
        if let Some(call) = self.0.take() {
            call(result);
        }
    }
}

impl Drop for AnswerFn {
    fn drop(&mut self) {
        if let Some(call) = self.0.take() {
            call(Err(AskError::Disconnected));
        }
    }
}

/// What a client acknowledged with.
pub struct Answer<'a> {
    /// The arguments, as JSON; binary ones are placeholders.
    pub args: &'a [&'a RawValue],
    /// The binary ones.
    pub attachments: &'a [Bytes],
}

/// Why no acknowledgement came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AskError {
    /// The socket is gone.
    #[error("the socket disconnected before it acknowledged")]
    Disconnected,
    /// Too many acknowledgements of this socket are outstanding.
    #[error("the socket owes {MAX_ASKS} acknowledgements already")]
    TooMany,
}

/// Acknowledgements that one socket may owe: the bound of the table that waits for them.
pub(crate) const MAX_ASKS: usize = 1000;
