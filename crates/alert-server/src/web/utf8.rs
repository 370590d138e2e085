//! Text from browsers and programs is UTF-8 or refused: nothing silently becomes U+FFFD.

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use percent_encoding::percent_decode;

use super::language::{Language, Text, Texts};
use super::pages;

/// What editors put before a text in UTF-8.
const BYTE_ORDER_MARK: &[u8] = "\u{FEFF}".as_bytes();

/// Without a byte order mark.
pub(super) fn bare(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes)
}

/// Whether a query or a form is UTF-8 once its percent signs are resolved. UTF-16 has NUL bytes.
pub(super) fn is_text(encoded: &[u8]) -> bool {
    !encoded.contains(&0) && percent_decode(encoded).decode_utf8().is_ok()
}

/// Whether a body with this head may be UTF-8: no other charset is named, and nothing has to be decompressed first.
pub(super) fn may_be_text(headers: &HeaderMap) -> bool {
    let is_plain = |coding: &[u8]| {
        let coding = coding.trim_ascii();
        coding.is_empty() || coding.eq_ignore_ascii_case(b"identity")
    };
    let is_packed = |value: &HeaderValue| !value.as_bytes().split(|&byte| byte == b',').all(is_plain);
    let mut kinds = headers.get_all(header::CONTENT_TYPE).iter();
    let kind = kinds.next().map_or(&b""[..], HeaderValue::as_bytes);
    if kinds.next().is_some() {
        return false;
    }
    let charset = String::from_utf8_lossy(kind).split(';').skip(1).find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim()
            .eq_ignore_ascii_case("charset")
            .then(|| value.trim().trim_matches('"').to_ascii_lowercase())
    });
    let is_known =
        charset.is_none_or(|charset| ["utf-8", "utf8", "us-ascii", "ascii"].contains(&charset.as_str()));
    is_known && !headers.get_all(header::CONTENT_ENCODING).iter().any(is_packed)
}

/// Lets only UTF-8 queries and forms through.
pub(super) async fn check(request: Request, next: Next) -> Response {
    let language = Language::of(request.headers());
    if !is_text(request.uri().query().unwrap_or_default().as_bytes()) {
        return refuse(language, StatusCode::BAD_REQUEST, |t| &t.utf8_address);
    }
    if request.method() != Method::POST {
        return next.run(request).await;
    }
    if !may_be_text(request.headers()) {
        return refuse(language, StatusCode::UNSUPPORTED_MEDIA_TYPE, |t| &t.utf8_form);
    }
    let (parts, body) = request.into_parts();
    // The runtime has read it already, up to max_payload.
    match to_bytes(body, usize::MAX).await {
        Ok(bytes) if is_text(&bytes) => {
            let body = Body::from(bytes.slice_ref(bare(&bytes)));
            next.run(Request::from_parts(parts, body)).await
        }
        _ => refuse(language, StatusCode::BAD_REQUEST, |t| &t.utf8_form),
    }
}

fn refuse(language: Language, status: StatusCode, why: fn(&Texts) -> &Text) -> Response {
    let t = language.texts();
    (status, pages::error(language, &t.utf8_title, why(t))).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_a_head_then_only_utf_8_that_is_not_packed_may_be_text() {
        for (name, value, may) in [
            ("content-type", "text/plain", true),
            ("content-type", "text/plain; charset=utf-8", true),
            ("content-type", "text/plain;CHARSET=\"UTF-8\"", true),
            ("content-type", "application/json; charset=utf8", true),
            ("content-type", "text/plain; charset=us-ascii", true),
            ("content-type", "text/plain; charset=iso-8859-1", false),
            ("content-type", "application/json; x=y; charset=utf-16le", false),
            ("content-type", "text/plain; charset=", false),
            ("content-encoding", "identity", true),
            ("content-encoding", "", true),
            ("content-encoding", "Identity , identity", true),
            ("content-encoding", "gzip", false),
            ("content-encoding", "identity, gzip", false),
            ("content-type", "text/plain; charset=ASCII", true),
            ("content-type", "text/plain; CharSet=UTF-16", false),
            ("content-encoding", "br", false),
        ] {
            let name: header::HeaderName = name.parse().unwrap();
            let headers = HeaderMap::from_iter([(name, value.parse().unwrap())]);
            assert_eq!(may_be_text(&headers), may, "{value}");
        }
        assert!(may_be_text(&HeaderMap::new()));
        let mut two = HeaderMap::new();
        two.append("content-type", HeaderValue::from_static("text/plain"));
        two.append("content-type", HeaderValue::from_static("text/plain; charset=utf-16"));
        assert!(!may_be_text(&two), "two that may contradict each other");
    }

    #[test]
    fn given_a_query_then_it_is_text_where_what_is_meant_is_utf_8() {
        for (query, is) in [
            ("", true),
            ("name=caf%C3%A9+x", true),
            ("name=caf%E9", false),
            ("a=%FF%FEa%00", false),
            ("n\0=\0a\0", false),
            ("name=%", true),
        ] {
            assert_eq!(is_text(query.as_bytes()), is, "{query}");
        }
    }
}
