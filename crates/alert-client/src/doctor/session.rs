//! An Engine.IO session over long-polling, or what answers instead.

use std::time::Duration;

use http::{HeaderValue, Method, StatusCode, header};
use serde::Deserialize;
use socketio_protocol::engine::payload;
use thiserror::Error;

use super::advice::{Advice, name_the_host, one_server, start_alert};
use super::site::{HttpError, PROMPT, Reply, Site};

pub(super) const PATH: &str = "/socket.io/?EIO=4&transport=polling";

/// An open session. Nobody hears of it, since it joins no room.
pub(super) struct Session<'a> {
    site: &'a Site,
    pub(super) opened: Opened,
}

/// What the open packet says.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Opened {
    pub(super) sid: String,
    #[serde(default)]
    pub(super) upgrades: Vec<String>,
    ping_interval: u64,
}

/// Why there is no session.
#[derive(Debug, Error)]
pub(super) enum Fault {
    #[error(transparent)]
    Http(#[from] HttpError),
    /// The framing of version 3, whatever was asked for.
    #[error("it speaks Engine.IO 3, an unsupported protocol version: Alert and its clients speak 4")]
    Engine3,
    /// A server that says so itself.
    #[error("it refuses Engine.IO 4 (\"{0}\"): an unsupported protocol version")]
    Unsupported(String),
    /// The session was opened at another server.
    #[error("it does not know the session that it has just opened ({0})")]
    UnknownSession(String),
    #[error("{summary}{said}")]
    Status { status: StatusCode, summary: String, said: String },
    /// A 200 with something else.
    #[error("it answers, but not with an Engine.IO packet: {0:?}")]
    Other(String),
}

impl<'a> Session<'a> {
    /// Opens one.
    pub(super) async fn open(site: &'a Site) -> Result<(Self, Duration), Fault> {
        let reply = site.get(PATH).await?;
        let took = reply.took;
        Ok((Self { site, opened: Opened::read(&reply)? }, took))
    }

    pub(super) fn of(site: &'a Site, opened: Opened) -> Self {
        Self { site, opened }
    }

    /// Sends a packet.
    pub(super) async fn post(&self, packet: &str) -> Result<(), Fault> {
        let text = HeaderValue::from_static("text/plain;charset=UTF-8");
        let request = self.site.request(Method::POST, &self.path()).header(header::CONTENT_TYPE, text);
        let reply = self.site.send(request, packet.to_owned(), PROMPT).await?;
        if reply.status.is_success() { Ok(()) } else { Err(Fault::of(&reply)) }
    }

    /// Waits for packets, for at most `limit`.
    pub(super) async fn poll(&self, limit: Duration) -> Result<Vec<String>, Fault> {
        let reply = self.site.send(self.site.request(Method::GET, &self.path()), "", limit).await?;
        if !reply.status.is_success() {
            return Err(Fault::of(&reply));
        }
        Ok(reply.text().split(payload::SEPARATOR).map(str::to_owned).collect())
    }

    /// Waits until a packet begins with `wanted`, for at most `limit`.
    pub(super) async fn wait_for(&self, wanted: &str, limit: Duration) -> Result<(), Fault> {
        let end = tokio::time::Instant::now() + limit;
        loop {
            let left = end.saturating_duration_since(tokio::time::Instant::now());
            if left.is_zero() {
                return Err(HttpError::Late(limit).into());
            }
            if self.poll(left).await?.iter().any(|packet| packet.starts_with(wanted)) {
                return Ok(());
            }
        }
    }

    /// Ends it. If that fails, the server ends it when no pong comes.
    pub(super) async fn close(self) {
        let _ = self.post("1").await;
    }

    fn path(&self) -> String {
        let sid: String = form_urlencoded::byte_serialize(self.opened.sid.as_bytes()).collect();
        format!("{PATH}&sid={sid}")
    }
}

impl Opened {
    /// Reads the answer to the first request.
    pub(super) fn read(reply: &Reply) -> Result<Self, Fault> {
        if !reply.status.is_success() {
            return Err(Fault::of(reply));
        }
        let text = reply.text();
        if is_engine_3(&reply.body) {
            return Err(Fault::Engine3);
        }
        Self::parse(&text).ok_or_else(|| Fault::Other(shortened(&text)))
    }

    /// Reads an open packet; anything after it in the payload is ignored.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let packet = text.split(payload::SEPARATOR).next()?;
        serde_json::from_str(packet.strip_prefix('0')?).ok()
    }

    /// Time between two pings.
    pub(super) fn ping_interval(&self) -> Duration {
        Duration::from_millis(self.ping_interval)
    }
}

/// `96:0{...}`, or the binary form of the same: 0 or 1, the length in decimal digits of one byte each, 255.
fn is_engine_3(body: &[u8]) -> bool {
    let (digits, end) = match body {
        [0 | 1, rest @ ..] => (rest, 0xFF),
        rest => (rest, b':'),
    };
    let length = digits.iter().take_while(|&&byte| byte != end).count();
    let is_number = |digit: &u8| if end == b':' { digit.is_ascii_digit() } else { *digit < 10 };
    (1..8).contains(&length)
        && digits[..length].iter().all(is_number)
        && digits.get(length..length + 3).is_some_and(|rest| rest[0] == end && rest[1..] == *b"0{")
}

impl Fault {
    fn of(reply: &Reply) -> Self {
        #[derive(Deserialize)]
        struct EngineError {
            code: u8,
            message: String,
        }
        let text = reply.text();
        let error = serde_json::from_str::<EngineError>(&text).ok();
        if error.as_ref().is_some_and(|error| error.code == 5) || text.contains("unsupported version") {
            return Self::Unsupported(error.map_or(shortened(&text), |error| error.message));
        }
        if let Some(error) = error.as_ref().filter(|error| error.code == 1) {
            return Self::UnknownSession(error.message.clone());
        }
        let said = error.map(|error| format!(" ({})", shortened(&error.message))).unwrap_or_default();
        Self::Status { status: reply.status, summary: reply.summary(), said }
    }

    /// Whether it is a Socket.IO server, but not a current one.
    pub(super) fn is_old_server(&self) -> bool {
        matches!(self, Self::Engine3 | Self::Unsupported(_))
    }

    /// What to change if a session cannot be opened or used.
    pub(super) fn advice(&self, site: &Site) -> Advice {
        match self {
            Self::Engine3 | Self::Unsupported(_) => Advice::new(
                "This is a server of Socket.IO 2 or before (Flask-SocketIO 4 or before), and not Alert. Check the URL, \
                 or that the proxy passes requests to Alert and no longer to the server before it.",
            ),
            Self::UnknownSession(_) => one_server(),
            Self::Status { status, .. } if status.is_server_error() => start_alert(),
            Self::Status { status, .. } if *status == StatusCode::UNAUTHORIZED => Advice::new(
                "The proxy asks for a password, which Socket.IO clients do not give. Take it away for /socket.io/.",
            )
            .nginx(["location /socket.io/ {", "    auth_basic off;", "    proxy_pass http://127.0.0.1:5000;", "}"]),
            Self::Http(HttpError::Late(_)) => Advice::new(
                "The answer does not come. Check that the proxy passes /socket.io/ to Alert, and that Alert has a core \
                 to run on.",
            ),
            _ => name_the_host(&site.address().host()),
        }
    }
}

/// The beginning of what a stranger says, fit for a terminal.
pub(super) fn shortened(text: &str) -> String {
    let line: String = text.trim().chars().take(60).collect();
    let clean = line.replace(|c: char| c.is_control(), " ");
    if text.trim().chars().count() > 60 { clean + "..." } else { clean }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(status: u16, body: &'static [u8]) -> Reply {
        let status = StatusCode::from_u16(status).unwrap();
        let (headers, took, at) = (http::HeaderMap::new(), Duration::ZERO, std::time::SystemTime::now());
        Reply { status, headers, body: body.into(), took, at }
    }

    #[test]
    fn given_an_open_packet_then_it_is_read() {
        let body =
            br#"0{"sid":"a","upgrades":["websocket"],"pingInterval":300,"pingTimeout":200,"maxPayload":9}"#;
        let opened = Opened::read(&reply(200, body)).unwrap();
        assert_eq!((opened.sid.as_str(), opened.ping_interval()), ("a", Duration::from_millis(300)));
    }

    #[test]
    fn given_the_framing_of_engine_io_3_then_it_is_known_as_such() {
        for body in [
            &br#"96:0{"sid":"a","upgrades":["websocket"],"pingInterval":25000,"pingTimeout":5000}2:40"#[..],
            b"\x00\x09\x06\xff0{\"sid\":\"a\",\"pingInterval\":25000}",
        ] {
            assert!(matches!(Opened::read(&reply(200, body)), Err(Fault::Engine3)), "{body:?}");
        }
        let refused = br#"{"code":5,"message":"Unsupported protocol version"}"#;
        assert!(matches!(Opened::read(&reply(400, refused)), Err(Fault::Unsupported(_))));
    }

    #[test]
    fn given_anything_else_then_it_is_a_fault_and_no_panic() {
        for body in [
            &b""[..],
            b"0",
            b"0{}",
            b"<html>",
            b"\x00",
            b"\x00\xff",
            b"1:",
            b"1:0",
            b":0{",
            b"\xff\xfe",
            b"99999999:0{",
        ] {
            assert!(matches!(Opened::read(&reply(200, body)), Err(Fault::Other(_))), "{body:?}");
        }
    }
}
