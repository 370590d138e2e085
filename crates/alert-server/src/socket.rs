//! Socket.IO: the handler that makes the runtime an Alert server. Each version of the protocol is a module.

mod credential;
mod recovery;
mod route;
mod v1;
mod v2;

use crate::auth::{Access, Origin, SessionCookies, WebSession};
use crate::config::Config;
use crate::logging::cause::for_connection;
use crate::rooms::{Presence, Rooms, Unreceived};
use alert_core::wire;
use alert_core::wire::v1::Limits;
use credential::Credential;
pub(crate) use credential::closing;
use recovery::{Auth, Client, Recoveries, Recovering};
use route::Route;
use serde_json::value::RawValue;
use socketio_server::{
    Accepted, Answer, CloseReason, ConnectionId, Event, Handler, Handshake, Refused, Socket, SocketIds,
    TrustedProxies,
};
use std::{
    net::IpAddr,
    sync::atomic::{AtomicU64, Ordering},
    time::SystemTime,
};
use tokio::runtime::Handle;
use v1::{Member, V1};
use v2::V2;

/// The messages of one answer may take up the queue's limit divided by this,
const ANSWER_SHARE: usize = 4;
/// but no more than this.
const MOST_ANSWER_BYTES: usize = 256 << 10;

/// Speaks v1 and v2.
pub struct Alert {
    rooms: Rooms,
    access: Access,
    recoveries: Recoveries,
    sessions: SessionCookies,
    limits: Limits,
    proxies: TrustedProxies,
    most_answer_bytes: usize,
    runtime: Handle,
    slow_consumers: AtomicU64,
}

/// What is kept of a client's handshake.
pub struct Peer {
    /// Its web session, if it has a valid one. Nearly all have none, so that costs a pointer.
    session: Option<Box<WebSession>>,
    address: Option<IpAddr>,
    client: Client,
    route: Route,
}

/// What is kept of a client's socket.
pub enum Session {
    /// It speaks v1.
    V1(Member),
    /// It speaks v1, and may get its place back, which is being looked for.
    Recovering(Recovering, Option<Box<Credential>>),
    /// It speaks v2.
    V2(Box<v2::Member>),
}

impl Alert {
    /// Serves `rooms` as `config` says. What has to wait runs on `runtime`.
    pub fn new(
        config: &Config,
        rooms: Rooms,
        access: Access,
        sessions: SessionCookies,
        runtime: Handle,
    ) -> Self {
        Self {
            recoveries: Recoveries::new(config, rooms.clone(), access.clone(), &sessions, runtime.clone()),
            rooms,
            access,
            sessions,
            limits: config.limits,
            proxies: config.trusted_proxies.clone(),
            most_answer_bytes: MOST_ANSWER_BYTES.min(config.queue_limit / ANSWER_SHARE),
            runtime,
            slow_consumers: AtomicU64::new(0),
        }
    }

    fn v1<'a>(&'a self, peer: &'a Peer) -> V1<'a> {
        V1 {
            rooms: &self.rooms,
            access: &self.access,
            recoveries: &self.recoveries,
            limits: &self.limits,
            session: peer.session.as_deref(),
            address: peer.address,
            route: peer.route,
        }
    }
}

impl Handler for Alert {
    type Peer = Peer;
    type Session = Session;

    fn open(&self, handshake: &Handshake<'_>) -> Peer {
        let headers = &handshake.request.headers;
        let session = self.sessions.read_for_handshake(headers);
        let address = self.proxies.client(&handshake.peer, headers);
        let client = Client::of(handshake.request, SystemTime::now());
        let route = Route::of(handshake, address, &self.proxies);
        Peer { session: session.last().is_some().then(|| Box::new(session)), address, client, route }
    }

    fn connect(
        &self,
        socket: &Socket<'_>,
        peer: &Peer,
        auth: Option<&RawValue>,
    ) -> Result<Accepted<Session>, Refused> {
        let auth = Auth::read(auth);
        let shown = auth.shown();
        match socket.namespace() {
            wire::v1::NAMESPACE => {}
            wire::v2::NAMESPACE => {
                let member = v2::Member::new(Credential::read(&self.access, socket, &auth)?, shown);
                return Ok(Accepted::Connected(Session::V2(Box::new(member)), SocketIds::default()));
            }
            _ => return Err(Refused::unknown_namespace()),
        }
        let credential = Credential::read(&self.access, socket, &auth)?;
        if !self.recoveries.wants(peer.client, &auth) {
            let session = Session::V1(Member::new(credential).showing(shown));
            return Ok(Accepted::Connected(session, SocketIds::default()));
        }
        let origin = Origin::of(None, peer.address);
        let who = (peer.session.as_deref(), credential.as_deref());
        match self.recoveries.look_for(socket, &auth, origin, who) {
            Some(recovering) => Ok(Accepted::Later(Session::Recovering(recovering, credential))),
            None => {
                let (recoverable, ids) = self.recoveries.begin();
                let session =
                    Session::V1(Member::new(credential).recoverable(recoverable, None).showing(shown));
                Ok(Accepted::Connected(session, ids))
            }
        }
    }

    fn answer(&self, socket: &Socket<'_>, _peer: &Peer, session: &mut Session) -> Answer {
        let Session::Recovering(recovering, credential) = session else { return Answer::Later };
        let found = for_connection(socket.connection(), || self.recoveries.answer(socket, recovering));
        let Some(found) = found else { return Answer::Later };
        let shown = recovering.shown().clone();
        let member = Member::new(credential.take()).recoverable(found.recoverable, found.place);
        // It heard the room already, and was not yet asked whether it may stay.
        if member.presence().is_some_and(|presence| presence.may_stay().is_err()) {
            socket.waker().wake();
        }
        *session = Session::V1(member.showing(shown));
        Answer::Connected(found.ids)
    }

    fn event(&self, socket: &Socket<'_>, peer: &Peer, session: &mut Session, event: &Event<'_>) {
        for_connection(socket.connection(), || match session {
            Session::V1(member) => self.v1(peer).event(socket, member, event),
            Session::Recovering(..) => {}
            Session::V2(member) => self.v2(peer).event(socket, member, event),
        });
    }

    fn woken(&self, socket: &Socket<'_>, peer: &Peer, session: &mut Session) {
        for_connection(socket.connection(), || match session {
            Session::V1(member) => self.v1(peer).woken(socket, member),
            Session::Recovering(..) => {}
            Session::V2(member) => self.v2(peer).woken(socket, member),
        });
    }

    fn describe(&self, peer: &Peer, session: &Session) -> Option<String> {
        let presence = match session {
            Session::V1(member) => member.presence()?,
            Session::V2(member) => member.presence()?,
            Session::Recovering(..) => return None,
        };
        Some(format!("{} in {} ({})", presence.name(), presence.room().as_str(), address(peer.address)))
    }

    fn disconnect(&self, socket: &Socket<'_>, peer: &Peer, session: Session, reason: &CloseReason) {
        for_connection(socket.connection(), || self.end(socket, peer, session, reason));
    }

    fn close(&self, connection: ConnectionId, peer: Peer, reason: &CloseReason) {
        for_connection(connection, || {
            let (address, code) = (address(peer.address), reason.kind());
            if let CloseReason::SlowConsumer(_) = reason {
                let so_far = self.slow_consumers.fetch_add(1, Ordering::Relaxed) + 1;
                tracing::warn!(
                    address, code, %reason, so_far, "connection closed: raise --queue-limit if its network is just slow"
                );
            } else {
                tracing::info!(address, code, %reason, "connection closed");
            }
        });
    }
}

impl Alert {
    /// A client's socket has ended.
    fn end(&self, socket: &Socket<'_>, peer: &Peer, session: Session, reason: &CloseReason) {
        let mut unreceived = None;
        let presence = match session {
            Session::V1(member) => {
                let (place, recoverable) = member.into_parts(&self.rooms);
                match recoverable {
                    Some(recoverable) => {
                        self.recoveries.ended(socket.connection(), *recoverable, place.as_deref(), reason);
                    }
                    None => unreceived = Some(peer.route.unreceived(socket)),
                }
                place.map(|place| place.presence)
            }
            Session::Recovering(recovering, _) => {
                self.recoveries.given_up(socket, &recovering, reason).map(|place| place.presence)
            }
            Session::V2(member) => return member.end(&self.rooms, reason),
        };
        match presence {
            // Everybody leaves, and all come back to the next server; nobody is left to hear of it, unless other servers
            // share the room.
            Some(presence) if *reason == CloseReason::Shutdown && !self.rooms.are_shared() => {
                presence.stop(&self.rooms, unreceived);
            }
            Some(presence) => self.lose(presence, unreceived, reason),
            None => {}
        }
    }

    fn v2<'a>(&'a self, peer: &'a Peer) -> V2<'a> {
        V2 {
            rooms: &self.rooms,
            access: &self.access,
            limits: &self.limits,
            runtime: &self.runtime,
            most_bytes: self.most_answer_bytes,
            session: peer.session.as_deref(),
            address: peer.address,
        }
    }

    fn lose(&self, presence: Presence, unreceived: Option<Unreceived>, reason: &CloseReason) {
        let (room, name, code) = (presence.room().as_str(), presence.name().as_str(), reason.kind());
        tracing::info!(room, name, code, %reason, "lost");
        presence.lose(&self.rooms, unreceived);
    }
}

fn address(address: Option<IpAddr>) -> String {
    address.map_or_else(|| "unix".to_owned(), |address| address.to_string())
}
