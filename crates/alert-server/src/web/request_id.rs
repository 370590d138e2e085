//! Gives every request a name, which its lines in the log and its answer have.

use super::WebState;
use super::api::Api;
use crate::logging::cause::{HEADER, RequestId};
use axum::extract::{FromRef, Request, State};
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use socketio_server::PeerAddr;
use std::time::Instant;

/// For users: a proxy of ours may have given it one.
pub(super) async fn mark(State(state): State<WebState>, request: Request, next: Next) -> Response {
    let peer = request.extensions().get().copied().unwrap_or(PeerAddr::Unix);
    let given =
        if Api::from_ref(&state).is_proxy(&peer) { RequestId::given(request.headers()) } else { None };
    serve(given.unwrap_or_default(), request, next).await
}

/// For whoever runs the server.
pub(super) async fn mark_own(request: Request, next: Next) -> Response {
    serve(RequestId::new(), request, next).await
}

async fn serve(id: RequestId, request: Request, next: Next) -> Response {
    let value = HeaderValue::try_from(id.to_string());
    let (method, path, began) = (request.method().clone(), request.uri().path().to_owned(), Instant::now());
    id.serve(async move {
        let mut response = next.run(request).await;
        let (status, seconds) = (response.status().as_u16(), began.elapsed().as_secs_f64());
        tracing::debug!(method = method.as_str(), path, status, seconds, "answered");
        if let Ok(value) = value {
            response.headers_mut().insert(HeaderName::from_static(HEADER), value);
        }
        response
    })
    .await
}
