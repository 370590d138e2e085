//! What a handshake tells about the way to a client: which others come the same way, and whether a proxy is in between.

use crate::auth::Origin;
use crate::rooms::Unreceived;
use alert_core::room::ClientKey;
use http::{HeaderMap, header};
use sha2::{Digest, Sha256};
use socketio_server::{Handshake, PeerAddr, Socket, TrustedProxies};
use std::net::IpAddr;

/// What proxies add to a request.
const PROXY_HEADERS: [&str; 8] = [
    "x-forwarded-for",
    "forwarded",
    "via",
    "x-real-ip",
    "x-forwarded-proto",
    "x-forwarded-host",
    "cf-connecting-ip",
    "true-client-ip",
];

/// The way to a client.
#[derive(Clone, Copy, Debug)]
pub(super) struct Route {
    /// The same for connections of one client, as long as it stays at its address, also in the next run of the server.
    pub(super) client: ClientKey,
    /// What TCP acknowledges has come to the client's machine, and not to a proxy that may lose it. In doubt not: then
    /// a message may come twice, rather than never.
    pub(super) is_direct: bool,
}

impl Route {
    pub(super) fn of(handshake: &Handshake<'_>, address: Option<IpAddr>, proxies: &TrustedProxies) -> Self {
        let headers = &handshake.request.headers;
        let mut hash = Sha256::new().chain_update(Origin::of(None, address).to_string());
        if let Some(agent) = headers.get(header::USER_AGENT) {
            hash.update([0]);
            hash.update(agent.as_bytes());
        }
        let [a, b, c, d, e, f, g, h, ..] = <[u8; 32]>::from(hash.finalize());
        let client = ClientKey(u64::from_le_bytes([a, b, c, d, e, f, g, h]));
        let is_direct = !proxies.is_proxy(&handshake.peer) && comes_directly(&handshake.peer, headers);
        Self { client, is_direct }
    }

    /// What the client may not have received when its connection ends.
    pub(super) fn unreceived(self, socket: &Socket<'_>) -> Unreceived {
        Unreceived { client: self.client, bytes: socket.unconfirmed(self.is_direct) }
    }
}

/// A loopback peer may be a proxy: many run on the server's machine.
fn comes_directly(peer: &PeerAddr, headers: &HeaderMap) -> bool {
    peer.ip().is_some_and(|address| !address.is_loopback())
        && PROXY_HEADERS.iter().all(|header| !headers.contains_key(*header))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::Request;
    use std::net::SocketAddr;

    fn route(peer: &str, headers: &[(&str, &str)]) -> Route {
        let mut request = Request::builder();
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (request, ()) = request.body(()).unwrap().into_parts();
        let peer = match peer {
            "unix" => PeerAddr::Unix,
            address => PeerAddr::Tcp(SocketAddr::new(address.parse().unwrap(), 7)),
        };
        let proxies = TrustedProxies::new(vec!["10.0.0.0/8".parse().unwrap()]);
        let address = proxies.client(&peer, &request.headers);
        Route::of(&Handshake { request: &request, peer }, address, &proxies)
    }

    #[test]
    fn only_without_any_sign_of_a_proxy_is_a_client_known_to_come_directly() {
        assert!(route("192.0.2.1", &[("user-agent", "x"), ("host", "y")]).is_direct);
        assert!(route("2001:db8::1", &[]).is_direct);
        for peer in ["127.0.0.1", "127.8.0.1", "::1", "::ffff:127.0.0.1", "10.1.2.3", "unix"] {
            assert!(!route(peer, &[]).is_direct, "{peer}");
        }
        for header in PROXY_HEADERS {
            assert!(!route("192.0.2.1", &[(header, "")]).is_direct, "{header}");
        }
    }

    #[test]
    fn clients_look_alike_by_address_and_program() {
        let key = |peer, headers: &[(&str, &str)]| route(peer, headers).client;
        let one = key("192.0.2.1", &[("user-agent", "a")]);
        assert_eq!(one, key("192.0.2.1", &[("user-agent", "a"), ("cookie", "c")]));
        assert_ne!(one, key("192.0.2.1", &[("user-agent", "b")]));
        assert_ne!(one, key("192.0.2.1", &[]));
        assert_ne!(one, key("192.0.2.2", &[("user-agent", "a")]));
        let behind = |address| key("10.0.0.1", &[("user-agent", "a"), ("x-forwarded-for", address)]);
        assert_eq!(behind("192.0.2.1"), one);
        assert_ne!(behind("192.0.2.2"), one);
        assert_eq!(key("2001:db8::1", &[]), key("2001:db8::2", &[]));
    }
}
