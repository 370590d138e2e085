//! The login form: a name and a room code become an entry of the session cookie.

use axum::Extension;
use axum::extract::rejection::{FormRejection, QueryRejection};
use axum::extract::{Form, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::{WebState, assets, pages};
use crate::rooms::Refused;
use alert_core::names::{RoomCode, UserName};
use socketio_server::PeerAddr;

/// What the form starts with: `/v1?room=CODE`, or, from its button, `/v1?fresh=1&name=...`.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Start {
    name: Option<String>,
    room: String,
    fresh: Option<String>,
}

/// What was typed.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Typed {
    name: String,
    room: String,
}

pub(super) async fn show(
    State(state): State<WebState>,
    headers: HeaderMap,
    start: Result<Query<Start>, QueryRejection>,
) -> Response {
    let Query(start) = start.unwrap_or_default();
    let room = if start.fresh.is_some() { fresh_code() } else { start.room };
    let name = start.name.unwrap_or_else(|| {
        let session = state.sessions().read(&headers);
        session.last().map(|(_, name)| name.as_str().to_owned()).unwrap_or_default()
    });
    form(&state, &Typed { name, room }, None, None)
}

pub(super) async fn submit(
    State(state): State<WebState>,
    peer: Option<Extension<PeerAddr>>,
    headers: HeaderMap,
    typed: Result<Form<Typed>, FormRejection>,
) -> Response {
    let Form(typed) = match typed {
        Ok(typed) => typed,
        Err(wrong) => {
            return (wrong.status(), pages::error("This form cannot be read", &wrong.body_text()))
                .into_response();
        }
    };
    let limits = state.0.limits;
    let name = UserName::parse(&typed.name, limits.name_chars);
    let room = RoomCode::parse(&typed.room, limits.room_chars);
    match (name, room) {
        (Ok(name), Ok(room)) => {
            let peer = peer.map_or(PeerAddr::Unix, |Extension(peer)| peer);
            if let Err(refused) = state.0.api.admit(&peer, &headers, &room) {
                return too_many(&state, &typed, refused);
            }
            let mut session = state.sessions().read(&headers);
            let address = with_room("/v1/chat", room.as_str());
            session.enter(room, name);
            ([(header::SET_COOKIE, state.sessions().write(&session))], Redirect::to(&address)).into_response()
        }
        (name, room) => {
            let name = name.err().map(|error| format!("Your name {error}."));
            let room = room.err().map(|error| format!("The room code {error}."));
            (StatusCode::UNPROCESSABLE_ENTITY, form(&state, &typed, name, room)).into_response()
        }
    }
}

/// The form again, with how long to wait.
fn too_many(state: &WebState, typed: &Typed, refused: Refused) -> Response {
    let seconds = refused.wait().as_secs() + 1;
    let error =
        format!("Too many different room codes were entered from your network. Try again in {seconds} s.");
    let form = form(state, typed, None, Some(error));
    (StatusCode::TOO_MANY_REQUESTS, [(header::RETRY_AFTER, seconds.to_string())], form).into_response()
}

/// An address of ours with the room in its query.
pub(super) fn with_room(path: &str, room: &str) -> String {
    let query = form_urlencoded::Serializer::new(String::new()).append_pair("room", room).finish();
    format!("{path}?{query}")
}

fn form(state: &WebState, typed: &Typed, name_error: Option<String>, room_error: Option<String>) -> Response {
    pages::render(&pages::Login {
        name: &typed.name,
        room: &typed.room,
        name_error,
        room_error,
        css: assets::CSS,
        js: Some(assets::LOGIN_JS),
        max_name: state.0.limits.name_chars,
        max_room: state.0.limits.room_chars,
    })
}

/// A code of 128 random bits, in the form that the service before this one made.
#[expect(
    clippy::expect_used,
    reason = "a system without random numbers cannot make a code that nobody guesses"
)]
fn fresh_code() -> String {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).expect("the system gives random numbers");
    format!("{:032X}", u128::from_be_bytes(bytes))
}
