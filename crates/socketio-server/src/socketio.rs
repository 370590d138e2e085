//! Socket.IO over Engine.IO: packets to a [`Handler`]'s events, namespaces, and acknowledgements.

pub(crate) mod handler;

use crate::{
    connection::CloseReason,
    engine::{Engine, Handshake, Link},
    engineio::sid::random_socket_id,
    socketio::handler::{Accepted, Answer, Event, Handler, Refused, Socket, SocketIds},
};
use bytes::Bytes;
use serde_json::value::RawValue;
use smallvec::SmallVec;
use socketio_protocol::socket::{DecodeError, attachments::Decoder, encode, packet::Packet};

/// The default path of every Socket.IO client.
pub const DEFAULT_PATH: &str = "/socket.io/";

/// Speaks Socket.IO for a [`Handler`].
pub struct SocketIo<H> {
    handler: H,
    /// The limit of an event with its attachments.
    max_payload: usize,
}

/// A connection's Socket.IO state.
pub struct Session<H: Handler> {
    peer: H::Peer,
    decoder: Decoder,
    /// The namespaces that are connected. Entries leave in `disconnect` and `close`.
    sockets: SmallVec<[Connected<H>; 1]>,
    /// How many have been connected so far.
    connected: u32,
}

struct Connected<H: Handler> {
    namespace: Namespace,
    session: H::Session,
    number: u32,
    /// The CONNECT is not answered yet.
    is_pending: bool,
}

/// A namespace's name. Nearly all are `/`, which is kept without an allocation.
struct Namespace(Option<Box<str>>);

impl Namespace {
    fn new(name: &str) -> Self {
        Self((name != "/").then(|| name.into()))
    }

    fn as_str(&self) -> &str {
        self.0.as_deref().unwrap_or("/")
    }
}

impl<H: Handler> SocketIo<H> {
    /// Lets `handler` speak Socket.IO. `max_payload` is that of the server's [`crate::Config`].
    pub fn new(handler: H, max_payload: usize) -> Self {
        Self { handler, max_payload }
    }

    fn packet(
        &self,
        link: &Link<'_>,
        session: &mut Session<H>,
        packet: &Packet<'_>,
        attachments: &[Bytes],
    ) -> Result<(), CloseReason> {
        let namespace = packet.namespace();
        let position = session.sockets.iter().position(|socket| socket.namespace.as_str() == namespace);
        let (number, is_pending) = position.map_or((session.connected, false), |position| {
            let Connected { number, is_pending, .. } = session.sockets[position];
            (number, is_pending)
        });
        let socket = Socket { link, namespace, number };
        match (packet, position) {
            (Packet::Event { .. } | Packet::Ack { .. }, Some(_)) if is_pending => {
                Err(broken("the namespace is not connected yet"))
            }
            (Packet::Connect { auth, .. }, None) => {
                self.connect(link, session, &socket, *auth);
                Ok(())
            }
            (Packet::Disconnect { .. }, Some(position)) => {
                let connected = session.sockets.swap_remove(position);
                self.handler.disconnect(
                    &socket,
                    &session.peer,
                    connected.session,
                    &CloseReason::NamespaceLeft,
                );
                Ok(())
            }
            (Packet::Event { name, args, ack, .. }, Some(position)) => {
                let event = Event { name, args, attachments, ack: *ack };
                self.handler.event(&socket, &session.peer, &mut session.sockets[position].session, &event);
                Ok(())
            }
            // The server asks for no acks. As in the reference server, an unknown id is ignored.
            (Packet::Ack { .. }, Some(_)) => Ok(()),
            // As in the reference server: a client that does this has lost track.
            (Packet::Connect { .. }, Some(_)) => Err(broken("the namespace is connected already")),
            (Packet::ConnectError { .. }, _) => Err(broken("CONNECT_ERROR from a client")),
            (_, None) => Err(broken("the namespace is not connected")),
        }
    }

    fn connect(
        &self,
        link: &Link<'_>,
        session: &mut Session<H>,
        socket: &Socket<'_>,
        auth: Option<&RawValue>,
    ) {
        let (state, ids) = match self.handler.connect(socket, &session.peer, auth) {
            Ok(Accepted::Connected(state, ids)) => (state, Some(ids)),
            Ok(Accepted::Later(state)) => (state, None),
            Err(refused) => return refuse(link, socket.namespace, &refused),
        };
        link.confirm();
        session.connected += 1;
        session.sockets.push(Connected {
            namespace: Namespace::new(socket.namespace),
            session: state,
            number: socket.number,
            is_pending: ids.is_none(),
        });
        if let (Some(ids), Some(connected)) = (ids, session.sockets.last_mut()) {
            self.confirm(socket, &mut connected.session, ids);
        }
    }

    /// Tells the client that its namespace is connected.
    fn confirm(&self, socket: &Socket<'_>, state: &mut H::Session, SocketIds { sid, pid }: SocketIds) {
        let sid = sid.unwrap_or_else(random_socket_id);
        socket.send(encode::connect(socket.namespace, &sid, pid.as_deref()));
        self.handler.connected(socket, state);
    }
}

fn refuse(link: &Link<'_>, namespace: &str, Refused { message, data }: &Refused) {
    link.send(encode::connect_error(namespace, message, data.as_deref()));
}

fn broken(rule: &str) -> CloseReason {
    CloseReason::ProtocolError(rule.to_owned())
}

impl From<DecodeError> for CloseReason {
    fn from(error: DecodeError) -> Self {
        match error {
            DecodeError::TooLarge { .. } => Self::TooLarge,
            error => Self::ProtocolError(error.to_string()),
        }
    }
}

impl<H: Handler> Engine for SocketIo<H> {
    type Session = Session<H>;

    fn claims(&self, path: &str) -> bool {
        // Some clients are told to leave out the slash (`addTrailingSlash: false`), and some proxies remove it.
        path == DEFAULT_PATH || path == DEFAULT_PATH.trim_end_matches('/')
    }

    fn open(&self, _link: &Link<'_>, handshake: &Handshake<'_>) -> Session<H> {
        Session {
            peer: self.handler.open(handshake),
            decoder: Decoder::new(),
            sockets: SmallVec::new(),
            connected: 0,
        }
    }

    fn text(&self, link: &Link<'_>, session: &mut Session<H>, text: &str) -> Result<(), CloseReason> {
        match session.decoder.text(text, self.max_payload)? {
            Some(packet) => self.packet(link, session, &packet, &[]),
            None => Ok(()),
        }
    }

    fn binary(&self, link: &Link<'_>, session: &mut Session<H>, data: Bytes) -> Result<(), CloseReason> {
        match session.decoder.binary(data)? {
            Some(whole) => self.packet(link, session, &whole.packet(), whole.attachments()),
            None => Ok(()),
        }
    }

    fn woken(&self, link: &Link<'_>, session: &mut Session<H>, socket: u32) {
        let Session { peer, sockets, .. } = session;
        let Some(position) = sockets.iter().position(|connected| connected.number == socket) else { return };
        let Connected { namespace, session: state, number, is_pending } = &mut sockets[position];
        let socket = Socket { link, namespace: namespace.as_str(), number: *number };
        if !*is_pending {
            return self.handler.woken(&socket, peer, state);
        }
        match self.handler.answer(&socket, peer, state) {
            Answer::Connected(ids) => {
                *is_pending = false;
                self.confirm(&socket, state, ids);
            }
            Answer::Refused(refused) => {
                refuse(link, socket.namespace, &refused);
                sockets.swap_remove(position);
            }
            Answer::Later => {}
        }
    }

    fn roused(&self, link: &Link<'_>, session: &mut Session<H>) {
        let Session { peer, sockets, .. } = session;
        for Connected { namespace, session: state, number, is_pending } in sockets {
            if !*is_pending {
                let socket = Socket { link, namespace: namespace.as_str(), number: *number };
                self.handler.woken(&socket, peer, state);
            }
        }
    }

    fn describe(&self, session: &Session<H>) -> Option<String> {
        session.sockets.iter().find_map(|socket| self.handler.describe(&session.peer, &socket.session))
    }

    fn unfinished(&self, session: &Session<H>) -> Option<usize> {
        session.decoder.pending_bytes()
    }

    fn close(&self, link: &Link<'_>, session: Session<H>, reason: &CloseReason) {
        for Connected { namespace, session: state, number, .. } in session.sockets {
            let socket = Socket { link, namespace: namespace.as_str(), number };
            self.handler.disconnect(&socket, &session.peer, state, reason);
        }
        self.handler.close(link.id(), session.peer, reason);
    }
}
