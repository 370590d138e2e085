//! Sending those who ask for http:// to https://.

use super::body::text_response;
use crate::host;
use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode, header};
use http_body_util::Full;

/// The port that browsers need not name.
const HTTPS: u16 = 443;

/// The answer to a request for the same host's https, which is at `port`.
pub(super) fn answer<B>(request: &Request<B>, port: u16) -> Response<Full<Bytes>> {
    let asked = request.headers().get(header::HOST).and_then(|value| value.to_str().ok());
    let host = asked.and_then(host::without_port).or_else(|| request.uri().host());
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
    let location = host.and_then(|host| {
        let port = if port == HTTPS { String::new() } else { format!(":{port}") };
        HeaderValue::try_from(format!("https://{host}{port}{path}")).ok()
    });
    let Some(location) = location else {
        return text_response(StatusCode::BAD_REQUEST, "Ask for https:// instead of http://.\n");
    };
    // The method and the body stay, as they would not with 301.
    let mut response = text_response(
        StatusCode::PERMANENT_REDIRECT,
        "Ask for https:// instead of http://: nothing is served here.\n",
    );
    response.headers_mut().insert(header::LOCATION, location);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_a_request_then_it_is_sent_to_the_same_place_by_https() {
        for (host, uri, port, wanted) in [
            (Some("a.example"), "/v1?room=K7", 443, Some("https://a.example/v1?room=K7")),
            (Some("a.example:80"), "/", 8443, Some("https://a.example:8443/")),
            (Some("[::1]:8080"), "/v1", 443, Some("https://[::1]/v1")),
            (None, "http://b.example/x", 443, Some("https://b.example/x")),
            (None, "/v1", 443, None),
            (Some("a/b@c"), "/v1", 443, None),
        ] {
            let mut request = Request::builder().uri(uri);
            if let Some(host) = host {
                request = request.header(header::HOST, host);
            }
            let response = answer(&request.body(()).unwrap(), port);
            let location = response.headers().get(header::LOCATION).map(|value| value.to_str().unwrap());
            assert_eq!(location, wanted, "{host:?} {uri}");
            let status = if wanted.is_some() { 308 } else { 400 };
            assert_eq!(response.status(), status);
        }
    }
}
