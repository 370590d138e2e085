//! What time it is for the server, so that a client counts as everybody does.

use std::time::SystemTime;

use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;

use super::json;
use alert_core::wire::history::At;

/// When the question came, and when the answer goes.
#[derive(Serialize)]
struct Time {
    received: At,
    sent: At,
}

pub(super) async fn show() -> Response {
    let now = At(SystemTime::now());
    json::done(StatusCode::OK, &Time { received: now, sent: now })
}
