//! Which addresses are reached: those of the whole internet, as IANA's registries of special addresses leave them, and
//! those that the operator names. An address that holds another one is what it holds.

use ipnet::IpNet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Which addresses are reached.
#[derive(Debug)]
pub struct Reach {
    named: Vec<IpNet>,
}

/// What an address is that is not for the whole internet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `0.0.0.0/8`, `::`: this machine or nobody.
    Unspecified,
    /// `127.0.0.0/8`, `::1`.
    Loopback,
    /// `10.0.0.0/8`, `172.16.0.0/12`, `192.168.0.0/16`, `fc00::/7`, `fec0::/10`.
    Private,
    /// `100.64.0.0/10`, between a provider and its customers.
    SharedByProvider,
    /// `169.254.0.0/16`, `fe80::/10`: where clouds have what machines may know of themselves.
    LinkLocal,
    /// `224.0.0.0/4`, `ff00::/8`.
    Multicast,
    /// Those of examples and measurements.
    Documentation,
    /// What no registry has given to anybody, and ways of IPv4 in IPv6 that nobody needs.
    Reserved,
}

const fn v4(a: u8, b: u8, c: u8, d: u8) -> u32 {
    u32::from_be_bytes([a, b, c, d])
}

/// Networks of IPv4: their address, the length of their prefix, and what they are.
const V4: &[(u32, u32, Kind)] = &[
    (v4(0, 0, 0, 0), 8, Kind::Unspecified),
    (v4(10, 0, 0, 0), 8, Kind::Private),
    (v4(100, 64, 0, 0), 10, Kind::SharedByProvider),
    (v4(127, 0, 0, 0), 8, Kind::Loopback),
    (v4(169, 254, 0, 0), 16, Kind::LinkLocal),
    (v4(172, 16, 0, 0), 12, Kind::Private),
    (v4(192, 0, 0, 0), 24, Kind::Reserved),
    (v4(192, 0, 2, 0), 24, Kind::Documentation),
    (v4(192, 88, 99, 0), 24, Kind::Reserved),
    (v4(192, 168, 0, 0), 16, Kind::Private),
    (v4(198, 18, 0, 0), 15, Kind::Documentation),
    (v4(198, 51, 100, 0), 24, Kind::Documentation),
    (v4(203, 0, 113, 0), 24, Kind::Documentation),
    (v4(224, 0, 0, 0), 4, Kind::Multicast),
    (v4(240, 0, 0, 0), 4, Kind::Reserved),
];

/// Networks of IPv6; the first that holds an address says what it is. What is for everybody is within 2000::/3.
const V6: &[(u128, u32, Kind)] = &[
    (0, 128, Kind::Unspecified),
    (1, 128, Kind::Loopback),
    (0xfc00 << 112, 7, Kind::Private),
    (0xfec0 << 112, 10, Kind::Private),
    (0xfe80 << 112, 10, Kind::LinkLocal),
    (0xff00 << 112, 8, Kind::Multicast),
    (0x2001_0db8 << 96, 32, Kind::Documentation),
    (0x3fff << 112, 20, Kind::Documentation),
    // Teredo, measurements, identifiers.
    (0x2001 << 112, 23, Kind::Reserved),
    // 6to4.
    (0x2002 << 112, 16, Kind::Reserved),
    (0, 3, Kind::Reserved),
    (0x4000 << 112, 2, Kind::Reserved),
    (0x8000 << 112, 1, Kind::Reserved),
];

impl Reach {
    pub(super) fn new(named: Vec<IpNet>) -> Self {
        Self { named }
    }

    /// Whether the operator has named it.
    pub(super) fn names(&self, address: IpAddr) -> bool {
        [address, held(address)].iter().any(|address| self.named.iter().any(|net| net.contains(address)))
    }

    /// Whether the operator has named any.
    pub(super) fn names_any(&self) -> bool {
        !self.named.is_empty()
    }

    /// Whether an address is reached.
    ///
    /// # Errors
    /// What it is instead.
    pub(super) fn admits(&self, address: IpAddr) -> Result<(), Kind> {
        match kind(address) {
            Some(kind) if !self.names(address) => Err(kind),
            _ => Ok(()),
        }
    }
}

/// What an address is, if it is not for everybody.
fn kind(address: IpAddr) -> Option<Kind> {
    match held(address) {
        IpAddr::V4(address) => {
            let bits = address.to_bits();
            let holds = |network: u32, length: u32| (bits ^ network) >> (32 - length) == 0;
            V4.iter().find(|(network, length, _)| holds(*network, *length)).map(|(_, _, kind)| *kind)
        }
        IpAddr::V6(address) => {
            let bits = address.to_bits();
            let holds = |network: u128, length: u32| (bits ^ network) >> (128 - length) == 0;
            V6.iter().find(|(network, length, _)| holds(*network, *length)).map(|(_, _, kind)| *kind)
        }
    }
}

/// The IPv4 address that an IPv6 one stands for: `::ffff:0:0/96`, and `64:ff9b::/96` (NAT64), which a network without IPv4
/// has for every address.
fn held(address: IpAddr) -> IpAddr {
    let IpAddr::V6(v6) = address else { return address };
    match v6.segments() {
        [0, 0, 0, 0, 0, 0xffff, ..] | [0x64, 0xff9b, 0, 0, 0, 0, ..] => IpAddr::V4(lower(v6)),
        _ => address,
    }
}

fn lower(address: Ipv6Addr) -> Ipv4Addr {
    let [.., a, b, c, d] = address.octets();
    Ipv4Addr::new(a, b, c, d)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind_of(address: &str) -> Option<Kind> {
        kind(address.parse().unwrap())
    }

    #[test]
    fn given_an_address_that_is_not_for_everybody_then_it_is_known_by_its_first_and_its_last_one() {
        for (of, first, last) in [
            (Kind::Unspecified, "0.0.0.0", "0.255.255.255"),
            (Kind::Private, "10.0.0.0", "10.255.255.255"),
            (Kind::SharedByProvider, "100.64.0.0", "100.127.255.255"),
            (Kind::Loopback, "127.0.0.0", "127.255.255.255"),
            (Kind::LinkLocal, "169.254.0.0", "169.254.255.255"),
            (Kind::Private, "172.16.0.0", "172.31.255.255"),
            (Kind::Reserved, "192.0.0.0", "192.0.0.255"),
            (Kind::Documentation, "192.0.2.0", "192.0.2.255"),
            (Kind::Reserved, "192.88.99.0", "192.88.99.255"),
            (Kind::Private, "192.168.0.0", "192.168.255.255"),
            (Kind::Documentation, "198.18.0.0", "198.19.255.255"),
            (Kind::Documentation, "198.51.100.0", "198.51.100.255"),
            (Kind::Documentation, "203.0.113.0", "203.0.113.255"),
            (Kind::Multicast, "224.0.0.0", "239.255.255.255"),
            (Kind::Reserved, "240.0.0.0", "255.255.255.255"),
            (Kind::Unspecified, "::", "::"),
            (Kind::Loopback, "::1", "::1"),
            (Kind::Private, "fc00::", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
            (Kind::Private, "fec0::", "feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
            (Kind::LinkLocal, "fe80::", "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
            (Kind::Multicast, "ff00::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
            (Kind::Documentation, "2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff"),
            (Kind::Documentation, "3fff::", "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff"),
            // Teredo, 6to4, IPv4 in the lowest bits, local NAT64, discard, SRv6, the rest.
            (Kind::Reserved, "2001::", "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff"),
            (Kind::Reserved, "2002:7f00:1::", "2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
            (Kind::Reserved, "::7f00:1", "::ffff:ffff"),
            (Kind::Reserved, "64:ff9b:1::a00:1", "64:ff9b:1:ffff:ffff:ffff:ffff:ffff"),
            (Kind::Reserved, "100::", "100::ffff:ffff:ffff:ffff"),
            (Kind::Reserved, "5f00::", "fbff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
        ] {
            assert_eq!((kind_of(first), kind_of(last)), (Some(of), Some(of)), "{first} to {last}");
        }
    }

    #[test]
    fn given_an_address_for_everybody_then_it_is_reached_also_just_beside_those_that_are_not() {
        for good in [
            "1.0.0.0",
            "1.1.1.1",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "126.255.255.255",
            "128.0.0.0",
            "169.253.255.255",
            "172.15.255.255",
            "172.32.0.0",
            "192.0.1.0",
            "192.167.255.255",
            "198.17.255.255",
            "198.20.0.0",
            "223.255.255.255",
            "2000::",
            "2001:200::1",
            "2606:4700:4700::1111",
            "2003::1",
            "3fff:1000::",
            "3ffe::1",
        ] {
            assert_eq!(kind_of(good), None, "{good}");
        }
    }

    #[test]
    fn given_an_address_in_another_one_then_it_is_what_it_stands_for() {
        for (address, kind) in [
            ("::ffff:127.0.0.1", Some(Kind::Loopback)),
            ("::ffff:10.0.0.1", Some(Kind::Private)),
            ("::ffff:169.254.169.254", Some(Kind::LinkLocal)),
            ("::ffff:1.1.1.1", None),
            ("64:ff9b::7f00:1", Some(Kind::Loopback)),
            ("64:ff9b::169.254.169.254", Some(Kind::LinkLocal)),
            ("64:ff9b::1.1.1.1", None),
        ] {
            assert_eq!(kind_of(address), kind, "{address}");
        }
    }

    #[test]
    fn given_networks_that_the_operator_names_then_they_are_reached_and_no_others() {
        let reach = Reach::new(vec!["10.1.0.0/16".parse().unwrap(), "fd00::/16".parse().unwrap()]);
        let admits = |address: &str| reach.admits(address.parse().unwrap());
        for good in ["10.1.2.3", "::ffff:10.1.2.3", "fd00::1", "1.1.1.1"] {
            assert_eq!(admits(good), Ok(()), "{good}");
        }
        for (bad, kind) in [
            ("10.2.0.0", Kind::Private),
            ("::ffff:10.2.0.0", Kind::Private),
            ("fd01::", Kind::Private),
            ("127.0.0.1", Kind::Loopback),
        ] {
            assert_eq!(admits(bad), Err(kind), "{bad}");
        }
    }
}
