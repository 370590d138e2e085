//! Who shares an allowance when somebody must be held back.

use std::fmt::{self, Display, Formatter};
use std::net::{IpAddr, Ipv6Addr};

use alert_core::ApiToken;

/// Who shares an allowance.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Origin {
    /// Everybody with this token.
    Token(ApiToken),
    /// An IPv4 address, or the /64 of an IPv6 address: one host may use all of it.
    Network(IpAddr),
    /// Everybody behind a proxy on a Unix socket that does not give the client's address.
    UnixSocket,
}

impl Origin {
    /// The origin of a token's holder, or else of somebody at an address.
    pub fn of(token: Option<&ApiToken>, address: Option<IpAddr>) -> Self {
        match (token, address) {
            (Some(token), _) => Self::Token(token.clone()),
            (None, Some(address)) => Self::Network(network(address)),
            (None, None) => Self::UnixSocket,
        }
    }
}

impl Display for Origin {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Token(_) => out.write_str("token"),
            Self::Network(address) => address.fmt(out),
            Self::UnixSocket => out.write_str("unix"),
        }
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
        let origin = |text: &str| Origin::of(None, Some(text.parse().unwrap()));
        assert_eq!(origin("2001:db8:1:2::1"), origin("2001:db8:1:2:ffff:ffff:ffff:ffff"));
        assert_ne!(origin("2001:db8:1:2::1"), origin("2001:db8:1:3::1"));
        assert_ne!(origin("192.0.2.1"), origin("192.0.2.2"));
    }
}
