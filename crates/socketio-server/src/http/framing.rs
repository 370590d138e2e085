//! Where the requests of one socket begin and end, as its bytes come in: to know whether the next request has begun,
//! and to find in the heads what hyper's parser lets pass.

use bytes::{Buf, BytesMut};
use memchr::memchr_iter;

/// Follows the requests of a socket.
#[derive(Debug, Default)]
pub(super) struct Framing {
    /// What is left of the body of the request that is being answered.
    body: BodyScan,
    /// The head after it.
    head: HeadScan,
    head_is_complete: bool,
    /// What came behind that head. Its meaning is known once the request begins.
    behind: BytesMut,
}

impl Framing {
    /// Notes what has come.
    pub(super) fn pass(&mut self, bytes: &[u8]) {
        let rest = self.pass_on(bytes);
        self.behind.extend_from_slice(&bytes[rest..]);
    }

    /// Begins the request whose head is complete: it has a body of this many bytes, or a chunked one. Returns whether a
    /// line of its head ended in LF alone.
    pub(super) fn begin(&mut self, body: Option<u64>) -> bool {
        self.body = body.map_or_else(BodyScan::chunked, BodyScan::Bytes);
        self.head_is_complete = false;
        let head = std::mem::take(&mut self.head);
        let mut behind = std::mem::take(&mut self.behind);
        let rest = self.pass_on(&behind);
        behind.advance(rest);
        if self.head_is_complete {
            self.behind = behind;
        }
        head.has_bare_line_feed
    }

    /// Whether any of the next request has come.
    pub(super) fn has_next(&self) -> bool {
        self.head_is_complete || self.head.length > 0
    }

    /// Bytes of requests that have not begun.
    pub(super) fn unfinished(&self) -> usize {
        self.head.length + self.behind.len()
    }

    /// How many of the bytes belong to the body under way and to the head after it.
    fn pass_on(&mut self, bytes: &[u8]) -> usize {
        if self.head_is_complete {
            return 0;
        }
        let start = self.body.pass(bytes);
        match self.head.pass(&bytes[start..]) {
            Some(end) => {
                self.head_is_complete = true;
                start + end
            }
            None => bytes.len(),
        }
    }
}

/// Follows a body.
#[derive(Clone, Copy, Debug)]
enum BodyScan {
    /// This many bytes are still to come.
    Bytes(u64),
    /// The line with a chunk's size (RFC 9112, section 7.1), as far as it has come.
    Size { size: u64, has_ended: bool },
    /// This many bytes of a chunk are still to come, its CR LF included.
    Chunk(u64),
    /// The lines after the last chunk.
    Trailers { line_is_empty: bool },
}

impl Default for BodyScan {
    fn default() -> Self {
        Self::Bytes(0)
    }
}

impl BodyScan {
    fn chunked() -> Self {
        Self::Size { size: 0, has_ended: false }
    }

    /// How many of the bytes belong to the body.
    fn pass(&mut self, bytes: &[u8]) -> usize {
        let mut at = 0;
        while at < bytes.len() {
            match self {
                Self::Bytes(0) => break,
                Self::Bytes(left) | Self::Chunk(left) => {
                    let count = (*left).min((bytes.len() - at) as u64);
                    *left -= count;
                    at += count as usize;
                    if matches!(self, Self::Chunk(0)) {
                        *self = Self::chunked();
                    }
                    continue;
                }
                Self::Size { size: 0, .. } if bytes[at] == b'\n' => {
                    *self = Self::Trailers { line_is_empty: true }
                }
                Self::Size { size, .. } if bytes[at] == b'\n' => *self = Self::Chunk(size.saturating_add(2)),
                Self::Size { size, has_ended } => match char::from(bytes[at]).to_digit(16) {
                    Some(digit) if !*has_ended => {
                        *size = size.saturating_mul(16).saturating_add(digit.into())
                    }
                    _ => *has_ended = true,
                },
                Self::Trailers { line_is_empty: true } if bytes[at] == b'\n' => *self = Self::Bytes(0),
                Self::Trailers { line_is_empty } => {
                    *line_is_empty = bytes[at] == b'\n' || (*line_is_empty && bytes[at] == b'\r');
                }
            }
            at += 1;
        }
        at
    }
}

/// Follows the lines of a head.
#[derive(Clone, Copy, Debug)]
struct HeadScan {
    last: u8,
    /// Nothing of the current line has come, except perhaps its CR.
    line_is_empty: bool,
    /// The request line has come.
    has_begun: bool,
    has_bare_line_feed: bool,
    /// Bytes so far.
    length: usize,
}

impl Default for HeadScan {
    fn default() -> Self {
        Self { last: 0, line_is_empty: true, has_begun: false, has_bare_line_feed: false, length: 0 }
    }
}

impl HeadScan {
    /// How many of the bytes belong to the head, if it ends in them.
    fn pass(&mut self, bytes: &[u8]) -> Option<usize> {
        let mut start = 0;
        for end in memchr_iter(b'\n', bytes) {
            let before = if end == 0 { self.last } else { bytes[end - 1] };
            self.has_bare_line_feed |= before != b'\r';
            if !self.line_is_empty || !is_nothing(&bytes[start..end]) {
                self.has_begun = true;
            } else if self.has_begun {
                self.length += end + 1;
                return Some(end + 1);
            }
            self.line_is_empty = true;
            start = end + 1;
        }
        self.line_is_empty &= is_nothing(&bytes[start..]);
        self.length += bytes.len();
        self.last = bytes.last().copied().unwrap_or(self.last);
        None
    }
}

fn is_nothing(line: &[u8]) -> bool {
    matches!(line, b"" | b"\r")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// For each request in these bytes, with these bodies, whether a line of its head has no CR. However the bytes are
    /// cut, none may be left over.
    fn requests(bytes: &[u8], bodies: &[Option<u64>]) -> Vec<bool> {
        let follow = |cut: usize| {
            let mut framing = Framing::default();
            let mut begun = Vec::new();
            for piece in [&bytes[..cut], &bytes[cut..]] {
                framing.pass(piece);
                while framing.head_is_complete {
                    begun.push(framing.begin(bodies[begun.len()]));
                }
            }
            assert!(!framing.has_next() && framing.unfinished() == 0, "{framing:?}");
            begun
        };
        let whole = follow(bytes.len());
        (0..bytes.len()).for_each(|cut| assert_eq!(follow(cut), whole, "{cut}"));
        assert_eq!(whole.len(), bodies.len());
        whole
    }

    #[test]
    fn the_end_of_a_head_and_its_bare_line_feeds_are_found() {
        for (text, has_bare) in [
            ("GET / HTTP/1.1\r\nHost: a\r\n\r\n", false),
            ("\r\nGET / HTTP/1.1\r\n\r\n", false),
            ("GET / HTTP/1.1\nHost: a\r\n\r\n", true),
            ("GET / HTTP/1.1\r\nHost: a\n\r\n", true),
            ("GET / HTTP/1.1\r\nHost: a\r\n\n", true),
            ("GET / HTTP/1.1\n\n", true),
        ] {
            assert_eq!(requests(text.as_bytes(), &[Some(0)]), [has_bare], "{text:?}");
        }
    }

    #[test]
    fn requests_in_a_row_are_told_apart_whatever_their_bodies_are() {
        const HEAD: &str = "POST / HTTP/1.1\r\nHost: a\r\n\r\n";
        const BARE: &str = "GET / HTTP/1.1\r\nHost: a\n\r\n";
        for (body, length) in [
            ("", Some(0)),
            ("a\n\r\n\nb", Some(7)),
            ("0\r\n\r\n", None),
            ("3\r\na\n\n\r\n1a;x=\"1\"\r\nGET / HTTP/1.1\nHost: a\n\n\n\r\n0\r\n\r\n", None),
            ("1\r\n\n\r\n00\r\nX: 1\r\nY: 2\r\n\r\n", None),
        ] {
            let row = [HEAD, body, BARE, HEAD, body, HEAD, body].concat();
            let begun = requests(row.as_bytes(), &[length, Some(0), length, length]);
            assert_eq!(begun, [false, true, false, false], "{row:?}");
        }
    }

    #[test]
    fn half_a_head_is_one_that_has_begun() {
        let mut framing = Framing::default();
        framing.pass(b"GET / HTTP/1.1\r\n\r\nGET");
        assert_eq!(framing.unfinished(), 21);
        assert!(!framing.begin(Some(0)));
        assert!(framing.has_next());
        assert_eq!(framing.unfinished(), 3);
    }
}
