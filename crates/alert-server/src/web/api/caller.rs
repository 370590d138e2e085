//! Who asks: the holder of a token, or somebody at an address.

use std::net::{IpAddr, Ipv6Addr};

use axum::extract::{FromRef, FromRequestParts};
use axum::http::request::Parts;
use socketio_server::PeerAddr;

use super::{Api, Problem, WebState};
use alert_core::ApiToken;

/// Who asks.
#[derive(Debug)]
pub(super) struct Caller {
    token: Option<ApiToken>,
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

    pub(super) fn origin(&self) -> Origin {
        match (&self.token, self.address) {
            (Some(token), _) => Origin::Token(token.clone()),
            (None, Some(address)) => Origin::Network(network(address)),
            (None, None) => Origin::UnixSocket,
        }
    }

    /// For the log.
    pub(super) fn address(&self) -> String {
        self.address.map_or_else(|| "unix".to_owned(), |address| address.to_string())
    }
}

impl FromRequestParts<WebState> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &WebState) -> Result<Self, Problem> {
        let api = Api::from_ref(state);
        let peer = parts.extensions.get().copied().unwrap_or(PeerAddr::Unix);
        let address = api.0.proxies.client(&peer, &parts.headers);
        let mut caller = Self { token: None, address };
        caller.token = api.0.tokens.presented(&parts.headers).inspect_err(|_| {
            tracing::info!(address = caller.address(), "refused a wrong API token");
        })?;
        Ok(caller)
    }
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
        let origin = |text: &str| Caller { token: None, address: Some(text.parse().unwrap()) }.origin();
        assert_eq!(origin("2001:db8:1:2::1"), origin("2001:db8:1:2:ffff:ffff:ffff:ffff"));
        assert_ne!(origin("2001:db8:1:2::1"), origin("2001:db8:1:3::1"));
        assert_ne!(origin("192.0.2.1"), origin("192.0.2.2"));
    }
}
