//! A raw WebSocket client: every bit of a frame is in the test's hands.

use crate::{
    harness::DEADLINE,
    http::{Http, Response},
};
use std::{
    io::{self, Read, Write},
    net::SocketAddr,
};

/// Where sessions are opened by WebSocket.
pub(crate) const WEBSOCKET: &str = "/socket.io/?EIO=4&transport=websocket";
/// First bytes of whole frames.
pub(crate) const TEXT: u8 = 0x81;
pub(crate) const BINARY: u8 = 0x82;
pub(crate) const CLOSE: u8 = 0x88;
pub(crate) const PING: u8 = 0x89;
pub(crate) const PONG: u8 = 0x8a;

/// The headers of a WebSocket handshake; key and answer are those of RFC 6455, section 1.3.
pub(crate) const UPGRADE: [&str; 4] = [
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
];

pub(crate) struct Ws(pub(crate) Http);

/// A frame from a client, masked.
pub(crate) fn frame(first: u8, payload: impl AsRef<[u8]>) -> Vec<u8> {
    let payload = payload.as_ref();
    let mut bytes = vec![first];
    match payload.len() {
        length @ 0..126 => bytes.push(0x80 | length as u8),
        length @ 126..65_536 => {
            bytes.push(0x80 | 126);
            bytes.extend_from_slice(&(length as u16).to_be_bytes());
        }
        length => {
            bytes.push(0x80 | 127);
            bytes.extend_from_slice(&(length as u64).to_be_bytes());
        }
    }
    let mask = [0x37, 0xfa, 0x21, 0x3d];
    bytes.extend_from_slice(&mask);
    bytes.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    bytes
}

/// Text frames, one after another.
pub(crate) fn texts<T: AsRef<[u8]>>(packets: impl IntoIterator<Item = T>) -> Vec<u8> {
    packets.into_iter().flat_map(|packet| frame(TEXT, packet)).collect()
}

impl Ws {
    pub(crate) fn handshake(address: SocketAddr, target: &str, headers: &[&str]) -> (Self, Response) {
        let mut http = Http::connect(address);
        let all: Vec<_> = UPGRADE.iter().chain(headers).copied().collect();
        let response = http.request("GET", target, &all);
        (Self(http), response)
    }

    pub(crate) fn shake_hands(address: SocketAddr, target: &str) -> Self {
        let (ws, response) = Self::handshake(address, target, &[]);
        assert_eq!(response.status, 101, "{response:?}");
        ws
    }

    /// Opens a session.
    pub(crate) fn open(address: SocketAddr) -> Self {
        let mut ws = Self::shake_hands(address, WEBSOCKET);
        assert!(ws.text().starts_with(r#"0{"sid":""#));
        ws
    }

    /// Opens a session and connects `/`.
    pub(crate) fn connected(address: SocketAddr) -> Self {
        let mut ws = Self::open(address);
        ws.send("40");
        assert!(ws.text().starts_with(r#"40{"sid":""#));
        ws
    }

    pub(crate) fn raw(&mut self, bytes: impl AsRef<[u8]>) {
        self.0.send(bytes);
    }

    pub(crate) fn send(&mut self, packet: impl AsRef<[u8]>) {
        self.raw(frame(TEXT, packet));
    }

    pub(crate) fn frame(&mut self) -> io::Result<(u8, Vec<u8>)> {
        let mut head = [0; 2];
        self.0.0.read_exact(&mut head)?;
        let mut long = [0; 8];
        let length = match head[1] {
            126 => {
                self.0.0.read_exact(&mut long[6..])?;
                u64::from_be_bytes(long)
            }
            127 => {
                self.0.0.read_exact(&mut long)?;
                u64::from_be_bytes(long)
            }
            short => u64::from(short),
        };
        assert!(head[1] < 0x80, "a server's frame is not masked");
        let mut payload = vec![0; length as usize];
        self.0.0.read_exact(&mut payload)?;
        Ok((head[0], payload))
    }

    /// The next frame, which must be this one.
    #[track_caller]
    pub(crate) fn expect(&mut self, first: u8, payload: impl AsRef<[u8]>) {
        let (got, bytes) = self.frame().expect("a frame");
        let [wanted, bytes] = [payload.as_ref(), &bytes].map(String::from_utf8_lossy);
        assert_eq!((got, &bytes), (first, &wanted));
    }

    /// The next frame, which must be a text.
    #[track_caller]
    pub(crate) fn text(&mut self) -> String {
        let (first, payload) = self.frame().expect("a frame");
        let payload = String::from_utf8_lossy(&payload).into_owned();
        assert_eq!(first, TEXT, "{payload}");
        payload
    }

    /// The next text that is no ping; pings are answered.
    #[track_caller]
    pub(crate) fn message(&mut self) -> String {
        loop {
            match &*self.text() {
                "2" => self.send("3"),
                text => return text.to_owned(),
            }
        }
    }

    /// Sends an event with an acknowledgement and waits for that: everything before has been handled.
    #[track_caller]
    pub(crate) fn settle(&mut self) {
        self.send(r#"42999["settle"]"#);
        while self.message() != "43999[]" {}
    }

    /// What the server closes with. Other frames before it are skipped. Then the stream must end.
    #[track_caller]
    pub(crate) fn close_code(&mut self) -> u16 {
        let payload = loop {
            let (first, payload) = self.frame().expect("a close frame");
            if first == CLOSE {
                break payload;
            }
        };
        let mut code = [0; 2];
        code.copy_from_slice(&payload[..2]);
        assert!(std::str::from_utf8(&payload[2..]).is_ok());
        assert_eq!(self.0.rest(), b"", "nothing follows a close frame");
        u16::from_be_bytes(code)
    }

    /// Reads up to the end of the stream, and says how many bytes came.
    #[track_caller]
    pub(crate) fn drain(&mut self) -> usize {
        let (mut total, mut buffer) = (0, vec![0; 1 << 16]);
        loop {
            match self.0.0.read(&mut buffer) {
                Ok(0) => return total,
                Ok(count) => total += count,
                Err(error) if error.kind() == io::ErrorKind::ConnectionReset => return total,
                Err(error) => panic!("still open after {DEADLINE:?}: {error}"),
            }
        }
    }

    /// Writes for as long as the server takes it.
    pub(crate) fn try_raw(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.0.get_mut().write_all(bytes)
    }
}
