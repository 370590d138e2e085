//! `POST`: says something to a room, without entering or leaving.

use std::time::Instant;

use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use serde::Serialize;
use tokio::sync::oneshot;

use super::caller::Caller;
use super::idempotency::Key;
use super::{Api, Problem, RoomPath, json};
use crate::log::{KeyDigest, Stored};
use crate::rooms::{Receipt, Sender, Speech, Visit};
use crate::web::utf8;
use alert_core::access::Right;
use alert_core::names::UserName;
use alert_core::position::{MessageId, Position};
use alert_core::wire::v1::{Limits, Refusal, Text};

/// What the sender of a message gets.
#[derive(Debug, Serialize)]
struct Told {
    /// Unique to the message.
    id: MessageId,
    /// Where it stands in the room's log.
    position: Position,
    /// How many connections it went to; null if it was said before the server's start.
    connections: Option<usize>,
    /// Whether it is on disk.
    stored: bool,
}

/// The name of a message that comes without one.
const DEFAULT_NAME: &str = "http";

pub(super) async fn say(
    State(api): State<Api>,
    caller: Caller,
    path: RoomPath,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Problem> {
    caller.principal().may_somewhere(Right::Speak)?;
    let admitted = api.0.rate.admit(caller.origin(), body.len(), Instant::now());
    admitted.map_err(Problem::too_many_messages)?;
    let mut room = api.room(&caller, Right::Speak, path)?;
    let limits = &api.0.limits;
    let kind = kind(&headers);
    if kind.starts_with("multipart/") {
        return Err(Problem::a_form_with_parts());
    }
    if !utf8::may_be_text(&headers) {
        return Err(Problem::not_utf8());
    }
    let body = utf8::bare(&body);
    let is_json = kind == "application/json";
    let text = if is_json { Text::from_json(body, limits) } else { Text::verbatim(body, limits) }?;
    let name = match &caller.principal().name {
        // What a credential says, no request changes.
        Some(name) => name.clone(),
        None => text.speaker.or_joined(&named(query.as_deref(), &headers, limits)?, limits)?,
    };
    let key = Key::read(&headers)?;
    api.0.rooms.let_in(&mut room, Visit::Speak(&name), caller.shown()).await?;
    api.0.rooms.relief(&room).await;

    let key = key.map(|key| KeyDigest::new(sender(&caller), room.code(), key.as_str()));
    let (tell, told) = oneshot::channel();
    // The caller may be gone by now.
    let done = Box::new(move |receipt| {
        let _ = tell.send(receipt);
    });
    let is_first = api.0.rooms.once(key, (&name, &text.msg), done, |done| {
        let speech = Speech { name: &name, text: &text.msg, key, done: Some(done) };
        api.0.rooms.say(&room, speech)
    })?;
    let receipt = told.await.map_err(|_| Problem::unavailable())??;
    if is_first {
        tracing::info!(
            room = room.code().as_str(),
            name = name.as_str(),
            address = caller.address(),
            connections = receipt.connections,
            "said over HTTP"
        );
    }
    Ok(json::done(StatusCode::ACCEPTED, &Told::from(receipt)))
}

impl From<Receipt> for Told {
    fn from(Receipt { position, connections, stored, .. }: Receipt) -> Self {
        Self { id: position.message_id(), position, connections, stored: stored == Stored::Durably }
    }
}

/// Whose idempotency keys they are.
pub(super) fn sender(caller: &Caller) -> Sender<'_> {
    match caller.principal().token() {
        Some(token) => Sender::Subject(&token.subject),
        None => Sender::Token(caller.token()),
    }
}

/// The name in the address, or else in the header. Both have to be valid, whichever counts.
pub(super) fn named(query: Option<&str>, headers: &HeaderMap, limits: &Limits) -> Result<UserName, Problem> {
    let parse =
        |text: &str| UserName::parse(text, limits.name_chars).map_err(|error| Refusal::name(error).into());
    if !utf8::is_text(query.unwrap_or_default().as_bytes()) {
        return Err(Problem::name_not_utf8());
    }
    let mut pairs = form_urlencoded::parse(query.unwrap_or_default().as_bytes());
    let in_query = pairs.find(|(key, _)| key == "name").map(|(_, name)| parse(&name)).transpose()?;
    let text = |value: &HeaderValue| {
        std::str::from_utf8(value.as_bytes()).map_err(|_| Problem::name_not_utf8()).and_then(parse)
    };
    let mut in_headers = headers.get_all("alert-name").iter();
    let in_header = in_headers.next().map(text).transpose()?;
    if in_headers.next().is_some() {
        return Err(Problem::two_names());
    }
    in_query.or(in_header).map_or_else(|| parse(DEFAULT_NAME), Ok)
}

/// The content type, without its parameters.
pub(super) fn kind(headers: &HeaderMap) -> String {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}
