//! The server that the public protocol test suites ask for: an Engine.IO echo at `/engine.io/`, and at `/socket.io/`
//! a Socket.IO server with the namespaces `/` and `/custom`.
//!
//! `PORT`, `PING_INTERVAL`, `PING_TIMEOUT` (milliseconds) and `MAX_PAYLOAD` (bytes) come from the environment:
//! `PORT=3000 PING_INTERVAL=300 PING_TIMEOUT=200 MAX_PAYLOAD=1000000 cargo run --release --example conformance`

use bytes::Bytes;
use http::Response;
use http_body_util::BodyExt;
use serde_json::value::RawValue;
use socketio_server::{
    Accepted, Acceptor, App, AppAnswer, Arguments, CloseReason, Config, Engine, Event, Handler, Handshake,
    Link, ListenAddr, Refused, Server, Socket, SocketIds, SocketIo, Timing, encode, origin::OriginPolicy,
};
use std::{env, error::Error, io::Write, net::SocketAddr, time::Duration};
use tokio::runtime::Handle;
use tower::{ServiceExt, service_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let port = number("PORT", 3000)?;
    let mut origins = OriginPolicy::default();
    origins.allow_any();
    let config = Config {
        timing: Timing {
            interval: Duration::from_millis(number("PING_INTERVAL", 300)?),
            timeout: Duration::from_millis(number("PING_TIMEOUT", 200)?),
        },
        max_payload: usize::try_from(number("MAX_PAYLOAD", 1_000_000)?)?,
        origins,
        ..Config::default()
    };
    let both =
        Both { socketio: SocketIo::new(Conformance { runtime: Handle::current() }, config.max_payload) };
    let address = SocketAddr::from(([127, 0, 0, 1], u16::try_from(port)?));
    let listener = Acceptor::bind(&ListenAddr::Tcp(address))?;
    writeln!(std::io::stdout(), "listening on {}", listener.address())?;
    let server = Server::start(config, both, &not_found(), vec![listener])?;
    tokio::signal::ctrl_c().await?;
    server.shut_down(Duration::from_secs(1)).await;
    Ok(())
}

fn number(name: &str, default: u64) -> Result<u64, Box<dyn Error>> {
    match env::var(name) {
        Ok(text) => Ok(text.parse().map_err(|_| format!("{name} must be a whole number, not `{text}`"))?),
        Err(_) => Ok(default),
    }
}

fn not_found() -> App {
    let answer = service_fn(|_| async {
        let mut response =
            Response::new(http_body_util::Empty::new().map_err(|never| match never {}).boxed_unsync());
        *response.status_mut() = http::StatusCode::NOT_FOUND;
        Ok(AppAnswer::Whole(response))
    });

    answer.boxed_clone()
}

struct Conformance {
    runtime: Handle,
}

/// From the answer to CONNECT to the `auth` event. A client under test waits for one packet at a time, and misses one
/// that comes with the one before.
const AUTH_DELAY: Duration = Duration::from_millis(20);

/// A socket's `auth`, as it is told back.
struct Auth(Option<Box<RawValue>>);

impl Handler for Conformance {
    type Peer = ();
    type Session = Auth;

    fn open(&self, _handshake: &Handshake<'_>) {}

    fn connect(
        &self,
        socket: &Socket<'_>,
        _peer: &(),
        auth: Option<&RawValue>,
    ) -> Result<Accepted<Auth>, Refused> {
        match socket.namespace() {
            "/" | "/custom" => {
                Ok(Accepted::Connected(Auth(auth.map(ToOwned::to_owned)), SocketIds::default()))
            }
            _ => Err(Refused::unknown_namespace()),
        }
    }

    fn connected(&self, socket: &Socket<'_>, Auth(auth): &mut Auth) {
        let args = match auth {
            Some(auth) => Arguments::new().raw(auth),
            None => Arguments::new().json(&serde_json::json!({})).unwrap_or_default(),
        };
        let (hub, connection) = (socket.hub().clone(), socket.connection());
        let event = encode::event(socket.namespace(), None, "auth", &args);
        self.runtime.spawn(async move {
            tokio::time::sleep(AUTH_DELAY).await;
            hub.send(connection, event.into());
        });
    }

    fn event(&self, socket: &Socket<'_>, _peer: &(), _session: &mut Auth, event: &Event<'_>) {
        let same = || Arguments::from_incoming(event.args, event.attachments);
        match (event.name, event.ack) {
            ("message", _) => socket.send(encode::event(socket.namespace(), None, "message-back", &same())),
            ("message-with-ack", Some(id)) => socket.ack(id, &same()),
            _ => {}
        }
    }

    fn disconnect(&self, _socket: &Socket<'_>, _peer: &(), _session: Auth, _reason: &CloseReason) {}
}

/// Socket.IO at its own path, an echo at Engine.IO's.
struct Both {
    socketio: SocketIo<Conformance>,
}

enum Session {
    SocketIo(<SocketIo<Conformance> as Engine>::Session),
    Echo,
}

impl Engine for Both {
    type Session = Session;

    fn claims(&self, path: &str) -> bool {
        path == "/engine.io/" || self.socketio.claims(path)
    }

    fn open(&self, link: &Link<'_>, handshake: &Handshake<'_>) -> Session {
        if self.socketio.claims(handshake.request.uri.path()) {
            return Session::SocketIo(self.socketio.open(link, handshake));
        }
        link.confirm();
        Session::Echo
    }

    fn text(&self, link: &Link<'_>, session: &mut Session, text: &str) -> Result<(), CloseReason> {
        match session {
            Session::SocketIo(session) => self.socketio.text(link, session, text),
            Session::Echo => {
                link.send(text);
                Ok(())
            }
        }
    }

    fn binary(&self, link: &Link<'_>, session: &mut Session, data: Bytes) -> Result<(), CloseReason> {
        match session {
            Session::SocketIo(session) => self.socketio.binary(link, session, data),
            Session::Echo => {
                link.send(&*data);
                Ok(())
            }
        }
    }

    fn close(&self, link: &Link<'_>, session: Session, reason: &CloseReason) {
        if let Session::SocketIo(session) = session {
            self.socketio.close(link, session, reason);
        }
    }
}
