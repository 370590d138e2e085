//! Watches a room without being in it, and comes back by itself when the connection is lost.

use std::time::Duration;

use bytes::Bytes;
use http::{Method, header};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use jiff::{Timestamp, Zoned};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, sleep, timeout, timeout_at};

use super::chat::line::{Form, Line};
use super::error::{ClientError, Problem};
use super::http::HttpClient;
use super::silence::Silence;
use super::sse::{Item, Parser};
use super::target::Target;
use alert_core::position::Position;
use alert_core::printable::one_line;
use alert_core::wire::{v1, v2};

/// What a watcher hears.
#[derive(Debug)]
pub enum Heard {
    /// Something was said, or somebody came or went; or messages are missing.
    Event(Event),
    /// The connection is gone.
    Lost {
        /// Why.
        why: ClientError,
        /// The watcher knows where it was, so what is said until [`Heard::Back`] follows later. If not, it is missed.
        will_follow: bool,
    },
    /// There is a connection again.
    Back,
}

/// An event of the room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// `message`, `status` or `gap`.
    pub event: String,
    /// What else the server says about it.
    pub told: Told,
    /// Where the room stood.
    pub position: Option<String>,
}

/// The data of an event. Servers without a history say only `msg`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// What people see; nothing, if it is not for them.
    #[serde(default)]
    pub msg: String,
    /// For a message: its unique id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// When, by the server's clock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    /// Who.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// For an alert: what has become of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// For a gap: how many messages are missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missed: Option<u64>,
}

/// An event as a JSON object.
#[derive(Serialize)]
struct Json<'a> {
    time: String,
    event: &'a str,
    #[serde(flatten)]
    told: &'a Told,
    #[serde(skip_serializing_if = "Option::is_none")]
    position: &'a Option<String>,
}

impl Event {
    /// Whether somebody spoke.
    #[must_use]
    pub fn is_message(&self) -> bool {
        self.event == v1::MESSAGE
    }

    /// Whether it is of an alert whose words came as a message, or of one whose words have not changed.
    #[must_use]
    pub fn is_said_before(&self) -> bool {
        matches!(self.told.state.as_deref(), Some("raised" | "updated"))
    }

    /// Whether it happened now: not messages that are missing, and not what was there before.
    #[must_use]
    pub fn is_news(&self) -> bool {
        !self.is_gap() && !self.is_said_before() && self.told.state.as_deref() != Some("in_force")
    }

    /// Whether messages are missing before the next one.
    #[must_use]
    pub fn is_gap(&self) -> bool {
        self.event == GAP
    }

    /// The line with its end, as `alert join` shows it too. A message that comes late shows when it was said.
    #[must_use]
    pub fn render(&self, form: Form, now: &Zoned) -> String {
        if form == Form::Json {
            return self.json(now);
        }
        let msg = self.told.msg.clone();
        let line = if self.is_message() { Line::Message { msg, at: None } } else { Line::Status { msg } };
        let at = self.told.at.as_ref().and_then(|at| at.parse::<Timestamp>().ok());
        let at = at.map(|at| at.to_zoned(now.time_zone().clone()));
        line.render(form, at.as_ref().unwrap_or(now))
    }

    fn json(&self, now: &Zoned) -> String {
        let Self { event, told, position } = self;
        let json = Json { time: format!("{:.3}", now.timestamp()), event, told, position };
        #[expect(clippy::expect_used, reason = "strings and numbers always serialize")]
        let json = serde_json::to_string(&json).expect("strings and numbers always serialize");
        // What this escapes can only be in strings, where its escapes mean the same.
        format!("{}\n", one_line(&json))
    }
}

/// Hears what is said in a room without being in it.
pub struct Watcher {
    target: Target,
    /// From where it began.
    since: Option<String>,
    /// The room's last known position.
    position: Option<String>,
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

const GAP: &str = "gap";
/// Time from the first packet to the head of the answer.
const CONNECT_LIMIT: Duration = Duration::from_secs(10);
const SHORTEST_BACKOFF: Duration = Duration::from_millis(500);
const LONGEST_BACKOFF: Duration = Duration::from_secs(30);

impl Watcher {
    /// Begins to watch, from `since` or from now; nothing that is said after this is missed.
    ///
    /// # Errors
    /// [`ClientError`], if there is no such server.
    pub async fn open(target: Target, since: Option<String>) -> Result<Self, ClientError> {
        let stream = Some(Stream::open(&target, since.as_deref(), None).await?);
        let (silence, backoff) = (Silence::new(), SHORTEST_BACKOFF);
        Ok(Self { target, since, position: None, stream, silence, backoff })
    }

    /// Waits for what comes next. It must be polled to its end: half an event may have been read.
    ///
    /// # Errors
    /// [`ClientError`], if the server refuses for good.
    pub async fn next(&mut self) -> Result<Heard, ClientError> {
        let Some(stream) = &mut self.stream else {
            self.stream = Some(self.connect_again().await?);
            self.silence.interrupt();
            return Ok(Heard::Back);
        };
        match stream.next(&mut self.silence, &self.target, &mut self.position).await {
            Ok(event) => {
                self.backoff = SHORTEST_BACKOFF;
                Ok(Heard::Event(event))
            }
            Err(error) if error.is_refusal() => Err(error),
            Err(error) => {
                self.stream = None;
                Ok(Heard::Lost { why: error, will_follow: self.position.is_some() })
            }
        }
    }

    async fn connect_again(&mut self) -> Result<Stream, ClientError> {
        loop {
            sleep(self.backoff.mul_f64(jitter())).await;
            self.backoff = (self.backoff * 2).min(LONGEST_BACKOFF);
            match Stream::open(&self.target, self.since.as_deref(), self.position.as_deref()).await {
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
    async fn open(target: &Target, since: Option<&str>, position: Option<&str>) -> Result<Self, ClientError> {
        let deadline = Instant::now() + CONNECT_LIMIT;
        let client = HttpClient::new(&target.server)?;
        let query = since.map(|since| format!("?since={}", utf8_percent_encode(since, NON_ALPHANUMERIC)));
        let what = format!("events{}", query.unwrap_or_default());
        let mut request = target.request(Method::GET, &what).header(header::ACCEPT, "text/event-stream");
        if let Some(position) = position {
            request = request.header("last-event-id", position);
        }
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

    async fn next(
        &mut self,
        silence: &mut Silence,
        target: &Target,
        position: &mut Option<String>,
    ) -> Result<Event, ClientError> {
        loop {
            match self.parser.pop() {
                Some(Item::Event { name, data }) => {
                    let told: Told = serde_json::from_str(&data)
                        .map_err(|_| self.client.not_alert("its events are others".to_owned()))?;
                    silence.interrupt();
                    if told.msg.is_empty() || name == v2::TIME {
                        continue;
                    }
                    // A gap comes after the place that was asked for, and has none of its own.
                    let position = position.clone().filter(|_| name != GAP);
                    return Ok(Event { event: name, told, position });
                }
                // It will be sent in a header, so it must be valid there.
                Some(Item::Id(id)) => *position = Some(id).filter(|id| id.parse::<Position>().is_ok()),
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

/// 0.5 to 1, so that those whom a server lost do not all return together.
fn jitter() -> f64 {
    let mut byte = [0];
    // Without random numbers they do return together, which works too.
    let _ = getrandom::fill(&mut byte);
    0.5 + f64::from(byte[0]) / 512.0
}
