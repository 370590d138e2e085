//! Webhooks over HTTP, for hosts: what there is, making and removing one, another secret, and a test.

use axum::body::Bytes;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::actions::object;
use super::caller::Caller;
use super::{Api, Problem, RoomPath, json};
use crate::rooms::{Admitted, Visit};
use crate::webhook;
use alert_core::access::Right;
use alert_core::delivery::Delivery;
use alert_core::wire::webhook::{ShownHook, Tested, read_hook, read_hook_id};

type HookPath = Result<Path<(String, String)>, PathRejection>;

#[derive(Serialize)]
struct All<'a> {
    webhooks: Vec<ShownHook<'a>>,
}

/// One that was made. Its secret is told only now.
#[derive(Serialize)]
struct Made<'a> {
    webhook: ShownHook<'a>,
    secret: String,
}

#[derive(Serialize)]
struct NewSecret {
    secret: String,
}

/// `GET`: all of them, and how far each has come.
pub(super) async fn list(
    State(api): State<Api>,
    caller: Caller,
    path: RoomPath,
) -> Result<Response, Problem> {
    let room = admit(&api, &caller, path).await?;
    let hooks = api.0.rooms.hooks(&room).await?;
    let webhooks = hooks.iter().map(|(hook, delivery)| ShownHook::new(hook, delivery)).collect();
    json::long(&api.0.unread, caller.origin(), &All { webhooks })
}

/// `POST`: makes one.
pub(super) async fn add(
    State(api): State<Api>,
    caller: Caller,
    path: RoomPath,
    body: Bytes,
) -> Result<Response, Problem> {
    let asked = read_hook(object(&body)?)?;
    let target = webhook::target(api.0.rooms.outbound(), &asked.url)?;
    let room = admit(&api, &caller, path).await?;
    let hook = api.0.rooms.add_hook(&room, &caller.actor(), (target, asked.tells)).await?;
    let delivery = Delivery::default();
    let webhook = ShownHook::new(&hook, &delivery);
    Ok(json::done(StatusCode::CREATED, &Made { webhook, secret: webhook::shown(&hook.secret) }))
}

/// `DELETE`: removes one.
pub(super) async fn remove(
    State(api): State<Api>,
    caller: Caller,
    path: HookPath,
) -> Result<Response, Problem> {
    let (id, room) = admit_to(&api, &caller, path).await?;
    api.0.rooms.remove_hook(&room, &caller.actor(), read_hook_id(&id)?).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// `POST` of its secret: it gets another one.
pub(super) async fn change(
    State(api): State<Api>,
    caller: Caller,
    path: HookPath,
) -> Result<Response, Problem> {
    let (id, room) = admit_to(&api, &caller, path).await?;
    let secret = api.0.rooms.change_hook(&room, &caller.actor(), read_hook_id(&id)?).await?;
    Ok(json::done(StatusCode::OK, &NewSecret { secret: webhook::shown(&secret) }))
}

/// `POST` of a test: it is told at once, and the answer says what became of that.
pub(super) async fn test(
    State(api): State<Api>,
    caller: Caller,
    path: HookPath,
) -> Result<Response, Problem> {
    let (id, room) = admit_to(&api, &caller, path).await?;
    let test = api.0.rooms.test_hook(&room, read_hook_id(&id)?).await?;
    Ok(json::done(StatusCode::OK, &Tested::from(test.await)))
}

/// The room, for one of its hosts.
async fn admit(api: &Api, caller: &Caller, path: RoomPath) -> Result<Admitted, Problem> {
    let mut room = api.room(caller, Right::Read, path)?;
    api.0.rooms.let_in(&mut room, Visit::Moderate, caller.shown()).await?;
    Ok(room)
}

async fn admit_to(api: &Api, caller: &Caller, path: HookPath) -> Result<(String, Admitted), Problem> {
    let Path((code, id)) = path.map_err(|_| Problem::room_not_utf8())?;
    Ok((id, admit(api, caller, Ok(Path(code))).await?))
}
