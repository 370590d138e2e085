//! The chat page, for anyone who has logged in to its room. Of the room it holds the alerts in force, where anybody may look at
//! them; whether they are let in is asked when it connects.

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::api::{Caller, Problem};
use super::language::Language;
use super::login::with_room;
use super::trouble::Trouble;
use super::{WebState, assets, pages};
use crate::config::HistoryKind;
use alert_core::names::RoomCode;

/// The room that is asked for.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    room: String,
}

pub(super) async fn show(
    State(state): State<WebState>,
    headers: HeaderMap,
    language: Language,
    caller: Result<Caller, Problem>,
    asked: Result<Query<Asked>, QueryRejection>,
) -> Response {
    let Query(asked) = asked.unwrap_or_default();
    let session = state.sessions().read(&headers);
    let room = RoomCode::parse(&asked.room, state.0.limits.room_chars).ok();
    let entered = room.and_then(|room| session.name_in(&room).map(|name| (room, name)));
    match entered {
        Some((room, name)) => {
            let in_force = match caller {
                Ok(caller) => state.0.api.in_force(&caller, room.clone()).await,
                Err(_) => "{}".to_owned(),
            };
            pages::render_in(
                language,
                &pages::Chat {
                    language,
                    t: language.texts(),
                    texts: language.catalogue().chat(),
                    in_force: pages::in_script(&in_force),
                    room: room.as_str(),
                    name: name.as_str(),
                    max_msg: state.0.limits.msg_bytes,
                    is_open: state.0.api.is_open(),
                    is_durable: state.0.api.log().kind() == HistoryKind::Sqlite,
                    css: assets::CSS,
                    js: assets::CHAT_JS,
                },
            )
        }
        None if asked.room.is_empty() => Redirect::to("/v1").into_response(),
        None => {
            let trouble = Trouble::of(&headers, state.sessions());
            let why = trouble.map(|trouble| format!("&why={}", trouble.as_str())).unwrap_or_default();
            Redirect::to(&format!("{}{why}", with_room("/v1", &asked.room))).into_response()
        }
    }
}
