//! Where other servers reach this one, found out from where it listens and which of its addresses leads to Redis.

use crate::config::{Config, RedisAddress};
use socketio_server::{Acceptor, ListenAddr};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use tokio::net::{UdpSocket, lookup_host};

/// A host and a port; none if this server cannot be reached, which is said.
pub(super) async fn address(config: &Config, redis: &RedisAddress, listeners: &[Acceptor]) -> Option<String> {
    if let Some(given) = &config.advertise {
        return Some(given.clone());
    }
    // Over a socket that speaks TLS, no other server can come in.
    let plain = listeners.iter().filter(|listener| !listener.has_tls()).map(Acceptor::address);
    let plain: Vec<_> = plain.filter_map(tcp).collect();
    let found = choose(&plain, &towards(redis).await);
    if found.is_none() {
        let where_to = match (!config.has_tls(), plain.is_empty()) {
            (false, true) => {
                "every address speaks TLS: open --redirect-listen to them, which takes their requests too"
            }
            (_, true) => "it listens on Unix sockets only: give it an address with --listen",
            _ => "it listens for this machine only: open --listen to them",
        };
        tracing::warn!(
            "the other servers cannot reach this one, so a proxy must send the requests of a long-polling client to one \
             server: {where_to}, or say with --advertise where they reach it"
        );
    }
    found.map(|address| address.to_string())
}

/// This machine's addresses that lead to Redis, the best first. Nothing is sent.
async fn towards(redis: &RedisAddress) -> Vec<IpAddr> {
    let Some(place) = redis.place() else {
        return vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()];
    };
    let mut own = Vec::new();
    for there in lookup_host(place).await.into_iter().flatten() {
        let any = if there.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
        let socket: Result<_, std::io::Error> = async {
            let socket = UdpSocket::bind(SocketAddr::new(any, 0)).await?;
            socket.connect(there).await?;
            socket.local_addr()
        }
        .await;
        own.extend(socket.ok().map(|own| own.ip()));
    }
    own
}

/// Of the addresses that it listens on, one that others can reach; `own` are this machine's.
fn choose(listening: &[SocketAddr], own: &[IpAddr]) -> Option<SocketAddr> {
    let is_local = |ip: &IpAddr| ip.to_canonical().is_loopback();
    // Redis is here, so the other servers are too.
    let on_one_machine = !own.is_empty() && own.iter().all(is_local);
    let given = listening.iter().find(|address| !address.ip().is_unspecified() && !is_local(&address.ip()));
    let every = || {
        let every = listening.iter().filter(|address| address.ip().is_unspecified());
        let mut pairs = every.flat_map(|every| own.iter().map(move |own| (every, own)));
        // An IPv6 socket for every address takes IPv4 too.
        let (every, own) = pairs.find(|(every, own)| every.is_ipv6() || own.is_ipv4())?;
        Some(SocketAddr::new(*own, every.port()))
    };
    let local = || listening.iter().find(|address| on_one_machine && is_local(&address.ip())).copied();
    given.copied().or_else(every).or_else(local)
}

fn tcp(address: &ListenAddr) -> Option<SocketAddr> {
    match address {
        ListenAddr::Tcp(address) => Some(*address),
        ListenAddr::Unix(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(listening: &[&str], own: &[&str]) -> Option<String> {
        let listening: Vec<_> = listening.iter().map(|text| text.parse().unwrap()).collect();
        let own: Vec<_> = own.iter().map(|text| text.parse().unwrap()).collect();
        choose(&listening, &own).map(|address| address.to_string())
    }

    #[test]
    fn given_where_it_listens_then_others_are_told_an_address_that_they_can_reach() {
        for (listening, own, expected) in [
            (&["0.0.0.0:5000"][..], &["10.0.0.5"][..], "10.0.0.5:5000"),
            (&["[::]:5000"], &["10.0.0.5"], "10.0.0.5:5000"),
            (&["[::]:5000"], &["fd00::5"], "[fd00::5]:5000"),
            (&["0.0.0.0:5000"], &["fd00::5", "10.0.0.5"], "10.0.0.5:5000"),
            (&["127.0.0.1:5001", "10.0.0.6:5000"], &["10.0.0.5"], "10.0.0.6:5000"),
            (&["127.0.0.1:5001", "0.0.0.0:5000"], &["10.0.0.5"], "10.0.0.5:5000"),
            (&["127.0.0.1:5000"], &["127.0.0.1"], "127.0.0.1:5000"),
            (&["[::1]:5000"], &["127.0.0.1", "::1"], "[::1]:5000"),
            (&["0.0.0.0:5000"], &["127.0.0.1"], "127.0.0.1:5000"),
        ] {
            assert_eq!(chosen(listening, own).as_deref(), Some(expected), "{listening:?} {own:?}");
        }
        for (listening, own) in [
            (&["127.0.0.1:5000"][..], &["10.0.0.5"][..]),
            (&["[::1]:5000"], &["10.0.0.5"]),
            (&["0.0.0.0:5000"], &["fd00::5"]),
            (&[], &["10.0.0.5"]),
            (&["127.0.0.1:5000"], &[]),
        ] {
            assert_eq!(chosen(listening, own), None, "{listening:?} {own:?}");
        }
    }
}
