//! HTTP on a new socket: requests for Engine.IO go to the transports, the others to the application. A socket that
//! becomes a WebSocket is taken back from hyper, which frees hyper's buffers.

use super::body::{Refusal, ResponseBody, WholeBody};
use super::head::HeadError;
use super::timed_io::{HttpClock, TimedIo};
use super::{body, head, subscriber};
use crate::{
    arrivals::Arrival,
    bounds::{Charge, Full, Place},
    connection::{CloseReason, Transport},
    engine::{Engine, Handshake},
    engineio::{
        polling::Ticket,
        request,
        sid::Sid,
        websocket::{self, FrameReader, read_on},
    },
    frame::Frame,
    http::app::{AppAnswer, Subscriber},
    shard::{Shard, inbox::Command},
    stream::{DetachedStream, PeerAddr, Stream},
};
use bytes::Bytes;
use http::{HeaderMap, Request, Response, request::Parts};
use http_body_util::Full as Whole;
use hyper::{
    body::{Body as _, Incoming},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use std::{
    cell::{Cell, RefCell},
    net::{IpAddr, Shutdown},
    rc::{Rc, Weak},
    time::{Duration, Instant},
};
use tower::ServiceExt;

/// The most bytes of a request's head.
const MAX_HEAD: usize = 32 << 10;

/// The most sockets that are being told why they are not served. Others are just closed.
const MOST_TURNED_AWAY: usize = 256;
/// How long that may take.
const TURNING_AWAY: Duration = Duration::from_secs(1);
/// How long it may take until an answer to a client that has gone comes back as a reset.
const RESET: Duration = Duration::from_secs(3);

/// Serves a new socket.
pub(crate) fn accept<E: Engine>(
    shard: &Rc<Shard<E>>,
    stream: DetachedStream,
    peer: PeerAddr,
    arrival: Arrival,
) {
    if shard.shutting_down.get() {
        return;
    }
    // A socket that the runtime cannot take (its peer may have gone already) is dropped, which closes it.
    let Ok(stream) = stream.attach() else { return };
    let is_proxy = shard.config.proxies.is_proxy(&peer);
    match Place::take(shard.hub.held(), true, peer.ip().filter(|_| !is_proxy)) {
        Ok(place) => drop(tokio::task::spawn_local(serve(Rc::clone(shard), stream, peer, place, arrival))),
        Err(full) => drop(tokio::task::spawn_local(turn_away(Rc::clone(shard), stream, full))),
    }
}

/// Returns why a socket is not served.
async fn turn_away<E: Engine>(shard: Rc<Shard<E>>, stream: Stream, full: Full) {
    if shard.turned_away.get() >= MOST_TURNED_AWAY {
        return;
    }
    shard.turned_away.update(|count| count + 1);
    let polite = async {
        if stream.writable().await.is_ok() {
            let _ = stream.try_write(&head::last_words(full));
        }
        stream.shut(Shutdown::Write);
        // A socket that is closed with unread bytes in it is reset, and the reset can overtake the answer.
        read_on(&shard, &stream).await;
    };
    // The client may never close its side.
    let _ = tokio::time::timeout(TURNING_AWAY, polite).await;
    shard.turned_away.update(|count| count - 1);
}

async fn serve<E: Engine>(
    shard: Rc<Shard<E>>,
    stream: Stream,
    peer: PeerAddr,
    place: Place,
    arrival: Arrival,
) {
    let _socket = shard.count_socket();
    let clock = HttpClock::new();
    let stream = Rc::new(stream);
    let http = Rc::new(Http {
        shard: Rc::clone(&shard),
        stream: Rc::downgrade(&stream),
        in_doubt: Cell::new(None),
        clock: Rc::clone(&clock),
        takeover: RefCell::default(),
        peer,
    });
    let io = TokioIo::new(TimedIo::new(stream, clock, shard.config.http, &shard.hub));
    let service = service_fn(|request| Box::pin(Rc::clone(&http).answer(request)));
    let mut connection =
        http1::Builder::new().half_close(true).max_buf_size(MAX_HEAD).serve_connection(io, service);
    let wind_up = shard.winding_up.notified();
    tokio::pin!(wind_up);
    let mut winding_up = false;
    let mut arrival = Some(arrival);
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
        Some(Takeover::Open(head, session_place)) => {
            open_websocket(&shard, stream, parts.read_buf, &head, peer, (place, session_place));
        }
        Some(Takeover::Subscribe(head, subscriber, session_place)) => {
            subscriber::open(&shard, stream, &head, subscriber, (place, session_place));
        }
        Some(Takeover::Upgrade(sid)) => {
            if let Some(Ok(stream)) = Rc::into_inner(stream).map(Stream::detach) {
                shard.hub.push(sid.shard(), Command::Upgrade { sid, stream, early: parts.read_buf, place });
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
}

/// The socket is taken over instead of being answered. As an error of the service it ends hyper's part here.
#[derive(Debug, thiserror::Error)]
#[error("taken over")]
struct Taken;

/// Answers the requests of one socket.
pub(crate) struct Http<E: Engine> {
    pub(crate) shard: Rc<Shard<E>>,
    pub(crate) takeover: RefCell<Option<Takeover>>,
    pub(crate) peer: PeerAddr,
    stream: Weak<Stream>,
    /// A long-polling GET whose client had ended its side before the answer: it still listens, or has gone.
    in_doubt: Cell<Option<(Sid, Ticket)>>,
    clock: Rc<HttpClock>,
}

impl<E: Engine> Http<E> {
    async fn answer(self: Rc<Self>, mut request: Request<Incoming>) -> Result<Response<ResponseBody>, Taken> {
        let has_bare_line_feed = self.clock.begin(request.body().size_hint().exact());
        if self.shard.turn_is_over(Instant::now()) {
            // Several requests may be waiting: let others run in between.
            tokio::task::yield_now().await;
        }
        let clock = Rc::clone(&self.clock);
        if let Err(error) = self.check_head(&request, has_bare_line_feed) {
            return Ok(error.response().map(|body| ResponseBody::whole(body, clock)));
        }
        if self.shard.engine.claims(request.uri().path()) {
            return Ok(request::answer(&self, &mut request)
                .await
                .map(|body| ResponseBody::whole(body, clock)));
        }
        let (is_get, version) = (request.method() == http::Method::GET, request.version());
        let client = is_get.then(|| self.client_behind_proxy(request.headers())).flatten();
        // Boxed, since most requests are Engine.IO's and need no room for it.
        match Box::pin(self.ask_app(request)).await {
            Ok(AppAnswer::Whole(response)) => Ok(response.map(|body| ResponseBody::app(body, clock))),
            Ok(AppAnswer::Stream(mut head, subscriber)) if is_get => {
                let place = match client
                    .map(|client| Place::take(self.shard.hub.held(), false, client))
                    .transpose()
                {
                    Ok(place) => place,
                    Err(full) => return Ok(body::busy(full).map(|body| ResponseBody::whole(body, clock))),
                };
                head.version = version;
                self.takeover.replace(Some(Takeover::Subscribe(Box::new(head), subscriber, place)));
                Err(Taken)
            }
            Ok(AppAnswer::Stream(head, _)) => {
                Ok(Response::from_parts(head, ResponseBody::whole(Whole::default(), clock)))
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

    /// Notes that, after the answer, it must be found out whether the client of this GET is still there.
    pub(crate) fn doubt(&self, sid: Sid, ticket: Ticket) {
        self.in_doubt.set(Some((sid, ticket)));
    }

    fn poll_is_lost(&self) {
        if let Some((sid, ticket)) = self.in_doubt.take() {
            self.shard.hub.push(sid.shard(), Command::PollGone { sid, ticket });
        }
    }

    /// The client that a proxy asks for: none if there is no proxy, and then its socket counts.
    fn client_behind_proxy(&self, headers: &HeaderMap) -> Option<Option<IpAddr>> {
        let proxies = &self.shard.config.proxies;
        proxies.is_proxy(&self.peer).then(|| proxies.client(&self.peer, headers))
    }

    /// The place of a new session, if it needs one: a polling session has no socket that counts, and one behind a proxy
    /// counts for its client.
    pub(crate) fn session_place(&self, headers: &HeaderMap, polls: bool) -> Result<Option<Place>, Full> {
        let address = match self.client_behind_proxy(headers) {
            Some(client) => client,
            None if polls => self.peer.ip(),
            None => return Ok(None),
        };
        Place::take(self.shard.hub.held(), polls, address).map(Some)
    }

    fn check_head(&self, request: &Request<Incoming>, has_bare_line_feed: bool) -> Result<(), HeadError> {
        let config = &self.shard.config;
        if has_bare_line_feed {
            return Err(HeadError::BareLineFeed);
        }
        head::check(request, &self.peer, config).inspect_err(|error| {
            if let HeadError::OtherHost { host, advice } = error {
                let address = self.peer.ip().map_or_else(|| "unix".to_owned(), |address| address.to_string());
                let so_far = config.hosts.count_refused();
                tracing::warn!(host, address, so_far, "a request for another host was refused: {advice}");
            }
        })
    }

    async fn ask_app(&self, request: Request<Incoming>) -> Result<AppAnswer, Refusal> {
        let (head, mut body) = request.into_parts();
        let WholeBody { bytes, charge: _charge } = self.read_body(&head.headers, &mut body).await?;
        let mut request = Request::from_parts(head, Whole::new(bytes));
        request.extensions_mut().insert(self.peer);
        match self.shard.app.clone().oneshot(request).await {
            Ok(answer) => Ok(answer),
            Err(never) => match never {},
        }
    }

    pub(crate) async fn read_body(
        &self,
        head: &HeaderMap,
        body: &mut Incoming,
    ) -> Result<WholeBody, Refusal> {
        let config = &self.shard.config;
        body::read(head, body, config.max_payload, config.http.body, Charge::none(self.shard.hub.held()))
            .await
    }
}
