//! JSON answers. They end with a line break: people read them in a terminal.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::{Problem, unread::Unread};
use crate::auth::Origin;

#[expect(clippy::expect_used, reason = "strings, numbers and lists of them are what JSON can hold")]
fn text(body: &impl Serialize) -> String {
    serde_json::to_string(body).expect("JSON") + "\n"
}

/// An answer of `content_type` with `body`, which holds strings, numbers and lists of them.
pub(super) fn answer(status: StatusCode, content_type: &'static str, body: &impl Serialize) -> Response {
    (status, [(header::CONTENT_TYPE, HeaderValue::from_static(content_type))], text(body)).into_response()
}

/// An answer that may be long, and so counts until the caller has read it.
pub(super) fn long(unread: &Unread, origin: Origin, body: &impl Serialize) -> Result<Response, Problem> {
    let body = unread.hold(origin, text(body))?;
    Ok(([(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))], body).into_response())
}

/// An answer to a request that was carried out.
pub(super) fn done(status: StatusCode, body: &impl Serialize) -> Response {
    answer(status, "application/json", body)
}
