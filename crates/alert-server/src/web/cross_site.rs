//! Refuses forms that a page of another site sent.

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::language::Language;
use super::{WebState, pages};
use crate::auth::is_ours;

/// Lets only requests from our own pages through.
pub(super) async fn refuse(State(state): State<WebState>, request: Request, next: Next) -> Response {
    let headers = request.headers();
    if is_ours(&state.0.origins, headers) {
        return next.run(request).await;
    }
    let shown =
        |name: &str| headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
    let (origin, host, site) = (shown("origin"), shown("host"), shown("sec-fetch-site"));
    tracing::warn!(
        origin = origin.as_deref(),
        host = host.as_deref(),
        site = site.as_deref(),
        "refused a form that was sent from another site; if a proxy in front changes Host, set --public-url"
    );
    let language = Language::of(headers);
    let t = language.texts();
    let page = pages::error(language, &t.refused_title, &t.refused_text);
    (StatusCode::FORBIDDEN, page).into_response()
}
