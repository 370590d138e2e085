//! The big screen of a room: anybody may open it, since the page holds nothing of the room. Whether it may hear the room is
//! asked when it connects.

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::language::Language;
use super::{WebState, assets, pages};
use alert_core::names::RoomCode;

/// The room that is asked for, and the language of the people before the screen, which a television need not be set to.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    room: String,
    lang: String,
}

pub(super) async fn show(
    State(state): State<WebState>,
    language: Language,
    asked: Result<Query<Asked>, QueryRejection>,
) -> Response {
    let Query(asked) = asked.unwrap_or_default();
    let Ok(room) = RoomCode::parse(&asked.room, state.0.limits.room_chars) else {
        return Redirect::to("/v1").into_response();
    };
    let language = Language::named(&asked.lang).unwrap_or(language);
    pages::render_in(
        language,
        &pages::Screen {
            language,
            t: language.texts(),
            texts: language.catalogue().screen(),
            room: room.as_str(),
            css: assets::SCREEN_CSS,
            js: assets::SCREEN_JS,
        },
    )
}
