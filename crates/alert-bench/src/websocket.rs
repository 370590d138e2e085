//! WebSocket, as much as a client of a well-behaved server needs: whole text frames, ping and close.

use super::{error::Death, packet::excerpt};

/// A frame from the server.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Frame<'a> {
    Text(&'a [u8]),
    Binary(&'a [u8]),
    Ping(&'a [u8]),
    /// What has no meaning here: pong.
    Other,
}

/// The request for an upgrade, with `more` headers. The key is always the same: it protects against caches, and there
/// are none here.
pub(super) fn request(path: &str, host: &str, more: &str) -> Vec<u8> {
    format!(
        "GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: YWxlcnQgYmVuY2ggICAgIA==\r\n{more}\r\n"
    )
    .into_bytes()
}

/// Appends a text frame.
pub(super) fn text(payload: &[u8], out: &mut Vec<u8>) {
    frame(0x1, payload, out);
}

/// Appends a binary frame.
pub(super) fn binary(payload: &[u8], out: &mut Vec<u8>) {
    frame(0x2, payload, out);
}

/// Appends a pong.
pub(super) fn pong(payload: &[u8], out: &mut Vec<u8>) {
    frame(0xA, payload, out);
}

/// Clients have to mask; the mask of zeros leaves the payload as it is.
fn frame(opcode: u8, payload: &[u8], out: &mut Vec<u8>) {
    const MASKED: u8 = 0x80;
    out.push(0x80 | opcode);
    match (u8::try_from(payload.len()), u16::try_from(payload.len())) {
        (Ok(length @ ..126), _) => out.push(MASKED | length),
        (_, Ok(length)) => {
            out.push(MASKED | 126);
            out.extend_from_slice(&length.to_be_bytes());
        }
        _ => {
            out.push(MASKED | 127);
            out.extend_from_slice(&(payload.len() as u64).to_be_bytes());
        }
    }
    out.extend_from_slice(&[0; 4]);
    out.extend_from_slice(payload);
}

/// Reads the first frame in `bytes`, with the number of bytes that it takes; `None` while it is incomplete.
#[inline]
pub(super) fn read(bytes: &[u8]) -> Result<Option<(Frame<'_>, usize)>, Death> {
    let &[first, second, ref rest @ ..] = bytes else { return Ok(None) };
    let (length, header) = match second {
        length @ ..126 => (usize::from(length), 2),
        126 => match rest.first_chunk() {
            Some(length) => (usize::from(u16::from_be_bytes(*length)), 4),
            None => return Ok(None),
        },
        127 => match rest.first_chunk() {
            Some(length) => (usize::try_from(u64::from_be_bytes(*length)).unwrap_or(usize::MAX), 10),
            None => return Ok(None),
        },
        _ => return Err(Death::Protocol("a masked WebSocket frame")),
    };
    let Some(end) = length.checked_add(header) else { return Err(Death::Protocol("an endless frame")) };
    let Some(payload) = bytes.get(header..end) else { return Ok(None) };
    let frame = match first {
        0x81 => Frame::Text(payload),
        0x82 => Frame::Binary(payload),
        0x8A => Frame::Other,
        0x89 => Frame::Ping(payload),
        0x88 => return Err(closed(payload)),
        _ => return Err(Death::Protocol("a WebSocket frame in pieces or with an extension")),
    };
    Ok(Some((frame, end)))
}

fn closed(payload: &[u8]) -> Death {
    match payload {
        [high, low, reason @ ..] => {
            Death::ClosedWith { code: u16::from_be_bytes([*high, *low]), reason: excerpt(reason) }
        }
        _ => Death::Closed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a server sends: no mask.
    fn unmasked(payload: &[u8]) -> Vec<u8> {
        let mut masked = Vec::new();
        text(payload, &mut masked);
        let header = masked.len() - payload.len() - 4;
        masked[1] &= 0x7F;
        [&masked[..header], payload].concat()
    }

    #[test]
    fn given_frames_of_every_length_then_each_is_read_and_the_next_is_left() {
        for length in [0, 1, 125, 126, 65_535, 65_536] {
            let payload = vec![b'x'; length];
            let frame = unmasked(&payload);
            let bytes = [&frame[..], b"\x81"].concat();
            assert_eq!(read(&bytes), Ok(Some((Frame::Text(&payload), frame.len()))));
            for end in (0..frame.len().min(12)).chain([frame.len() - 1]) {
                assert_eq!(read(&bytes[..end]), Ok(None), "{end} of {length}");
            }
        }
    }

    #[test]
    fn given_control_frames_then_they_are_told_apart() {
        assert_eq!(read(b"\x89\x02hi"), Ok(Some((Frame::Ping(b"hi"), 4))));
        assert_eq!(read(b"\x82\x02hi"), Ok(Some((Frame::Binary(b"hi"), 4))));
        assert_eq!(read(b"\x8A\x00"), Ok(Some((Frame::Other, 2))));
        assert_eq!(
            read(b"\x88\x05\x03\xF4bye"),
            Err(Death::ClosedWith { code: 1012, reason: "bye".to_owned() })
        );
        assert_eq!(read(b"\x88\x00"), Err(Death::Closed));
        for bad in [&b"\x01\x01a"[..], b"\x81\x81\0\0\0\0a", b"\xC1\x01a"] {
            assert!(matches!(read(bad), Err(Death::Protocol(_))));
        }
    }
}
