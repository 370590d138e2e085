//! Security headers, on every response. No HSTS and no upgrade-insecure-requests: Alert is used over plain HTTP on
//! local networks, and if there is TLS, it ends at a proxy, which has to decide.

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;

const ALWAYS: [(HeaderName, HeaderValue); 3] = [
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    // Room codes are in the addresses of our pages: no other site may see them.
    (header::REFERRER_POLICY, HeaderValue::from_static("same-origin")),
];

/// The policy, without the hosts that scripts may connect to.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; manifest-src 'self'; base-uri 'none'; \
                      form-action 'self'; frame-ancestors 'none'; connect-src 'self'";

pub(super) async fn secure(request: Request, next: Next) -> Response {
    let policy = policy(request.headers());
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.extend(ALWAYS);
    headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

/// Safari before 15.4 does not count WebSockets of the page's host as `'self'`, so the host is named too, if it is
/// safe to put there.
fn policy(request: &HeaderMap) -> HeaderValue {
    let host = request.get(header::HOST).and_then(|host| host.to_str().ok()).filter(|host| {
        !host.is_empty() && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte))
    });
    let with_host = host.and_then(|host| format!("{POLICY} ws://{host} wss://{host}").try_into().ok());
    with_host.unwrap_or(HeaderValue::from_static(POLICY))
}
