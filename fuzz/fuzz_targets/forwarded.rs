//! `X-Forwarded-For` is read without a panic. Whoever is no trusted proxy is believed nothing, and what a client puts in
//! front of what the proxies add changes nothing.
#![no_main]

use http::{HeaderMap, HeaderValue};
use libfuzzer_sys::fuzz_target;
use socketio_server::{PeerAddr, TrustedProxies};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::LazyLock;

static PROXIES: LazyLock<TrustedProxies> =
    LazyLock::new(|| TrustedProxies::new("10.0.0.0/8".parse().into_iter().collect()));

fuzz_target!(|data: &[u8]| {
    let peer = |address: [u8; 4]| PeerAddr::Tcp(SocketAddr::new(Ipv4Addr::from(address).into(), 1));
    let mut headers = HeaderMap::new();
    for line in data.split(|byte| *byte == b'\n') {
        let Ok(value) = HeaderValue::from_bytes(line) else { return };
        headers.append("x-forwarded-for", value);
    }
    let stranger = peer([192, 0, 2, 1]);
    assert_eq!(PROXIES.client(&stranger, &headers), Some([192, 0, 2, 1].into()));
    let proxy = peer([10, 0, 0, 1]);
    assert!(PROXIES.client(&proxy, &headers).is_some());
    headers.append("x-forwarded-for", HeaderValue::from_static("203.0.113.9"));
    assert_eq!(PROXIES.client(&proxy, &headers), Some(IpAddr::from([203, 0, 113, 9])));
});
