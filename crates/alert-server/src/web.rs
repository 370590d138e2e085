//! Everything over HTTP that is not Socket.IO: login, chat page, API, documents, health, embedded files. The only
//! module that names axum.

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{Uri, header};
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::{Redirect, Response};
use axum::routing::{get, post};
use http_body_util::BodyExt;
use socketio_server::origin::OriginPolicy;
use socketio_server::{App, AppAnswer, AppRequest};
use tower::ServiceExt;

mod accept;
mod admin;
mod api;
mod assets;
mod chat;
mod cross_site;
mod docs;
mod headers;
mod health;
mod language;
mod login;
mod lost;
mod pages;
mod request_id;
mod screen;
#[cfg(test)]
mod tests;
mod trouble;
mod utf8;

pub use admin::{Admin, AdminService};
pub use api::Api;
use api::Opening;
use headers::Frames;
pub use health::Readiness;

use crate::auth::SessionCookies;
use crate::config::{Config, SessionKey};
use alert_core::wire::v1::Limits;

/// What the pages need. Clones share it.
#[derive(Clone, Debug)]
pub struct WebState(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    sessions: SessionCookies,
    origins: OriginPolicy,
    limits: Limits,
    readiness: Readiness,
    api: Api,
    frames: Frames,
}

/// Our forms are small. A larger one is not read.
const FORM_BYTES: usize = 256 * 1024;

impl WebState {
    /// Makes the state, reading (or making) the session key's file.
    ///
    /// # Errors
    /// When that file is there and gives no key.
    pub fn new(config: &Config, session_key: &SessionKey, readiness: Readiness, api: Api) -> Self {
        let sessions = SessionCookies::new(config, session_key);
        Self(Arc::new(Shared {
            sessions,
            origins: config.origins.clone(),
            limits: config.limits,
            readiness,
            api,
            frames: Frames::of(&config.frame_ancestors),
        }))
    }

    /// The login cookies, which the Socket.IO handshake reads too.
    pub fn sessions(&self) -> &SessionCookies {
        &self.0.sessions
    }
}

/// The pages as the service behind the Socket.IO server.
pub fn app(state: WebState) -> App {
    let answer = |response: Response| {
        let (mut head, body) = response.into_parts();
        match head.extensions.remove::<Opening>() {
            Some(opening) => {
                // axum sets the length of a body that is never sent.
                head.headers.remove(header::CONTENT_LENGTH);
                AppAnswer::Stream(head, opening.subscriber())
            }
            None => AppAnswer::Whole(Response::from_parts(head, body.map_err(Into::into).boxed_unsync())),
        }
    };
    App::new(ServiceExt::<AppRequest>::map_response(router(state), answer))
}

fn router(state: WebState) -> Router {
    Router::new()
        .route("/", get(async |uri: Uri| Redirect::temporary(&start(&uri))))
        .route("/v1", get(login::show).layer(from_fn(utf8::check)))
        .route("/v1/", get(async |uri: Uri| Redirect::permanent(&start(&uri))))
        .route(
            "/v1",
            post(login::submit)
                .layer(from_fn(utf8::check))
                .layer(from_fn_with_state(state.clone(), cross_site::refuse)),
        )
        .route("/v1/chat", get(chat::show).layer(from_fn(utf8::check)))
        .route("/v1/screen", get(screen::show).layer(from_fn(utf8::check)))
        .route("/v1/worker.js", get(assets::worker))
        .route("/livez", get(health::live))
        .route("/readyz", get(health::ready))
        .route("/assets/{*name}", get(assets::serve))
        // Browsers ask for it even with plain text.
        .route("/favicon.ico", get(async || Redirect::permanent("/assets/favicon.svg")))
        .route("/docs", get(async || Redirect::permanent("/docs/")))
        .route("/docs/", get(docs::index))
        .route("/docs/{*name}", get(docs::serve))
        .merge(api::routes(&state))
        .fallback(lost::answer)
        .layer(DefaultBodyLimit::max(FORM_BYTES))
        .layer(from_fn_with_state(state.0.frames.clone(), headers::secure))
        .layer(from_fn_with_state(state.clone(), request_id::mark))
        .with_state(state)
}

/// The login page, for the room that is asked for if there is one.
fn start(asked: &Uri) -> String {
    asked.query().map_or_else(|| "/v1".to_owned(), |query| format!("/v1?{query}"))
}
