//! The body of a request, as it comes over an HTTP/2 stream.

use bytes::Bytes;
use h2::RecvStream;
use http::{HeaderMap, header};
use hyper::body::{Body, Frame, SizeHint};
use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

/// A body. What is taken from it makes room for more of it.
pub(crate) struct Http2Body {
    stream: RecvStream,
    /// Bytes that are still to come, if the client has said how many.
    left: Option<u64>,
}

impl Http2Body {
    pub(super) fn new(stream: RecvStream, headers: &HeaderMap) -> Self {
        let length = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
        Self { stream, left: length }
    }
}

impl Body for Http2Body {
    type Data = Bytes;
    type Error = h2::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, h2::Error>>> {
        let Some(data) = ready!(self.stream.poll_data(cx)) else { return Poll::Ready(None) };
        let data = data?;
        self.stream.flow_control().release_capacity(data.len())?;
        self.left = self.left.map(|left| left.saturating_sub(data.len() as u64));
        Poll::Ready(Some(Ok(Frame::data(data))))
    }

    fn is_end_stream(&self) -> bool {
        self.stream.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        match self.left {
            _ if self.is_end_stream() => SizeHint::with_exact(0),
            Some(left) => SizeHint::with_exact(left),
            None => SizeHint::new(),
        }
    }
}
