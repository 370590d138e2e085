//! Requests, however they came: those for Engine.IO go to the transports, the others to the application.

use super::body::{Refusal, RequestBody, WholeBody};
use super::connection::Takeover;
use super::head::HeadError;
use super::{body, head, redirect};
use crate::{
    bounds::{Charge, Full, Place},
    engine::Engine,
    engineio::{polling::Ticket, request, sid::Sid},
    http::app::{AppAnswer, AppBody, Subscriber},
    peers,
    shard::{Shard, inbox::Command},
    stream::{PeerAddr, Stream},
};
use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use http_body_util::Full as Whole;
use std::{
    cell::{Cell, RefCell},
    net::IpAddr,
    rc::{Rc, Weak},
};
use tokio::sync::Notify;
use tower::ServiceExt;

/// A long-polling GET whose client had ended its side before the answer: it still listens, or has gone.
pub(crate) enum Doubt {
    Here(Sid, Ticket),
    /// It was passed on over this stream.
    Elsewhere(Rc<Stream>),
}

/// Answers the requests of one socket, or of one HTTP/2 stream.
pub(crate) struct Http<E: Engine> {
    pub(crate) shard: Rc<Shard<E>>,
    pub(crate) takeover: RefCell<Option<Takeover>>,
    pub(crate) peer: PeerAddr,
    /// The port of https, if that is all that is to be had here.
    to_https: Option<u16>,
    /// The socket that is taken over, if that may happen.
    stream: Weak<Stream>,
    pub(super) in_doubt: Cell<Option<Doubt>>,
    /// What the socket counts as. Taken at a takeover.
    pub(super) place: Cell<Option<Place>>,
    /// Another server passes requests on over it.
    pub(super) is_relay: Cell<bool>,
    /// Told of each request.
    pub(super) asked: Notify,
}

/// What a request is answered with.
pub(super) enum Answer {
    Whole(Response<Whole<Bytes>>),
    App(Response<AppBody>),
    /// This head, and then what the subscriber hears. Behind a proxy it counts for its client.
    Live(Box<http::response::Parts>, Subscriber, Option<Option<IpAddr>>),
}

impl<E: Engine> Http<E> {
    /// Answers requests that come from here.
    pub(super) fn new(shard: &Rc<Shard<E>>, peer: PeerAddr) -> Self {
        Self {
            shard: Rc::clone(shard),
            takeover: RefCell::default(),
            peer,
            to_https: None,
            stream: Weak::new(),
            in_doubt: Cell::new(None),
            place: Cell::new(None),
            is_relay: Cell::new(false),
            asked: Notify::new(),
        }
    }

    /// Answers the requests of a socket that may be taken over.
    pub(super) fn of_socket(
        shard: &Rc<Shard<E>>,
        peer: PeerAddr,
        to_https: Option<u16>,
        stream: &Rc<Stream>,
        place: Place,
    ) -> Self {
        Self {
            to_https,
            stream: Rc::downgrade(stream),
            place: Cell::new(Some(place)),
            ..Self::new(shard, peer)
        }
    }

    /// Answers a request, unless it leaves a takeover.
    pub(super) async fn answer(&self, mut request: Request<RequestBody>, has_bare_line_feed: bool) -> Answer {
        if let Err(error) = self.check_head(&request, has_bare_line_feed) {
            return Answer::Whole(error.response());
        }
        // Other servers come in here where all other addresses speak TLS.
        if let Some(port) =
            self.to_https.filter(|_| !peers::is_from_another(&self.shard.config.peers, request.headers()))
        {
            return Answer::Whole(redirect::answer(&request, port));
        }
        if self.shard.engine.claims(request.uri().path()) {
            return Answer::Whole(request::answer(self, &mut request).await);
        }
        let is_get = request.method() == http::Method::GET;
        let client = is_get.then(|| self.client_behind_proxy(request.headers())).flatten();
        // Boxed, since most requests are Engine.IO's and need no room for it.
        match Box::pin(self.ask_app(request)).await {
            Ok(AppAnswer::Whole(response)) => Answer::App(response),
            Ok(AppAnswer::Stream(head, subscriber)) if is_get => {
                Answer::Live(Box::new(head), subscriber, client)
            }
            Ok(AppAnswer::Stream(head, _)) => Answer::Whole(Response::from_parts(head, Whole::default())),
            Err(refusal) => Answer::Whole(refusal.response()),
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
    pub(crate) fn doubt(&self, doubt: Doubt) {
        self.in_doubt.set(Some(doubt));
    }

    /// The client of a GET has gone.
    pub(super) fn give_up(&self, doubt: Doubt) {
        match doubt {
            Doubt::Here(sid, ticket) => self.shard.hub.push(sid.shard(), Command::PollGone { sid, ticket }),
            Doubt::Elsewhere(stream) => stream.reset_at_end(),
        }
    }

    /// To be called for each request of a session. The socket of another server does not count for its address: its
    /// clients do, where they came in.
    pub(crate) fn note_relay(&self, headers: &HeaderMap) {
        if !self.is_relay.get() && peers::is_from_another(&self.shard.config.peers, headers) {
            self.is_relay.set(true);
            self.place.set(self.place.take().map(Place::without_address));
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

    fn check_head(&self, request: &Request<RequestBody>, has_bare_line_feed: bool) -> Result<(), HeadError> {
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

    async fn ask_app(&self, request: Request<RequestBody>) -> Result<AppAnswer, Refusal> {
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
        body: &mut RequestBody,
    ) -> Result<WholeBody, Refusal> {
        let config = &self.shard.config;
        body::read(head, body, config.max_payload, config.http.body, Charge::none(self.shard.hub.held()))
            .await
    }
}
