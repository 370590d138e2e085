//! Posts messages to a room, each one once, in order, over one connection that is kept.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode, header};
use http_body_util::Full;
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, sleep, timeout_at};

use super::connect::ConnectError;
use super::error::ClientError;
use super::http::{HttpConnection, retry_after};
use super::target::Target;
use alert_core::names::UserName;

/// Speaks to a room without being in it.
pub struct Poster {
    target: Target,
    name: Option<UserName>,
    timeout: Duration,
    connection: Option<HttpConnection>,
    has_reached: bool,
}

/// What the server says of a message that it took.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// Unique to the message.
    pub id: String,
    /// How many connections it is on its way to.
    pub connections: u64,
}

#[derive(Serialize)]
struct Message<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a UserName>,
    msg: &'a str,
}

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

/// Between attempts to reach a server that was there a moment ago.
const PAUSE: Duration = Duration::from_millis(200);

impl Poster {
    /// Speaks to `target` as `name`, or as the server calls those without one; `timeout` is for one message, with all
    /// attempts.
    #[must_use]
    pub fn new(target: Target, name: Option<UserName>, timeout: Duration) -> Self {
        Self { target, name, timeout, connection: None, has_reached: false }
    }

    /// Posts `msg`. A connection that breaks is made anew, once, and a server that asks to come later is asked again
    /// when it says so, if there is time; the message is said once nevertheless (`Idempotency-Key`).
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn post(&mut self, msg: &str) -> Result<Receipt, ClientError> {
        let deadline = Instant::now() + self.timeout;
        let key = random_key();
        let mut has_broken = false;
        loop {
            let mut connection = match self.connection.take().filter(HttpConnection::is_open) {
                Some(connection) => connection,
                None => self.connect(deadline, has_broken || self.has_reached).await?,
            };
            // A kept connection may have ended while nothing was said; that is no failure.
            let was_used = connection.is_used;
            let exchange = self.exchange(&mut connection, &key, msg);
            let answer = match timeout_at(deadline, exchange).await {
                Ok(Ok(answer)) => answer,
                Ok(Err(ClientError::Lost { .. })) if was_used || !has_broken => {
                    has_broken |= !was_used;
                    continue;
                }
                Ok(Err(error)) => return Err(error),
                Err(_) => return Err(ClientError::NoAnswer(self.target.server.clone())),
            };
            self.has_reached = true;
            let Answer { status, headers, body } = answer;
            let later = [StatusCode::TOO_MANY_REQUESTS, StatusCode::SERVICE_UNAVAILABLE].contains(&status);
            let wait = retry_after(&headers).filter(|wait| later && Instant::now() + *wait < deadline);
            let outcome = match wait {
                None if status == StatusCode::ACCEPTED => serde_json::from_slice(&body)
                    .map_err(|_| connection.not_alert("its answer is another".to_owned())),
                None => Err(connection.failure(status, &headers, &body)),
                Some(wait) => {
                    self.connection = Some(connection);
                    sleep(wait).await;
                    continue;
                }
            };
            self.connection = Some(connection);
            return outcome;
        }
    }

    /// A new connection. A server that was there before may be about to come back.
    async fn connect(&self, deadline: Instant, is_known: bool) -> Result<HttpConnection, ClientError> {
        loop {
            match HttpConnection::open(&self.target.server, deadline).await {
                Err(ClientError::Connect(ConnectError::Refused { .. }))
                    if is_known && Instant::now() + PAUSE < deadline =>
                {
                    sleep(PAUSE).await;
                }
                done => return done,
            }
        }
    }

    #[expect(
        clippy::expect_used,
        reason = "strings are what JSON can hold, and the head is made of checked parts"
    )]
    async fn exchange(
        &self,
        connection: &mut HttpConnection,
        key: &str,
        msg: &str,
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
        let (head, body) = connection.ask(request).await?.into_parts();
        let body = connection.body(body).await?;
        Ok(Answer { status: head.status, headers: head.headers, body })
    }
}

#[expect(clippy::expect_used, reason = "a system without random numbers could not have started this process")]
fn random_key() -> String {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).expect("the system gives random numbers");
    format!("{:032x}", u128::from_be_bytes(bytes))
}
