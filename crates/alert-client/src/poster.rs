//! Posts messages to a room, each once, in order, over one connection that is kept.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode, header};
use http_body_util::Full;
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, sleep, timeout_at};

use super::connect::ConnectError;
use super::error::ClientError;
use super::http::{HttpClient, retry_after};
use super::target::Target;
use alert_core::names::UserName;

/// Speaks to a room without being in it.
pub struct Poster {
    target: Target,
    name: Option<UserName>,
    timeout: Duration,
    client: Option<HttpClient>,
    has_reached: bool,
}

/// What the server says about a message that it took.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// Unique to the message.
    pub id: String,
    /// Where it stands in the room's history.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<String>,
    /// How many connections it is on its way to; not known for a retry after the server's restart.
    pub connections: Option<u64>,
    /// Whether it is on disk. Servers without a history do not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stored: Option<bool>,
}

#[derive(Serialize)]
struct Message<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a UserName>,
    msg: &'a str,
}

struct Answer {
    path: String,
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

/// The pause between attempts to reach a server that was there a moment ago.
const PAUSE: Duration = Duration::from_millis(200);

impl Poster {
    /// Speaks to `target` as `name`, or under the server's default name; `timeout` is for one message, with all
    /// attempts.
    #[must_use]
    pub fn new(target: Target, name: Option<UserName>, timeout: Duration) -> Self {
        Self { target, name, timeout, client: None, has_reached: false }
    }

    /// Posts `msg`. A connection that breaks is reopened, and a server that asks to come later is tried again then, if
    /// there is time. The message is still said only once (`Idempotency-Key`).
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn post(&mut self, msg: &str) -> Result<Receipt, ClientError> {
        let deadline = Instant::now() + self.timeout;
        let key = random_key();
        let client = match self.client.take() {
            Some(client) => client,
            None => HttpClient::new(&self.target.server)?,
        };
        // A kept connection may have ended while it was idle; that is no failure.
        let mut may_break = if self.has_reached { 2 } else { 1 };
        let outcome = loop {
            let answer = match self.exchange(&client, &key, msg, deadline).await {
                Ok(answer) => answer,
                Err(ClientError::Lost { .. }) if may_break > 0 => {
                    may_break -= 1;
                    self.has_reached = true;
                    continue;
                }
                // A server that was there before may be about to come back.
                Err(ClientError::Connect(ConnectError::Refused { .. } | ConnectError::Socket { .. }))
                    if self.has_reached && Instant::now() + PAUSE < deadline =>
                {
                    sleep(PAUSE).await;
                    continue;
                }
                Err(error) => break Err(error),
            };
            self.has_reached = true;
            let Answer { path, status, headers, body } = answer;
            let later = [StatusCode::TOO_MANY_REQUESTS, StatusCode::SERVICE_UNAVAILABLE].contains(&status);
            match retry_after(&headers).filter(|wait| later && Instant::now() + *wait < deadline) {
                Some(wait) => sleep(wait).await,
                None if status == StatusCode::ACCEPTED => {
                    let receipt = serde_json::from_slice(&body);
                    break receipt.map_err(|_| client.not_alert("its answer is another".to_owned()));
                }
                None => break Err(client.failure(&path, status, &headers, &body)),
            }
        };
        self.client = Some(client);
        outcome
    }

    #[expect(
        clippy::expect_used,
        reason = "strings are what JSON can hold, and the head is made of checked parts"
    )]
    async fn exchange(
        &self,
        client: &HttpClient,
        key: &str,
        msg: &str,
        deadline: Instant,
    ) -> Result<Answer, ClientError> {
        let message = Message { name: self.name.as_ref(), msg };
        let body = serde_json::to_vec(&message).expect("JSON");
        let request = self
            .target
            .request(Method::POST, "messages")
            .header(header::CONTENT_TYPE, "application/json")
            .header("idempotency-key", key)
            .body(Full::new(Bytes::from(body)))
            .expect("a request");
        let path = request.uri().path().to_owned();
        let (head, body) = client.ask(request, deadline).await?.into_parts();
        let body = timeout_at(deadline, client.body(body)).await.unwrap_or_else(|_| Err(client.late()))?;
        Ok(Answer { path, status: head.status, headers: head.headers, body })
    }
}

#[expect(clippy::expect_used, reason = "a system without random numbers could not have started this process")]
fn random_key() -> String {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).expect("the system gives random numbers");
    format!("{:032x}", u128::from_be_bytes(bytes))
}
