//! The seam between transports and what speaks over them: an [`Engine`] gets each connection's messages in order.
//! [`crate::socketio::SocketIo`] speaks Socket.IO; another could just echo.

use crate::{
    connection::{Answers, Carrier, CloseReason, ConnectionId},
    frame::Publication,
    hub::Hub,
    shard::inbox::Command,
    stream::PeerAddr,
};
use bytes::Bytes;
use http::request::Parts;
use std::{
    cell::{Cell, RefCell},
    net::IpAddr,
};

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
    /// Why the connection must be closed.
    fn text(&self, link: &Link<'_>, session: &mut Self::Session, text: &str) -> Result<(), CloseReason>;

    /// A binary message.
    ///
    /// # Errors
    /// Why the connection must be closed.
    fn binary(&self, link: &Link<'_>, session: &mut Self::Session, data: Bytes) -> Result<(), CloseReason>;

    /// Another thread has something ready for what the engine calls `socket`. What is sent now goes out in order with
    /// what the hub was told before and after that call.
    fn woken(&self, link: &Link<'_>, session: &mut Self::Session, socket: u32) {
        let _ = (link, session, socket);
    }

    /// A room that the connection hears has been roused ([`crate::Room::rouse`]).
    fn roused(&self, link: &Link<'_>, session: &mut Self::Session) {
        let _ = (link, session);
    }

    /// Bytes of an event that needs further messages to be complete.
    fn unfinished(&self, session: &Self::Session) -> Option<usize> {
        let _ = session;
        None
    }

    /// Who a connection is, for whoever runs the server.
    fn describe(&self, session: &Self::Session) -> Option<String> {
        let _ = session;
        None
    }

    /// The connection has ended.
    fn close(&self, link: &Link<'_>, session: Self::Session, reason: &CloseReason);
}

/// The request that opened a connection.
pub struct Handshake<'a> {
    /// Its head.
    pub request: &'a Parts,
    /// Who is at the other end of the socket.
    pub peer: PeerAddr,
}

impl Handshake<'_> {
    /// The peer's address, if it has one.
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
    pub(crate) carrier: &'a dyn Carrier,
    pub(crate) way_out: WayOut<'a>,
}

/// Where a [`Link`] sends to.
pub(crate) enum WayOut<'a> {
    /// Behind what the hub was told before.
    Inbox,
    /// Here, for the connection's queue once the call is over: the call itself was in the inbox.
    Directly(&'a RefCell<Vec<Publication>>),
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

    /// Sends to this connection, in order with everything else that the hub is told (see [`Engine::woken`]). It counts
    /// against the connection from now on: while much of it waits, the connection is not read from.
    pub fn send(&self, publication: impl Into<Publication>) {
        let publication = publication.into();
        if let WayOut::Directly(sent) = self.way_out {
            return sent.borrow_mut().push(publication);
        }
        self.answers.on_their_way.update(|bytes| bytes + publication.size());
        self.hub.push(self.id.shard, Command::Answer { connection: self.id.key, publication });
    }

    /// Bytes for the client that it may not have received: those after the last ping that it has answered, or, on
    /// long-polling, after what its last poll confirms. `trusts_tcp`: what TCP has acknowledged has reached the client
    /// too, since no proxy is in between (Linux; elsewhere it changes nothing). Bytes of publications to rooms that are
    /// still in inboxes come on top: see [`crate::Room::in_flight`].
    pub fn unconfirmed(&self, trusts_tcp: bool) -> u64 {
        self.carrier.unconfirmed(trusts_tcp)
    }

    /// Makes the client's packets after the present one wait until [`Link::resume`]. That time does not count towards
    /// its ping timeout.
    pub fn pause(&self) {
        self.carrier.pause();
    }

    /// Lets the client's packets in again.
    pub fn resume(&self) {
        self.carrier.resume();
    }

    /// The client has done what it must do within [`crate::Config::connect_timeout`].
    pub fn confirm(&self) {
        self.confirmed.set(true);
    }
}
