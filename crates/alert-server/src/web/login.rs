//! The login form: a name and a room code become an entry of the session cookie.

use axum::Extension;
use axum::extract::rejection::{FormRejection, QueryRejection};
use axum::extract::{Form, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::language::{Language, Text, Texts};
use super::trouble::Trouble;
use super::{WebState, assets, pages};
use crate::auth::token::TokenError;
use crate::rooms::Refused;
use alert_core::access::Denied;
use alert_core::names::{NameError, RoomCode, UserName};
use socketio_server::PeerAddr;

/// What the form starts with: `/v1?room=CODE` invites, its button asks for `/v1?fresh=1&name=...`, and `why` is for
/// those who are sent back from the chat page.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Start {
    name: Option<String>,
    room: String,
    fresh: Option<String>,
    why: String,
}

/// What was typed.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Typed {
    name: String,
    room: String,
    /// Of a personal link; the page's script has taken it out of the address.
    token: Option<String>,
}

pub(super) async fn show(
    State(state): State<WebState>,
    headers: HeaderMap,
    language: Language,
    start: Result<Query<Start>, QueryRejection>,
) -> Response {
    let Query(start) = start.unwrap_or_default();
    let is_invited = start.fresh.is_none() && !start.room.is_empty();
    let room = if start.fresh.is_some() { fresh_code().to_string() } else { start.room };
    let name = start.name.unwrap_or_else(|| {
        let session = state.sessions().read(&headers);
        session.last().map(|(_, name)| name.as_str().to_owned()).unwrap_or_default()
    });
    let trouble = Trouble::from_str(&start.why);
    let t = language.texts();
    let trouble = trouble.map(|trouble| trouble.sentence(t, state.sessions().is_secure()).to_string());
    let page = pages::Login { is_invited, trouble, ..login(&state, language, &name, &room) };
    pages::render_in(language, &page)
}

pub(super) async fn submit(
    State(state): State<WebState>,
    peer: Option<Extension<PeerAddr>>,
    headers: HeaderMap,
    language: Language,
    typed: Result<Form<Typed>, FormRejection>,
) -> Response {
    let t = language.texts();
    let Form(typed) = match typed {
        Ok(typed) => typed,
        Err(wrong) => {
            tracing::debug!(error = wrong.body_text(), "a form that cannot be read");
            return (wrong.status(), pages::error(language, &t.form_title, &t.form_text)).into_response();
        }
    };
    let limits = state.0.limits;
    let who = match state.0.api.visitor(typed.token.as_deref()) {
        Ok(who) => who,
        Err(wrong) => {
            tracing::info!(code = wrong.code(), "refused a token: {wrong}");
            return token_refused(&state, language, &typed, token_text(t, wrong));
        }
    };
    let name = who.name.clone().map_or_else(|| UserName::parse(&typed.name, limits.name_chars), Ok);
    let room = RoomCode::typed(&typed.room, limits.room_chars);
    match (name, room) {
        (Ok(name), Ok(room)) => {
            let peer = peer.map_or(PeerAddr::Unix, |Extension(peer)| peer);
            match state.0.api.admit(&who, &peer, &headers, &room) {
                Ok(_) => {}
                Err(Refused::Denied(Denied::Ended(end))) => {
                    return token_refused(&state, language, &typed, token_text(t, end.into()));
                }
                Err(Refused::Denied(Denied::Missing(_))) => {
                    return token_refused(&state, language, &typed, &t.token_elsewhere);
                }
                Err(Refused::Denied(_)) => {
                    let page = login(&state, language, &typed.name, &typed.room);
                    return (StatusCode::FORBIDDEN, pages::render_in(language, &page)).into_response();
                }
                Err(refused) => return too_many(&state, language, &typed, refused),
            }
            let mut session = state.sessions().read(&headers);
            let address = with_room("/v1/chat", room.as_str());
            session.enter(room, name);
            ([(header::SET_COOKIE, state.sessions().write(&session, &headers))], Redirect::to(&address))
                .into_response()
        }
        (name, room) => {
            let page = pages::Login {
                is_invited: room.is_ok(),
                name_error: name
                    .err()
                    .map(|error| mistake(error, [&t.name_empty, &t.name_control, &t.name_long])),
                room_error: room
                    .err()
                    .map(|error| mistake(error, [&t.room_empty, &t.room_control, &t.room_long])),
                ..login(&state, language, &typed.name, &typed.room)
            };
            (StatusCode::UNPROCESSABLE_ENTITY, pages::render_in(language, &page)).into_response()
        }
    }
}

/// The form again, without the token, which does not count.
fn token_refused(state: &WebState, language: Language, typed: &Typed, why: &Text) -> Response {
    let page = pages::Login {
        trouble: Some(why.to_string()),
        is_token_refused: true,
        ..login(state, language, &typed.name, &typed.room)
    };
    (StatusCode::FORBIDDEN, pages::render_in(language, &page)).into_response()
}

fn token_text(t: &Texts, wrong: TokenError) -> &Text {
    match wrong {
        TokenError::Expired => &t.token_expired,
        TokenError::Revoked => &t.token_revoked,
        _ => &t.token_wrong,
    }
}

/// The form again, with how long to wait.
fn too_many(state: &WebState, language: Language, typed: &Typed, refused: Refused) -> Response {
    let seconds = refused.wait().as_secs() + 1;
    let error = language.texts().too_many_codes.with("seconds", seconds);
    let page = pages::Login { room_error: Some(error), ..login(state, language, &typed.name, &typed.room) };
    let head = [(header::RETRY_AFTER, seconds.to_string())];
    (StatusCode::TOO_MANY_REQUESTS, head, pages::render_in(language, &page)).into_response()
}

/// What is wrong with a field, in one of these texts: it is empty, has a control character, or is too long.
fn mistake(error: NameError, [empty, control, long]: [&Text; 3]) -> String {
    match error {
        NameError::Empty => empty.to_string(),
        NameError::Control => control.to_string(),
        NameError::TooLong { max } => long.with("max", max),
    }
}

/// One of our addresses, with the room in its query.
pub(super) fn with_room(path: &str, room: &str) -> String {
    let query = form_urlencoded::Serializer::new(String::new()).append_pair("room", room).finish();
    format!("{path}?{query}")
}

/// The form with no error in it.
fn login<'a>(state: &WebState, language: Language, name: &'a str, room: &'a str) -> pages::Login<'a> {
    let limits = state.0.limits;
    pages::Login {
        language,
        t: language.texts(),
        texts: language.catalogue().login(),
        name,
        room,
        is_invited: false,
        takes_token: !state.0.api.is_open(),
        is_token_refused: false,
        trouble: None,
        name_error: None,
        room_error: None,
        css: assets::CSS,
        js: assets::LOGIN_JS,
        max_name: limits.name_chars,
        max_room: limits.room_chars,
    }
}

/// A code that can be said and typed, as web/src/roomcode.ts makes it: 44 random bits.
#[expect(
    clippy::expect_used,
    reason = "a system without random numbers cannot make a code that nobody guesses"
)]
fn fresh_code() -> RoomCode {
    loop {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes).expect("the system gives random numbers");
        if let Some(code) = RoomCode::made_of(bytes) {
            return code;
        }
    }
}
