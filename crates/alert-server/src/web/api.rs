//! The HTTP API: post to a room, listen to it, see who is in it and what was said (docs/http-api.md, docs/openapi.yaml).

use std::fmt::{self, Debug, Formatter};
use std::sync::Arc;

use axum::Router;
use axum::extract::rejection::PathRejection;
use axum::extract::{DefaultBodyLimit, FromRef, Path};
use axum::http::HeaderMap;
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};
use socketio_server::PeerAddr;

mod caller;
mod events;
mod history;
mod idempotency;
mod json;
mod message;
mod origin;
mod post_rate;
mod problem;
mod rooms;

use super::{WebState, lost};
use crate::auth::Origin;
use crate::auth::api_token::Tokens;
use crate::config::Config;
use crate::log::Log;
use crate::rooms::{Admitted, Refused, Rooms, Way};
use alert_core::names::{NameError, RoomCode};
use alert_core::wire::v1::{Limits, Refusal};
use caller::Caller;
pub(super) use events::Opening;
use post_rate::PostRate;
use problem::Problem;
use socketio_server::TrustedProxies;

/// What the API needs and keeps. Clones share it.
#[derive(Clone)]
pub struct Api(Arc<Shared>);

struct Shared {
    rooms: Rooms,
    limits: Limits,
    proxies: TrustedProxies,
    tokens: Tokens,
    rate: PostRate,
}

/// The room in the path, percent-decoded, as the caller wrote it.
type RoomPath = Result<Path<String>, PathRejection>;

impl Api {
    /// Speaks to `rooms` as `config` says.
    pub fn new(config: &Config, rooms: Rooms) -> Self {
        Self(Arc::new(Shared {
            rooms,
            limits: config.limits,
            proxies: config.trusted_proxies.clone(),
            tokens: Tokens::new(config.api_tokens.clone()),
            rate: PostRate::new(config.event_rate, config.byte_rate),
        }))
    }

    /// The log of the rooms.
    pub(super) fn log(&self) -> &Log {
        self.0.rooms.log()
    }

    /// Reads the file of tokens again, if there is one. A bad file is logged, and the tokens stay as they were.
    pub fn reload_tokens(&self) {
        self.0.tokens.reload();
    }

    /// Admits a room that somebody without a token names on one of our pages.
    pub(in crate::web) fn admit(
        &self,
        peer: &PeerAddr,
        headers: &HeaderMap,
        room: &RoomCode,
    ) -> Result<Admitted, Refused> {
        let origin = Origin::of(None, self.0.proxies.client(peer, headers));
        self.0.rooms.admit(&origin, Way::Enter, room.clone())
    }

    /// The room that a caller names, if the code is valid and the caller has not named too many.
    fn room(&self, caller: &Caller, path: RoomPath) -> Result<Admitted, Problem> {
        let Path(text) = path.map_err(|_| Problem::room_not_utf8())?;
        let room = RoomCode::parse(&text, self.0.limits.room_chars).map_err(Refusal::room)?;
        Ok(self.0.rooms.admit(&caller.origin(), Way::FromOutside, room)?)
    }
}

impl FromRef<WebState> for Api {
    fn from_ref(state: &WebState) -> Self {
        state.0.api.clone()
    }
}

impl Debug for Api {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        out.debug_struct("Api").finish_non_exhaustive()
    }
}

/// The answer to a program that asks for an address that does not exist.
pub(super) fn no_such_resource(meant: Option<&str>) -> Response {
    Problem::no_such_resource(meant).into_response()
}

/// Everything below `/v1/rooms`.
pub(super) fn routes(state: &WebState) -> Router<WebState> {
    let rooms = Router::new()
        .route("/", get(rooms::list))
        .route("/{room}", get(rooms::show).post(message::say))
        .route("/{room}/messages", get(history::show).post(message::say))
        .route("/{room}/events", get(events::listen))
        .fallback(lost::answer)
        .method_not_allowed_fallback(async || Problem::method_not_allowed())
        .layer(from_fn_with_state(state.clone(), origin::check))
        // The runtime has read the body already, up to max_payload.
        .layer(DefaultBodyLimit::disable());
    // A script whose variable is empty asks for this.
    let no_room = any(async || Problem::from(Refusal::room(NameError::Empty)));
    Router::new().nest("/v1/rooms", rooms).route("/v1/rooms/", no_room)
}
