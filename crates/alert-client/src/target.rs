//! One room of one server, as HTTP requests name it.

use http::{Method, header, request};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::config::ClientConfig;
use super::connect::Route;
use alert_core::ApiToken;
use alert_core::names::RoomCode;

/// A room, its server, and the token to use there.
#[derive(Clone, Debug)]
pub struct Target {
    /// The server.
    pub server: Route,
    /// The room.
    pub room: RoomCode,
    token: Option<ApiToken>,
}

impl Target {
    /// `room` on the configured server.
    #[must_use]
    pub fn new(config: &ClientConfig, room: RoomCode) -> Self {
        Self { server: config.server.clone(), room, token: config.token.clone() }
    }

    pub(super) fn has_token(&self) -> bool {
        self.token.is_some()
    }

    /// A request for `what` of the room.
    pub(super) fn request(&self, method: Method, what: &str) -> request::Builder {
        let room = utf8_percent_encode(self.room.as_str(), NON_ALPHANUMERIC);
        self.request_for(method, &format!("/v1/rooms/{room}/{what}"))
    }

    /// A request about rooms, whichever they are.
    pub(super) fn request_of_rooms(&self, method: Method) -> request::Builder {
        self.request_for(method, "/v1/rooms")
    }

    fn request_for(&self, method: Method, path: &str) -> request::Builder {
        let request = http::Request::builder()
            .method(method)
            .uri(self.server.uri(path))
            .header(header::USER_AGENT, concat!("alert/", env!("CARGO_PKG_VERSION")));
        match &self.token {
            Some(token) => request.header(header::AUTHORIZATION, format!("Bearer {}", token.as_str())),
            None => request,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ClientFlags;
    use alert_settings::Environment;

    #[test]
    fn given_any_room_then_its_code_is_one_part_of_the_path() {
        let flags = ClientFlags { url: Some("http://[::1]".into()), ..ClientFlags::default() };
        let config = ClientConfig::load(&flags, &Environment::default()).unwrap();
        for (room, path) in
            [("D5DB", "D5DB"), ("a/b ?#", "a%2Fb%20%3F%23"), ("..", "%2E%2E"), ("\u{e4}", "%C3%A4")]
        {
            let target = Target::new(&config, RoomCode::parse(room, 128).unwrap());
            let request = target.request(Method::GET, "events").body(()).unwrap();
            assert_eq!(request.uri().path(), format!("/v1/rooms/{path}/events"), "{room}");
            assert_eq!(request.uri().authority().unwrap(), "[::1]");
            assert!(!request.headers().contains_key("authorization"));
        }
    }
}
