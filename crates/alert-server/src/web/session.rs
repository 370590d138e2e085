//! The web session: who the holder of a browser is, in each room that it logged in to. It lives in one encrypted
//! cookie; the server keeps nothing.

use axum::http::{HeaderMap, HeaderValue, header};
use cookie::time::Duration;
use cookie::{Cookie, CookieJar, Key, SameSite};
use socketio_server::origin::OriginPolicy;

use super::cross_site;
use crate::config::{Config, PublicUrl, SessionKeyError};
use alert_core::names::{RoomCode, UserName};
use alert_core::wire::v1::Limits;

/// Reads and writes session cookies. A cookie that was tampered with, or made with another key, is no session.
#[derive(Clone)]
pub struct SessionCookies {
    key: Key,
    origins: OriginPolicy,
    secure: bool,
    limits: Limits,
}

/// A name per room; the last login last.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WebSession(Vec<(RoomCode, UserName)>);

const NAME: &str = "alert_session";
const MOST_ROOMS: usize = 8;
/// What browsers keep at least, counting name, value and attributes (RFC 6265, section 6.1).
const MOST_BYTES: usize = 4096;
const KEPT: Duration = Duration::days(30);

impl SessionCookies {
    /// With the key of `config`, read from its file or made where need be.
    ///
    /// # Errors
    /// When that file is there and gives no key.
    pub fn new(config: &Config) -> Result<Self, SessionKeyError> {
        Ok(Self {
            key: Key::derive_from(config.session_key.resolve()?.bytes()),
            origins: config.origins.clone(),
            secure: config.public_url.as_ref().is_some_and(PublicUrl::is_https),
            limits: config.limits,
        })
    }

    /// The session that comes with a request for one of our pages.
    pub fn read(&self, headers: &HeaderMap) -> WebSession {
        ours(headers).find_map(|cookie| self.open(cookie)).unwrap_or_default()
    }

    /// Whether a cookie came, of whatever server.
    pub(super) fn is_there(&self, headers: &HeaderMap) -> bool {
        ours(headers).next().is_some()
    }

    /// Whether a cookie came that is none of ours, or not any more.
    pub(super) fn is_stale(&self, headers: &HeaderMap) -> bool {
        self.is_there(headers) && ours(headers).all(|cookie| self.open(cookie).is_none())
    }

    /// Whether browsers keep the cookie for https only.
    pub(super) fn is_secure(&self) -> bool {
        self.secure
    }

    /// The session that comes with a Socket.IO handshake: none where a page that is not ours caused it.
    pub fn read_for_handshake(&self, headers: &HeaderMap) -> WebSession {
        if cross_site::is_ours(&self.origins, headers) { self.read(headers) } else { WebSession::default() }
    }

    /// The `Set-Cookie` header. Rooms that do not fit are forgotten, the oldest first.
    #[expect(clippy::expect_used, reason = "base64 and the attributes are visible ASCII")]
    pub(super) fn write(&self, session: &WebSession) -> HeaderValue {
        let mut rooms = session.0.as_slice();
        let mut text = self.seal(rooms);
        while text.len() > MOST_BYTES && rooms.len() > 1 {
            rooms = &rooms[1..];
            text = self.seal(rooms);
        }
        text.try_into().expect("a header value")
    }

    fn open(&self, cookie: Cookie<'static>) -> Option<WebSession> {
        let jar = CookieJar::new();
        let cookie = jar.private(&self.key).decrypt(cookie)?;
        let stored: Vec<(String, String)> = serde_json::from_str(cookie.value()).ok()?;
        let parsed = stored.iter().filter_map(|(room, name)| {
            let room = RoomCode::parse(room, self.limits.room_chars).ok()?;
            Some((room, UserName::parse(name, self.limits.name_chars).ok()?))
        });
        Some(WebSession(parsed.collect()))
    }

    #[expect(clippy::expect_used, reason = "pairs of texts are JSON, and a jar gives back what was added")]
    fn seal(&self, rooms: &[(RoomCode, UserName)]) -> String {
        let json = serde_json::to_string(rooms).expect("JSON");
        let cookie = Cookie::build((NAME, json))
            .path("/")
            .http_only(true)
            .same_site(SameSite::Lax)
            .secure(self.secure)
            .max_age(KEPT);
        let mut jar = CookieJar::new();
        jar.private_mut(&self.key).add(cookie);
        jar.get(NAME).expect("the cookie").to_string()
    }
}

/// The cookies that have our name.
fn ours(headers: &HeaderMap) -> impl Iterator<Item = Cookie<'static>> {
    let fields = headers.get_all(header::COOKIE).iter().filter_map(|field| field.to_str().ok());
    let cookies = fields.flat_map(Cookie::split_parse).filter_map(Result::ok);
    cookies.filter(|cookie| cookie.name() == NAME).map(Cookie::into_owned)
}

impl WebSession {
    /// The name under which its holder logged in to `room`.
    pub fn name_in(&self, room: &RoomCode) -> Option<&UserName> {
        self.0.iter().find(|(entered, _)| entered == room).map(|(_, name)| name)
    }

    /// The last login.
    pub fn last(&self) -> Option<(&RoomCode, &UserName)> {
        self.0.last().map(|(room, name)| (room, name))
    }

    /// A login: the newest one of at most eight rooms.
    pub(super) fn enter(&mut self, room: RoomCode, name: UserName) {
        self.0.retain(|(entered, _)| *entered != room);
        self.0.push((room, name));
        self.0.drain(..self.0.len().saturating_sub(MOST_ROOMS));
    }
}

impl std::fmt::Debug for SessionCookies {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("SessionCookies").field("secure", &self.secure).finish_non_exhaustive()
    }
}
