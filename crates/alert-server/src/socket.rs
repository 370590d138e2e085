//! Socket.IO events to rooms: the handler that makes the runtime an Alert server.

mod audience;
mod identity;
mod live_room;
mod rooms;

pub use audience::ListenForm;
pub use rooms::Rooms;

use crate::{config::Config, web::SessionCookies};
use alert_core::wire::v1::{AckBody, ClientEvent, Joined, Limits, Notice, Refusal};
use identity::Identity;
use live_room::Presence;
use serde_json::value::RawValue;
use socketio_server::{
    AckId, Arguments, CloseReason, Event, Handler, Handshake, Publication, Refused, Socket, TrustedProxies,
    encode,
};
use std::{
    net::IpAddr,
    sync::atomic::{AtomicU64, Ordering},
};

/// The v1 namespace, the only one.
const NAMESPACE: &str = "/";

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
    session: Option<Box<crate::web::WebSession>>,
    address: Option<IpAddr>,
}

/// A client's socket: the room that it is in, if it is in one.
#[derive(Default)]
pub struct Session {
    joined: Option<Box<Seat>>,
}

struct Seat {
    identity: Identity,
    presence: Presence,
}

/// What became of an event that was carried out.
enum Outcome {
    Done,
    Joined,
}

impl Session {
    /// The acknowledgement. The list of members is made only for who asks.
    fn acknowledge(&self, result: Result<Outcome, Refusal>) -> AckBody {
        match (result, &self.joined) {
            (Ok(Outcome::Joined), Some(seat)) => seat.presence.joined_ack(),
            (Ok(_), _) => AckBody::Done,
            (Err(refusal), _) => AckBody::Refused(refusal),
        }
    }
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

    /// Carries an event out.
    fn carry_out(
        &self,
        socket: &Socket<'_>,
        peer: &Peer,
        session: &mut Session,
        event: &Event<'_>,
    ) -> Result<Outcome, Refusal> {
        let args = event.args.iter().copied();
        match ClientEvent::parse(event.name, args, !event.attachments.is_empty(), &self.limits)? {
            ClientEvent::Joined(joined) => self.join(socket, peer, session, joined),
            ClientEvent::Text(text) => {
                let seat = session.joined.as_ref().ok_or_else(Refusal::not_joined)?;
                let name = seat.identity.speaker(text.speaker, seat.presence.name(), &self.limits)?;
                seat.presence.say(&name, &text.msg);
                Ok(Outcome::Done)
            }
            ClientEvent::Left(left) => {
                let seat = session.joined.as_ref().ok_or_else(Refusal::not_joined)?;
                seat.identity.speaker(left.speaker, seat.presence.name(), &self.limits)?;
                if let Some(seat) = session.joined.take() {
                    self.leave(seat.presence);
                }
                Ok(Outcome::Done)
            }
        }
    }

    fn join(
        &self,
        socket: &Socket<'_>,
        peer: &Peer,
        session: &mut Session,
        joined: Joined,
    ) -> Result<Outcome, Refusal> {
        let (identity, name, room) = Identity::of(joined, peer.session.as_deref())?;
        if let Some(seat) = session.joined.take_if(|seat| *seat.presence.room() != room) {
            self.leave(seat.presence);
        }
        session.joined.get_or_insert_with(|| {
            tracing::info!(
                room = room.as_str(),
                name = name.as_str(),
                address = address(peer.address),
                "joined"
            );
            let presence = self.rooms.enter(socket.hub(), socket.connection(), &room, &name);
            Box::new(Seat { identity, presence })
        });
        Ok(Outcome::Joined)
    }

    /// The person said `left`.
    fn leave(&self, presence: Presence) {
        tracing::info!(room = presence.room().as_str(), name = presence.name().as_str(), "left");
        presence.leave(&self.rooms);
    }
}

impl Handler for Alert {
    type Peer = Peer;
    type Session = Session;

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
    ) -> Result<Session, Refused> {
        if socket.namespace() == NAMESPACE {
            Ok(Session::default())
        } else {
            Err(Refused::unknown_namespace())
        }
    }

    fn event(&self, socket: &Socket<'_>, peer: &Peer, session: &mut Session, event: &Event<'_>) {
        let result = self.carry_out(socket, peer, session, event);
        if let Err(refusal) = &result {
            let code = refusal.code().as_str();
            tracing::info!(
                event = event.name,
                code,
                address = address(peer.address),
                "refused: {}",
                refusal.message()
            );
        }
        match (event.ack, result) {
            (Some(id), result) => answer(socket, id, &session.acknowledge(result)),
            (None, Ok(_)) => {}
            (None, Err(refusal)) => {
                socket.send(publication(&Notice::refused(&refusal)));
            }
        }
    }

    fn disconnect(&self, _socket: &Socket<'_>, _peer: &Peer, session: Session, reason: &CloseReason) {
        // When the server goes, everybody goes: nobody is left to be told, and all come back to another one.
        if let Some(seat) = session.joined.filter(|_| *reason != CloseReason::Shutdown) {
            tracing::info!(room = seat.presence.room().as_str(), name = seat.presence.name().as_str(), %reason, "lost");
            seat.presence.lose(&self.rooms);
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

    fn refuse_origin(&self, origin: &str) -> String {
        tracing::warn!(
            origin,
            "a page was refused: --allow-origin lets it connect; --public-url says what our own pages' address is"
        );
        format!(
            "Pages of {origin:?} may not connect. If this page is Alert's own, seen through a proxy, set --public-url \
             to its address; otherwise allow it with --allow-origin."
        )
    }
}

/// A notice as every receiver gets it.
fn publication(notice: &Notice) -> Publication {
    encode::event(NAMESPACE, None, notice.event(), &arguments(notice)).into()
}

fn answer(socket: &Socket<'_>, id: AckId, body: &AckBody) {
    socket.ack(id, &arguments(body));
}

#[expect(
    clippy::expect_used,
    reason = "our bodies are strings, numbers and lists of them, which JSON can hold"
)]
fn arguments(body: &impl serde::Serialize) -> Arguments {
    Arguments::new().json(body).expect("a body of ours is JSON")
}

fn address(address: Option<IpAddr>) -> String {
    address.map_or_else(|| "unix".to_owned(), |address| address.to_string())
}
