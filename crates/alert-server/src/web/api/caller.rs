//! Who is asking: the holder of a token, or somebody at an address.

use std::net::IpAddr;

use axum::extract::{FromRef, FromRequestParts};
use axum::http::request::Parts;
use socketio_server::PeerAddr;

use super::{Api, Problem, WebState};
use crate::auth::Origin;
use alert_core::ApiToken;
use alert_core::access::Principal;

/// Who is asking.
#[derive(Clone, Debug)]
pub(super) struct Caller {
    token: Option<ApiToken>,
    principal: Principal,
    address: Option<IpAddr>,
}

impl Caller {
    pub(super) fn token(&self) -> Option<&ApiToken> {
        self.token.as_ref()
    }

    pub(super) fn principal(&self) -> &Principal {
        &self.principal
    }

    pub(super) fn origin(&self) -> Origin {
        Origin::of(self.token.as_ref(), self.address)
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
        let token = api.0.tokens.presented(&parts.headers).map_err(|wrong| {
            tracing::info!(address = shown(address), "refused a wrong API token");
            Problem::token_wrong(wrong)
        })?;
        let principal = api.0.tokens.principal(token.as_ref());
        Ok(Self { token, principal, address })
    }
}

fn shown(address: Option<IpAddr>) -> String {
    address.map_or_else(|| "unix".to_owned(), |address| address.to_string())
}
