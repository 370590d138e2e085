//! Roll calls over HTTP: confirming an alert, and who has.

use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde::Serialize;

use super::actions::object;
use super::alerts::{AlertPath, admit, answer};
use super::caller::Caller;
use super::{Api, Problem, json};
use crate::rooms::Visit;
use alert_core::access::Right;
use alert_core::room::alerts::AlertId;
use alert_core::wire::roll_call::{ShownCounts, ShownPerson};
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
    let (room, name) = admit(&api, &caller, &code, (query.as_deref(), &headers, body.len())).await?;
    let confirmed = api.0.rooms.alert(&room, (&caller.actor(), &name), rolling, None).await?;
    answer(StatusCode::OK, &confirmed)
}

/// `GET`: everybody.
pub(super) async fn show(
    State(api): State<Api>,
    caller: Caller,
    path: AlertPath,
) -> Result<Response, Problem> {
    let Path((code, id)) = path.map_err(|_| Problem::room_not_utf8())?;
    let id = read_id(&id)?;
    let mut room = api.room(&caller, Right::Read, Ok(Path(code)))?;
    api.0.rooms.let_in(&mut room, Visit::Moderate, caller.shown()).await?;
    let rolled = api.0.rooms.called(&room, id, Rolling::ALL).await?;
    json::long(&api.0.unread, caller.origin(), &RollCall::of(&rolled))
}
