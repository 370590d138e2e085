//! Who is in a room, and which rooms there are.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;

use super::caller::Caller;
use super::{Api, Problem, RoomPath, json};
use alert_core::names::{RoomCode, UserName};
use alert_core::wire::v1::ACK_MEMBERS_MAX;

/// A room and who is in it.
#[derive(Serialize)]
struct Room {
    room: RoomCode,
    /// The first [`ACK_MEMBERS_MAX`], in the order in which they entered.
    members: Vec<UserName>,
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
    let room = api.room(&caller, path)?;
    let (members, count) = api.0.rooms.members(caller.principal(), &room, ACK_MEMBERS_MAX)?;
    Ok(json::done(StatusCode::OK, &Room { room, members, count }))
}

pub(super) async fn list(State(api): State<Api>, caller: Caller) -> Result<Response, Problem> {
    if !api.0.tokens.are_set() {
        return Err(Problem::no_tokens());
    }
    let mut rooms = api.0.rooms.all(caller.principal())?;
    rooms.sort_unstable();
    let rooms: Vec<Summary> = rooms.into_iter().map(|(room, count)| Summary { room, count }).collect();
    Ok(json::done(StatusCode::OK, &rooms))
}
