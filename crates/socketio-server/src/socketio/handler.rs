//! What an application implements to be a Socket.IO server.

use crate::{
    connection::{CloseReason, ConnectionId},
    engine::{Handshake, Link},
    frame::Publication,
    hub::Hub,
};
use bytes::Bytes;
use serde_json::value::RawValue;
use socketio_protocol::socket::{
    encode::{self, Arguments},
    packet::AckId,
};

/// A Socket.IO application. All methods are synchronous, and those of one connection are called in the order of
/// arrival: that alone makes ordering simple. What they send goes out in the order of the calls.
pub trait Handler: Send + Sync + 'static {
    /// What is kept of the handshake's request.
    type Peer: 'static;
    /// What is kept for a socket, which is one namespace of a connection.
    type Session: 'static;

    /// A client has shaken hands; no namespace is connected yet.
    fn open(&self, handshake: &Handshake<'_>) -> Self::Peer;

    /// The client wants to connect a namespace. What this sends would overtake the answer: see
    /// [`Handler::connected`].
    ///
    /// # Errors
    /// What the client gets as `connect_error`; [`Refused::unknown_namespace`] for a namespace that does not exist.
    fn connect(
        &self,
        socket: &Socket<'_>,
        peer: &Self::Peer,
        auth: Option<&RawValue>,
    ) -> Result<Self::Session, Refused>;

    /// The client's namespace is connected: what is sent now comes after the answer to its CONNECT.
    fn connected(&self, socket: &Socket<'_>, session: &mut Self::Session) {
        let _ = (socket, session);
    }

    /// The client sent an event.
    fn event(&self, socket: &Socket<'_>, peer: &Self::Peer, session: &mut Self::Session, event: &Event<'_>);

    /// The socket has ended; what is sent to it now reaches nobody.
    fn disconnect(
        &self,
        socket: &Socket<'_>,
        peer: &Self::Peer,
        session: Self::Session,
        reason: &CloseReason,
    );

    /// A connection has ended, after its sockets.
    fn close(&self, peer: Self::Peer, reason: &CloseReason) {
        let _ = (peer, reason);
    }
}

/// An event from a client.
pub struct Event<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its arguments, as JSON; binary ones are placeholders.
    pub args: &'a [&'a RawValue],
    /// The binary ones.
    pub attachments: &'a [Bytes],
    /// Set when the client waits for an acknowledgement.
    pub ack: Option<AckId>,
}

/// Why a namespace was not connected.
#[derive(Clone, Debug)]
pub struct Refused {
    /// What went wrong and what to do.
    pub message: String,
    /// More about it, for programs.
    pub data: Option<Box<RawValue>>,
}

impl Refused {
    /// The reference server's words for a namespace that does not exist.
    pub fn unknown_namespace() -> Self {
        Self { message: "Invalid namespace".to_owned(), data: None }
    }
}

/// An event whose acknowledgement is still to come. Dropping it gives none.
pub struct PendingAck {
    hub: Hub,
    connection: ConnectionId,
    namespace: Box<str>,
    id: AckId,
}

/// A socket during a call: one namespace of a connection.
pub struct Socket<'a> {
    pub(crate) link: &'a Link<'a>,
    pub(crate) namespace: &'a str,
}

impl<'a> Socket<'a> {
    /// The connection's name.
    pub fn connection(&self) -> ConnectionId {
        self.link.id()
    }

    /// The namespace, as in `/`.
    pub fn namespace(&self) -> &'a str {
        self.namespace
    }

    /// The server.
    pub fn hub(&self) -> &'a Hub {
        self.link.hub()
    }

    /// Acknowledges an event.
    pub fn ack(&self, id: AckId, args: &Arguments) {
        self.send(encode::ack(self.namespace, id, args));
    }

    /// Acknowledges an event later, from any thread.
    pub fn ack_later(&self, id: AckId) -> PendingAck {
        PendingAck {
            hub: self.hub().clone(),
            connection: self.connection(),
            namespace: self.namespace.into(),
            id,
        }
    }

    /// Sends what is rendered already to this socket.
    pub fn send(&self, publication: impl Into<Publication>) {
        self.link.send(publication);
    }
}

impl PendingAck {
    /// Acknowledges the event. Nothing happens where the connection has ended.
    pub fn send(self, args: &Arguments) {
        self.hub.send(self.connection, encode::ack(&self.namespace, self.id, args).into());
    }
}
