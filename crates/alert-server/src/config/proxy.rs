//! Networks: of proxies that are trusted to give the client's address, or that addresses of users may lead to.

use std::net::IpAddr;

use ipnet::IpNet;

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
