//! Socket.IO: the handler that makes the runtime an Alert server. A version of the protocol is a module.

mod v1;

use crate::auth::{SessionCookies, WebSession};
use crate::config::Config;
use crate::rooms::Rooms;
use alert_core::wire::v1::{Limits, NAMESPACE};
use serde_json::value::RawValue;
use socketio_server::{
    Accepted, CloseReason, Event, Handler, Handshake, Refused, Socket, SocketIds, TrustedProxies,
};
use std::{
    net::IpAddr,
    sync::atomic::{AtomicU64, Ordering},
};
use v1::{Member, V1};

/// Speaks the v1 contract.
pub struct Alert {
    rooms: Rooms,
    sessions: SessionCookies,
    limits: Limits,
    proxies: TrustedProxies,
    slow_consumers: AtomicU64,
}

/// What is kept of a client's handshake.
pub struct Peer {
    /// Its web session, where it has one that counts; nearly all have none, so it costs a pointer.
    session: Option<Box<WebSession>>,
    address: Option<IpAddr>,
}

impl Alert {
    /// Serves `rooms` as `config` says.
    pub fn new(config: &Config, rooms: Rooms, sessions: SessionCookies) -> Self {
        Self {
            rooms,
            sessions,
            limits: config.limits,
            proxies: config.trusted_proxies.clone(),
            slow_consumers: AtomicU64::new(0),
        }
    }
}

impl Handler for Alert {
    type Peer = Peer;
    type Session = Member;

    fn open(&self, handshake: &Handshake<'_>) -> Peer {
        let headers = &handshake.request.headers;
        let session = self.sessions.read_for_handshake(headers);
        let address = self.proxies.client(&handshake.peer, headers);
        Peer { session: session.last().is_some().then(|| Box::new(session)), address }
    }

    fn connect(
        &self,
        socket: &Socket<'_>,
        _peer: &Peer,
        _auth: Option<&RawValue>,
    ) -> Result<Accepted<Member>, Refused> {
        if socket.namespace() == NAMESPACE {
            Ok(Accepted::Connected(Member::default(), SocketIds::default()))
        } else {
            Err(Refused::unknown_namespace())
        }
    }

    fn event(&self, socket: &Socket<'_>, peer: &Peer, member: &mut Member, event: &Event<'_>) {
        let v1 = V1 {
            rooms: &self.rooms,
            limits: &self.limits,
            session: peer.session.as_deref(),
            address: peer.address,
        };
        v1.event(socket, member, event);
    }

    fn disconnect(&self, _socket: &Socket<'_>, _peer: &Peer, member: Member, reason: &CloseReason) {
        // On shutdown everybody leaves: nobody is left to hear of it, and all come back to the next server.
        if let Some(presence) = member.into_presence().filter(|_| *reason != CloseReason::Shutdown) {
            tracing::info!(room = presence.room().as_str(), name = presence.name().as_str(), %reason, "lost");
            presence.lose(&self.rooms);
        }
    }

    fn close(&self, peer: Peer, reason: &CloseReason) {
        let address = address(peer.address);
        if let CloseReason::SlowConsumer(_) = reason {
            let so_far = self.slow_consumers.fetch_add(1, Ordering::Relaxed) + 1;
            tracing::warn!(address, %reason, so_far, "connection closed: raise --queue-limit if its network is just slow");
        } else {
            tracing::info!(address, %reason, "connection closed");
        }
    }
}

fn address(address: Option<IpAddr>) -> String {
    address.map_or_else(|| "unix".to_owned(), |address| address.to_string())
}
