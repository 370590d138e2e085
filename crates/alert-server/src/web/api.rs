//! The HTTP API: post to a room, listen to it, see who is in it and what was said (docs/http-api.md, docs/openapi.yaml).

use std::fmt::{self, Debug, Formatter};
use std::sync::Arc;

use axum::Router;
use axum::extract::rejection::PathRejection;
use axum::extract::{DefaultBodyLimit, FromRef, Path};
use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, delete, get, patch, post, put};
use socketio_server::PeerAddr;

mod actions;
mod alerts;
mod bells;
mod caller;
mod events;
mod history;
mod idempotency;
mod json;
mod message;
mod origin;
mod post_rate;
mod prepared;
mod problem;
mod revocations;
mod roll_calls;
mod rooms;
mod rosters;
mod time;
mod unread;
mod webhooks;

use super::{WebState, lost};
use crate::auth::token::TokenError;
use crate::auth::{Access, Origin};
use crate::config::Config;
use crate::log::Log;
use crate::rooms::{Admitted, Refused, Rooms, Way};
use alert_core::access::{Principal, Right};
use alert_core::names::{NameError, RoomCode};
use alert_core::wire::v1::{Limits, Refusal};
pub(super) use caller::Caller;
pub(super) use events::Opening;
use post_rate::PostRate;
pub(super) use problem::Problem;
use socketio_server::TrustedProxies;
use unread::Unread;

/// What the API needs and keeps. Clones share it.
#[derive(Clone)]
pub struct Api(Arc<Shared>);

struct Shared {
    rooms: Rooms,
    limits: Limits,
    proxies: TrustedProxies,
    access: Access,
    rate: PostRate,
    /// Held by whoever takes a token back.
    revoking: tokio::sync::Mutex<()>,
    unread: Unread,
}

/// The room in the path, percent-decoded, as the caller wrote it.
type RoomPath = Result<Path<String>, PathRejection>;

impl Api {
    /// Speaks to `rooms` as `config` says.
    pub fn new(config: &Config, rooms: Rooms, access: Access) -> Self {
        Self(Arc::new(Shared {
            rooms,
            limits: config.limits,
            proxies: config.trusted_proxies.clone(),
            access,
            rate: PostRate::new(config.event_rate, config.byte_rate),
            revoking: tokio::sync::Mutex::default(),
            unread: Unread::default(),
        }))
    }

    /// The log of the rooms.
    pub(super) fn log(&self) -> &Log {
        self.0.rooms.log()
    }

    /// Whether anybody gets in who shows no token.
    pub(in crate::web) fn is_open(&self) -> bool {
        self.0.access.is_open()
    }

    /// Whether the peer is one of our proxies.
    pub(super) fn is_proxy(&self, peer: &PeerAddr) -> bool {
        self.0.proxies.is_proxy(peer)
    }

    /// Whoever logs in on one of our pages: the holder of a token, or without one anybody.
    pub(in crate::web) fn visitor(&self, token: Option<&str>) -> Result<Principal, TokenError> {
        let access = &self.0.access;
        let holder =
            token.filter(|token| !token.is_empty()).map(|token| access.connects(token)).transpose()?;
        Ok(holder.flatten().unwrap_or_else(|| access.anybody()))
    }

    /// Admits a room that somebody names on one of our pages.
    pub(in crate::web) fn admit(
        &self,
        who: &Principal,
        peer: &PeerAddr,
        headers: &HeaderMap,
        room: &RoomCode,
    ) -> Result<Admitted, Refused> {
        let origin = Origin::of(None, self.0.proxies.client(peer, headers));
        self.0.rooms.admit(who, Right::Read, &origin, Way::Enter, room.clone())
    }

    /// The room that a caller names, if the code is valid, they may do there what takes `right`, and they have not named
    /// too many.
    fn room(&self, caller: &Caller, right: Right, path: RoomPath) -> Result<Admitted, Problem> {
        let Path(text) = path.map_err(|_| Problem::room_not_utf8())?;
        let room = RoomCode::parse(&text, self.0.limits.room_chars).map_err(Refusal::room)?;
        Ok(self.0.rooms.admit(caller.principal(), right, &caller.origin(), Way::FromOutside, room)?)
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

/// Everything below `/v1/rooms`, and the tokens that have been taken back.
pub(super) fn routes(state: &WebState) -> Router<WebState> {
    let rooms = Router::new()
        .route("/", get(rooms::list).post(actions::make))
        .route("/{room}/actions", post(actions::act))
        .route("/{room}", get(rooms::show).post(message::say))
        .route("/{room}/messages", get(history::show).post(message::say))
        .route("/{room}/events", get(events::listen))
        .route("/{room}/alerts", get(alerts::list).post(alerts::raise))
        .route("/{room}/alerts/{id}", patch(alerts::change).delete(alerts::end))
        .route("/{room}/prepared", get(prepared::list).put(prepared::replace))
        .route("/{room}/prepared/{name}", put(prepared::keep).delete(prepared::forget))
        .route("/{room}/alerts/{id}/release", post(alerts::release))
        .route("/{room}/alerts/{id}/confirmations", post(roll_calls::add))
        .route("/{room}/alerts/{id}/roll_call", get(roll_calls::show))
        .route("/{room}/alerts/{id}/missing", get(roll_calls::missing))
        .route("/{room}/roster", get(rosters::show).put(rosters::put))
        .route("/{room}/bells", get(bells::list))
        .route("/{room}/bells/{id}", put(bells::put).delete(bells::remove))
        .route("/{room}/bells/{id}/days/{date}", put(bells::put_day).delete(bells::remove_day))
        .route("/{room}/webhooks", get(webhooks::list).post(webhooks::add))
        .route("/{room}/webhooks/{id}", delete(webhooks::remove))
        .route("/{room}/webhooks/{id}/secret", post(webhooks::change))
        .route("/{room}/webhooks/{id}/test", post(webhooks::test))
        .fallback(lost::answer);
    let revocations = Router::new().route("/", get(revocations::list).post(revocations::add));
    let for_programs = |routes: Router<WebState>| {
        routes
            .method_not_allowed_fallback(async || Problem::method_not_allowed())
            .layer(from_fn_with_state(state.clone(), origin::check))
            // The runtime has read the body already, up to max_payload.
            .layer(DefaultBodyLimit::disable())
    };
    // A script whose variable is empty asks for this.
    let no_room = any(async || Problem::from(Refusal::room(NameError::Empty)));
    let routes = Router::new()
        .nest("/v1/rooms", for_programs(rooms))
        .route("/v1/rooms/", no_room)
        .nest("/v1/revocations", for_programs(revocations))
        .nest("/v1/time", for_programs(Router::new().route("/", get(time::show))));
    routes.layer(from_fn_with_state(state.clone(), count_problems))
}

async fn count_problems(State(api): State<Api>, request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    if let Some(problem::Code(code)) = response.extensions().get() {
        api.0.rooms.counts().refused_requests.add(code, 1);
    }
    response
}
