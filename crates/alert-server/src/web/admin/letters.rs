//! Dead letters of webhooks: what there is, sending one again, and dropping one.

use super::Admin;
use super::actions::{Done, NotDone};
use crate::log::HookKey;
use crate::rooms::{Dead, Resent};
use alert_core::names::RoomCode;
use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};

/// Letters that are listed; the page says that there are more.
const MOST: usize = 100;

#[derive(Serialize)]
pub(super) struct Letters {
    letters: Vec<Shown>,
    more: bool,
}

#[derive(Serialize)]
struct Shown {
    room: String,
    webhook: String,
    id: String,
    kind: String,
    /// In milliseconds since 1970.
    at: u64,
    attempts: u32,
    why: String,
    can_be_sent: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Meant {
    room: String,
    webhook: String,
    id: String,
}

pub(super) async fn list(State(admin): State<Admin>) -> Result<Json<Letters>, NotDone> {
    let rooms = &admin.0.metrics.sources().rooms;
    let mut all = rooms.dead_letters(MOST + 1).await.map_err(|_| NotDone::Unavailable)?;
    let more = all.len() > MOST;
    all.truncate(MOST);
    Ok(Json(Letters { letters: all.into_iter().map(shown).collect(), more }))
}

/// Sends one again. Whoever asks hears why it has failed, if it has.
pub(super) async fn send(
    State(admin): State<Admin>,
    Json(meant): Json<Meant>,
) -> Result<Json<Done>, NotDone> {
    let of = key(&admin, &meant)?;
    let rooms = &admin.0.metrics.sources().rooms;
    match rooms.send_again(&of, &meant.id).await.map_err(|_| NotDone::Unavailable)? {
        Resent::Delivered => Ok(Json(Done {})),
        Resent::Failed(why) => Err(NotDone::Invalid(format!("It failed again: {why}."))),
        Resent::NotThere => Err(not_there()),
        Resent::TooLong => Err(NotDone::Invalid("It was too long to be kept.".to_owned())),
    }
}

pub(super) async fn discard(
    State(admin): State<Admin>,
    Json(meant): Json<Meant>,
) -> Result<Json<Done>, NotDone> {
    let of = key(&admin, &meant)?;
    let rooms = &admin.0.metrics.sources().rooms;
    match rooms.drop_letter(&of, &meant.id).await {
        Ok(true) => Ok(Json(Done {})),
        Ok(false) => Err(not_there()),
        Err(_) => Err(NotDone::Unavailable),
    }
}

fn not_there() -> NotDone {
    NotDone::Invalid("It, or its webhook, is not there any more.".to_owned())
}

fn key(admin: &Admin, meant: &Meant) -> Result<HookKey, NotDone> {
    let room = RoomCode::parse(&meant.room, admin.0.limits.room_chars);
    match (room, meant.webhook.parse()) {
        (Ok(room), Ok(hook)) => Ok(HookKey { room, hook }),
        _ => Err(not_there()),
    }
}

fn shown(Dead { room, hook, id, letter }: Dead) -> Shown {
    Shown {
        room: room.as_str().to_owned(),
        webhook: hook.to_string(),
        id: id.into(),
        kind: letter.kind,
        at: letter.at,
        attempts: letter.attempts,
        why: letter.why,
        can_be_sent: letter.json.is_some(),
    }
}
