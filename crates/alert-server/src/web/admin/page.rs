//! The page for whoever runs the server, and the one that asks for a token.

use super::Admin;
use super::access::{Admitted, SESSION_AGE};
use crate::auth::is_ours;
use crate::web::language::Language;
use crate::web::{assets, pages};
use askama::Template;
use axum::extract::{Form, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

/// As the log and the command line do.
const LANGUAGE: Language = Language::English;

#[derive(Template)]
#[template(path = "admin.html")]
struct Page<'a> {
    language: Language,
    /// What its scripts say that other pages say as well, as JSON.
    texts: String,
    css: &'a str,
    js: &'a str,
    with_token: bool,
}

#[derive(Template)]
#[template(path = "admin_login.html")]
struct Login<'a> {
    language: Language,
    css: &'a str,
    is_wrong: bool,
}

#[derive(Deserialize)]
pub(super) struct Credentials {
    token: String,
}

pub(super) async fn show(State(admin): State<Admin>) -> Response {
    let with_token = admin.0.access.has_tokens();
    let texts = LANGUAGE.catalogue().chat();
    pages::render(&Page { language: LANGUAGE, texts, css: assets::CSS, js: assets::ADMIN_JS, with_token })
}

/// Asks for a token.
pub(super) fn login(is_wrong: bool) -> Response {
    let mut response = pages::render(&Login { language: LANGUAGE, css: assets::CSS, is_wrong });
    *response.status_mut() = StatusCode::UNAUTHORIZED;
    response
}

/// Takes a token, and lets the browser in for some hours.
pub(super) async fn enter(
    State(admin): State<Admin>,
    headers: HeaderMap,
    Form(Credentials { token }): Form<Credentials>,
) -> Response {
    if !is_ours(&admin.0.origins, &headers) {
        return (StatusCode::FORBIDDEN, "the form was sent by another site\n").into_response();
    }
    let Some(Admitted(session)) = admin.0.access.enter(token.trim()) else { return login(true) };
    let seconds = SESSION_AGE.as_secs();
    let cookie = format!("alert_admin={session}; Path=/; HttpOnly; SameSite=Strict; Max-Age={seconds}");
    let mut response = Redirect::to("/admin").into_response();
    if let Ok(cookie) = HeaderValue::try_from(cookie) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response
}

/// Forgets the browser.
pub(super) async fn leave(State(admin): State<Admin>, headers: HeaderMap) -> Response {
    if is_ours(&admin.0.origins, &headers) {
        admin.0.access.leave(&headers);
    }
    Redirect::to("/admin").into_response()
}
