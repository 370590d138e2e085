//! Security headers, on every response. No HSTS and no upgrade-insecure-requests: Alert is used over plain HTTP on
//! local networks, and if there is TLS, it ends at a proxy, which has to decide.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;

use crate::config::FrameAncestor;

const ALWAYS: [(HeaderName, HeaderValue); 2] = [
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    // Room codes are in the addresses of our pages: no other site may see them.
    (header::REFERRER_POLICY, HeaderValue::from_static("same-origin")),
];

/// The policy, without who may show our pages in a frame, and to which hosts scripts may connect.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; manifest-src 'self'; base-uri 'none'; \
                      form-action 'self'";

/// Who may show our pages in a frame, as the policy says it. Clones share it.
#[derive(Clone, Debug)]
pub(super) struct Frames(Option<Arc<str>>);

impl Frames {
    pub(super) const NONE: Self = Self(None);

    /// Pages of these.
    pub(super) fn of(ancestors: &[FrameAncestor]) -> Self {
        let ancestors: Vec<String> = ancestors.iter().map(ToString::to_string).collect();
        Self((!ancestors.is_empty()).then(|| ancestors.join(" ").into()))
    }
}

pub(super) async fn secure(State(frames): State<Frames>, request: Request, next: Next) -> Response {
    let policy = policy(&frames, request.headers());
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.extend(ALWAYS);
    headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    // It cannot name a site; where it and the policy disagree, browsers differ.
    if frames.0.is_none() {
        headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

/// Safari before 15.4 does not count WebSockets of the page's host as `'self'`, so the host is named too, if it is
/// safe to put there.
#[expect(clippy::expect_used, reason = "the hosts and the ancestors have only visible ASCII in them")]
fn policy(frames: &Frames, request: &HeaderMap) -> HeaderValue {
    let host = request.get(header::HOST).and_then(|host| host.to_str().ok()).filter(|host| {
        !host.is_empty() && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte))
    });
    let ancestors = frames.0.as_deref().unwrap_or("'none'");
    let mut policy = format!("{POLICY}; frame-ancestors {ancestors}; connect-src 'self'");
    if let Some(host) = host {
        policy.push_str(&format!(" ws://{host} wss://{host}"));
    }
    policy.try_into().expect("a header value")
}
