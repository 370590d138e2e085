//! Who is banned, in all rooms, and lifting that.

use super::Admin;
use super::actions::{Done, NotDone, moderate};
use alert_core::names::UserName;
use alert_core::room::policy::Whom;
use alert_core::wire::v2::Moderation;
use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use std::time::UNIX_EPOCH;

/// Those that are listed; the page says how many there are.
const MOST: usize = 500;

#[derive(Serialize)]
pub(super) struct Bans {
    count: usize,
    bans: Vec<Ban>,
}

/// Of a name or of an address.
#[derive(Serialize)]
struct Ban {
    room: String,
    name: Option<String>,
    address: Option<String>,
    /// In milliseconds since 1970; without an end nothing.
    until: Option<u64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Lifted {
    room: String,
    name: Option<String>,
    address: Option<String>,
}

pub(super) async fn list(State(admin): State<Admin>) -> Result<Json<Bans>, NotDone> {
    let all = admin.0.metrics.sources().rooms.bans().await.map_err(|_| NotDone::Unavailable)?;
    let count = all.len();
    let bans = all.into_iter().take(MOST).map(|(room, whom, until)| {
        let (name, address) = match whom {
            Whom::Name(name) => (Some(name.as_str().to_owned()), None),
            Whom::Network(network) => (None, Some(network.to_string())),
        };
        let until = until.map(|at| at.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis() as u64);
        Ban { room: room.as_str().to_owned(), name, address, until }
    });
    Ok(Json(Bans { count, bans: bans.collect() }))
}

/// Lets whoever was banned in again.
pub(super) async fn lift(
    State(admin): State<Admin>,
    Json(Lifted { room, name, address }): Json<Lifted>,
) -> Result<Json<Done>, NotDone> {
    let wrong = || NotDone::Invalid("A ban is of a name or of an address.".to_owned());
    let whom = match (name, address) {
        (Some(name), None) => {
            Whom::Name(UserName::parse(&name, admin.0.limits.name_chars).map_err(|_| wrong())?)
        }
        (None, Some(address)) => Whom::Network(address.parse().map_err(|_| wrong())?),
        _ => return Err(wrong()),
    };
    moderate(&admin, &room, Moderation::Unban(whom)).await
}
