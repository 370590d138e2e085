//! HTTP/1.1 over one connection, and answers that are not what was hoped for.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::time::Instant;

use super::address::ServerAddress;
use super::connect::connect;
use super::error::{ClientError, Problem};
use alert_core::printable::one_line;

/// A connection that takes one request after the other.
pub(super) struct HttpConnection {
    server: ServerAddress,
    sender: SendRequest<Full<Bytes>>,
    /// Whether it has carried a request before.
    pub(super) is_used: bool,
}

/// More than the answer to any request that ends. The rest is not read.
const MOST_BYTES: usize = 65_536;

impl HttpConnection {
    pub(super) async fn open(server: &ServerAddress, deadline: Instant) -> Result<Self, ClientError> {
        let stream = connect(server, deadline).await?;
        let (sender, connection) =
            http1::handshake(TokioIo::new(stream)).await.map_err(|problem| lost(server, problem))?;
        // It ends with the sender and the last body; its errors come out there.
        tokio::spawn(connection);
        Ok(Self { server: server.clone(), sender, is_used: false })
    }

    /// Whether it may take another request.
    pub(super) fn is_open(&self) -> bool {
        !self.sender.is_closed()
    }

    /// Sends a request and waits for the head of its answer.
    pub(super) async fn ask(
        &mut self,
        request: Request<Full<Bytes>>,
    ) -> Result<Response<Incoming>, ClientError> {
        let sent = async {
            self.sender.ready().await?;
            self.sender.send_request(request).await
        };
        let answer = sent.await.map_err(|problem| lost(&self.server, problem));
        self.is_used = true;
        answer
    }

    /// The rest of an answer.
    pub(super) async fn body(&self, answer: Incoming) -> Result<Bytes, ClientError> {
        match Limited::new(answer, MOST_BYTES).collect().await {
            Ok(body) => Ok(body.to_bytes()),
            Err(problem) => Err(match problem.downcast::<hyper::Error>() {
                Ok(problem) => lost(&self.server, *problem),
                Err(_) => self.not_alert("its answer is too long".to_owned()),
            }),
        }
    }

    /// Reads an answer that is not a success.
    pub(super) fn failure(&self, status: StatusCode, headers: &HeaderMap, body: &[u8]) -> ClientError {
        let address = self.server.clone();
        let text = |name| headers.get(name).and_then(|value: &http::HeaderValue| value.to_str().ok());
        if let (true, Some(to)) = (status.is_redirection(), text(header::LOCATION)) {
            return ClientError::Moved { address, to: one_line(to).into_owned() };
        }
        let is_problem =
            text(header::CONTENT_TYPE).is_some_and(|kind| kind.starts_with("application/problem+json"));
        let problem = is_problem.then(|| serde_json::from_slice::<Problem>(body).ok()).flatten();
        match problem {
            Some(problem) => ClientError::Refused(Problem { retry_after: retry_after(headers), ..problem }),
            None if status.is_server_error() => ClientError::Unavailable { address, status },
            // What is refused before it is understood, by the server or by a proxy.
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
            None => self.not_alert(format!("it answers {status}")),
        }
    }

    pub(super) fn not_alert(&self, what: String) -> ClientError {
        ClientError::NotAlert { address: self.server.clone(), what }
    }
}

/// When to come again, where the answer says it in seconds.
pub(super) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds: u32 = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds.into()))
}

pub(super) fn lost(server: &ServerAddress, problem: hyper::Error) -> ClientError {
    if problem.is_parse() {
        ClientError::NotHttp(server.clone())
    } else {
        ClientError::Lost { address: server.clone(), problem }
    }
}
