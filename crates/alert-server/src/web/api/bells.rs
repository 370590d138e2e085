//! Bells over HTTP: what rings in a room and when, setting one that the room keeps, and changing a day.

use axum::body::Bytes;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, RawQuery, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::actions::object;
use super::caller::Caller;
use super::{Api, Problem, RoomPath, json};
use crate::rooms::{Admitted, Listed, Visit};
use alert_core::access::Right;
use alert_core::wire::bell::{Days, ShownBell, read_bell, read_bell_id, read_day, read_times};
use alert_schedule::Times;

type BellPath = Result<Path<(String, String)>, PathRejection>;
type DayPath = Result<Path<(String, String, String)>, PathRejection>;

#[derive(Serialize)]
struct One {
    bell: ShownBell,
}

/// `GET`: all of them, and when they ring in the next days.
pub(super) async fn list(
    State(api): State<Api>,
    caller: Caller,
    path: RoomPath,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let days = read_days(query.as_deref().unwrap_or_default())?;
    let mut room = api.room(&caller, Right::Read, path)?;
    api.0.rooms.let_in(&mut room, Visit::Look, caller.shown()).await?;
    let table = api.0.rooms.bells(&room, days).await?;
    json::long(&api.0.unread, caller.origin(), &table)
}

/// `PUT`: sets one.
pub(super) async fn put(
    State(api): State<Api>,
    caller: Caller,
    path: BellPath,
    body: Bytes,
) -> Result<Response, Problem> {
    let Path((code, id)) = path.map_err(|_| Problem::room_not_utf8())?;
    let bell = read_bell(&id, object(&body)?)?;
    let room = admit(&api, &caller, code).await?;
    let listed = api.0.rooms.put_bell(&room, &caller.actor(), bell).await?;
    Ok(answer(&listed))
}

/// `DELETE`: removes one.
pub(super) async fn remove(
    State(api): State<Api>,
    caller: Caller,
    path: BellPath,
) -> Result<Response, Problem> {
    let Path((code, id)) = path.map_err(|_| Problem::room_not_utf8())?;
    let id = read_bell_id(&id)?;
    let room = admit(&api, &caller, code).await?;
    api.0.rooms.remove_bell(&room, &caller.actor(), &id).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// `PUT` of a day: other times on it, or none.
pub(super) async fn put_day(
    State(api): State<Api>,
    caller: Caller,
    path: DayPath,
    body: Bytes,
) -> Result<Response, Problem> {
    let times = read_times(object(&body)?)?;
    change_day(&api, &caller, path, Some(times)).await
}

/// `DELETE` of a day: it rings as always then.
pub(super) async fn remove_day(
    State(api): State<Api>,
    caller: Caller,
    path: DayPath,
) -> Result<Response, Problem> {
    change_day(&api, &caller, path, None).await
}

async fn change_day(
    api: &Api,
    caller: &Caller,
    path: DayPath,
    times: Option<Times>,
) -> Result<Response, Problem> {
    let Path((code, id, day)) = path.map_err(|_| Problem::room_not_utf8())?;
    let id = read_bell_id(&id)?;
    let date = read_day(&day)?;
    let room = admit(api, caller, code).await?;
    let listed = api.0.rooms.change_day(&room, &caller.actor(), (&id, date), times).await?;
    Ok(answer(&listed))
}

/// The room, for somebody who sets its bells.
async fn admit(api: &Api, caller: &Caller, code: String) -> Result<Admitted, Problem> {
    let mut room = api.room(caller, Right::Read, Ok(Path(code)))?;
    api.0.rooms.let_in(&mut room, Visit::Moderate, caller.shown()).await?;
    Ok(room)
}

fn answer(listed: &Listed) -> Response {
    json::done(StatusCode::OK, &One { bell: listed.shown() })
}

fn read_days(query: &str) -> Result<Days, Problem> {
    let days = form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == "days");
    Ok(days.map(|(_, days)| Days::parse(&days)).transpose()?.unwrap_or_default())
}
