//! Bells over HTTP: what rings in a room and when, setting one that the room keeps, and changing a day.

use axum::body::Bytes;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, RawQuery, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use std::time::SystemTime;

use super::actions::object;
use super::caller::Caller;
use super::{Api, Problem, RoomPath, json};
use crate::rooms::{Admitted, Listed, Visit};
use alert_core::access::Right;
use alert_core::wire::bell::{Ring, ShownBell, read_bell, read_bell_id, read_times};
use alert_core::wire::v1::Refusal;
use alert_schedule::Times;
use jiff::civil::Date;

/// How many days are shown, where nothing else is asked for; and at most.
const DAYS: u16 = 7;
const MOST_DAYS: u16 = 366;
/// The most times that are shown.
const MOST_RINGS: usize = 1000;

type BellPath = Result<Path<(String, String)>, PathRejection>;
type DayPath = Result<Path<(String, String, String)>, PathRejection>;

/// The bells of a room, and when they ring.
#[derive(Serialize)]
struct All<'a> {
    bells: Vec<ShownBell>,
    rings: Vec<Ring<'a>>,
}

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
    let listed = api.0.rooms.bells(&room).await?;
    let now = SystemTime::now();
    let rings = listed
        .iter()
        .flat_map(|Listed { rings, .. }| rings.preview(now, days).into_iter().map(move |at| (at, rings)));
    let mut rings: Vec<_> = rings.collect();
    rings.sort_by_key(|(at, _)| *at);
    rings.truncate(MOST_RINGS);
    let rings = rings.into_iter().map(|(at, bell)| Ring::new(bell, at)).collect();
    let all = All { bells: listed.iter().map(|listed| shown(listed, now)).collect(), rings };
    json::long(&api.0.unread, caller.origin(), &all)
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
    let date: Option<Date> = (day.len() == 10).then(|| day.parse().ok()).flatten();
    let date = date.ok_or_else(|| Refusal::invalid_body("a day is one such as 2026-12-01."))?;
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

fn shown(Listed { bell, rings, is_of_file }: &Listed, now: SystemTime) -> ShownBell {
    ShownBell::new(bell, rings, *is_of_file, now)
}

fn answer(listed: &Listed) -> Response {
    json::done(StatusCode::OK, &One { bell: shown(listed, SystemTime::now()) })
}

fn read_days(query: &str) -> Result<u16, Problem> {
    let days = form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == "days");
    let Some((_, days)) = days else { return Ok(DAYS) };
    let days = days.parse().ok().filter(|days| (1..=MOST_DAYS).contains(days));
    Ok(days.ok_or_else(|| Refusal::invalid_body("days must be a number from 1 to 366."))?)
}
