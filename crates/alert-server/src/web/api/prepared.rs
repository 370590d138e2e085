//! Prepared alerts over HTTP: what hosts keep, and take away, for whoever may raise it.

use axum::body::Bytes;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;

use super::actions::object;
use super::alerts::answer;
use super::caller::Caller;
use super::{Api, Problem, RoomPath};
use crate::rooms::{Admitted, Visit};
use alert_core::access::Right;
use alert_core::room::alerts::Preparing;
use alert_core::wire::v2::{all_prepared, prepared, title};

type PreparedPath = Result<Path<(String, String)>, PathRejection>;

/// `GET`: all of them.
pub(super) async fn list(
    State(api): State<Api>,
    caller: Caller,
    path: RoomPath,
) -> Result<Response, Problem> {
    let room = admit(&api, &caller, path).await?;
    answer(StatusCode::OK, &api.0.rooms.prepared(&room).await?)
}

/// `PUT`: these, and no others.
pub(super) async fn replace(
    State(api): State<Api>,
    caller: Caller,
    path: RoomPath,
    body: Bytes,
) -> Result<Response, Problem> {
    let all = all_prepared(Some(object(&body)?), &api.0.limits)?;
    change(&api, &caller, path, Preparing::Replace(all)).await
}

/// `PUT` of one.
pub(super) async fn keep(
    State(api): State<Api>,
    caller: Caller,
    path: PreparedPath,
    body: Bytes,
) -> Result<Response, Problem> {
    let (room, name) = parts(path)?;
    let one = prepared(Some(object(&body)?), Some(&name), &api.0.limits)?;
    change(&api, &caller, room, Preparing::Keep(vec![one])).await
}

/// `DELETE` of one.
pub(super) async fn forget(
    State(api): State<Api>,
    caller: Caller,
    path: PreparedPath,
) -> Result<Response, Problem> {
    let (room, name) = parts(path)?;
    change(&api, &caller, room, Preparing::Forget(title(&name)?)).await
}

async fn change(api: &Api, caller: &Caller, path: RoomPath, what: Preparing) -> Result<Response, Problem> {
    let room = admit(api, caller, path).await?;
    answer(StatusCode::OK, &api.0.rooms.prepare(&room, &caller.actor(), what).await?)
}

async fn admit(api: &Api, caller: &Caller, path: RoomPath) -> Result<Admitted, Problem> {
    let mut room = api.room(caller, Right::Read, path)?;
    api.0.rooms.let_in(&mut room, Visit::Alert(None), caller.shown()).await?;
    Ok(room)
}

fn parts(path: PreparedPath) -> Result<(RoomPath, String), Problem> {
    let Path((room, name)) = path.map_err(|_| Problem::room_not_utf8())?;
    Ok((Ok(Path(room)), name))
}
