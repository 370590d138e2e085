//! What whoever runs the server sees, at addresses of its own: the metrics, and a page.

mod access;
mod actions;
mod bans;
mod letters;
mod page;
mod state;

use super::headers::{self, Frames};
use super::{Readiness, assets, request_id};
use crate::config::{ApiTokens, Config};
use crate::metrics::{self, Metrics};
use access::Access;
use alert_core::wire::v1::Limits;
use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use http_body_util::BodyExt;
use socketio_server::origin::OriginPolicy;
use socketio_server::{AppBody, AppRequest};
use std::convert::Infallible;
use std::sync::Arc;
use std::time::SystemTime;
use tower::ServiceExt;
use tower::util::BoxCloneSyncService;

/// What answers there.
pub type AdminService = BoxCloneSyncService<AppRequest, http::Response<AppBody>, Infallible>;

/// What it needs. Clones share it.
#[derive(Clone)]
pub struct Admin(Arc<Shared>);

struct Shared {
    access: Access,
    metrics: Metrics,
    readiness: Readiness,
    /// Only its own pages.
    origins: OriginPolicy,
    limits: Limits,
    most_connections: Option<usize>,
    started: SystemTime,
}

impl Admin {
    /// Shows these figures to those who may come in as `config` says.
    pub fn new(config: &Config, metrics: Metrics, readiness: Readiness) -> Self {
        Self(Arc::new(Shared {
            access: Access::new(config),
            metrics,
            readiness,
            origins: OriginPolicy::default(),
            limits: config.limits,
            most_connections: Some(config.bounds.connections).filter(|most| *most != usize::MAX),
            started: SystemTime::now(),
        }))
    }

    /// Other tokens, from now on. Returns whether they are others.
    pub fn replace_tokens(&self, tokens: ApiTokens) -> bool {
        self.0.access.replace_tokens(tokens)
    }

    /// The service.
    pub fn service(&self) -> AdminService {
        let actions = Router::new()
            .route("/admin/announce", post(actions::announce))
            .route("/admin/kick", post(actions::kick))
            .route("/admin/close", post(actions::close))
            .route("/admin/open", post(actions::open))
            .route("/admin/lift", post(bans::lift))
            .route("/admin/letters/send", post(letters::send))
            .route("/admin/letters/drop", post(letters::discard))
            .layer(from_fn_with_state(self.clone(), actions::check));
        let router = Router::new()
            .route("/metrics", get(show_metrics))
            .route("/", get(async || Redirect::temporary("/admin")))
            .route("/admin", get(page::show))
            .route("/admin/login", post(page::enter))
            .route("/admin/leave", post(page::leave))
            .route("/admin/state", get(state::show))
            .route("/admin/people/{room}", get(actions::people))
            .route("/admin/bans", get(bans::list))
            .route("/admin/letters", get(letters::list))
            .merge(actions)
            .route("/assets/{*name}", get(assets::serve))
            .fallback(async || (StatusCode::NOT_FOUND, "there is nothing here; look at /admin or /metrics\n"))
            .layer(from_fn_with_state(self.clone(), access::check))
            .layer(from_fn_with_state(Frames::NONE, headers::secure))
            .layer(from_fn(request_id::mark_own))
            .with_state(self.clone());
        let answer = |response: Response| response.map(|body| body.map_err(Into::into).boxed_unsync());
        BoxCloneSyncService::new(ServiceExt::<AppRequest>::map_response(router, answer))
    }
}

async fn show_metrics(State(admin): State<Admin>) -> Response {
    let is_draining = !admin.0.readiness.is_ready();
    let text = admin.0.metrics.text(is_draining).await;
    ([(header::CONTENT_TYPE, metrics::CONTENT_TYPE)], text).into_response()
}
