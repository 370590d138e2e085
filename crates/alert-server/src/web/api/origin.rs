//! Which web pages may use the API: our own and the listed ones, by the same rules as for Socket.IO.

use axum::extract::{Request, State};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use socketio_server::origin::OriginVerdict;
use socketio_server::{apply_cors, preflight};

use super::super::WebState;
use super::Problem;
use crate::auth::is_own_site;

/// Refuses foreign pages, answers preflights, and adds the cross-origin headers.
pub(super) async fn check(State(state): State<WebState>, request: Request, next: Next) -> Response {
    let verdict = state.0.origins.judge(request.headers());
    let mut response = if is_foreign(&verdict, &request) {
        tracing::info!(
            origin = request
                .headers()
                .get("origin")
                .map(|origin| String::from_utf8_lossy(origin.as_bytes()))
                .as_deref(),
            "refused a request of a foreign page; --allow-origin allows it, --public-url sets our own address"
        );
        Problem::foreign_origin().into_response()
    } else if request.method() == Method::OPTIONS {
        preflight(request.headers())
    } else {
        next.run(request).await
    };
    apply_cors(&verdict, response.headers_mut());
    response
}

/// A foreign page's form may come without `Origin`, but not without `Sec-Fetch-Site`. A link to something of ours may
/// come from anywhere.
fn is_foreign(verdict: &OriginVerdict, request: &Request) -> bool {
    match verdict {
        OriginVerdict::Refused(_) => true,
        OriginVerdict::Listed(_) | OriginVerdict::Any => false,
        OriginVerdict::Own(_) | OriginVerdict::Absent => {
            request.method() == Method::POST && !is_own_site(request.headers())
        }
    }
}
