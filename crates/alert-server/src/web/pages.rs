//! The templates and what is common to all pages.

use askama::Template;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};

use super::assets;
use super::language::{Language, Text, Texts};

/// The login form.
#[derive(Template)]
#[template(path = "login.html")]
pub(super) struct Login<'a> {
    pub(super) language: Language,
    pub(super) t: &'static Texts,
    /// What its scripts say, as JSON.
    pub(super) texts: String,
    pub(super) name: &'a str,
    pub(super) room: &'a str,
    /// The room is settled, by a link or because only the name was wrong: it must not be replaced by accident.
    pub(super) is_invited: bool,
    /// Nobody gets in without a token, which is in no request for this page.
    pub(super) takes_token: bool,
    /// The token that was shown does not count.
    pub(super) is_token_refused: bool,
    pub(super) trouble: Option<String>,
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
    pub(super) language: Language,
    pub(super) t: &'static Texts,
    /// What its scripts say, as JSON.
    pub(super) texts: String,
    /// The alerts in force, as JSON.
    pub(super) in_force: String,
    pub(super) room: &'a str,
    pub(super) name: &'a str,
    pub(super) max_msg: usize,
    /// Whether anybody gets in without a token.
    pub(super) is_open: bool,
    /// Whether what is said is to be on disk.
    pub(super) is_durable: bool,
    pub(super) css: &'a str,
    pub(super) js: &'a str,
}

/// JSON that may stand in a `<script>` element: without `<`, nothing in it can end the element or begin a comment.
pub(super) fn in_script(json: &str) -> String {
    json.replace('<', "\\u003c")
}

/// The big screen of a room.
#[derive(Template)]
#[template(path = "screen.html")]
pub(super) struct Screen<'a> {
    pub(super) language: Language,
    pub(super) t: &'static Texts,
    /// What its scripts say, as JSON.
    pub(super) texts: String,
    pub(super) room: &'a str,
    pub(super) css: &'a str,
    pub(super) js: &'a str,
}

#[derive(Template)]
#[template(path = "not_found.html")]
struct NotFound<'a> {
    language: Language,
    t: &'static Texts,
    meant: Option<&'a str>,
    css: &'a str,
}

#[derive(Template)]
#[template(path = "error.html")]
struct Error<'a> {
    language: Language,
    t: &'static Texts,
    title: &'a Text,
    text: &'a Text,
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

/// A page that exists in several languages, as a response.
pub(super) fn render_in(language: Language, page: &impl Template) -> Response {
    let headers = [
        (header::CONTENT_LANGUAGE, HeaderValue::from_static(language.code())),
        (header::VARY, HeaderValue::from_static("Accept-Language")),
    ];
    (headers, render(page)).into_response()
}

/// `meant`: the address that was meant, if that is known.
pub(super) fn not_found(language: Language, meant: Option<&str>) -> Response {
    let page = NotFound { language, t: language.texts(), meant, css: assets::CSS };
    (StatusCode::NOT_FOUND, render_in(language, &page)).into_response()
}

/// A page that says what went wrong; the status is the caller's.
pub(super) fn error(language: Language, title: &Text, text: &Text) -> Response {
    render_in(language, &Error { language, t: language.texts(), title, text, css: assets::CSS })
}
