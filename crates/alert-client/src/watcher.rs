//! Watches a room without being in it, and comes back by itself when the connection is lost.

use std::time::Duration;

use bytes::Bytes;
use http::{Method, header};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use jiff::Zoned;
use serde::Deserialize;
use tokio::time::{Instant, sleep, timeout, timeout_at};

use super::chat::line::{Form, Line};
use super::error::{ClientError, Problem};
use super::http::HttpClient;
use super::silence::Silence;
use super::sse::{Item, Parser};
use super::target::Target;
use alert_core::wire::v1;

/// What a watcher hears.
#[derive(Debug)]
pub enum Heard {
    /// Something was said, or somebody came or went.
    Event(Event),
    /// The connection is gone; what is said until [`Heard::Back`] is missed.
    Lost(ClientError),
    /// There is a connection again.
    Back,
}

/// An event of the room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// `message` or `status`.
    pub event: String,
    /// What people see.
    pub msg: String,
}

impl Event {
    /// Whether somebody spoke; else it is a status.
    #[must_use]
    pub fn is_message(&self) -> bool {
        self.event == v1::MESSAGE
    }

    /// The line with its end, as `alert join` shows it too.
    #[must_use]
    pub fn render(&self, form: Form, at: &Zoned) -> String {
        let msg = self.msg.clone();
        let line = if self.is_message() { Line::Message { msg, at: None } } else { Line::Status { msg } };
        line.render(form, at)
    }
}

/// Hears what is said in a room, and is not in it.
pub struct Watcher {
    target: Target,
    stream: Option<Stream>,
    silence: Silence,
    backoff: Duration,
}

/// A connection that has answered.
struct Stream {
    client: HttpClient,
    body: Incoming,
    parser: Parser,
}

#[derive(Deserialize)]
struct Payload {
    msg: String,
}

/// From the first packet to the head of the answer.
const CONNECT_LIMIT: Duration = Duration::from_secs(10);
const SHORTEST_BACKOFF: Duration = Duration::from_millis(500);
const LONGEST_BACKOFF: Duration = Duration::from_secs(30);

impl Watcher {
    /// Begins to watch; nothing that is said after this is missed.
    ///
    /// # Errors
    /// [`ClientError`], where there is no such server.
    pub async fn open(target: Target) -> Result<Self, ClientError> {
        let stream = Some(Stream::open(&target).await?);
        Ok(Self { target, stream, silence: Silence::new(), backoff: SHORTEST_BACKOFF })
    }

    /// Waits for what comes next. To be polled to its end: half of an event may be read.
    ///
    /// # Errors
    /// [`ClientError`], when the server will not have it any more.
    pub async fn next(&mut self) -> Result<Heard, ClientError> {
        let Some(stream) = &mut self.stream else {
            self.stream = Some(self.connect_again().await?);
            self.silence.interrupt();
            return Ok(Heard::Back);
        };
        match stream.next(&mut self.silence, &self.target).await {
            Ok(event) => {
                self.backoff = SHORTEST_BACKOFF;
                Ok(Heard::Event(event))
            }
            Err(error) if error.is_refusal() => Err(error),
            Err(error) => {
                self.stream = None;
                Ok(Heard::Lost(error))
            }
        }
    }

    async fn connect_again(&mut self) -> Result<Stream, ClientError> {
        loop {
            sleep(self.backoff.mul_f64(jitter())).await;
            self.backoff = (self.backoff * 2).min(LONGEST_BACKOFF);
            match Stream::open(&self.target).await {
                Err(ClientError::Refused(Problem { retry_after: Some(wait), .. })) => {
                    sleep(wait).await;
                }
                Err(error) if !error.is_refusal() => {}
                done => return done,
            }
        }
    }
}

impl Stream {
    #[expect(clippy::expect_used, reason = "the head is made of checked parts")]
    async fn open(target: &Target) -> Result<Self, ClientError> {
        let deadline = Instant::now() + CONNECT_LIMIT;
        let client = HttpClient::new(&target.server)?;
        let request = target.request(Method::GET, "events").header(header::ACCEPT, "text/event-stream");
        let request = request.body(Full::<Bytes>::default()).expect("a request");
        let path = request.uri().path().to_owned();
        let (head, body) = client.ask(request, deadline).await?.into_parts();
        if head.status != http::StatusCode::OK {
            let body =
                timeout_at(deadline, client.body(body)).await.unwrap_or_else(|_| Err(client.late()))?;
            return Err(client.failure(&path, head.status, &head.headers, &body));
        }
        let kind = head.headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        if !kind.is_some_and(|kind| kind.starts_with("text/event-stream")) {
            return Err(client.not_alert("it sends no events".to_owned()));
        }
        Ok(Self { client, body, parser: Parser::default() })
    }

    async fn next(&mut self, silence: &mut Silence, target: &Target) -> Result<Event, ClientError> {
        loop {
            match self.parser.pop() {
                Some(Item::Event { name, data }) => {
                    let payload: Payload = serde_json::from_str(&data)
                        .map_err(|_| self.client.not_alert("its events are others".to_owned()))?;
                    silence.interrupt();
                    return Ok(Event { event: name, msg: payload.msg });
                }
                Some(Item::Comment) => silence.comment(),
                None => {
                    let (start, limit) = (Instant::now(), silence.limit());
                    let Ok(piece) = timeout(limit, self.body.frame()).await else {
                        silence.was_too_long();
                        let time = Duration::from_secs(limit.as_secs());
                        return Err(ClientError::Silent { address: target.server.address.clone(), time });
                    };
                    silence.waited(start.elapsed());
                    let piece = piece.ok_or_else(|| ClientError::Closed(target.server.address.clone()))?;
                    let piece = piece.map_err(|problem| self.client.lost(&problem))?;
                    if let Some(bytes) = piece.data_ref() {
                        let too_long = |error: super::sse::TooLong| self.client.not_alert(error.to_string());
                        self.parser.push(bytes).map_err(too_long)?;
                    }
                }
            }
        }
    }
}

/// 0.5 to 1: so that those whom a server lost do not all return together.
fn jitter() -> f64 {
    let mut byte = [0];
    // Without random numbers they do return together, and that works too.
    let _ = getrandom::fill(&mut byte);
    0.5 + f64::from(byte[0]) / 512.0
}
