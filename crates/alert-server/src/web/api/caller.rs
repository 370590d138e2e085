//! Who asks: the holder of a token, or somebody at an address.

use std::net::{IpAddr, Ipv6Addr};

use axum::extract::{FromRef, FromRequestParts};
use axum::http::request::Parts;
use socketio_server::PeerAddr;

use super::{Api, Problem, WebState};
use alert_core::ApiToken;
use alert_core::access::Principal;

/// Who asks.
#[derive(Clone, Debug)]
pub(super) struct Caller {
    token: Option<ApiToken>,
    principal: Principal,
    address: Option<IpAddr>,
}

/// Who shares an allowance.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Origin {
    /// Everybody with this token.
    Token(ApiToken),
    /// An IPv4 address, or the /64 of an IPv6 address: a host has all of it for itself.
    Network(IpAddr),
    /// Everybody who comes through a Unix socket from a proxy that does not say for whom.
    UnixSocket,
}

impl Caller {
    pub(super) fn has_token(&self) -> bool {
        self.token.is_some()
    }

    pub(super) fn token(&self) -> Option<&ApiToken> {
        self.token.as_ref()
    }

    pub(super) fn principal(&self) -> &Principal {
        &self.principal
    }

    pub(super) fn origin(&self) -> Origin {
        match (&self.token, self.address) {
            (Some(token), _) => Origin::Token(token.clone()),
            (None, Some(address)) => Origin::Network(network(address)),
            (None, None) => Origin::UnixSocket,
        }
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

fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(v6) => Ipv6Addr::from_bits(v6.to_bits() & !u128::from(u64::MAX)).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_addresses_of_one_ipv6_host_are_one_origin() {
        let origin = |text: &str| {
            Caller { token: None, principal: Principal::default(), address: Some(text.parse().unwrap()) }
                .origin()
        };
        assert_eq!(origin("2001:db8:1:2::1"), origin("2001:db8:1:2:ffff:ffff:ffff:ffff"));
        assert_ne!(origin("2001:db8:1:2::1"), origin("2001:db8:1:3::1"));
        assert_ne!(origin("192.0.2.1"), origin("192.0.2.2"));
    }
}
