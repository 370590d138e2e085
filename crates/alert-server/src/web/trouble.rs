//! Why somebody who has just logged in, or once did, sees the login form again. It is in the address, since nothing
//! else is known of a visitor without cookies.

use axum::http::{HeaderMap, header};

use super::SessionCookies;
use super::language::{Text, Texts};

/// What went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// The form was sent, but the browser came back without the cookie.
    CookieNotKept,
    /// It came with a cookie that is not this server's, or is too old.
    LoginUnknown,
}

impl Trouble {
    /// What a request for the chat page without a session for its room says about it.
    pub(super) fn of(headers: &HeaderMap, sessions: &SessionCookies) -> Option<Self> {
        if sessions.is_stale(headers) {
            Some(Self::LoginUnknown)
        } else if !sessions.is_there(headers) && comes_from_the_form(headers) {
            Some(Self::CookieNotKept)
        } else {
            None
        }
    }

    /// As it is written in an address.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::CookieNotKept => "cookie-not-kept",
            Self::LoginUnknown => "login-unknown",
        }
    }

    /// From an address, which may hold anything.
    pub(super) fn from_str(text: &str) -> Option<Self> {
        [Self::CookieNotKept, Self::LoginUnknown].into_iter().find(|trouble| trouble.as_str() == text)
    }

    /// For the person to read; `is_secure` says that the cookie goes over https only.
    pub(super) fn sentence(self, texts: &Texts, is_secure: bool) -> &Text {
        match (self, is_secure) {
            (Self::CookieNotKept, false) => &texts.cookie_not_kept,
            (Self::CookieNotKept, true) => &texts.cookie_not_kept_https,
            (Self::LoginUnknown, _) => &texts.login_unknown,
        }
    }
}

/// Our pages' policy lets browsers name the page before this one on the same site.
fn comes_from_the_form(headers: &HeaderMap) -> bool {
    let referer = headers.get(header::REFERER).and_then(|referer| referer.to_str().ok()).unwrap_or_default();
    let path = referer.split_once("://").and_then(|(_, rest)| rest.find('/').map(|at| &rest[at..]));
    path.is_some_and(|path| path.split(['?', '#']).next() == Some("/v1"))
}
