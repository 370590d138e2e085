//! Does what hosts do, over HTTP: one request, one answer.

use std::time::Duration;

use alert_core::room::policy::HostKey;
use bytes::Bytes;
use http::{Method, header};
use http_body_util::Full;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use tokio::time::{Instant, timeout_at};

use super::error::ClientError;
use super::http::HttpClient;
use super::target::Target;

/// A host of a room, by the room's key or by a token.
pub struct Moderator {
    target: Target,
    key: Option<HostKey>,
    timeout: Duration,
}

impl Moderator {
    /// Acts in `target`, and waits for so long at most.
    #[must_use]
    pub fn new(target: Target, timeout: Duration) -> Self {
        Self { target, key: None, timeout }
    }

    /// The same, who shows this key.
    #[must_use]
    pub fn with_key(self, key: Option<HostKey>) -> Self {
        Self { key, ..self }
    }

    /// Whether there is a key to show.
    #[must_use]
    pub fn shows_key(&self) -> bool {
        self.key.is_some()
    }

    /// Whether there is a token to show.
    #[must_use]
    pub fn shows_token(&self) -> bool {
        self.target.has_token()
    }

    /// Does something, and gives the server's answer.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn act(&self, action: &Value) -> Result<Value, ClientError> {
        self.ask(self.target.request(Method::POST, "actions"), action).await
    }

    /// Does something at a place of the room, its alerts for example, and gives the server's answer.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn at(
        &self,
        method: &str,
        place: &[&str],
        alert: &Value,
        headers: [(&str, Option<&str>); 2],
    ) -> Result<Value, ClientError> {
        let place = place.iter().map(|one| utf8_percent_encode(one, NON_ALPHANUMERIC).to_string());
        let path = place.collect::<Vec<_>>().join("/");
        // One of ours.
        let method = Method::from_bytes(method.as_bytes()).unwrap_or_default();
        let request = self.target.request(method, &path);
        let request = headers.into_iter().fold(request, |request, (name, value)| match value {
            Some(value) => request.header(name, value.as_bytes()),
            None => request,
        });
        self.ask(request, alert).await
    }

    /// Reads the room's roster, or gives it another one.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn roster(&self, roster: Option<&Value>) -> Result<Value, ClientError> {
        let method = if roster.is_some() { Method::PUT } else { Method::GET };
        self.ask(self.target.request(method, "roster"), roster.unwrap_or(&Value::Null)).await
    }

    /// Reads who has confirmed an alert.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn roll_call(&self, id: &str) -> Result<Value, ClientError> {
        let id = utf8_percent_encode(id, NON_ALPHANUMERIC);
        self.ask(self.target.request(Method::GET, &format!("alerts/{id}/roll_call")), &Value::Null).await
    }

    /// Asks for something of the room, which a path names, and gives the server's answer; null where it says nothing.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn ask_for(
        &self,
        method: &str,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Value, ClientError> {
        // One of ours.
        let method = Method::from_bytes(method.as_bytes()).unwrap_or_default();
        self.ask(self.target.request(method, path), body.unwrap_or(&Value::Null)).await
    }

    /// Makes a room, and gives the server's answer: the room, and the key of its host.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn make(&self, room: &Value) -> Result<Value, ClientError> {
        self.ask(self.target.request_of_rooms(Method::POST), room).await
    }

    #[expect(clippy::expect_used, reason = "the head is made of checked parts")]
    async fn ask(&self, request: http::request::Builder, body: &Value) -> Result<Value, ClientError> {
        let deadline = Instant::now() + self.timeout;
        let client = HttpClient::new(&self.target.server)?;
        let request = request.header(header::CONTENT_TYPE, "application/json");
        let request = match &self.key {
            Some(key) => request.header("alert-host-key", key.as_str()),
            None => request,
        };
        let content = if body.is_null() { Bytes::new() } else { Bytes::from(body.to_string()) };
        let request = request.body(Full::new(content)).expect("a request");
        let path = request.uri().path().to_owned();
        let (head, body) = client.ask(request, deadline).await?.into_parts();
        let body =
            timeout_at(deadline, client.long_body(body)).await.unwrap_or_else(|_| Err(client.late()))?;
        if !head.status.is_success() {
            return Err(client.failure(&path, head.status, &head.headers, &body));
        }
        if head.status == http::StatusCode::NO_CONTENT {
            return Ok(Value::Null);
        }
        serde_json::from_slice(&body).map_err(|_| client.not_alert("its answer is another".to_owned()))
    }
}
