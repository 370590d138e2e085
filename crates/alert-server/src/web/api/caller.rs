//! Who is asking: the holder of a token, or somebody at an address.

use std::net::IpAddr;

use axum::extract::{FromRef, FromRequestParts};
use axum::http::request::Parts;
use socketio_server::PeerAddr;

use super::{Api, Problem, WebState};
use crate::auth::{Origin, Requester};
use crate::logging::cause::RequestId;
use crate::rooms::{Actor, Elsewhere};
use alert_core::ApiToken;
use alert_core::access::Principal;
use alert_core::room::policy::{HostKey, Password, Shown};
use axum::http::HeaderValue;

/// The headers that say that somebody is a host of a room, or knows its password. They are in no address, which is logged.
const HOST_KEY: &str = "alert-host-key";
const PASSWORD: &str = "alert-password";

/// Who is asking.
#[derive(Clone, Debug)]
pub(in crate::web) struct Caller {
    requester: Requester,
    address: Option<IpAddr>,
    request: Option<RequestId>,
    shown: Shown,
}

impl Caller {
    pub(super) fn token(&self) -> Option<&ApiToken> {
        self.requester.api_token.as_ref()
    }

    pub(super) fn principal(&self) -> &Principal {
        &self.requester.principal
    }

    /// What they show at the door of a room.
    pub(super) fn shown(&self) -> &Shown {
        &self.shown
    }

    /// Whoever acts, for the audit log.
    pub(super) fn actor(&self) -> Actor {
        let subject = self.principal().token().map(|token| token.subject.to_string());
        let by = match (&self.shown.host, self.token()) {
            (Some(_), _) => "host",
            (None, Some(_)) => "api token",
            (None, None) => "http",
        };
        Actor(subject.unwrap_or_else(|| by.to_owned()).into())
    }

    /// As they come to the room that an alert may be passed on to.
    pub(super) fn elsewhere(&self) -> Elsewhere {
        // What they show is for the room of the request.
        Elsewhere { who: self.principal().clone(), origin: self.origin(), shown: Shown::default() }
    }

    pub(super) fn origin(&self) -> Origin {
        Origin::of(self.token(), self.address)
    }

    /// The name of the request, for lines that are written after it.
    pub(super) fn request(&self) -> Option<String> {
        self.request.as_ref().map(RequestId::to_string)
    }

    /// For the log.
    pub(super) fn address(&self) -> String {
        shown(self.address)
    }
}

impl FromRequestParts<WebState> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &WebState) -> Result<Self, Problem> {
        let api = Api::from_ref(state);
        let peer = parts.extensions.get().copied().unwrap_or(PeerAddr::Unix);
        let address = api.0.proxies.client(&peer, &parts.headers);
        let requester = api.0.access.requester(&parts.headers).map_err(|wrong| {
            tracing::info!(address = shown(address), code = wrong.code(), "refused a token: {wrong}");
            Problem::token_wrong(wrong)
        })?;
        let text = |name| {
            parts.headers.get(name).and_then(|value: &HeaderValue| str::from_utf8(value.as_bytes()).ok())
        };
        let shown = Shown {
            host: text(HOST_KEY).map(HostKey::shown),
            password: text(PASSWORD).map(Password::new),
            is_for_any: false,
        };
        Ok(Self { requester, address, shown, request: RequestId::current() })
    }
}

fn shown(address: Option<IpAddr>) -> String {
    address.map_or_else(|| "unix".to_owned(), |address| address.to_string())
}
