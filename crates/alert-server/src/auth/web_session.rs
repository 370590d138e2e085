//! The web session: who the user of a browser is in each room that they logged in to. It lives in one encrypted
//! cookie; the server keeps nothing.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use cookie::{Cookie, CookieJar, Key, SameSite};
use http::{HeaderMap, HeaderValue, header};
use serde::Deserialize;
use socketio_server::origin::OriginPolicy;

use super::{Pids, is_ours};
use crate::config::{Config, PublicUrl, SessionKeyError};
use alert_core::access::{Principal, Rights};
use alert_core::names::{RoomCode, UserName};
use alert_core::wire::v1::Limits;

/// Reads and writes session cookies. A cookie that was tampered with, made with another key or made too long ago is no
/// session. Nor are two cookies: one of them is not ours, and there is no telling which.
#[derive(Clone)]
pub struct SessionCookies {
    name: &'static str,
    key: Key,
    previous: Option<Key>,
    origins: OriginPolicy,
    secure: bool,
    limits: Limits,
}

/// A name per room; the latest login comes last.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WebSession(Vec<(RoomCode, UserName)>);

/// What is in the cookie.
#[derive(Deserialize)]
struct Sealed {
    /// When it was made, in seconds since 1970.
    at: u64,
    rooms: Vec<(String, String)>,
}

const NAME: &str = "alert_session";
/// Browsers accept such a name over TLS only, and from this host only, not from its domain (RFC 6265bis, 4.1.3.2).
const SECURE_NAME: &str = "__Host-alert_session";
const MOST_ROOMS: usize = 8;
/// The size that every browser keeps, counting name, value and attributes (RFC 6265, section 6.1).
const MOST_BYTES: usize = 4096;
const KEPT: Duration = Duration::from_secs(30 * DAY);
const DAY: u64 = 24 * 60 * 60;

impl SessionCookies {
    /// With the key of `config`, read from its file, which is made if need be.
    ///
    /// # Errors
    /// If that file is there but holds no key.
    pub fn new(config: &Config) -> Result<Self, SessionKeyError> {
        let secure = config.public_url.as_ref().is_some_and(PublicUrl::is_https);
        Ok(Self {
            name: if secure { SECURE_NAME } else { NAME },
            key: Key::derive_from(config.session_key.resolve()?.bytes()),
            previous: config.session_key_previous.as_ref().map(|key| Key::derive_from(key.bytes())),
            origins: config.origins.clone(),
            secure,
            limits: config.limits,
        })
    }

    /// What makes pids, with the same key.
    pub fn pids(&self) -> Pids {
        Pids::new(self.key.clone(), self.previous.clone())
    }

    /// The session that comes with a request for one of our pages.
    pub fn read(&self, headers: &HeaderMap) -> WebSession {
        self.read_at(headers, SystemTime::now())
    }

    /// As [`Self::read`], at `now`.
    pub(crate) fn read_at(&self, headers: &HeaderMap, now: SystemTime) -> WebSession {
        let mut ours = self.ours(headers);
        match (ours.next(), ours.next()) {
            (Some(cookie), None) => self.open(&cookie, now).unwrap_or_default(),
            _ => WebSession::default(),
        }
    }

    /// Whether a cookie with our name came, from whichever server.
    pub fn is_there(&self, headers: &HeaderMap) -> bool {
        self.ours(headers).next().is_some()
    }

    /// Whether a cookie came that is not ours, or no longer valid.
    pub fn is_stale(&self, headers: &HeaderMap) -> bool {
        let now = SystemTime::now();
        self.is_there(headers) && self.ours(headers).all(|cookie| self.open(&cookie, now).is_none())
    }

    /// Whether browsers keep the cookie for https only.
    pub fn is_secure(&self) -> bool {
        self.secure
    }

    /// The cookies that have our name. Another application's may be in any encoding, and are passed over.
    fn ours(&self, headers: &HeaderMap) -> impl Iterator<Item = Cookie<'static>> {
        let pairs = headers
            .get_all(header::COOKIE)
            .iter()
            .flat_map(|field| field.as_bytes().split(|&byte| byte == b';'));
        let cookies = pairs.filter_map(|pair| Cookie::parse(std::str::from_utf8(pair).ok()?).ok());
        cookies.filter(|cookie| cookie.name() == self.name).map(Cookie::into_owned)
    }

    /// The session that comes with a Socket.IO handshake: none if a page that is not ours caused it.
    pub fn read_for_handshake(&self, headers: &HeaderMap) -> WebSession {
        if is_ours(&self.origins, headers) { self.read(headers) } else { WebSession::default() }
    }

    /// The `Set-Cookie` header. Rooms that do not fit are forgotten, the oldest first.
    pub fn write(&self, session: &WebSession) -> HeaderValue {
        self.write_at(session, SystemTime::now())
    }

    /// As [`Self::write`], at `now`.
    #[expect(clippy::expect_used, reason = "base64 and the attributes are visible ASCII")]
    pub(crate) fn write_at(&self, session: &WebSession, now: SystemTime) -> HeaderValue {
        let mut rooms = session.0.as_slice();
        let mut text = self.seal(rooms, now);
        while text.len() > MOST_BYTES && rooms.len() > 1 {
            rooms = &rooms[1..];
            text = self.seal(rooms, now);
        }
        text.try_into().expect("a header value")
    }

    fn open(&self, cookie: &Cookie<'static>, now: SystemTime) -> Option<WebSession> {
        let jar = CookieJar::new();
        let mut keys = std::iter::once(&self.key).chain(&self.previous);
        let cookie = keys.find_map(|key| jar.private(key).decrypt(cookie.clone()))?;
        let sealed: Sealed = serde_json::from_str(cookie.value()).ok()?;
        // Up to a day ahead is another machine's clock; more is a clock that was wrong then or is wrong now.
        let age = seconds(now) - i128::from(sealed.at);
        if !(-i128::from(DAY)..=i128::from(KEPT.as_secs())).contains(&age) {
            return None;
        }
        let parsed = sealed.rooms.iter().filter_map(|(room, name)| {
            let room = RoomCode::parse(room, self.limits.room_chars).ok()?;
            Some((room, UserName::parse(name, self.limits.name_chars).ok()?))
        });
        Some(WebSession(parsed.collect()))
    }

    #[expect(clippy::expect_used, reason = "pairs of texts are JSON, and a jar gives back what was added")]
    fn seal(&self, rooms: &[(RoomCode, UserName)], now: SystemTime) -> String {
        let json = serde_json::json!({ "at": seconds(now) as u64, "rooms": rooms }).to_string();
        let cookie = Cookie::build((self.name, json))
            .path("/")
            .http_only(true)
            .same_site(SameSite::Lax)
            .secure(self.secure)
            .max_age(KEPT.try_into().expect("30 days"));
        let mut jar = CookieJar::new();
        jar.private_mut(&self.key).add(cookie);
        jar.get(self.name).expect("the cookie").to_string()
    }
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

    /// Its holder in a room where they are called `name`.
    pub fn principal(name: UserName) -> Principal {
        Principal { name: Some(name), rights: Rights::OPEN }
    }

    /// Notes a login, as the latest. At most eight rooms are kept.
    pub fn enter(&mut self, room: RoomCode, name: UserName) {
        self.0.retain(|(entered, _)| *entered != room);
        self.0.push((room, name));
        self.0.drain(..self.0.len().saturating_sub(MOST_ROOMS));
    }
}

/// Seconds since 1970; a clock set before that counts as 0.
fn seconds(now: SystemTime) -> i128 {
    now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs().into()
}

impl std::fmt::Debug for SessionCookies {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("SessionCookies").field("secure", &self.secure).finish_non_exhaustive()
    }
}
