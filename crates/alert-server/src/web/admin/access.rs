//! Who may come in: whoever is on this machine, or brings a token if there are any. A browser shows its token once, and is
//! known by a cookie then; it must come under a name that is ours.

use super::{Admin, page};
use crate::auth::api_token::{Tokens, bearer};
use crate::config::{ApiTokens, Config};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use socketio_server::PeerAddr;
use socketio_server::host::HostPolicy;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// For how long a browser is let in.
pub(super) const SESSION_AGE: Duration = Duration::from_secs(12 * 3600);
/// Browsers that are known; the one that came first is forgotten.
const MOST_SESSIONS: usize = 16;

/// Who may come in.
pub(super) struct Access {
    tokens: Tokens,
    hosts: HostPolicy,
    /// The oldest comes first. Entries leave in [`Access::sessions`] by age, in [`Access::leave`], and when the tokens are
    /// read again.
    sessions: Mutex<Vec<(String, Instant)>>,
}

/// A browser that is let in, with what its cookie says.
pub(super) struct Admitted(pub(super) String);

/// Why somebody may not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
enum Refused {
    #[error("this server does not answer to that name here: use its address, or name it with --allow-host")]
    Host,
    #[error("a token is needed, as in `Authorization: Bearer TOKEN`: see --admin-token-file")]
    NoToken,
    #[error("this token is not one of admin_token and admin_token_file")]
    WrongToken,
}

impl Access {
    pub(super) fn new(config: &Config) -> Self {
        let (tokens, hosts) = (Tokens::new(config.admin_tokens.clone()), config.hosts.clone());
        Self { tokens, hosts, sessions: Mutex::default() }
    }

    /// Other tokens, from now on: whoever is in has to show one of these. Returns whether they are others.
    pub(super) fn replace_tokens(&self, tokens: ApiTokens) -> bool {
        let are_others = self.tokens.replace(tokens);
        if are_others {
            self.sessions().clear();
        }
        are_others
    }

    pub(super) fn has_tokens(&self) -> bool {
        self.tokens.are_set()
    }

    /// Lets a browser in that shows this token.
    pub(super) fn enter(&self, token: &str) -> Option<Admitted> {
        self.tokens.find(token.trim().as_bytes())?;
        let mut bytes = [0; 24];
        getrandom::fill(&mut bytes).ok()?;
        let name: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let mut sessions = self.sessions();
        if sessions.len() >= MOST_SESSIONS {
            sessions.remove(0);
        }
        sessions.push((name.clone(), Instant::now()));
        Some(Admitted(name))
    }

    /// Forgets a browser.
    pub(super) fn leave(&self, headers: &HeaderMap) {
        let name = session(headers);
        self.sessions().retain(|(known, _)| Some(known.as_str()) != name);
    }

    fn admit(&self, headers: &HeaderMap) -> Result<(), Refused> {
        // Another site's name for this address (DNS rebinding) makes its pages pass for ours.
        let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
        if !self.hosts.allows(without_port(host)) {
            return Err(Refused::Host);
        }
        let is_known = |name: &str| self.sessions().iter().any(|(known, _)| known == name);
        if !self.tokens.are_set() || session(headers).is_some_and(is_known) {
            return Ok(());
        }
        match bearer(headers).map(|shown| self.tokens.find(shown)) {
            Some(Some(_)) => Ok(()),
            None => Err(Refused::NoToken),
            Some(None) => Err(Refused::WrongToken),
        }
    }

    /// Those that are not too old.
    fn sessions(&self) -> MutexGuard<'_, Vec<(String, Instant)>> {
        // Each change is one call.
        let mut sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        sessions.retain(|(_, since)| since.elapsed() < SESSION_AGE);
        sessions
    }
}

/// What the cookie of a browser says.
fn session(headers: &HeaderMap) -> Option<&str> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|cookies| cookies.to_str().ok());
    cookies
        .flat_map(|cookies| cookies.split(';'))
        .find_map(|cookie| cookie.trim().strip_prefix("alert_admin="))
}

/// The host of a `Host` header, as the policy takes it.
fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    }
}

/// Lets nobody else through.
pub(super) async fn check(State(admin): State<Admin>, request: Request, next: Next) -> Response {
    let Err(refused) = admin.0.access.admit(request.headers()) else { return next.run(request).await };
    let path = request.uri().path();
    // A browser is asked for a token, with the style of our pages.
    if refused == Refused::NoToken && (path.starts_with("/assets/") || path == "/admin/login") {
        return next.run(request).await;
    }
    if refused == Refused::NoToken && matches!(path, "/" | "/admin") {
        return page::login(false);
    }
    let address = match request.extensions().get::<PeerAddr>() {
        Some(PeerAddr::Tcp(address)) => address.ip().to_string(),
        Some(PeerAddr::Unix) | None => String::new(),
    };
    tracing::warn!(address, path, "refused at admin_listen: {refused}");
    let status =
        if refused == Refused::Host { StatusCode::MISDIRECTED_REQUEST } else { StatusCode::UNAUTHORIZED };
    let mut response = (status, format!("{refused}\n")).into_response();
    if status == StatusCode::UNAUTHORIZED {
        let challenge = HeaderValue::from_static("Bearer realm=\"alert admin\"");
        response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_what_stands_before_its_port() {
        for (host, name) in [
            ("localhost:9464", "localhost"),
            ("localhost", "localhost"),
            ("[::1]:9464", "[::1]"),
            ("[::1]", "[::1]"),
            ("a.example:b", "a.example:b"),
            ("", ""),
        ] {
            assert_eq!(without_port(host), name, "{host}");
        }
    }

    #[test]
    fn the_cookie_is_found_among_others() {
        let of = |text: &str| HeaderMap::from_iter([(header::COOKIE, text.parse().unwrap())]);
        assert_eq!(session(&of("a=b; alert_admin=xyz; c=d")), Some("xyz"));
        assert_eq!(session(&of("not_alert_admin=xyz")), None);
        assert_eq!(session(&HeaderMap::new()), None);
    }
}
