//! What an application implements to be a Socket.IO server.

use crate::{
    connection::{CloseReason, ConnectionId},
    engine::{Handshake, Link},
    engineio::sid::random_socket_id,
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
/// arrival, which keeps ordering simple. What they send goes out in the order of the calls.
pub trait Handler: Send + Sync + 'static {
    /// What is kept of the handshake's request.
    type Peer: 'static;
    /// What is kept for a socket, which is one namespace of a connection.
    type Session: 'static;

    /// A client has shaken hands; no namespace is connected yet.
    fn open(&self, handshake: &Handshake<'_>) -> Self::Peer;

    /// The client wants to connect a namespace. Anything sent here would overtake the answer: see
    /// [`Handler::connected`].
    ///
    /// # Errors
    /// What the client gets as `connect_error`; [`Refused::unknown_namespace`] for a namespace that does not exist.
    fn connect(
        &self,
        socket: &Socket<'_>,
        peer: &Self::Peer,
        auth: Option<&RawValue>,
    ) -> Result<Accepted<Self::Session>, Refused>;

    /// The answer to a CONNECT that was [`Accepted::Later`], asked for whenever the socket is woken ([`Waker::wake`]).
    /// What the hub was told to send before that wake reaches the client before the answer; anything later comes after
    /// it.
    ///
    /// Until then the client may send nothing to the namespace except to leave it, which comes, as for any socket,
    /// through [`Handler::disconnect`].
    fn answer(&self, socket: &Socket<'_>, peer: &Self::Peer, session: &mut Self::Session) -> Answer {
        let _ = (socket, peer, session);
        Answer::Connected(SocketIds::default())
    }

    /// The client's namespace is connected: what is sent now comes after the answer to its CONNECT.
    fn connected(&self, socket: &Socket<'_>, session: &mut Self::Session) {
        let _ = (socket, session);
    }

    /// The client sent an event.
    fn event(&self, socket: &Socket<'_>, peer: &Self::Peer, session: &mut Self::Session, event: &Event<'_>);

    /// Somebody called [`Waker::wake`] for a socket that is connected, or [`crate::Room::rouse`] for a room that it hears. What is sent now goes out in order with what the
    /// hub was told before and after that call; it may overtake answers to the client's own events.
    fn woken(&self, socket: &Socket<'_>, peer: &Self::Peer, session: &mut Self::Session) {
        let _ = (socket, peer, session);
    }

    /// The socket has ended. What is sent to it now is lost.
    fn disconnect(
        &self,
        socket: &Socket<'_>,
        peer: &Self::Peer,
        session: Self::Session,
        reason: &CloseReason,
    );

    /// Who a socket is, for whoever runs the server.
    fn describe(&self, peer: &Self::Peer, session: &Self::Session) -> Option<String> {
        let _ = (peer, session);
        None
    }

    /// A connection has ended, after its sockets.
    fn close(&self, connection: ConnectionId, peer: Self::Peer, reason: &CloseReason) {
        let _ = (connection, peer, reason);
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

/// A CONNECT that is not refused, with what is kept for the socket.
#[derive(Debug)]
pub enum Accepted<S> {
    /// The namespace is connected.
    Connected(S, SocketIds),
    /// To be decided: [`Waker::wake`] has [`Handler::answer`] called.
    Later(S),
}

/// What becomes of a CONNECT that was [`Accepted::Later`].
#[derive(Clone, Debug)]
pub enum Answer {
    /// The namespace is connected.
    Connected(SocketIds),
    /// It is not: the session is dropped.
    Refused(Refused),
    /// Still to be decided.
    Later,
}

/// What a client is told about its socket when the namespace is connected.
#[derive(Clone, Debug, Default)]
pub struct SocketIds {
    /// The socket's id, if it takes over that of an earlier socket; otherwise a new one is made.
    pub sid: Option<String>,
    /// What the client shows when it reconnects, if it recovers its state.
    pub pid: Option<String>,
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
    /// The reference server's answer for a namespace that does not exist.
    pub fn unknown_namespace() -> Self {
        Self { message: "Invalid namespace".to_owned(), data: None }
    }
}

/// An event whose acknowledgement is still to come. If this is dropped, none comes.
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
    /// Tells it from earlier sockets of the connection.
    pub(crate) number: u32,
}

/// Makes the runtime call a socket's handler, from any thread. After the socket's end it does nothing.
#[derive(Clone)]
pub struct Waker {
    hub: Hub,
    connection: ConnectionId,
    socket: u32,
}

impl Waker {
    /// Has [`Handler::answer`] or [`Handler::woken`] called on the thread that owns the connection, in order with
    /// everything else that the hub was told about it.
    pub fn wake(&self) {
        self.hub.wake(self.connection, self.socket);
    }

    /// The server.
    pub fn hub(&self) -> &Hub {
        &self.hub
    }

    /// The socket's connection.
    pub fn connection(&self) -> ConnectionId {
        self.connection
    }
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

    /// For other threads to wake it with.
    pub fn waker(&self) -> Waker {
        Waker { hub: self.hub().clone(), connection: self.connection(), socket: self.number }
    }

    /// A new random id for a socket.
    pub fn new_id() -> String {
        random_socket_id()
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

    /// Bytes for the client that it may not have received: see [`Link::unconfirmed`].
    pub fn unconfirmed(&self, trusts_tcp: bool) -> u64 {
        self.link.unconfirmed(trusts_tcp)
    }

    /// Makes the client's packets wait until [`Socket::resume`]: see [`Link::pause`].
    pub fn pause(&self) {
        self.link.pause();
    }

    /// Lets the client's packets in again.
    pub fn resume(&self) {
        self.link.resume();
    }

    /// Sends a rendered publication to this socket.
    pub fn send(&self, publication: impl Into<Publication>) {
        self.link.send(publication);
    }
}

impl PendingAck {
    /// Acknowledges the event. Nothing happens if the connection has ended.
    pub fn send(self, args: &Arguments) {
        self.hub.send(self.connection, encode::ack(&self.namespace, self.id, args).into());
    }
}
