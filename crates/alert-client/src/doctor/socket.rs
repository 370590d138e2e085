//! A WebSocket to Engine.IO.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use thiserror::Error;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

use super::session::{Opened, shortened};
use super::site::{HttpError, PROMPT, Site, Stream, USER_AGENT, summary};

pub(super) struct Socket(WebSocketStream<Stream>);

/// Why there is no WebSocket, or no longer one.
#[derive(Debug, Error)]
pub(super) enum SocketFault {
    #[error(transparent)]
    Http(#[from] HttpError),
    /// An answer other than 101.
    #[error("{summary}, not 101 Switching Protocols")]
    Refused { status: StatusCode, summary: String },
    #[error("the connection was closed{0}")]
    Ended(String),
    #[error("nothing came within {} s", .0.as_secs())]
    Late(Duration),
    #[error("{0}")]
    Broken(String),
    /// A packet that does not belong there.
    #[error("it sent {0:?}")]
    Unexpected(String),
}

impl Socket {
    /// Opens one: for a session, if there is one, and as a page of `origin`, if there is one.
    pub(super) async fn open(
        site: &Site,
        sid: Option<&str>,
        origin: Option<&str>,
    ) -> Result<Self, SocketFault> {
        let address = site.address();
        let scheme = if address.is_tls() { "wss" } else { "ws" };
        let mut url = format!("{scheme}://{}/socket.io/?EIO=4&transport=websocket", address.authority());
        if let Some(sid) = sid {
            url += "&sid=";
            url.extend(form_urlencoded::byte_serialize(sid.as_bytes()));
        }
        let mut request =
            url.into_client_request().map_err(|error| SocketFault::Broken(error.to_string()))?;
        request.headers_mut().insert(header::USER_AGENT, HeaderValue::from_static(USER_AGENT));
        if let Some(origin) = origin.and_then(|origin| HeaderValue::from_str(origin).ok()) {
            request.headers_mut().insert(header::ORIGIN, origin);
        }
        let stream = site.connect().await?;
        match timeout(PROMPT, client_async(request, stream)).await {
            Ok(Ok((socket, _))) => Ok(Self(socket)),
            Ok(Err(error)) => Err(SocketFault::of(error)),
            Err(_) => Err(SocketFault::Late(PROMPT)),
        }
    }

    pub(super) async fn send(&mut self, packet: &str) -> Result<(), SocketFault> {
        let sent = timeout(PROMPT, self.0.send(Message::text(packet))).await;
        sent.map_err(|_| SocketFault::Late(PROMPT))?.map_err(SocketFault::of)
    }

    /// The next packet, until `end`.
    async fn receive(&mut self, end: Instant, limit: Duration) -> Result<String, SocketFault> {
        loop {
            let next = timeout_at(end, self.0.next()).await.map_err(|_| SocketFault::Late(limit))?;
            match next {
                Some(Ok(Message::Text(text))) => return Ok(text.to_string()),
                Some(Ok(Message::Close(Some(frame)))) => {
                    return Err(SocketFault::Ended(format!(" with code {}", u16::from(frame.code))));
                }
                Some(Ok(_)) => {}
                None => return Err(SocketFault::Ended(String::new())),
                Some(Err(error)) => return Err(SocketFault::of(error)),
            }
        }
    }

    /// Reads the open packet.
    pub(super) async fn opened(&mut self) -> Result<Opened, SocketFault> {
        let text = self.receive(Instant::now() + PROMPT, PROMPT).await?;
        Opened::parse(&text).ok_or_else(|| SocketFault::Unexpected(shortened(&text)))
    }

    /// Waits until a packet begins with `wanted`, for at most `limit`.
    pub(super) async fn wait_for(&mut self, wanted: &str, limit: Duration) -> Result<(), SocketFault> {
        let end = Instant::now() + limit;
        loop {
            let text = self.receive(end, limit).await?;
            if text.starts_with("44") {
                return Err(SocketFault::Unexpected(shortened(&text)));
            }
            if text.starts_with(wanted) {
                return Ok(());
            }
        }
    }

    /// Ends it. It no longer matters whether the other side hears of it.
    pub(super) async fn close(mut self) {
        let _ = timeout(PROMPT, self.0.close(None)).await;
    }
}

impl SocketFault {
    fn of(error: Error) -> Self {
        match error {
            Error::Http(response) => {
                let (status, headers): (_, &HeaderMap) = (response.status(), response.headers());
                Self::Refused { status, summary: summary(status, headers) }
            }
            Error::ConnectionClosed | Error::AlreadyClosed => Self::Ended(String::new()),
            Error::Io(error) => Self::Ended(format!(" ({error})")),
            Error::Protocol(error) => Self::Ended(format!(" ({error})")),
            other => Self::Broken(other.to_string()),
        }
    }

    pub(super) fn status(&self) -> Option<StatusCode> {
        if let Self::Refused { status, .. } = self { Some(*status) } else { None }
    }
}
