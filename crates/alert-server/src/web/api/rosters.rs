//! Who is expected in a room: a list of names, in and out, as JSON or as a table.

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use std::time::Instant;

use super::actions::object;
use super::alerts::{Names, answer};
use super::caller::Caller;
use super::message::kind;
use super::roll_calls::{TABLE, table, wants_table};
use super::{Api, Problem, RoomPath, json};
use crate::rooms::{Admitted, Visit};
use alert_core::access::Right;
use alert_core::room::roll_call::Roster;
use alert_core::wire::v1::Refusal;
use alert_core::wire::v2::{Rostering, read_roster};

/// `GET`: the names.
pub(super) async fn show(
    State(api): State<Api>,
    caller: Caller,
    path: RoomPath,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let room = admit(&api, &caller, path).await?;
    let roster = api.0.rooms.roster(&room).await?;
    if wants_table(&headers) {
        return table(&api, &caller, roster.to_csv());
    }
    json::long(&api.0.unread, caller.origin(), &Names { names: roster.names(), stored: None })
}

/// `PUT`: other names, or none.
pub(super) async fn put(
    State(api): State<Api>,
    caller: Caller,
    path: RoomPath,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Problem> {
    let admitted = api.0.rate.admit(caller.origin(), body.len(), Instant::now());
    admitted.map_err(Problem::too_many_messages)?;
    let roster = if kind(&headers) == TABLE {
        of_table(&body, &api)?
    } else {
        read_roster(object(&body)?, &api.0.limits)?
    };
    let room = admit(&api, &caller, path).await?;
    let put = api.0.rooms.rostered(&room, &caller.actor(), Rostering::Put(roster)).await?;
    answer(StatusCode::OK, &put)
}

fn of_table(body: &[u8], api: &Api) -> Result<Roster, Problem> {
    let wrong = |what: String| Problem::from(Refusal::invalid_body(what));
    let text = std::str::from_utf8(body).map_err(|_| wrong("the table must be in UTF-8.".to_owned()))?;
    Roster::from_csv(text, api.0.limits.name_chars).map_err(|problem| wrong(format!("{problem}.")))
}

/// The room, for one of its hosts.
async fn admit(api: &Api, caller: &Caller, path: RoomPath) -> Result<Admitted, Problem> {
    let mut room = api.room(caller, Right::Read, path)?;
    api.0.rooms.let_in(&mut room, Visit::Alert(None), caller.shown()).await?;
    Ok(room)
}
