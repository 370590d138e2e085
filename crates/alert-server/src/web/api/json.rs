//! JSON answers. They end with a line break: people read them in a terminal.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

/// An answer of `content_type` with `body`, which holds strings, numbers and lists of them.
#[expect(clippy::expect_used, reason = "strings, numbers and lists of them are what JSON can hold")]
pub(super) fn answer(status: StatusCode, content_type: &'static str, body: &impl Serialize) -> Response {
    let text = serde_json::to_string(body).expect("JSON") + "\n";
    (status, [(header::CONTENT_TYPE, HeaderValue::from_static(content_type))], text).into_response()
}

/// An answer to a request that was carried out.
pub(super) fn done(status: StatusCode, body: &impl Serialize) -> Response {
    answer(status, "application/json", body)
}
