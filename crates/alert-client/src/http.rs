//! Requests to a server, and answers that are not what was hoped for.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use alert_core::printable::one_line;
use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use tokio::time::{Instant, timeout_at};
use url::Url;

use super::address::ServerAddress;
use super::connect::{ConnectError, Connector, Route, causes};
use super::error::{ClientError, Problem};

/// Sends requests to one server, one after the other, over a connection that is kept.
pub(super) struct HttpClient {
    server: Route,
    client: Client<Connector, Full<Bytes>>,
    has_connected: Arc<AtomicBool>,
}

/// Larger than any whole answer. Anything beyond it is not read.
const MOST_BYTES: usize = 65_536;
/// The same of a list: a policy with a thousand names, or a thousand lines of an audit log.
const MOST_LONG_BYTES: usize = 2 << 20;

impl HttpClient {
    pub(super) fn new(server: &Route) -> Result<Self, ClientError> {
        let (connector, has_connected) = server.connector().map_err(ConnectError::from)?;
        let client = Client::builder(TokioExecutor::new()).pool_max_idle_per_host(1).build(connector);
        Ok(Self { server: server.clone(), client, has_connected })
    }

    /// Sends a request and waits for the head of its answer, until `deadline`.
    pub(super) async fn ask(
        &self,
        request: Request<Full<Bytes>>,
        deadline: Instant,
    ) -> Result<Response<Incoming>, ClientError> {
        match timeout_at(deadline, self.client.request(request)).await {
            Ok(answer) => answer.map_err(|problem| self.problem(&problem)),
            Err(_) => Err(self.late()),
        }
    }

    /// The time is up: nothing is there, or what is there does not answer.
    pub(super) fn late(&self) -> ClientError {
        let address = self.server.address.clone();
        if self.has_connected.load(Ordering::Relaxed) {
            ClientError::NoAnswer(address)
        } else {
            ConnectError::TimedOut { address }.into()
        }
    }

    fn problem(&self, problem: &hyper_util::client::legacy::Error) -> ClientError {
        if problem.is_connect() {
            return ConnectError::of(&self.server.address, problem).into();
        }
        match causes(problem).find_map(|cause| cause.downcast_ref::<hyper::Error>()) {
            Some(problem) => self.lost(problem),
            None => ClientError::Lost { address: self.server.address.clone(), problem: problem.to_string() },
        }
    }

    /// The rest of an answer.
    pub(super) async fn body(&self, answer: Incoming) -> Result<Bytes, ClientError> {
        self.body_of(answer, MOST_BYTES).await
    }

    /// The same of an answer that is a list.
    pub(super) async fn long_body(&self, answer: Incoming) -> Result<Bytes, ClientError> {
        self.body_of(answer, MOST_LONG_BYTES).await
    }

    async fn body_of(&self, answer: Incoming, most: usize) -> Result<Bytes, ClientError> {
        match Limited::new(answer, most).collect().await {
            Ok(body) => Ok(body.to_bytes()),
            Err(problem) => Err(match problem.downcast::<hyper::Error>() {
                Ok(problem) => self.lost(&problem),
                Err(_) => self.not_alert("its answer is too long".to_owned()),
            }),
        }
    }

    /// Reads an answer to a request for `path` that is not a success.
    pub(super) fn failure(
        &self,
        path: &str,
        status: StatusCode,
        headers: &HeaderMap,
        body: &[u8],
    ) -> ClientError {
        let address = self.server.address.clone();
        let text = |name| headers.get(name).and_then(|value: &http::HeaderValue| value.to_str().ok());
        if let Some(moved) = moved(&address, path, status, headers) {
            return moved;
        }
        let is_problem =
            text(header::CONTENT_TYPE).is_some_and(|kind| kind.starts_with("application/problem+json"));
        let problem = is_problem.then(|| serde_json::from_slice::<Problem>(body).ok()).flatten();
        match problem {
            Some(problem) => ClientError::Refused(Problem { retry_after: retry_after(headers), ..problem }),
            None if status.is_server_error() => ClientError::Unavailable { address, status },
            // Refused by the server or a proxy before it was read.
            None if [StatusCode::PAYLOAD_TOO_LARGE, StatusCode::TOO_MANY_REQUESTS].contains(&status) => {
                ClientError::Refused(Problem {
                    title: status.canonical_reason().unwrap_or_default().to_owned(),
                    status: status.as_u16(),
                    code: if status == StatusCode::PAYLOAD_TOO_LARGE { "msg_too_long" } else { "" }
                        .to_owned(),
                    detail: "this is more than the server takes.".to_owned(),
                    retry_after: retry_after(headers),
                })
            }
            None if status == StatusCode::BAD_REQUEST
                && body.windows(10).any(|words| words == b"speaks TLS") =>
            {
                ClientError::SpeaksTls(address)
            }
            None => self.not_alert(format!("it answers {status}")),
        }
    }

    pub(super) fn not_alert(&self, what: String) -> ClientError {
        ClientError::NotAlert { address: self.server.address.clone(), what }
    }

    pub(super) fn lost(&self, problem: &hyper::Error) -> ClientError {
        let address = self.server.address.clone();
        if problem.is_parse() {
            ClientError::NotHttp(address)
        } else {
            ClientError::Lost { address, problem: problem.to_string() }
        }
    }
}

/// Where a redirect of `path` leads to, if it is one. It is not followed: the token is for this server alone.
pub(super) fn moved(
    address: &ServerAddress,
    path: &str,
    status: StatusCode,
    headers: &HeaderMap,
) -> Option<ClientError> {
    let location = headers.get(header::LOCATION).filter(|_| status.is_redirection())?.to_str().ok()?;
    let asked = Url::parse(&address.origin()).ok()?.join(path).ok()?;
    let there = asked.join(location).ok();
    let same_path = there.as_ref().filter(|there| there.path() == asked.path() && there.host().is_some());
    let address = address.clone();
    Some(match same_path.map(|there| there.origin().ascii_serialization()) {
        Some(to) if to != address.origin() => ClientError::Moved { address, to },
        _ => ClientError::NotAlert {
            address,
            what: format!("it redirects to {}", one_line(there.as_ref().map_or(location, Url::as_str))),
        },
    })
}

/// When to come again, if the answer gives it in seconds.
pub(super) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds: u32 = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds.into()))
}
