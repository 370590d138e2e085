//! What whoever runs the server does on the page. Only requests of the page itself count, and only as JSON, which a form of
//! another site cannot send.

use super::Admin;
use crate::auth::Origin;
use crate::auth::is_ours;
use crate::rooms::{Actor, Refused};
use alert_core::access::{Principal, Right, Rights};
use alert_core::names::{RoomCode, UserName};
use alert_core::room::policy::Whom;
use alert_core::wire::v2::{AuditLine, Moderation, Settings};
use axum::Json;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};

/// How the audit log calls whoever acts here.
const BY: &str = "whoever runs the server";
/// Lines of it that are shown.
const MOST_AUDITED: usize = 50;

/// Why something was not done.
#[derive(Debug, thiserror::Error)]
pub(super) enum NotDone {
    #[error("the request was not sent by this page")]
    Foreign,
    #[error("{0}")]
    Invalid(String),
    #[error("Redis does not answer: try again in a few seconds")]
    Unavailable,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Announcement {
    name: String,
    text: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Kicked {
    room: String,
    name: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Closed {
    room: String,
}

#[derive(Serialize)]
pub(super) struct Done {}

#[derive(Serialize)]
pub(super) struct Announced {
    rooms: usize,
}

/// Who is in a room, as JSON, which borrows what it says.
#[derive(Serialize)]
struct People<'a> {
    names: Vec<String>,
    count: usize,
    /// Who hears the room on this server without being in it.
    listeners: usize,
    /// Who is banned, and by what: a name or an address.
    banned: Vec<String>,
    is_closed: bool,
    /// What hosts have done, the newest first.
    audit: Vec<AuditLine<'a>>,
}

/// Lets only requests of our own page through.
pub(super) async fn check(State(admin): State<Admin>, request: Request, next: Next) -> Response {
    let headers = request.headers();
    if is_json(headers) && is_ours(&admin.0.origins, headers) {
        return next.run(request).await;
    }
    NotDone::Foreign.into_response()
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    kind.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/json")
}

pub(super) async fn announce(
    State(admin): State<Admin>,
    Json(Announcement { name, text }): Json<Announcement>,
) -> Result<Json<Announced>, NotDone> {
    let limits = &admin.0.limits;
    let name = UserName::parse(&name, limits.name_chars).map_err(|error| invalid("The name", error))?;
    let text = text.trim();
    if text.is_empty() {
        return Err(NotDone::Invalid("There is nothing to say.".to_owned()));
    }
    if text.len() > limits.msg_bytes {
        return Err(NotDone::Invalid(format!("It is longer than {} bytes.", limits.msg_bytes)));
    }
    let rooms = &admin.0.metrics.sources().rooms;
    let rooms = rooms.announce(&name, text).await.map_err(|_| NotDone::Unavailable)?;
    Ok(Json(Announced { rooms }))
}

pub(super) async fn kick(
    State(admin): State<Admin>,
    Json(Kicked { room, name }): Json<Kicked>,
) -> Result<Json<Done>, NotDone> {
    let limits = &admin.0.limits;
    let name = UserName::parse(&name, limits.name_chars).map_err(|error| invalid("The name", error))?;
    moderate(&admin, &room, Moderation::Kick(name)).await
}

/// Puts everybody out but hosts, and lets nobody in until a host opens the room again.
pub(super) async fn close(
    State(admin): State<Admin>,
    Json(Closed { room }): Json<Closed>,
) -> Result<Json<Done>, NotDone> {
    moderate(&admin, &room, Moderation::Close).await
}

/// Lets people into a room again.
pub(super) async fn open(
    State(admin): State<Admin>,
    Json(Closed { room }): Json<Closed>,
) -> Result<Json<Done>, NotDone> {
    let settings = Settings { closed: Some(false), ..Settings::default() };
    moderate(&admin, &room, Moderation::Set(Box::new(settings))).await
}

/// Whoever runs the server is a host of every room.
fn host() -> Principal {
    Principal::with(Rights::OPEN.with(Right::Moderate))
}

pub(super) async fn moderate(admin: &Admin, room: &str, what: Moderation) -> Result<Json<Done>, NotDone> {
    let code = code(admin, room)?;
    let rooms = &admin.0.metrics.sources().rooms;
    let refused = |error: &dyn std::fmt::Display| {
        let why = error.to_string();
        NotDone::Invalid(format!("It was not done: {}.", why.trim_end_matches('.')))
    };
    let admitted = rooms.readmit(&host(), &Origin::UnixSocket, code).map_err(|error| refused(&error))?;
    match rooms.moderate(&admitted, &Actor(BY.into()), what).await {
        Ok(_) => Ok(Json(Done {})),
        Err(Refused::Unavailable) => Err(NotDone::Unavailable),
        Err(error) => Err(refused(&error)),
    }
}

pub(super) async fn people(
    State(admin): State<Admin>,
    Path(room): Path<String>,
) -> Result<Response, NotDone> {
    let room = code(&admin, &room)?;
    let rooms = &admin.0.metrics.sources().rooms;
    let members = rooms.people(&room).await.map_err(|_| NotDone::Unavailable)?;
    let policy = rooms.policy(&room).await.map_err(|_| NotDone::Unavailable)?.unwrap_or_default();
    let audits = rooms.log().audits(&room, MOST_AUDITED).await.ok_or(NotDone::Unavailable)?;
    let names = members.names().iter().map(|name| name.as_str().to_owned()).collect();
    let banned = policy.bans.iter().map(|(whom, _)| match whom {
        Whom::Name(name) => name.as_str().to_owned(),
        Whom::Network(network) => network.to_string(),
    });
    Ok(Json(People {
        names,
        count: members.count(),
        listeners: rooms.listeners(&room),
        banned: banned.collect(),
        is_closed: policy.closed,
        audit: audits.iter().map(AuditLine).collect(),
    })
    .into_response())
}

fn code(admin: &Admin, room: &str) -> Result<RoomCode, NotDone> {
    RoomCode::parse(room, admin.0.limits.room_chars).map_err(|error| invalid("The room", error))
}

fn invalid(what: &str, error: impl std::fmt::Display) -> NotDone {
    NotDone::Invalid(format!("{what} {error}."))
}

impl IntoResponse for NotDone {
    fn into_response(self) -> Response {
        let status = match self {
            Self::Foreign => StatusCode::FORBIDDEN,
            Self::Invalid(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        };
        (status, format!("{self}\n")).into_response()
    }
}
