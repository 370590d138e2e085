//! The web session: who the user of a browser is in each room that they logged in to. It lives in one encrypted
//! cookie, and in another one for pages in frames of other sites; the server keeps nothing.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use cookie::{Cookie, CookieJar, Key, SameSite};
use http::{HeaderMap, HeaderValue, header};
use serde::Deserialize;
use socketio_server::origin::OriginPolicy;

use super::{Pids, is_ours};
use crate::config::{Config, SessionKey};
use alert_core::names::{RoomCode, UserName};
use alert_core::wire::v1::Limits;

/// Reads and writes session cookies. A cookie that was tampered with, made with another key or made too long ago is no
/// session. Nor are two cookies: one of them is not ours, and there is no telling which.
#[derive(Clone)]
pub struct SessionCookies {
    /// The names of our cookies. What logs in within a frame gets the second one, if there is one.
    names: &'static [&'static str],
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
/// The one for frames of other sites. It has a name of its own, since a browser may send it beside the first one, where
/// it knows that the sites belong together.
const FRAMED_NAME: &str = "__Host-alert_framed";
const MOST_ROOMS: usize = 8;
/// The size that every browser keeps, counting name, value and attributes (RFC 6265, section 6.1).
const MOST_BYTES: usize = 4096;
const KEPT: Duration = Duration::from_secs(30 * DAY);
const DAY: u64 = 24 * 60 * 60;

impl SessionCookies {
    /// With this key, and the previous one of `config`.
    pub fn new(config: &Config, key: &SessionKey) -> Self {
        let secure = config.is_https();
        Self {
            // Browsers keep no cookie of another site that came over http.
            names: match (secure, config.frame_ancestors.is_empty()) {
                (false, _) => &[NAME],
                (true, true) => &[SECURE_NAME],
                (true, false) => &[SECURE_NAME, FRAMED_NAME],
            },
            key: Key::derive_from(key.bytes()),
            previous: config.session_key_previous.as_ref().map(|key| Key::derive_from(key.bytes())),
            origins: config.origins.clone(),
            secure,
            limits: config.limits,
        }
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
        let only = |name: &&str| {
            let mut named = self.ours(headers).filter(|cookie| cookie.name() == *name);
            named.next().filter(|_| named.next().is_none())
        };
        let cookies = self.names.iter().filter_map(only);
        let mut sessions: Vec<_> = cookies.filter_map(|cookie| self.open(&cookie, now)).collect();
        sessions.sort_by_key(|(at, _)| *at);
        let mut session = WebSession::default();
        for (room, name) in sessions.into_iter().flat_map(|(_, one)| one.0) {
            session.enter(room, name);
        }
        session
    }

    /// Whether a cookie with a name of ours came, from whichever server.
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

    /// The cookies that have a name of ours. Another application's may be in any encoding, and are passed over.
    fn ours(&self, headers: &HeaderMap) -> impl Iterator<Item = Cookie<'static>> {
        let pairs = headers
            .get_all(header::COOKIE)
            .iter()
            .flat_map(|field| field.as_bytes().split(|&byte| byte == b';'));
        let cookies = pairs.filter_map(|pair| Cookie::parse(std::str::from_utf8(pair).ok()?).ok());
        cookies.filter(|cookie| self.names.contains(&cookie.name())).map(Cookie::into_owned)
    }

    /// The session that comes with a Socket.IO handshake: none if a page that is not ours caused it.
    pub fn read_for_handshake(&self, headers: &HeaderMap) -> WebSession {
        if is_ours(&self.origins, headers) { self.read(headers) } else { WebSession::default() }
    }

    /// The `Set-Cookie` header of the answer to a request with these headers. Rooms that do not fit are forgotten, the
    /// oldest first.
    pub fn write(&self, session: &WebSession, headers: &HeaderMap) -> HeaderValue {
        self.write_at(session, headers, SystemTime::now())
    }

    /// As [`Self::write`], at `now`.
    #[expect(clippy::expect_used, reason = "base64 and the attributes are visible ASCII")]
    pub(crate) fn write_at(&self, session: &WebSession, headers: &HeaderMap, now: SystemTime) -> HeaderValue {
        let framed = self.names.get(1).filter(|_| is_for_frame(headers));
        let seal = |rooms| match framed {
            Some(name) => self.seal(name, true, rooms, now),
            None => self.seal(self.names[0], false, rooms, now),
        };
        let mut rooms = session.0.as_slice();
        let mut text = seal(rooms);
        while text.len() > MOST_BYTES && rooms.len() > 1 {
            rooms = &rooms[1..];
            text = seal(rooms);
        }
        text.try_into().expect("a header value")
    }

    /// What is in a cookie, and when it was made.
    fn open(&self, cookie: &Cookie<'static>, now: SystemTime) -> Option<(u64, WebSession)> {
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
        Some((sealed.at, WebSession(parsed.collect())))
    }

    #[expect(clippy::expect_used, reason = "pairs of texts are JSON, and a jar gives back what was added")]
    fn seal(
        &self,
        name: &'static str,
        is_framed: bool,
        rooms: &[(RoomCode, UserName)],
        now: SystemTime,
    ) -> String {
        let json = serde_json::json!({ "at": seconds(now) as u64, "rooms": rooms }).to_string();
        let cookie = Cookie::build((name, json))
            .path("/")
            .http_only(true)
            // Of another site than the page around it: each site that shows ours has its own (CHIPS).
            .same_site(if is_framed { SameSite::None } else { SameSite::Lax })
            .partitioned(is_framed)
            .secure(self.secure)
            .max_age(KEPT.try_into().expect("30 days"));
        let mut jar = CookieJar::new();
        jar.private_mut(&self.key).add(cookie);
        jar.get(name).expect("the cookie").to_string()
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

    /// Notes a login, as the latest. At most eight rooms are kept.
    pub fn enter(&mut self, room: RoomCode, name: UserName) {
        self.0.retain(|(entered, _)| *entered != room);
        self.0.push((room, name));
        self.0.drain(..self.0.len().saturating_sub(MOST_ROOMS));
    }
}

/// Whether a browser says that what it asks for is to be shown in a frame (Fetch Metadata).
fn is_for_frame(headers: &HeaderMap) -> bool {
    let shown = headers.get("sec-fetch-dest").and_then(|dest| dest.to_str().ok());
    shown.is_some_and(|shown| ["iframe", "frame", "object", "embed"].contains(&shown))
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
