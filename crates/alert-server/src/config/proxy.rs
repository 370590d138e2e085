//! Proxies whose word on the client's address is taken.

use std::net::IpAddr;

use http::HeaderMap;
use ipnet::IpNet;
use socketio_server::PeerAddr;

/// The networks of `--trusted-proxy`.
#[derive(Clone, Debug, Default)]
pub struct TrustedProxies(Vec<IpNet>);

impl TrustedProxies {
    pub(super) fn new(networks: Vec<IpNet>) -> Self {
        Self(networks)
    }

    /// The address to log for a request: the peer's, or, as far as trusted proxies vouch for it, the client's from
    /// `X-Forwarded-For`. A Unix socket has no peer address; who may write to it is the proxy in front of us.
    pub fn client(&self, peer: &PeerAddr, headers: &HeaderMap) -> Option<IpAddr> {
        let peer = match peer {
            PeerAddr::Tcp(address) => Some(address.ip().to_canonical()),
            PeerAddr::Unix => None,
        };
        if peer.is_some_and(|peer| !self.trusts(peer)) {
            return peer;
        }
        let fields = headers.get_all("x-forwarded-for").iter().rev().filter_map(|field| field.to_str().ok());
        // Each proxy appends the address it saw, so the list is read from its end; the first that is not a trusted
        // proxy is the client, and everything before it is hearsay.
        let mut client = peer;
        for part in fields.flat_map(|field| field.rsplit(',')) {
            let Some(address) = address(part) else { break };
            client = Some(address);
            if !self.trusts(address) {
                break;
            }
        }
        client
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }
}

/// Reads an IP address or a network in CIDR form.
///
/// # Errors
/// What is allowed instead.
pub(super) fn network(text: &str) -> Result<IpNet, String> {
    let text = text.trim();
    let one = text.parse().map(|address: IpAddr| IpNet::from(address.to_canonical())).ok();
    one.or_else(|| text.parse().ok())
        .ok_or_else(|| "an IP address or a network, as in 127.0.0.1 or 10.0.0.0/8".to_owned())
}

/// An address as proxies write it: some add the port.
fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let with_port = || text.parse().ok().map(|address: std::net::SocketAddr| address.ip());
    let bare = text.trim_start_matches('[').trim_end_matches(']');
    bare.parse().ok().or_else(with_port).map(|address: IpAddr| address.to_canonical())
}
