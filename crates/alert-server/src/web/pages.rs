//! The templates and what is common to all pages.

use askama::Template;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};

use super::assets;

/// The login form.
#[derive(Template)]
#[template(path = "login.html")]
pub(super) struct Login<'a> {
    pub(super) name: &'a str,
    pub(super) room: &'a str,
    /// The room is settled, by a link or because only the name was wrong: nothing may take its place in passing.
    pub(super) is_invited: bool,
    pub(super) trouble: Option<&'a str>,
    pub(super) name_error: Option<String>,
    pub(super) room_error: Option<String>,
    pub(super) css: &'a str,
    pub(super) js: &'a str,
    pub(super) max_name: usize,
    pub(super) max_room: usize,
}

/// The chat page.
#[derive(Template)]
#[template(path = "chat.html")]
pub(super) struct Chat<'a> {
    pub(super) room: &'a str,
    pub(super) name: &'a str,
    pub(super) max_msg: usize,
    pub(super) css: &'a str,
    pub(super) js: &'a str,
}

#[derive(Template)]
#[template(path = "not_found.html")]
struct NotFound<'a> {
    meant: Option<&'a str>,
    css: &'a str,
}

#[derive(Template)]
#[template(path = "error.html")]
struct Error<'a> {
    title: &'a str,
    text: &'a str,
    css: &'a str,
}

/// The page as a response.
pub(super) fn render(page: &impl Template) -> Response {
    match page.render() {
        Ok(text) => Html(text).into_response(),
        Err(error) => {
            tracing::error!(%error, "a page could not be rendered");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// `meant`: the address that was meant, where that is known.
pub(super) fn not_found(meant: Option<&str>) -> Response {
    (StatusCode::NOT_FOUND, render(&NotFound { meant, css: assets::CSS })).into_response()
}

/// A page that says what went wrong; the status is the caller's.
pub(super) fn error(title: &str, text: &str) -> Response {
    render(&Error { title, text, css: assets::CSS })
}
