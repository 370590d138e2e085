//! Cross-origin headers (the Fetch standard, "CORS protocol"). Error responses have them too: without them, a page's
//! developer would see "network error" and no reason.

use crate::origin::OriginVerdict;
use http::{HeaderMap, HeaderValue, Response, StatusCode, header};

/// Adds the headers for the judged page. Credentials never go with `*`.
pub fn apply(verdict: &OriginVerdict, headers: &mut HeaderMap) {
    match verdict {
        OriginVerdict::Absent | OriginVerdict::Refused(_) => {}
        OriginVerdict::Any => {
            headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        }
        OriginVerdict::Own(origin) | OriginVerdict::Listed(origin) => {
            headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
            headers.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
        }
    }
    headers.append(header::VARY, const { HeaderValue::from_static("Origin") });
}

/// The answer to a preflight. What the page asks for is granted: the origin alone decides.
pub fn preflight<B: Default>(request: &HeaderMap) -> Response<B> {
    let mut response = Response::new(B::default());
    *response.status_mut() = StatusCode::NO_CONTENT;
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, POST, OPTIONS"));
    if let Some(asked) = request.get(header::ACCESS_CONTROL_REQUEST_HEADERS) {
        headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, asked.clone());
    }
    headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
    response
}
