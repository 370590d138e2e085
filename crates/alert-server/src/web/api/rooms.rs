//! Who is in a room, and which rooms there are.

use axum::extract::State;
use axum::response::Response;
use serde::Serialize;
use serde_json::value::RawValue;

use super::caller::Caller;
use super::{Api, Problem, RoomPath, json};
use crate::rooms::Visit;
use alert_core::access::Right;
use alert_core::names::RoomCode;

/// A room and who is in it.
#[derive(Serialize)]
struct Room<'a> {
    room: RoomCode,
    /// The first 1,000, in the order in which they entered.
    members: &'a RawValue,
    count: usize,
}

/// A room and how many people are in it.
#[derive(Serialize)]
struct Summary {
    room: RoomCode,
    count: usize,
}

/// A room that does not exist is an empty one: nobody learns which exist.
pub(super) async fn show(
    State(api): State<Api>,
    caller: Caller,
    path: RoomPath,
) -> Result<Response, Problem> {
    let mut room = api.room(&caller, Right::Read, path)?;
    api.0.rooms.let_in(&mut room, Visit::Look, caller.shown()).await?;
    let members = api.0.rooms.members(&room).await?;
    let room = Room { room: room.code().clone(), members: members.json(), count: members.count() };
    json::long(&api.0.unread, caller.origin(), &room)
}

pub(super) async fn list(State(api): State<Api>, caller: Caller) -> Result<Response, Problem> {
    if !api.0.access.has_api_tokens() {
        return Err(Problem::no_tokens());
    }
    let mut rooms = api.0.rooms.all(caller.principal()).await?;
    rooms.sort_unstable();
    let rooms: Vec<Summary> = rooms.into_iter().map(|(room, count)| Summary { room, count }).collect();
    json::long(&api.0.unread, caller.origin(), &rooms)
}
