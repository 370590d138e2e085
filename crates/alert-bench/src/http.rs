//! HTTP/1.1 answers: status, framing of the body, and no more.

use std::borrow::Cow;

use super::{error::Death, packet::excerpt};

const HEADERS_MAX: usize = 64;

/// An answer with all of its body.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Response<'a> {
    pub(super) status: u16,
    pub(super) body: Cow<'a, [u8]>,
    /// Whether the server closes the connection after it.
    pub(super) close: bool,
}

impl Response<'_> {
    /// The error for an unwanted answer.
    pub(super) fn unwanted(&self) -> Death {
        Death::Http { status: self.status, body: excerpt(&self.body) }
    }
}

/// Reads the first answer in `bytes`, with the number of bytes that it takes; `None` while it is incomplete.
pub(super) fn read(bytes: &[u8]) -> Result<Option<(Response<'_>, usize)>, Death> {
    let mut headers = [httparse::EMPTY_HEADER; HEADERS_MAX];
    let mut head = httparse::Response::new(&mut headers);
    let parsed = head.parse(bytes).map_err(|_| Death::Protocol("something else than HTTP/1.1"))?;
    let (httparse::Status::Complete(start), Some(status)) = (parsed, head.code) else { return Ok(None) };
    let value = |name: &str| {
        let header = head.headers.iter().find(|header| header.name.eq_ignore_ascii_case(name));
        header.map(|header| header.value.trim_ascii())
    };
    let says = |name, word: &[u8]| value(name).is_some_and(|value| value.eq_ignore_ascii_case(word));
    let close = says("connection", b"close") || head.version == Some(0);
    let rest = &bytes[start..];
    if (100..200).contains(&status) || status == 204 || status == 304 {
        return Ok(Some((Response { status, body: Cow::Borrowed(&[]), close }, start)));
    }
    let body = if says("transfer-encoding", b"chunked") {
        chunked(rest)?.map(|(body, used)| (Cow::Owned(body), used))
    } else {
        let length = value("content-length").and_then(|text| std::str::from_utf8(text).ok()?.parse().ok());
        let length = length.ok_or(Death::Protocol("an HTTP answer without a length"))?;
        rest.get(..length).map(|body| (Cow::Borrowed(body), length))
    };
    Ok(body.map(|(body, used)| (Response { status, body, close }, start + used)))
}

/// A chunked body, and the bytes that it takes.
fn chunked(mut rest: &[u8]) -> Result<Option<(Vec<u8>, usize)>, Death> {
    const BROKEN: Death = Death::Protocol("a broken chunked body");
    let whole = rest.len();
    let mut body = Vec::new();
    loop {
        let (start, size) = match httparse::parse_chunk_size(rest).map_err(|_| BROKEN)? {
            httparse::Status::Complete(found) => found,
            httparse::Status::Partial => return Ok(None),
        };
        let size = usize::try_from(size).map_err(|_| BROKEN)?;
        let end = start.checked_add(size).ok_or(BROKEN)?;
        let (Some(chunk), Some(tail)) = (rest.get(start..end), rest.get(end..end + 2)) else {
            return Ok(None);
        };
        if tail != b"\r\n" {
            return Err(Death::Protocol("a chunked body with trailers"));
        }
        body.extend_from_slice(chunk);
        rest = &rest[end + 2..];
        if size == 0 {
            return Ok(Some((body, whole - rest.len())));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn response(status: u16, body: &[u8], close: bool) -> Response<'_> {
        Response { status, body: Cow::Borrowed(body), close }
    }

    #[test]
    fn given_answers_of_every_framing_then_each_is_read_and_the_next_is_left() {
        for (text, wanted) in [
            ("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok", response(200, b"ok", false)),
            ("HTTP/1.1 200 OK\r\nContent-Length:0\r\nConnection: Close\r\n\r\n", response(200, b"", true)),
            (
                "HTTP/1.1 400 Bad\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nA\r\n0123456789\r\n0\r\n\r\n",
                response(400, b"abc0123456789", false),
            ),
            ("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n", response(101, b"", false)),
            ("HTTP/1.1 204 No Content\r\n\r\n", response(204, b"", false)),
        ] {
            let bytes = format!("{text}NEXT");
            assert_eq!(read(bytes.as_bytes()), Ok(Some((wanted, text.len()))), "{text}");
            for end in 0..text.len() {
                assert_eq!(read(&bytes.as_bytes()[..end]), Ok(None), "{end} bytes of {text}");
            }
        }
    }

    #[test]
    fn given_something_else_then_it_is_an_error() {
        for text in ["SSH-2.0-OpenSSH\r\n", "HTTP/1.1 200 OK\r\n\r\n", "\x15\x03\x01\x00\x02\x02\x46"] {
            assert!(matches!(read(text.as_bytes()), Err(Death::Protocol(_))), "{text}");
        }
    }
}
