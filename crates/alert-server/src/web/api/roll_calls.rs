//! Roll calls over HTTP: confirming an alert, and who has.

use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::actions::object;
use super::alerts::{AlertPath, admit, answer};
use super::caller::Caller;
use super::{Api, Problem, json};
use crate::rooms::Visit;
use crate::web::accept::quality;
use alert_core::access::Right;
use alert_core::room::alerts::AlertId;
use alert_core::wire::roll_call::{self, ShownCounts, ShownPerson};
use alert_core::wire::v2::{Alerting, Rolled, Rolling, confirm, read_id};

/// Somebody has confirmed an alert.
#[derive(Serialize)]
pub(super) struct Confirmed<'a> {
    pub(super) person: ShownPerson<'a>,
    /// Whether that is on disk.
    pub(super) stored: bool,
}

/// Who has confirmed an alert: those who are missing come first.
#[derive(Serialize)]
pub(super) struct RollCall<'a> {
    id: AlertId,
    counts: ShownCounts<'a>,
    people: Vec<ShownPerson<'a>>,
    more: bool,
}

impl<'a> RollCall<'a> {
    pub(super) fn of(rolled: &'a Rolled) -> Self {
        let people = rolled.people.iter().map(|(name, person)| ShownPerson(name, person)).collect();
        Self { id: rolled.id, counts: ShownCounts(&rolled.counts), people, more: rolled.more }
    }
}

/// `POST`: confirms an alert, or for somebody else, as hosts may.
pub(super) async fn add(
    State(api): State<Api>,
    caller: Caller,
    path: AlertPath,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Problem> {
    let Path((code, id)) = path.map_err(|_| Problem::room_not_utf8())?;
    let body = if body.is_empty() { Bytes::from_static(b"{}") } else { body };
    let rolling = Alerting::Roll(read_id(&id)?, confirm(Some(object(&body)?), &api.0.limits)?);
    let rest = (query.as_deref(), &headers, body.len());
    let (room, name) = admit(&api, &caller, &code, rest, &rolling).await?;
    let confirmed =
        api.0.rooms.alert(&room, (&caller.actor(), &name, &caller.elsewhere()), rolling, None).await?;
    answer(StatusCode::OK, &confirmed)
}

/// `GET`: everybody, as JSON or, for who would rather have that, as a table.
pub(super) async fn show(
    State(api): State<Api>,
    caller: Caller,
    path: AlertPath,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let Path((code, id)) = path.map_err(|_| Problem::room_not_utf8())?;
    let id = read_id(&id)?;
    let mut room = api.room(&caller, Right::Read, Ok(Path(code)))?;
    api.0.rooms.let_in(&mut room, Visit::Alert(None), caller.shown()).await?;
    let rolled = api.0.rooms.called(&room, id, Rolling::ALL).await?;
    if wants_table(&headers) {
        let people = rolled.people.iter().map(|(name, person)| (name, person));
        return table(&api, &caller, roll_call::table(people));
    }
    json::long(&api.0.unread, caller.origin(), &RollCall::of(&rolled))
}

/// `GET`: who has not confirmed an alert, for whoever may hear the room.
pub(super) async fn missing(
    State(api): State<Api>,
    caller: Caller,
    path: AlertPath,
) -> Result<Response, Problem> {
    let Path((code, id)) = path.map_err(|_| Problem::room_not_utf8())?;
    let id = read_id(&id)?;
    let mut room = api.room(&caller, Right::Read, Ok(Path(code)))?;
    api.0.rooms.let_in(&mut room, Visit::Look, caller.shown()).await?;
    let rolled = api.0.rooms.missing(&room, id).await?;
    json::long(&api.0.unread, caller.origin(), &RollCall::of(&rolled))
}

/// What a program would rather have than JSON.
pub(super) const TABLE: &str = "text/csv";

/// Whether a caller would rather have a table.
pub(super) fn wants_table(headers: &HeaderMap) -> bool {
    quality(headers, TABLE) > quality(headers, "application/json")
}

/// A table, which counts until the caller has read it.
pub(super) fn table(api: &Api, caller: &Caller, text: String) -> Result<Response, Problem> {
    let body = api.0.unread.hold(caller.origin(), text)?;
    let kind = HeaderValue::from_static("text/csv; charset=utf-8");
    Ok(([(header::CONTENT_TYPE, kind)], body).into_response())
}
