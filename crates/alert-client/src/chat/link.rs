//! A WebSocket to a server.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use tokio::time::{Instant, sleep, timeout, timeout_at};
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

use crate::ServerAddress;
use crate::connect::{Route, Stream};
use crate::http::moved;

const PATH: &str = "/socket.io/";
const TIME_TO_CONNECT: Duration = Duration::from_secs(10);
/// A server that takes nothing for this long is gone.
const TIME_TO_SEND: Duration = Duration::from_secs(45);
const TIME_TO_CLOSE: Duration = Duration::from_secs(1);

/// A connection that sends and receives text frames. Its errors say why it has ended.
#[derive(Debug)]
pub(super) struct Link(WebSocketStream<Stream>);

impl Link {
    /// Connects after a pause.
    pub(super) async fn open(server: Route, pause: Duration) -> Result<Self, String> {
        sleep(spread(pause)).await;
        let deadline = Instant::now() + TIME_TO_CONNECT;
        let stream = server.connect(deadline).await.map_err(|error| error.to_string())?;
        let address = server.address;
        let scheme = if address.is_tls() { "wss" } else { "ws" };
        let url = format!("{scheme}://{}{PATH}?EIO=4&transport=websocket", address.authority());
        match timeout_at(deadline, client_async(url, stream)).await {
            Ok(Ok((socket, _))) => Ok(Self(socket)),
            Ok(Err(problem)) => Err(refused(&address, &problem)),
            Err(_) => Err(format!(
                "{address} did not open a WebSocket in time: alert doctor {address} finds out why"
            )),
        }
    }

    /// The next text frame.
    pub(super) async fn receive(&mut self) -> Result<String, String> {
        loop {
            match self.0.next().await {
                Some(Ok(Message::Text(text))) => return Ok(text.as_str().to_owned()),
                Some(Ok(Message::Close(Some(frame)))) if !frame.reason.is_empty() => {
                    return Err(frame.reason.as_str().to_owned());
                }
                Some(Ok(Message::Close(_))) | None => return Err("the server closed it".to_owned()),
                Some(Ok(_)) => {}
                Some(Err(problem)) => return Err(ended(&problem)),
            }
        }
    }

    /// Sends a text frame.
    pub(super) async fn send(&mut self, text: String) -> Result<(), String> {
        match timeout(TIME_TO_SEND, self.0.send(Message::text(text))).await {
            Ok(sent) => sent.map_err(|problem| ended(&problem)),
            Err(_) => Err("the server takes nothing any more".to_owned()),
        }
    }

    /// Says goodbye. If that fails, there is nobody left to tell.
    pub(super) async fn close(mut self) {
        let _ = timeout(TIME_TO_CLOSE, self.0.close(None)).await;
    }
}

/// Between 0.5 and 1.5 pauses, so that not everybody comes back at the same moment.
fn spread(pause: Duration) -> Duration {
    let random = getrandom::u32().unwrap_or(u32::MAX / 2);
    pause.mul_f64(0.5 + f64::from(random) / f64::from(u32::MAX))
}

fn refused(address: &ServerAddress, problem: &Error) -> String {
    let moved = match problem {
        Error::Http(answer) => moved(address, PATH, answer.status(), answer.headers()),
        _ => None,
    };
    if let Some(moved) = moved {
        return moved.to_string();
    }
    match problem {
        Error::Http(answer) => format!(
            "{address} answered with HTTP {} instead of a WebSocket: alert doctor {address} finds out why",
            answer.status().as_u16()
        ),
        problem => {
            format!("{address} did not open a WebSocket ({problem}): alert doctor {address} finds out why")
        }
    }
}

fn ended(problem: &Error) -> String {
    match problem {
        Error::ConnectionClosed | Error::AlreadyClosed | Error::Protocol(_) => {
            "it ended without a reason".to_owned()
        }
        problem => problem.to_string(),
    }
}
