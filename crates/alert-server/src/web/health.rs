//! What load balancers and service managers ask.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::extract::State;
use axum::http::StatusCode;

use super::WebState;

/// Whether new clients should still be sent here. Clones share the answer.
#[derive(Clone, Debug, Default)]
pub struct Readiness(Arc<AtomicBool>);

impl Readiness {
    /// Ready from now on.
    pub fn new() -> Self {
        Self::default()
    }

    /// Turns `/readyz` to 503, permanently.
    pub fn begin_drain(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether [`Self::begin_drain`] has not been called yet.
    pub fn is_ready(&self) -> bool {
        !self.0.load(Ordering::Relaxed)
    }
}

pub(super) async fn live() -> &'static str {
    "ok\n"
}

/// A server whose history fails still delivers, so it stays in service; the text says what is wrong.
pub(super) async fn ready(State(state): State<WebState>) -> (StatusCode, String) {
    if !state.0.readiness.is_ready() {
        return (StatusCode::SERVICE_UNAVAILABLE, "draining\n".to_owned());
    }
    let trouble = state.0.api.log().trouble();
    let text = trouble
        .map_or_else(|| "ok\n".to_owned(), |why| format!("ok, but the history is not stored: {why}\n"));
    (StatusCode::OK, text)
}
