//! Bodies: reads a request's within its limits, and wraps a response's to note when it is complete.

use super::{head::RETRY_AFTER, http2::Http2Body, timed_io::HttpClock};
use crate::{
    bounds::{Charge, Full as Bound},
    http::app::AppBody,
};
use bytes::{Buf, Bytes};
use http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use http_body_util::{BodyExt, Either, Full};
use hyper::body::{Body, Frame, Incoming, SizeHint};
use std::{
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
    time::Duration,
};

/// A request's body, over HTTP/1 or HTTP/2.
pub(crate) type RequestBody = Either<Incoming, Http2Body>;

/// How much of a body that is too large is read and dropped, as a multiple of the limit. A client that is still sending
/// does not read an answer, and closing its socket would reset it.
const DROPPED: usize = 16;

/// A body that has grown to this gets all the memory that its length asks for.
const GROWN: usize = 64 << 10;

/// Why a body was not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    TooLarge,
    TooSlow,
    Broken,
    Busy(Bound),
}

impl Refusal {
    /// Plain text that says what is wrong.
    pub(crate) fn response(self) -> Response<Full<Bytes>> {
        let (status, text) = match self {
            Self::Busy(bound) => return busy(bound),
            Self::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "The body is larger than this server takes.\n"),
            Self::TooSlow => (StatusCode::REQUEST_TIMEOUT, "The body took too long to arrive.\n"),
            Self::Broken => (StatusCode::BAD_REQUEST, "The body ended early.\n"),
        };
        text_response(status, text)
    }
}

/// The answer when a bound is reached.
pub(crate) fn busy(bound: Bound) -> Response<Full<Bytes>> {
    let mut response = text_response(bound.status(), format!("{bound}\n"));
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(u16::from(RETRY_AFTER)));
    response.headers_mut().insert(header::CONNECTION, const { HeaderValue::from_static("close") });
    response
}

/// A whole body. It counts as unfinished input until it has been processed: many may have to wait for a room.
pub(crate) struct WholeBody {
    pub(crate) bytes: Bytes,
    pub(crate) charge: Charge,
}

/// Reads a whole body of at most `limit` bytes within `time`.
pub(crate) async fn read(
    head: &HeaderMap,
    body: &mut RequestBody,
    limit: usize,
    time: Duration,
    mut charge: Charge,
) -> Result<WholeBody, Refusal> {
    // A client that asks before it sends (`Expect: 100-continue`) is answered before its body.
    if body.size_hint().lower() > limit as u64 && head.contains_key(header::EXPECT) {
        return Err(Refusal::TooLarge);
    }
    let collected = tokio::time::timeout(time, collect(body, limit, &mut charge)).await;
    Ok(WholeBody { bytes: collected.unwrap_or(Err(Refusal::TooSlow))?, charge })
}

async fn collect(body: &mut RequestBody, limit: usize, charge: &mut Charge) -> Result<Bytes, Refusal> {
    let expected = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX).min(limit);
    let mut first = Bytes::new();
    let mut all = Vec::new();
    let mut length = 0usize;
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|_| Refusal::Broken)?.into_data() else {
            continue;
        };
        length += data.remaining();
        // What is too large is dropped as it comes.
        charge.set(if length > limit { 0 } else { length }).map_err(Refusal::Busy)?;
        if length > limit {
            all = Vec::new();
            if length > limit.saturating_mul(DROPPED) {
                break;
            }
        } else if first.is_empty() && all.is_empty() {
            first = data;
        } else {
            if all.is_empty() {
                all.extend_from_slice(&std::mem::take(&mut first));
            }
            if length > GROWN && all.capacity() < expected {
                // To go on doubling could take twice the memory.
                all.reserve_exact(expected - all.len());
            }
            all.extend_from_slice(&data);
        }
    }
    match length > limit {
        true => Err(Refusal::TooLarge),
        false if all.is_empty() => Ok(first),
        false => Ok(all.into()),
    }
}

/// The body of a response.
pub(crate) struct ResponseBody {
    body: Either<Full<Bytes>, AppBody>,
    /// Told when the body has been handed over in full, or dropped.
    clock: Rc<HttpClock>,
}

impl ResponseBody {
    pub(crate) fn whole(body: Full<Bytes>, clock: Rc<HttpClock>) -> Self {
        Self { body: Either::Left(body), clock }
    }

    pub(crate) fn app(body: AppBody, clock: Rc<HttpClock>) -> Self {
        Self { body: Either::Right(body), clock }
    }
}

impl Drop for ResponseBody {
    fn drop(&mut self) {
        self.clock.end();
    }
}

impl Body for ResponseBody {
    type Data = Bytes;
    type Error = Box<dyn std::error::Error + Send + Sync>;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

pub(super) fn text_response(status: StatusCode, text: impl Into<Bytes>) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(text.into()));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, const { HeaderValue::from_static("text/plain; charset=utf-8") });
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, const { HeaderValue::from_static("nosniff") });
    response
}
