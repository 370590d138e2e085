//! A new socket and its HTTP/1. A socket that becomes a WebSocket is taken back from hyper, which frees hyper's buffers.

use super::arriving::{shake_hands, turn_away};
use super::body::{RequestBody, ResponseBody};
use super::requests::{Answer, Http};
use super::timed_io::{HttpClock, TimedIo};
use super::tunnel::{self, Owner, Side};
use super::{body, http2, subscriber};
use crate::{
    arrivals::Arrival,
    bounds::Place,
    connection::{CloseReason, Transport},
    engine::{Engine, Handshake},
    engineio::{
        sid::Sid,
        websocket::{self, FrameReader},
    },
    frame::Frame,
    http::app::Subscriber,
    shard::{Shard, inbox::Command},
    stream::{DetachedStream, PeerAddr, Protocol, Stream},
};
use bytes::Bytes;
use http::{Request, Response, request::Parts};
use hyper::{
    body::{Body as _, Incoming},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use std::{
    net::Shutdown,
    rc::Rc,
    time::{Duration, Instant},
};

/// The most bytes of a request's head.
pub(super) const MAX_HEAD: usize = 32 << 10;

/// How long it may take until an answer to a client that has gone comes back as a reset.
const RESET: Duration = Duration::from_secs(3);

/// Serves a new socket.
pub(crate) fn accept<E: Engine>(
    shard: &Rc<Shard<E>>,
    stream: DetachedStream,
    peer: PeerAddr,
    to_https: Option<u16>,
    arrival: Arrival,
) {
    if shard.shutting_down.get() {
        return;
    }
    // A socket that the runtime cannot take (its peer may have gone already) is dropped, which closes it.
    let Ok(stream) = stream.attach() else { return };
    let is_proxy = shard.config.proxies.is_proxy(&peer);
    match Place::take(shard.hub.held(), true, peer.ip().filter(|_| !is_proxy)) {
        Ok(place) => {
            drop(tokio::task::spawn_local(serve(Rc::clone(shard), stream, (peer, to_https), place, arrival)))
        }
        Err(full) => drop(tokio::task::spawn_local(turn_away(Rc::clone(shard), stream, full))),
    }
}

async fn serve<E: Engine>(
    shard: Rc<Shard<E>>,
    stream: Stream,
    (peer, to_https): (PeerAddr, Option<u16>),
    place: Place,
    arrival: Arrival,
) {
    let _socket = shard.count_socket();
    let mut arrival = Some(arrival);
    if let Stream::Tls(tls) = &stream {
        if !Box::pin(shake_hands(&shard, tls, peer, &mut arrival)).await {
            return;
        }
        match tls.protocol() {
            Protocol::Http1 => {}
            Protocol::Http2 => return Box::pin(http2::serve(shard, Rc::new(stream), peer, place)).await,
            Protocol::Nothing => return stream.shut(Shutdown::Write),
        }
    }
    let (clock, began) = (HttpClock::new(), Instant::now());
    let stream = Rc::new(stream);
    let http = Rc::new(Http::of_socket(&shard, peer, to_https, &stream, place));
    let io = TokioIo::new(TimedIo::new(stream, Rc::clone(&clock), shard.config.http, &shard.hub));
    let service = service_fn(|request| Box::pin(answer(Rc::clone(&http), Rc::clone(&clock), request)));
    let mut connection =
        http1::Builder::new().half_close(true).max_buf_size(MAX_HEAD).serve_connection(io, service);
    let wind_up = async {
        shard.winding_up.notified().await;
        // Whoever has just been let in is answered.
        let until = began + shard.config.http.last_request;
        let _ = tokio::time::timeout_at(until.into(), http.asked.notified()).await;
    };
    tokio::pin!(wind_up);
    let mut winding_up = false;
    let ended = loop {
        tokio::select! {
            biased;
            ended = std::future::poll_fn(|cx| {
                shard.begin_turn();
                let polled = connection.poll_without_shutdown(cx);
                arrival = None;
                polled
            }) => break ended,
            () = &mut wind_up, if !winding_up => {
                Pin::new(&mut connection).graceful_shutdown();
                winding_up = true;
            }
        }
    };
    if let Err(error) = ended
        && http.takeover.borrow().is_none()
    {
        tracing::debug!(%peer, %error, "HTTP connection ended");
        if let Some(doubt) = http.in_doubt.take() {
            http.give_up(doubt);
        }
        return;
    }
    let parts = connection.into_parts();
    let stream = parts.io.into_inner().into_stream();
    let Some(takeover) = http.takeover.take() else {
        let doubt = http.in_doubt.take();
        // A relay that finds its client gone resets the stream, which it could not if both sides had ended.
        if doubt.is_none() || !http.is_relay.get() {
            stream.shut(Shutdown::Write);
        }
        if let Some(doubt) = doubt
            && tokio::time::timeout(RESET, stream.failed()).await.is_ok()
        {
            http.give_up(doubt);
        }
        return;
    };
    let Some(place) = http.place.take() else { return };
    match takeover {
        Takeover::Open(head, session_place) => {
            open_websocket(&shard, stream, parts.read_buf, &head, peer, (place, session_place));
        }
        Takeover::Subscribe(head, subscriber, session_place) => {
            subscriber::take_over(&shard, stream, &head, subscriber, (place, session_place));
        }
        Takeover::Upgrade(sid) => {
            if let Some(Ok(stream)) = Rc::into_inner(stream).map(Stream::detach) {
                let (early, is_relayed) = (parts.read_buf, http.is_relay.get());
                shard.hub.push(sid.shard(), Command::Upgrade { sid, stream, early, place, is_relayed });
            }
        }
        Takeover::Tunnel(server, owner) => {
            let client = Side { stream, early: parts.read_buf, place };
            tokio::task::spawn_local(tunnel::run(Rc::clone(&shard), client, server, owner));
        }
    }
}

fn open_websocket<E: Engine>(
    shard: &Rc<Shard<E>>,
    stream: Rc<Stream>,
    early: Bytes,
    head: &Parts,
    peer: PeerAddr,
    (place, session_place): (Place, Option<Place>),
) {
    let handshake = Handshake { request: head, peer };
    let connection = shard.open(&handshake, Transport::WebSocket(Rc::clone(&stream)));
    connection.place.set(session_place);
    shard.push(&connection, &Rc::new(Frame::text(&shard.handshake_packet(&connection))));
    if shard.shutting_down.get() {
        // The shutdown came between the request and its 101.
        shard.close(&connection, CloseReason::Shutdown);
    }
    // A new task: this one has room for all of hyper. What it is given it has room for several times.
    let shard = Rc::clone(shard);
    let early = (!early.is_empty()).then(|| Box::new(early));
    tokio::task::spawn_local(async move {
        let _counted = (shard.count_socket(), place);
        websocket::run(Rc::clone(&shard), connection, stream, FrameReader::default(), early).await;
    });
}

/// What a socket becomes: after its 101, or instead of hyper's response.
pub(crate) enum Takeover {
    /// A new connection, opened by this request.
    Open(Box<Parts>, Option<Place>),
    /// The WebSocket of a session that polls.
    Upgrade(Sid),
    /// A subscriber, whose response begins with this head.
    Subscribe(Box<http::response::Parts>, Subscriber, Option<Place>),
    /// The WebSocket of a session of another server.
    Tunnel(Side, Owner),
}

/// The socket is taken over instead of being answered. As an error of the service it ends hyper's part here.
#[derive(Debug, thiserror::Error)]
#[error("taken over")]
struct Taken;

/// Answers a request of a socket, or leaves what the socket becomes.
async fn answer<E: Engine>(
    http: Rc<Http<E>>,
    clock: Rc<HttpClock>,
    request: Request<Incoming>,
) -> Result<Response<ResponseBody>, Taken> {
    let has_bare_line_feed = clock.begin(request.body().size_hint().exact());
    http.asked.notify_one();
    if http.shard.turn_is_over(Instant::now()) {
        // Several requests may be waiting: let others run in between.
        tokio::task::yield_now().await;
    }
    let version = request.version();
    match http.answer(request.map(RequestBody::Left), has_bare_line_feed).await {
        Answer::Whole(response) => Ok(response.map(|body| ResponseBody::whole(body, clock))),
        Answer::App(response) => Ok(response.map(|body| ResponseBody::app(body, clock))),
        Answer::Live(mut head, subscriber, client) => {
            let place = client.map(|client| Place::take(http.shard.hub.held(), false, client)).transpose();
            let place = match place {
                Ok(place) => place,
                Err(full) => return Ok(body::busy(full).map(|body| ResponseBody::whole(body, clock))),
            };
            head.version = version;
            http.takeover.replace(Some(Takeover::Subscribe(head, subscriber, place)));
            Err(Taken)
        }
    }
}
