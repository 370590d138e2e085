//! The WebSocket handshake (RFC 6455, section 4.2). Like the reference server it accepts what Node's parser and `ws`
//! do: a list spread over several header lines, the older version 8, a key whose last bits are not zero.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, header};
use http_body_util::Full;
use socketio_protocol::engine::request::RequestError;
use tungstenite::handshake::derive_accept_key;

/// The 101 for a request that is a WebSocket handshake. There are no extensions: compression would have to be done once
/// for every receiver.
pub(crate) fn switch_protocols<B>(request: &Request<B>) -> Result<Response<Full<Bytes>>, RequestError> {
    let headers = request.headers();
    let key = headers.get(header::SEC_WEBSOCKET_KEY).map(HeaderValue::as_bytes).filter(|key| is_key(key));
    let (Some(key), true) = (key, request.method() == Method::GET && is_upgrade(headers)) else {
        return Err(RequestError::BadRequest);
    };
    let mut response = Response::new(Full::default());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let accept = HeaderValue::try_from(derive_accept_key(key)).map_err(|_| RequestError::BadRequest)?;
    // A browser that offered protocols and got none ends the connection.
    let protocol = tokens(headers, &header::SEC_WEBSOCKET_PROTOCOL).next();
    let answer = response.headers_mut();
    answer.insert(header::CONNECTION, const { HeaderValue::from_static("Upgrade") });
    answer.insert(header::UPGRADE, const { HeaderValue::from_static("websocket") });
    answer.insert(header::SEC_WEBSOCKET_ACCEPT, accept);
    if let Some(protocol) = protocol.and_then(|protocol| HeaderValue::from_str(protocol).ok()) {
        answer.insert(header::SEC_WEBSOCKET_PROTOCOL, protocol);
    }
    Ok(response)
}

fn is_upgrade(headers: &HeaderMap) -> bool {
    let has = |name, wanted: &str| tokens(headers, &name).any(|token| token.eq_ignore_ascii_case(wanted));
    let mut versions = tokens(headers, &header::SEC_WEBSOCKET_VERSION);
    has(header::CONNECTION, "upgrade")
        && has(header::UPGRADE, "websocket")
        && matches!((versions.next(), versions.next()), (Some("8" | "13"), None))
}

/// The items of a list, over all header lines of the name.
fn tokens<'a>(headers: &'a HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'a str> + use<'a> {
    let lines = headers.get_all(name).into_iter().filter_map(|line| line.to_str().ok());
    lines
        .flat_map(|line| line.split(','))
        .map(|token| token.trim_matches([' ', '\t']))
        .filter(|token| !token.is_empty())
}

/// 16 bytes in base64. Surplus bits in the last digit do no harm.
fn is_key(key: &[u8]) -> bool {
    let is_digit = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/".contains(byte);
    key.strip_suffix(b"==").is_some_and(|digits| digits.len() == 22 && digits.iter().all(is_digit))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: [(&str, &str); 4] = [
        ("connection", "Upgrade"),
        ("upgrade", "websocket"),
        ("sec-websocket-version", "13"),
        ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ];

    fn answer(method: Method, headers: &[(&str, &str)]) -> Result<HeaderMap, RequestError> {
        let mut request = Request::new(());
        *request.method_mut() = method;
        for (name, value) in headers {
            request.headers_mut().append(HeaderName::try_from(*name).unwrap(), value.parse().unwrap());
        }
        switch_protocols(&request).map(|response| response.into_parts().0.headers)
    }

    /// The good request with lines of this name replaced.
    fn with(name: &str, values: &[&str]) -> Result<HeaderMap, RequestError> {
        let mut headers: Vec<_> = GOOD.into_iter().filter(|(other, _)| *other != name).collect();
        headers.extend(values.iter().map(|value| (name, *value)));
        answer(Method::GET, &headers)
    }

    #[test]
    fn the_key_of_the_specification_gets_its_answer() {
        let headers = answer(Method::GET, &GOOD).unwrap();
        assert_eq!(headers["sec-websocket-accept"], "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
        assert!(!headers.contains_key("sec-websocket-protocol"));
    }

    #[test]
    fn what_the_reference_server_takes_is_taken() {
        for (name, values) in [
            ("connection", &["keep-alive, Upgrade"][..]),
            ("connection", &["keep-alive", "UPGRADE"]),
            ("connection", &["keep-alive,\tupgrade ,"]),
            ("upgrade", &["WebSocket"]),
            ("sec-websocket-version", &["8"]),
            ("sec-websocket-key", &["dGhlIHNhbXBsZSBub25jZR=="]),
        ] {
            assert!(with(name, values).is_ok(), "{name}: {values:?}");
        }
    }

    #[test]
    fn what_is_no_handshake_is_refused() {
        for (name, values) in [
            ("connection", &[][..]),
            ("connection", &["keep-alive"]),
            ("connection", &["upgraded"]),
            ("upgrade", &[]),
            ("upgrade", &["h2c"]),
            ("sec-websocket-version", &[]),
            ("sec-websocket-version", &["14"]),
            ("sec-websocket-version", &["13", "8"]),
            ("sec-websocket-key", &[]),
            ("sec-websocket-key", &["dGhlIHNhbXBsZSBub25jZQ"]),
            ("sec-websocket-key", &["dGhlIHNhbXBsZSBub25j!Q=="]),
        ] {
            assert_eq!(with(name, values), Err(RequestError::BadRequest), "{name}: {values:?}");
        }
        assert_eq!(answer(Method::POST, &GOOD), Err(RequestError::BadRequest));
    }

    #[test]
    fn of_the_protocols_that_are_offered_the_first_is_taken() {
        for values in [&["a.b, c"][..], &["a.b", "c"], &[" ,a.b"]] {
            assert_eq!(with("sec-websocket-protocol", values).unwrap()["sec-websocket-protocol"], "a.b");
        }
        assert!(with("sec-websocket-protocol", &[""]).is_ok_and(|answer| answer.len() == 3));
    }
}
