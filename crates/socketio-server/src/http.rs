//! HTTP on a new socket: requests for Engine.IO go to the transports, the others to the application. A socket that
//! becomes a WebSocket is taken back from hyper, so that hyper's buffers are gone.

pub(crate) mod body;
mod cors;
mod timed_io;

use crate::{
    app::{AppResponse, Listen},
    connection::{CloseReason, Transport},
    engine::{Engine, Handshake},
    frame::Frame,
    inbox::Command,
    shard::Shard,
    sid::Sid,
    stream::{DetachedStream, PeerAddr, Stream},
    transport::{
        listener,
        polling::Ticket,
        request,
        websocket::{self, FrameReader},
    },
};
use body::{Refusal, ResponseBody};
use bytes::Bytes;
pub use cors::{apply as apply_cors, preflight};
use http::{HeaderMap, Request, Response, request::Parts};
use http_body_util::Full;
use hyper::{
    body::{Body as _, Incoming},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use std::{
    cell::{Cell, RefCell},
    convert::Infallible,
    net::Shutdown,
    rc::{Rc, Weak},
    task::Poll,
    time::{Duration, Instant},
};
use timed_io::{HttpClock, TimedIo};
use tower::ServiceExt;

/// Bytes of a request's head.
const MAX_HEAD: usize = 32 << 10;

/// How long the answer to a client that has gone takes to come back as a reset.
const RESET: Duration = Duration::from_secs(3);

/// Serves a new socket.
pub(crate) fn accept<E: Engine>(shard: &Rc<Shard<E>>, stream: DetachedStream, peer: PeerAddr) {
    if shard.shutting_down.get() {
        return;
    }
    // A socket that the runtime cannot take (its peer may have gone already) is dropped, which closes it.
    let Ok(stream) = stream.attach() else { return };
    tokio::task::spawn_local(serve(Rc::clone(shard), stream, peer));
}

async fn serve<E: Engine>(shard: Rc<Shard<E>>, stream: Stream, peer: PeerAddr) {
    let _socket = shard.count_socket();
    let clock = HttpClock::new();
    let stream = Rc::new(stream);
    let http = Rc::new(Http {
        shard: Rc::clone(&shard),
        stream: Rc::downgrade(&stream),
        in_doubt: Cell::new(None),
        clock: Rc::clone(&clock),
        takeover: RefCell::default(),
        is_taken: Cell::new(false),
        peer,
    });
    let io = TokioIo::new(TimedIo::new(stream, clock, shard.config.http));
    let service = service_fn(|request| Box::pin(Rc::clone(&http).answer(request)));
    let mut connection =
        http1::Builder::new().half_close(true).max_buf_size(MAX_HEAD).serve_connection(io, service);
    let wind_up = shard.winding_up.notified();
    tokio::pin!(wind_up);
    let mut winding_up = false;
    let ended = loop {
        tokio::select! {
            biased;
            ended = std::future::poll_fn(|cx| {
                shard.begin_turn();
                match connection.poll_without_shutdown(cx) {
                    Poll::Pending if http.is_taken.get() => Poll::Ready(Ok(())),
                    poll => poll,
                }
            }) => break ended,
            () = &mut wind_up, if !winding_up => {
                Pin::new(&mut connection).graceful_shutdown();
                winding_up = true;
            }
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%peer, %error, "HTTP connection ended");
        http.poll_is_lost();
        return;
    }
    let parts = connection.into_parts();
    let stream = parts.io.into_inner().into_stream();
    match http.takeover.take() {
        None => {
            stream.shut(Shutdown::Write);
            if http.in_doubt.get().is_some() && tokio::time::timeout(RESET, stream.failed()).await.is_ok() {
                http.poll_is_lost();
            }
        }
        Some(Takeover::Open(head)) => open_websocket(&shard, stream, parts.read_buf, &head, peer),
        Some(Takeover::Listen(head, listen)) => listener::open(&shard, stream, &head, &listen),
        Some(Takeover::Upgrade(sid)) => {
            if let Some(Ok(stream)) = Rc::into_inner(stream).map(Stream::detach) {
                shard.hub.push(sid.shard(), Command::Upgrade { sid, stream, early: parts.read_buf });
            }
        }
    }
}

fn open_websocket<E: Engine>(
    shard: &Rc<Shard<E>>,
    stream: Rc<Stream>,
    early: Bytes,
    head: &Parts,
    peer: PeerAddr,
) {
    let handshake = Handshake { request: head, peer };
    let connection = shard.open(&handshake, Transport::WebSocket(Rc::clone(&stream)));
    shard.push(&connection, &Rc::new(Frame::text(&shard.handshake_packet(&connection))));
    if shard.shutting_down.get() {
        // The shut-down came between the request and its 101.
        shard.close(&connection, CloseReason::Shutdown);
    }
    // A task of its own: this one has room for all of hyper.
    let shard = Rc::clone(shard);
    tokio::task::spawn_local(async move {
        let _socket = shard.count_socket();
        websocket::run(Rc::clone(&shard), connection, stream, FrameReader::default(), early).await;
    });
}

/// What a socket becomes: after its 101, or instead of hyper's response.
pub(crate) enum Takeover {
    /// A new connection, opened by this request.
    Open(Box<Parts>),
    /// The WebSocket of a session that polls.
    Upgrade(Sid),
    /// A listener, whose response begins with this head.
    Listen(Box<http::response::Parts>, Listen),
}

/// Answers the requests of one socket.
pub(crate) struct Http<E: Engine> {
    pub(crate) shard: Rc<Shard<E>>,
    pub(crate) takeover: RefCell<Option<Takeover>>,
    pub(crate) peer: PeerAddr,
    stream: Weak<Stream>,
    /// A long-polling GET whose client had ended its side before the answer: it listens still, or has gone.
    in_doubt: Cell<Option<(Sid, Ticket)>>,
    /// Whether the socket is to be taken without a response from hyper.
    is_taken: Cell<bool>,
    clock: Rc<HttpClock>,
}

impl<E: Engine> Http<E> {
    async fn answer(
        self: Rc<Self>,
        mut request: Request<Incoming>,
    ) -> Result<Response<ResponseBody>, Infallible> {
        self.clock.begin();
        if self.shard.turn_is_over(Instant::now()) {
            // Requests in a row, one behind the other.
            tokio::task::yield_now().await;
        }
        let clock = Rc::clone(&self.clock);
        if self.shard.engine.claims(request.uri().path()) {
            return Ok(request::answer(&self, &mut request)
                .await
                .map(|body| ResponseBody::whole(body, clock)));
        }
        let (is_get, version) = (request.method() == http::Method::GET, request.version());
        // Boxed, since most requests are Engine.IO's and need no room for it.
        match Box::pin(self.ask_app(request)).await {
            Ok(mut response) => {
                if let Some(listen) = response.extensions_mut().remove::<Listen>().filter(|_| is_get) {
                    *response.version_mut() = version;
                    self.takeover.replace(Some(Takeover::Listen(Box::new(response.into_parts().0), listen)));
                    self.is_taken.set(true);
                    return std::future::pending().await;
                }
                Ok(response.map(|body| ResponseBody::app(body, clock)))
            }
            Err(refusal) => Ok(refusal.response().map(|body| ResponseBody::whole(body, clock))),
        }
    }

    /// Returns when the client has ended its side of the socket.
    pub(crate) async fn peer_ends(&self) {
        match self.stream.upgrade() {
            Some(stream) => stream.peer_ends().await,
            None => std::future::pending().await,
        }
    }

    /// Has it found out, after the answer, whether the client of this GET is still there.
    pub(crate) fn doubt(&self, sid: Sid, ticket: Ticket) {
        self.in_doubt.set(Some((sid, ticket)));
    }

    fn poll_is_lost(&self) {
        if let Some((sid, ticket)) = self.in_doubt.take() {
            self.shard.hub.push(sid.shard(), Command::PollGone { sid, ticket });
        }
    }

    async fn ask_app(&self, request: Request<Incoming>) -> Result<AppResponse, Refusal> {
        let (head, mut body) = request.into_parts();
        let body = self.read_body(&head.headers, &mut body).await?;
        let mut request = Request::from_parts(head, Full::new(body));
        request.extensions_mut().insert(self.peer);
        match self.shard.app.clone().oneshot(request).await {
            Ok(response) => Ok(response),
            Err(never) => match never {},
        }
    }

    pub(crate) async fn read_body(&self, head: &HeaderMap, body: &mut Incoming) -> Result<Bytes, Refusal> {
        let has_body = !body.is_end_stream();
        let body = body::read(head, body, self.shard.config.max_payload, self.shard.config.http.body).await;
        if has_body {
            self.clock.body_came();
        }
        body
    }
}
