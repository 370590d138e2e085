//! Socket.IO: the handler that makes the runtime an Alert server. Each version of the protocol is a module.

mod recovery;
mod route;
mod v1;
mod v2;

use crate::auth::{Origin, SessionCookies, WebSession};
use crate::config::Config;
use crate::rooms::{Presence, Rooms, Unreceived};
use alert_core::wire;
use alert_core::wire::v1::Limits;
use recovery::{Auth, Client, Recoveries, Recovering};
use route::Route;
use serde_json::value::RawValue;
use socketio_server::{
    Accepted, Answer, CloseReason, Event, Handler, Handshake, Refused, Socket, SocketIds, TrustedProxies,
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
    Recovering(Recovering),
    /// It speaks v2.
    V2(Box<v2::Member>),
}

impl Alert {
    /// Serves `rooms` as `config` says. What has to wait runs on `runtime`.
    pub fn new(config: &Config, rooms: Rooms, sessions: SessionCookies, runtime: Handle) -> Self {
        Self {
            recoveries: Recoveries::new(config, rooms.clone(), &sessions, runtime.clone()),
            rooms,
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
        match socket.namespace() {
            wire::v1::NAMESPACE => {}
            wire::v2::NAMESPACE => {
                return Ok(Accepted::Connected(Session::V2(Box::default()), SocketIds::default()));
            }
            _ => return Err(Refused::unknown_namespace()),
        }
        let auth = Auth::read(auth);
        if !self.recoveries.wants(peer.client, &auth) {
            let session = Session::V1(Member::default());
            return Ok(Accepted::Connected(session, SocketIds::default()));
        }
        let origin = Origin::of(None, peer.address);
        match self.recoveries.look_for(socket, &auth, origin, peer.session.as_deref()) {
            Some(recovering) => Ok(Accepted::Later(Session::Recovering(recovering))),
            None => {
                let (recoverable, ids) = self.recoveries.begin();
                let session = Session::V1(Member::recoverable(recoverable, None));
                Ok(Accepted::Connected(session, ids))
            }
        }
    }

    fn answer(&self, socket: &Socket<'_>, _peer: &Peer, session: &mut Session) -> Answer {
        let Session::Recovering(recovering) = session else { return Answer::Later };
        let Some(found) = self.recoveries.answer(socket, recovering) else { return Answer::Later };
        *session = Session::V1(Member::recoverable(found.recoverable, found.place));
        Answer::Connected(found.ids)
    }

    fn event(&self, socket: &Socket<'_>, peer: &Peer, session: &mut Session, event: &Event<'_>) {
        match session {
            Session::V1(member) => self.v1(peer).event(socket, member, event),
            Session::Recovering(_) => {}
            Session::V2(member) => self.v2(peer).event(socket, member, event),
        }
    }

    fn woken(&self, socket: &Socket<'_>, peer: &Peer, session: &mut Session) {
        match session {
            Session::V1(member) => self.v1(peer).woken(socket, member),
            Session::Recovering(_) => {}
            Session::V2(member) => self.v2(peer).woken(socket, member),
        }
    }

    fn disconnect(&self, socket: &Socket<'_>, peer: &Peer, session: Session, reason: &CloseReason) {
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
            Session::Recovering(recovering) => {
                self.recoveries.given_up(socket, &recovering, reason).map(|place| place.presence)
            }
            Session::V2(member) => return member.end(&self.rooms, reason),
        };
        match presence {
            // Everybody leaves: nobody is left to hear of it, and all come back to the next server.
            Some(presence) if *reason == CloseReason::Shutdown => presence.stop(&self.rooms, unreceived),
            Some(presence) => self.lose(presence, unreceived, reason),
            None => {}
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

impl Alert {
    fn v2<'a>(&'a self, peer: &'a Peer) -> V2<'a> {
        V2 {
            rooms: &self.rooms,
            limits: &self.limits,
            runtime: &self.runtime,
            most_bytes: self.most_answer_bytes,
            session: peer.session.as_deref(),
            address: peer.address,
        }
    }

    fn lose(&self, presence: Presence, unreceived: Option<Unreceived>, reason: &CloseReason) {
        tracing::info!(room = presence.room().as_str(), name = presence.name().as_str(), %reason, "lost");
        presence.lose(&self.rooms, unreceived);
    }
}

fn address(address: Option<IpAddr>) -> String {
    address.map_or_else(|| "unix".to_owned(), |address| address.to_string())
}
