//! Proxies that are trusted to give the client's address.

use crate::stream::PeerAddr;
use http::HeaderMap;
use ipnet::IpNet;
use std::net::{IpAddr, SocketAddr};

/// The networks of the proxies whose `X-Forwarded-For` is trusted.
#[derive(Clone, Debug, Default)]
pub struct TrustedProxies(Vec<IpNet>);

impl TrustedProxies {
    /// Trusts the proxies of these networks.
    pub fn new(networks: Vec<IpNet>) -> Self {
        Self(networks)
    }

    /// The address that a request counts for: the peer's, or, as far as trusted proxies vouch for it, the client's from
    /// `X-Forwarded-For`. A Unix socket has no peer address: whoever may write to it is the proxy in front of us.
    pub fn client(&self, peer: &PeerAddr, headers: &HeaderMap) -> Option<IpAddr> {
        let mut client = peer.ip();
        if !self.is_proxy(peer) {
            return client;
        }
        // Each proxy appends the address it saw, so the list is read from its end; the first that is not a trusted
        // proxy is the client, and everything before it is hearsay. It is read as bytes: what a client has put in
        // front must not hide what the proxies add.
        let fields = headers.get_all("x-forwarded-for").iter().rev();
        let items = fields.flat_map(|field| field.as_bytes().rsplit(|byte| *byte == b','));
        for item in items.map(<[u8]>::trim_ascii).filter(|item| !item.is_empty()) {
            let Some(address) = address(item) else { break };
            client = Some(address);
            if !self.trusts(address) {
                break;
            }
        }
        client
    }

    /// Whether the peer is one of our proxies.
    pub fn is_proxy(&self, peer: &PeerAddr) -> bool {
        peer.ip().is_none_or(|peer| self.trusts(peer))
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }
}

/// An address as proxies write it: some add the port, some brackets, some the interface.
fn address(item: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(item).ok()?;
    let (bare, zone) = text.split_once('%').unwrap_or((text, ""));
    let bracketed = bare
        .strip_prefix('[')
        .and_then(|bare| bare.strip_suffix(']').or(Some(bare).filter(|_| !zone.is_empty())));
    let with_port = || text.parse().ok().map(|address: SocketAddr| address.ip());
    bracketed.unwrap_or(bare).parse().ok().or_else(with_port).map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn client(peer: &str, lines: &[&[u8]]) -> String {
        let proxies = TrustedProxies::new(vec!["10.0.0.0/8".parse().unwrap(), "::1/128".parse().unwrap()]);
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append("x-forwarded-for", HeaderValue::from_bytes(line).unwrap());
        }
        let peer = PeerAddr::Tcp(SocketAddr::new(peer.parse().unwrap(), 1));
        proxies.client(&peer, &headers).unwrap().to_string()
    }

    #[test]
    fn the_last_address_that_is_no_proxy_is_the_client() {
        for (lines, expected) in [
            (&[&b"1.2.3.4"[..]][..], "1.2.3.4"),
            (&[b"1.2.3.4, 10.0.0.9"], "1.2.3.4"),
            (&[b"6.6.6.6, 1.2.3.4"], "1.2.3.4"),
            (&[b"6.6.6.6", b"1.2.3.4", b"10.0.0.9"], "1.2.3.4"),
            (&[b"1.2.3.4,", b"", b" , ,\t"], "1.2.3.4"),
            (&[b"  1.2.3.4\t,\t10.0.0.9  "], "1.2.3.4"),
            (&[b"1.2.3.4:5678"], "1.2.3.4"),
            (&[b"2001:db8::7"], "2001:db8::7"),
            (&[b"[2001:db8::7]"], "2001:db8::7"),
            (&[b"[2001:db8::7]:5678, [::1]:80"], "2001:db8::7"),
            (&[b"::ffff:1.2.3.4"], "1.2.3.4"),
            (&[b"fe80::1%eth0"], "fe80::1"),
            (&[b"10.0.0.7, 10.0.0.8"], "10.0.0.7"),
        ] {
            assert_eq!(client("10.0.0.1", lines), expected, "{lines:?}");
            assert_eq!(client("9.9.9.9", lines), "9.9.9.9", "from a stranger: {lines:?}");
        }
    }

    /// Bytes that are not text, in the client's own part of the list, hide nothing that the proxy has appended.
    #[test]
    fn what_cannot_be_read_ends_the_list_and_hides_nothing_behind_it() {
        for line in [
            &b"\xff, 1.2.3.4"[..],
            b"\xc3\xa4, 1.2.3.4",
            b"unknown, 1.2.3.4",
            b"[[6.6.6.6, 1.2.3.4, 10.0.0.9",
        ] {
            assert_eq!(client("10.0.0.1", &[line]), "1.2.3.4");
            assert_eq!(client("10.0.0.1", &[b"\xff", line]), "1.2.3.4");
        }
        for line in
            [&b"1.2.3.4, unknown"[..], b"1.2.3.4, \xff", b"1.2.3.4 10.0.0.9", b"1.2.3.4:x", b"[1.2.3.4", b"%"]
        {
            assert_eq!(client("10.0.0.1", &[line]), "10.0.0.1", "{line:?}");
        }
    }

    #[test]
    fn a_unix_socket_is_a_proxy_without_an_address() {
        let proxies = TrustedProxies::default();
        assert_eq!(proxies.client(&PeerAddr::Unix, &HeaderMap::new()), None);
        let headers =
            HeaderMap::from_iter([("x-forwarded-for".parse().unwrap(), "1.2.3.4".parse().unwrap())]);
        assert_eq!(proxies.client(&PeerAddr::Unix, &headers), Some(IpAddr::from([1, 2, 3, 4])));
    }
}
