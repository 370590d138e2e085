//! One request and its response, on a stream of an HTTP/2 connection.

use super::{Http2Body, OpenStream, Outlet};
use crate::{
    bounds::Place,
    engine::Engine,
    http::{
        app::Subscriber,
        body::{self, RequestBody, text_response},
        requests::{Answer, Http},
        subscriber::{self, Carrier},
    },
    shard::Shard,
    stream::{PeerAddr, Sink},
};
use bytes::Bytes;
use h2::{Reason, RecvStream, SendStream, server::SendResponse};
use http::{HeaderName, HeaderValue, Method, Request, Response, StatusCode, Uri, header, response};
use hyper::body::Body;
use std::{
    future::{Future, poll_fn},
    net::Shutdown,
    pin::{Pin, pin},
    rc::Rc,
    time::{Duration, SystemTime},
};
use tokio::time::timeout;

/// Headers that mean a connection of HTTP/1 (RFC 9113, section 8.2.2).
const OF_THE_CONNECTION: [HeaderName; 3] = [header::CONNECTION, header::TRANSFER_ENCODING, header::UPGRADE];
/// How long the client of a subscriber that has been closed may take to read what is still queued.
const LINGER: Duration = Duration::from_secs(3);

/// A stream that has brought a request.
pub(super) struct Exchange<E: Engine> {
    pub(super) shard: Rc<Shard<E>>,
    pub(super) peer: PeerAddr,
    pub(super) open: OpenStream,
    pub(super) respond: SendResponse<Bytes>,
}

impl<E: Engine> Exchange<E> {
    /// Answers the request, unless its client goes away.
    pub(super) async fn run(mut self, request: Request<RecvStream>) {
        let is_head = request.method() == Method::HEAD;
        let http = Http::new(&self.shard, self.peer);
        let answer = match with_host(request) {
            Ok(request) => {
                let request = request.map(RequestBody::Right);
                let mut answering = pin!(http.answer(request, false));
                poll_fn(|cx| {
                    self.shard.begin_turn();
                    if self.respond.poll_reset(cx).is_ready() {
                        return None.into();
                    }
                    answering.as_mut().poll(cx).map(Some)
                })
                .await
            }
            Err(text) => Some(Answer::Whole(text_response(StatusCode::BAD_REQUEST, text))),
        };
        match answer {
            None => {}
            Some(Answer::Whole(response)) => self.send(response, is_head).await,
            Some(Answer::App(response)) => self.send(response, is_head).await,
            Some(Answer::Live(head, subscriber, client)) => {
                // Over HTTP/1 it has a socket, which counts.
                let address = client.unwrap_or_else(|| self.peer.ip());
                match Place::take(self.shard.hub.held(), true, address) {
                    Ok(place) => self.subscribe(*head, subscriber, place).await,
                    Err(full) => self.send(body::busy(full), is_head).await,
                }
            }
        }
    }

    async fn send<B>(self, response: Response<B>, is_head: bool)
    where
        B: Body<Data = Bytes> + Unpin,
    {
        let (mut head, mut body) = response.into_parts();
        let has_length = !matches!(head.status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
        if let Some(length) = body.size_hint().exact().filter(|_| has_length && !is_head) {
            head.headers.entry(header::CONTENT_LENGTH).or_insert(length.into());
        }
        let limit = self.shard.config.http.write;
        let Some(mut stream) = begin(self.respond, head, is_head || body.is_end_stream()) else { return };
        if is_head || body.is_end_stream() {
            return;
        }
        loop {
            let frame = poll_fn(|cx| {
                if stream.poll_reset(cx).is_ready() {
                    return None.into();
                }
                Pin::new(&mut body).poll_frame(cx).map(Some)
            });
            match frame.await {
                None => return,
                Some(None) => break,
                Some(Some(Err(_))) => return stream.send_reset(Reason::INTERNAL_ERROR),
                Some(Some(Ok(frame))) => {
                    let Ok(data) = frame.into_data() else { continue };
                    if !put(&mut stream, data, limit).await {
                        return;
                    }
                }
            }
        }
        // The client may have gone.
        let _ = stream.send_data(Bytes::new(), true);
    }

    async fn subscribe(self, head: response::Parts, subscriber: Subscriber, place: Place) {
        let Some(stream) = begin(self.respond, head, false) else { return };
        let outlet = Rc::new(Outlet::new(stream));
        let carrier = Carrier::Http2(Rc::clone(&outlet));
        let (connection, closed) = subscriber::open(&self.shard, carrier, None, subscriber, Some(place));
        tokio::select! {
            () = outlet.ends() => {}
            () = closed.notified() => {}
        }
        subscriber::lose(&self.shard, &connection);
        drop((connection, self.open));
        // What is queued is still written meanwhile.
        let _ = timeout(LINGER, outlet.ends()).await;
        outlet.shut(Shutdown::Both);
    }
}

/// The request as it would have come over HTTP/1: with a Host header, and with the path alone as its target.
fn with_host(request: Request<RecvStream>) -> Result<Request<Http2Body>, &'static str> {
    let (mut head, stream) = request.into_parts();
    if let Some(authority) = head.uri.authority() {
        let authority = HeaderValue::try_from(authority.as_str());
        let host = authority.map_err(|_| "The request's authority is not a host name.\n")?;
        let differs = head
            .headers
            .get_all(header::HOST)
            .iter()
            .any(|other| !other.as_bytes().eq_ignore_ascii_case(host.as_bytes()));
        if differs {
            return Err("The request names two hosts. Send :authority without Host.\n");
        }
        head.headers.insert(header::HOST, host);
    }
    head.uri = head.uri.path_and_query().cloned().map(Uri::from).unwrap_or_default();
    let body = Http2Body::new(stream, &head.headers);
    Ok(Request::from_parts(head, body))
}

/// Sends a response's head.
fn begin(
    mut respond: SendResponse<Bytes>,
    mut head: response::Parts,
    is_all: bool,
) -> Option<SendStream<Bytes>> {
    for name in OF_THE_CONNECTION {
        head.headers.remove(name);
    }
    if let Ok(now) = HeaderValue::try_from(httpdate::fmt_http_date(SystemTime::now())) {
        head.headers.entry(header::DATE).or_insert(now);
    }
    // The client may have gone.
    respond.send_response(Response::from_parts(head, ()), is_all).ok()
}

/// Sends a part of a body, as the client has room for it. Returns whether it was taken in time.
async fn put(stream: &mut SendStream<Bytes>, mut data: Bytes, limit: Duration) -> bool {
    while !data.is_empty() {
        stream.reserve_capacity(data.len());
        if stream.capacity() == 0 {
            match timeout(limit, poll_fn(|cx| stream.poll_capacity(cx))).await {
                Ok(Some(Ok(_))) => {}
                Ok(_) => return false,
                Err(_) => {
                    stream.send_reset(Reason::CANCEL);
                    return false;
                }
            }
        }
        let part = data.split_to(stream.capacity().min(data.len()));
        if stream.send_data(part, false).is_err() {
            return false;
        }
    }
    true
}
