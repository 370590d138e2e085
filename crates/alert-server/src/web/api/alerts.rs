//! Alerts over HTTP: raising, changing, ending and listing them.

use axum::body::Bytes;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde::{Serialize, Serializer};
use std::time::Instant;

use super::actions::object;
use super::caller::Caller;
use super::idempotency::Key;
use super::message::{named, sender};
use super::{Api, Problem, RoomPath, json};
use crate::log::KeyDigest;
use crate::rooms::{Admitted, Alerted, Rooms, Visit, Way};
use alert_core::access::Right;
use alert_core::names::{RoomCode, UserName};
use alert_core::wire::alert::{Shown, ShownEnd};
use alert_core::wire::v1::Refusal;
use alert_core::wire::v2::{Alerting, Changes, Raise, all_clear, read_id};

type AlertPath = Result<Path<(String, String)>, PathRejection>;

/// What has become of an alert.
#[derive(Serialize)]
struct Told<'a> {
    alert: One<'a>,
    /// Whether that is on disk.
    stored: bool,
}

#[derive(Serialize)]
#[serde(untagged)]
enum One<'a> {
    InForce(Shown<'a>),
    Ended(ShownEnd<'a>),
}

/// The alerts that are in force.
#[derive(Serialize)]
struct All<'a> {
    #[serde(serialize_with = "shown")]
    alerts: &'a [alert_core::room::alerts::Alert],
}

fn shown<S: Serializer>(
    alerts: &&[alert_core::room::alerts::Alert],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(alerts.iter().map(Shown))
}

/// `GET`: those that are in force.
pub(super) async fn list(
    State(api): State<Api>,
    caller: Caller,
    path: RoomPath,
) -> Result<Response, Problem> {
    let mut room = api.room(&caller, Right::Read, path)?;
    api.0.rooms.let_in(&mut room, Visit::Look, caller.shown()).await?;
    let alerts = api.0.rooms.alerts(&room).await?;
    json::long(&api.0.unread, caller.origin(), &All { alerts: &alerts })
}

/// `POST`: raises one.
pub(super) async fn raise(
    State(api): State<Api>,
    caller: Caller,
    path: RoomPath,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Problem> {
    let raise = Alerting::Raise(Raise::parse(Some(object(&body)?))?);
    let Path(code) = path.map_err(|_| Problem::room_not_utf8())?;
    let (room, name) = admit(&api, &caller, &code, query.as_deref(), &headers, body.len()).await?;
    let key = Key::read(&headers)?;
    let key = key.map(|key| KeyDigest::new(sender(&caller), room.code(), key.as_str()));
    let alerted = api.0.rooms.alert(&room, (&caller.actor(), &name), raise, key).await?;
    Ok(answer(StatusCode::CREATED, &alerted))
}

/// `PATCH`: changes one.
pub(super) async fn change(
    State(api): State<Api>,
    caller: Caller,
    path: AlertPath,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Problem> {
    let Path((code, id)) = path.map_err(|_| Problem::room_not_utf8())?;
    let change = Alerting::Change(read_id(&id)?, Changes::parse(Some(object(&body)?))?);
    let (room, name) = admit(&api, &caller, &code, query.as_deref(), &headers, body.len()).await?;
    let alerted = api.0.rooms.alert(&room, (&caller.actor(), &name), change, None).await?;
    Ok(answer(StatusCode::OK, &alerted))
}

/// `DELETE`: ends one, perhaps with an all-clear.
pub(super) async fn end(
    State(api): State<Api>,
    caller: Caller,
    path: AlertPath,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Problem> {
    let Path((code, id)) = path.map_err(|_| Problem::room_not_utf8())?;
    let all_clear = if body.is_empty() { None } else { all_clear(Some(object(&body)?))? };
    let end = Alerting::End(read_id(&id)?, all_clear);
    let (room, name) = admit(&api, &caller, &code, query.as_deref(), &headers, body.len()).await?;
    let alerted = api.0.rooms.alert(&room, (&caller.actor(), &name), end, None).await?;
    Ok(answer(StatusCode::OK, &alerted))
}

/// The room, for somebody who does something with its alerts, and in which name.
async fn admit(
    api: &Api,
    caller: &Caller,
    code: &str,
    query: Option<&str>,
    headers: &HeaderMap,
    bytes: usize,
) -> Result<(Admitted, UserName), Problem> {
    let admitted = api.0.rate.admit(caller.origin(), bytes, Instant::now());
    admitted.map_err(Problem::too_many_messages)?;
    let (limits, who) = (&api.0.limits, caller.principal());
    let code = RoomCode::parse(code, limits.room_chars).map_err(Refusal::room)?;
    let name = match &who.name {
        // What a credential says, no request changes.
        Some(name) => name.clone(),
        None => named(query, headers, limits)?,
    };
    let right = Rooms::alert_right(who, &code);
    let mut room = api.0.rooms.admit(who, right, &caller.origin(), Way::FromOutside, code)?;
    api.0.rooms.let_in(&mut room, Visit::Alert(&name), caller.shown()).await?;
    Ok((room, name))
}

fn answer(status: StatusCode, alerted: &Alerted) -> Response {
    match alerted {
        Alerted::InForce(alert, stored) => {
            json::done(status, &Told { alert: One::InForce(Shown(alert)), stored: *stored })
        }
        Alerted::Ended(ended, stored) => {
            json::done(status, &Told { alert: One::Ended(ShownEnd(ended)), stored: *stored })
        }
        Alerted::All(alerts) => json::done(status, &All { alerts }),
    }
}
