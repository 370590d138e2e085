//! Addresses that do not exist: answered in the form that was asked for, with the address that was meant, if one is
//! close.

use axum::extract::OriginalUri;
use axum::http::{HeaderMap, header};
use axum::response::Response;

use super::api::no_such_resource;
use super::language::Language;
use super::pages;

/// Longest address that is guessed at and repeated.
const GUESSED_CHARS: usize = 300;

pub(super) async fn answer(OriginalUri(uri): OriginalUri, headers: HeaderMap) -> Response {
    let mut meant = meant(uri.path());
    // A link to a room has its code there.
    if let (Some(meant), Some(query)) = (&mut meant, uri.query())
        && matches!(meant.as_str(), "/v1" | "/v1/chat" | "/v1/screen")
        && query.len() <= GUESSED_CHARS
    {
        *meant = format!("{meant}?{query}");
    }
    if wants_page(uri.path(), &headers) {
        pages::not_found(Language::of(&headers), meant.as_deref())
    } else {
        no_such_resource(meant.as_deref())
    }
}

/// Browsers ask for HTML by name. Programs mostly accept anything: there the path decides.
fn wants_page(path: &str, headers: &HeaderMap) -> bool {
    let accept = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let accept = accept.collect::<Vec<_>>().join(",").to_ascii_lowercase();
    if accept.contains("text/html") {
        return true;
    }
    let parts = path.split('/').filter(|part| !part.is_empty()).take(2);
    let is_api = parts.into_iter().any(|part| {
        ["room", "rooms", "api", "revocations", "time"].iter().any(|name| name.eq_ignore_ascii_case(part))
    });
    !is_api && !accept.contains("json")
}

/// The one of our addresses that this one is close to.
fn meant(path: &str) -> Option<String> {
    if path.len() > GUESSED_CHARS {
        return None;
    }
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let lower: Vec<String> = parts.iter().map(|part| part.to_ascii_lowercase()).collect();
    let names: Vec<&str> = lower.iter().map(String::as_str).collect();
    let skipped = names.iter().take_while(|name| matches!(**name, "v1" | "v2" | "api")).count();
    let meant = match (&names[skipped..], parts.get(skipped + 1)) {
        (["room" | "rooms"], _) => "/v1/rooms".to_owned(),
        (["room" | "rooms", _], Some(room)) => format!("/v1/rooms/{room}"),
        (["room" | "rooms", _, "event" | "events" | "stream" | "listen"], Some(room)) => {
            format!("/v1/rooms/{room}/events")
        }
        (["room" | "rooms", _, "message" | "messages" | "send"], Some(room)) => {
            format!("/v1/rooms/{room}/messages")
        }
        (["chat"], _) => "/v1/chat".to_owned(),
        (["screen"], _) => "/v1/screen".to_owned(),
        (["time"], _) => "/v1/time".to_owned(),
        ([] | ["login" | "index.html"], _) => "/v1".to_owned(),
        (["livez" | "health" | "healthz" | "ping"], _) => "/livez".to_owned(),
        (["readyz" | "ready"], _) => "/readyz".to_owned(),
        (["revocation" | "revocations" | "revoked"], _) => "/v1/revocations".to_owned(),
        (["doc" | "docs"], _) => "/docs/".to_owned(),
        _ => return None,
    };
    Some(meant).filter(|meant| meant != path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_is_near_is_found() {
        for (path, expected) in [
            ("/v1/room/X", "/v1/rooms/X"),
            ("/v1/rooms/X/", "/v1/rooms/X"),
            ("/v1//rooms/X", "/v1/rooms/X"),
            ("/V1/Rooms/aB%20c", "/v1/rooms/aB%20c"),
            ("/rooms/X", "/v1/rooms/X"),
            ("/api/v1/rooms/X", "/v1/rooms/X"),
            ("/v2/rooms/X", "/v1/rooms/X"),
            ("/v2/rooms/X/events", "/v1/rooms/X/events"),
            ("/api/v2/rooms/X/messages", "/v1/rooms/X/messages"),
            ("/v2", "/v1"),
            ("/v2/chat", "/v1/chat"),
            ("/v1/rooms/X/event", "/v1/rooms/X/events"),
            ("/v1/rooms/X/events/", "/v1/rooms/X/events"),
            ("/v1/room/X/message", "/v1/rooms/X/messages"),
            ("/v1/room", "/v1/rooms"),
            ("/v1/revocations/", "/v1/revocations"),
            ("/v1/chat/", "/v1/chat"),
            ("/screen", "/v1/screen"),
            ("/v1/time/", "/v1/time"),
            ("/V1", "/v1"),
            ("/login", "/v1"),
            ("/healthz", "/livez"),
            ("/Docs", "/docs/"),
        ] {
            assert_eq!(meant(path).as_deref(), Some(expected), "{path}");
        }
        for path in ["/nothing", "/v1/rooms/X/Y", "/v1/rooms/X/events/Z", "/v1/rooms/X", "/socket.iox"] {
            assert_eq!(meant(path), None, "{path}");
        }
        assert_eq!(meant(&format!("/v1/room/{}", "x".repeat(GUESSED_CHARS))), None);
    }

    #[test]
    fn browsers_get_a_page_and_programs_a_document() {
        let wants = |path: &str, accept: &str| {
            let headers = HeaderMap::from_iter([(header::ACCEPT, accept.parse().unwrap())]);
            wants_page(path, &headers)
        };
        for path in ["/v1/room/X", "/nothing"] {
            assert!(wants(path, "text/html,application/xhtml+xml,*/*;q=0.8"), "{path}");
            assert!(!wants(path, "application/json"), "{path}");
        }
        for (path, is_page) in
            [("/v1/room/X", false), ("/rooms", false), ("/v1/nothing", true), ("/nothing", true)]
        {
            assert_eq!(wants(path, "*/*"), is_page, "{path}");
            assert_eq!(wants_page(path, &HeaderMap::new()), is_page, "{path}");
        }
    }
}
