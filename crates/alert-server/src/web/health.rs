//! What load balancers and service managers ask.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::State;
use axum::http::StatusCode;

use super::WebState;

/// Whether new clients should still be sent here, and what is wrong meanwhile. Clones share the answer.
#[derive(Clone, Debug, Default)]
pub struct Readiness(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    is_draining: AtomicBool,
    /// By what it is wrong with, which takes its entry back.
    trouble: Mutex<BTreeMap<String, String>>,
}

impl Readiness {
    /// Ready from now on.
    pub fn new() -> Self {
        Self::default()
    }

    /// Turns `/readyz` to 503, permanently.
    pub fn begin_drain(&self) {
        self.0.is_draining.store(true, Ordering::Relaxed);
    }

    /// Whether [`Self::begin_drain`] has not been called yet.
    pub fn is_ready(&self) -> bool {
        !self.0.is_draining.load(Ordering::Relaxed)
    }

    /// Notes what is wrong with a thing, or that nothing is any more. The server stays in service.
    pub fn set_trouble(&self, with: &str, trouble: Option<String>) {
        let mut all = self.0.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        match trouble {
            Some(trouble) => all.insert(with.to_owned(), trouble),
            None => all.remove(with),
        };
    }

    /// Each thing that is wrong, on a line.
    fn trouble(&self) -> String {
        let all = self.0.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        all.values().map(|trouble| format!("{trouble}\n")).collect()
    }
}

pub(super) async fn live() -> &'static str {
    "ok\n"
}

pub(super) async fn ready(state: State<WebState>) -> (StatusCode, String) {
    let trouble = state.0.0.readiness.trouble();
    let (status, text) = of_history(&state);
    (status, text + &trouble)
}

/// A server whose history fails still delivers, so it stays in service; the text says what is wrong.
fn of_history(state: &WebState) -> (StatusCode, String) {
    if !state.0.readiness.is_ready() {
        return (StatusCode::SERVICE_UNAVAILABLE, "draining\n".to_owned());
    }
    let log = state.0.api.log();
    let trouble = log.trouble();
    if let Some(shared) = log.shared() {
        return match trouble {
            // Other servers may have what this one has not.
            Some(why) => (StatusCode::SERVICE_UNAVAILABLE, format!("{why}\n")),
            None => (
                StatusCode::OK,
                shared.warnings().iter().fold("ok\n".to_owned(), |text, why| text + why + "\n"),
            ),
        };
    }
    let text = trouble
        .map_or_else(|| "ok\n".to_owned(), |why| format!("ok, but the history is not stored: {why}\n"));
    (StatusCode::OK, text)
}
