//! What hosts do over HTTP: making a room, and acting in it.

use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;
use serde_json::value::RawValue;

use super::caller::Caller;
use super::{Api, Problem, RoomPath, json};
use crate::rooms::{Made, Visit, Way};
use alert_core::access::Right;
use alert_core::names::RoomCode;
use alert_core::wire::v1::Refusal;
use alert_core::wire::v2::{AuditLine, ClientEvent, MAKE, Make, Moderation, Whole};

/// What came of it. Each has some of the keys.
#[derive(Default, Serialize)]
struct Answer<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    room: Option<&'a RoomCode>,
    #[serde(skip_serializing_if = "Option::is_none")]
    host: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    policy: Option<Whole<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    here: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    listeners: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    audit: Option<Vec<AuditLine<'a>>>,
}

/// `POST /v1/rooms`: makes a room, and gives its host's key.
pub(super) async fn make(State(api): State<Api>, caller: Caller, body: Bytes) -> Result<Response, Problem> {
    let limits = &api.0.limits;
    // Nothing at all is a room with a new code.
    let body = if body.is_empty() { Bytes::from_static(b"{}") } else { body };
    let ClientEvent::Make(Make { room }) = ClientEvent::parse(MAKE, [object(&body)?], false, limits)? else {
        return Err(Problem::unavailable());
    };
    let admit =
        |code| api.0.rooms.admit(caller.principal(), Right::Read, &caller.origin(), Way::FromOutside, code);
    let (room, key) = match room {
        Some(code) => {
            let room = admit(code)?;
            let key = api.0.rooms.make(&room, &caller.actor()).await?;
            (room.code().clone(), key)
        }
        None => api.0.rooms.make_anew(admit, &caller.actor()).await?,
    };
    let answer = Answer { room: Some(&room), host: Some(key.as_str()), ..Answer::default() };
    Ok(json::done(StatusCode::CREATED, &answer))
}

/// `POST /v1/rooms/{room}/actions`: does what v2's `moderate` does.
pub(super) async fn act(
    State(api): State<Api>,
    caller: Caller,
    path: RoomPath,
    body: Bytes,
) -> Result<Response, Problem> {
    let mut room = api.room(&caller, Right::Read, path)?;
    let what = Moderation::parse(Some(object(&body)?), false, &api.0.limits)?;
    api.0.rooms.let_in(&mut room, Visit::Moderate, caller.shown()).await?;
    let made = api.0.rooms.moderate(&room, &caller.actor(), what).await?;
    let answer = match &made {
        Made::Policy(policy) => Answer { policy: Some(Whole(policy)), ..Answer::default() },
        Made::Named(policy, is_here) => {
            Answer { policy: Some(Whole(policy)), here: Some(*is_here), ..Answer::default() }
        }
        Made::Shown(policy, listeners) => {
            Answer { policy: Some(Whole(policy)), listeners: Some(*listeners), ..Answer::default() }
        }
        Made::NewKey(policy, key) => {
            Answer { policy: Some(Whole(policy)), host: Some(key.as_str()), ..Answer::default() }
        }
        Made::NewCode(room, policy) => {
            Answer { room: Some(room), policy: Some(Whole(policy)), ..Answer::default() }
        }
        Made::Audit(lines) => {
            Answer { audit: Some(lines.iter().map(AuditLine).collect()), ..Answer::default() }
        }
    };
    Ok(json::done(StatusCode::OK, &answer))
}

pub(super) fn object(body: &[u8]) -> Result<&RawValue, Problem> {
    let wrong = || Problem::from(Refusal::invalid_body("the body must be one JSON object in UTF-8."));
    serde_json::from_slice(body).map_err(|_| wrong())
}
