//! Engine.IO's HTTP requests: which of them open a session, poll, post or upgrade, and what the others are answered
//! (Engine.IO 4, "HTTP long-polling" and "WebSocket"; error codes as in the reference server).

use super::{
    elsewhere,
    handshake::switch_protocols,
    polling::{PollEnd, Ticket},
};
use crate::{
    bounds::Full as Bound,
    connection::Transport,
    engine::{Engine, Handshake},
    engineio::sid::{Owner, Sid},
    http::{
        self,
        body::{Refusal, RequestBody},
        connection::Takeover,
        requests::{Doubt, Http},
    },
    hub::Hub,
    origin::OriginVerdict,
    shard::inbox::Command,
};
use ::http::{HeaderValue, Method, Request, Response, StatusCode, header, request::Parts};
use bytes::Bytes;
use http_body_util::Full;
use socketio_protocol::engine::request::{Query, RequestError, TransportName};
use tokio::sync::oneshot;

/// Bytes of an origin that are repeated to whoever sent it: a scheme, the longest host name, and a port.
const MAX_ORIGIN: usize = 8 + 253 + 6;

pub(super) type Answer = Response<Full<Bytes>>;

const PLAIN: HeaderValue = HeaderValue::from_static("text/plain; charset=UTF-8");

/// Answers a request for Engine.IO's path.
pub(crate) async fn answer<E: Engine>(http: &Http<E>, request: &mut Request<RequestBody>) -> Answer {
    let verdict = http.shard.config.origins.judge(request.headers());
    let mut response = match &verdict {
        OriginVerdict::Refused(origin) => {
            let (origin, help) = (
                String::from_utf8_lossy(&origin.as_bytes()[..origin.len().min(MAX_ORIGIN)]),
                http.shard.config.origin_help,
            );
            let address = http.shard.config.proxies.client(&http.peer, request.headers());
            let address = address.map_or_else(|| "unix".to_owned(), |address| address.to_string());
            tracing::warn!(origin = &*origin, address, "a page was refused: {help}");
            let text = format!("Pages of {origin:?} may not connect. {help}");
            let body = serde_json::json!({ "code": RequestError::Forbidden.code(), "message": text });
            json(StatusCode::FORBIDDEN, body.to_string())
        }
        _ if request.method() == Method::OPTIONS => http::preflight(request.headers()),
        _ => handle(http, request).await.unwrap_or_else(|error| match error {
            Failure::Protocol(error) => refused(error),
            Failure::Body(refusal) => refusal.response(),
            Failure::Full(bound) => {
                let code = RequestError::BadRequest.code();
                let body = serde_json::json!({ "code": code, "message": bound.to_string() });
                json(bound.status(), body.to_string())
            }
            Failure::ShuttingDown => json(
                StatusCode::SERVICE_UNAVAILABLE,
                r#"{"code":3,"message":"The server is restarting"}"#.to_owned(),
            ),
        }),
    };
    http::apply_cors(&verdict, response.headers_mut());
    response.headers_mut().insert(header::CACHE_CONTROL, const { HeaderValue::from_static("no-store") });
    response
}

/// Why a request is not answered as its client wants.
pub(super) enum Failure {
    Protocol(RequestError),
    Body(Refusal),
    ShuttingDown,
    Full(Bound),
}

impl From<Bound> for Failure {
    fn from(bound: Bound) -> Self {
        Self::Full(bound)
    }
}

impl From<RequestError> for Failure {
    fn from(error: RequestError) -> Self {
        Self::Protocol(error)
    }
}

async fn handle<E: Engine>(http: &Http<E>, request: &mut Request<RequestBody>) -> Result<Answer, Failure> {
    let query = Query::parse(request.uri().query().unwrap_or_default())?;
    let this = &http.shard.name;
    let (transport, sid) = (query.transport, query.sid.map(|sid| Owner::parse(&sid, this)));
    match (transport, sid) {
        (_, None) if request.method() != Method::GET => Err(RequestError::BadHandshakeMethod.into()),
        (TransportName::Polling, None) => open_polling(http, request),
        (TransportName::WebSocket, None) => {
            let response = switch_protocols(request)?;
            refuse_while_shutting_down(http)?;
            let place = http.session_place(request.headers(), false)?;
            http.takeover.replace(Some(Takeover::Open(Box::new(take_head(request)), place)));
            Ok(response)
        }
        // Boxed, since it is mostly not needed.
        (_, Some(Some(Owner::Elsewhere(server)))) => {
            Box::pin(elsewhere::answer(http, request, transport, server)).await
        }
        (_, Some(owner)) => {
            let sid = match owner {
                Some(Owner::Here(sid)) if sid.shard() < http.shard.hub.shards() => sid,
                _ => return Err(RequestError::UnknownSid.into()),
            };
            http.note_relay(request.headers());
            match (transport, request.method()) {
                (TransportName::WebSocket, _) => upgrade(http, request, sid).await,
                (TransportName::Polling, &Method::GET) => poll(http, request, sid).await,
                (TransportName::Polling, &Method::POST) => post(http, request, sid).await,
                (TransportName::Polling, _) => Err(RequestError::BadRequest.into()),
            }
        }
    }
}

fn open_polling<E: Engine>(http: &Http<E>, request: &mut Request<RequestBody>) -> Result<Answer, Failure> {
    if request.headers().contains_key(header::UPGRADE) && switch_protocols(request).is_ok() {
        return Err(RequestError::BadRequest.into());
    }
    refuse_while_shutting_down(http)?;
    let place = http.session_place(request.headers(), true)?;
    let handshake = Handshake { request: &take_head(request), peer: http.peer };
    let connection = http.shard.open(&handshake, Transport::Polling(Box::default()));
    connection.place.set(place);
    Ok(payload(http.shard.handshake_packet(&connection).into()))
}

fn refuse_while_shutting_down<E: Engine>(http: &Http<E>) -> Result<(), Failure> {
    if http.shard.shutting_down.get() { Err(Failure::ShuttingDown) } else { Ok(()) }
}

async fn upgrade<E: Engine>(
    http: &Http<E>,
    request: &Request<RequestBody>,
    sid: Sid,
) -> Result<Answer, Failure> {
    let response = switch_protocols(request)?;
    let (reply, answer) = oneshot::channel();
    http.shard.hub.push(sid.shard(), Command::Knows { sid, reply });
    if !answer.await.map_err(|_| Failure::ShuttingDown)? {
        return Err(RequestError::UnknownSid.into());
    }
    http.takeover.replace(Some(Takeover::Upgrade(sid)));
    Ok(response)
}

async fn poll<E: Engine>(
    http: &Http<E>,
    request: &Request<RequestBody>,
    sid: Sid,
) -> Result<Answer, Failure> {
    let ticket = Ticket::new(request.uri().query().unwrap_or_default());
    let (reply, answer) = oneshot::channel();
    http.shard.hand_over(sid, Command::Poll { sid, ticket, reply });
    // hyper drops this future when the client goes away.
    let mut guard = PollGuard { hub: &http.shard.hub, sid, ticket, is_waiting: true };
    tokio::pin!(answer);
    let answer = tokio::select! {
        biased;
        answer = &mut answer => answer,
        () = http.peer_ends() => {
            http.doubt(Doubt::Here(sid, ticket));
            http.shard.hand_over(sid, Command::EndPoll { sid, ticket });
            answer.await
        }
    };
    guard.is_waiting = false;
    match answer.unwrap_or(Err(PollEnd::Restart)) {
        Ok(packets) => Ok(payload(packets)),
        Err(PollEnd::Refused(error)) => Err(error.into()),
        Err(PollEnd::Restart) => Ok(with_type(StatusCode::SERVICE_UNAVAILABLE, PLAIN, "1")),
    }
}

struct PollGuard<'a> {
    hub: &'a Hub,
    sid: Sid,
    ticket: Ticket,
    is_waiting: bool,
}

impl Drop for PollGuard<'_> {
    fn drop(&mut self) {
        if self.is_waiting {
            self.hub.push(self.sid.shard(), Command::PollGone { sid: self.sid, ticket: self.ticket });
        }
    }
}

async fn post<E: Engine>(
    http: &Http<E>,
    request: &mut Request<RequestBody>,
    sid: Sid,
) -> Result<Answer, Failure> {
    http.shard.hub.congestion().relief().await;
    let head = take_head(request);
    let body = http.read_body(&head.headers, request.body_mut()).await.map_err(Failure::Body)?;
    let (reply, answer) = oneshot::channel();
    http.shard.hand_over(sid, Command::Post { sid, body, reply });
    answer.await.map_err(|_| Failure::ShuttingDown)??;
    // As in the reference server: old browsers take `text/plain` for a download.
    Ok(with_type(StatusCode::OK, const { HeaderValue::from_static("text/html") }, "ok"))
}

/// Takes a request's head. What is left of the request is its body.
pub(super) fn take_head(request: &mut Request<RequestBody>) -> Parts {
    let (mut head, ()) = Request::new(()).into_parts();
    head.method = std::mem::take(request.method_mut());
    head.uri = std::mem::take(request.uri_mut());
    head.version = request.version();
    head.headers = std::mem::take(request.headers_mut());
    head.extensions = std::mem::take(request.extensions_mut());
    head
}

fn payload(packets: Bytes) -> Answer {
    with_type(StatusCode::OK, PLAIN, packets)
}

fn refused(error: RequestError) -> Answer {
    json(StatusCode::from_u16(error.status()).unwrap_or(StatusCode::BAD_REQUEST), error.body())
}

fn json(status: StatusCode, body: String) -> Answer {
    with_type(status, const { HeaderValue::from_static("application/json") }, body)
}

pub(super) fn with_type(status: StatusCode, content_type: HeaderValue, body: impl Into<Bytes>) -> Answer {
    let mut response = Response::new(Full::new(body.into()));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, content_type);
    response
}
