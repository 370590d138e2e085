//! Where other servers reach this one.

use std::net::SocketAddr;

use alert_settings::Allowed;

const ALLOWED: &str = "HOST:PORT at which the other servers reach this one, as in 10.0.0.5:5000, [fd00::5]:5000 or alert-1:5000";

/// Reads a host and a port that can be connected to.
pub(super) fn address(text: &str) -> Result<String, Allowed> {
    let text = text.trim();
    let is_address = |address: SocketAddr| {
        !address.ip().is_unspecified() && !address.ip().is_multicast() && address.port() != 0
    };
    let is_name = || {
        let (host, port) = text.rsplit_once(':')?;
        let is_host = !host.is_empty()
            && host.len() <= 253
            && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
            // Digits and dots alone are an address, and not a whole one.
            && host.bytes().any(|byte| byte.is_ascii_alphabetic());
        let port: u16 = Some(port).filter(|port| !port.starts_with('+'))?.parse().ok()?;
        (is_host && port != 0).then_some(())
    };
    let is_good = text.parse().map_or_else(|_| is_name().is_some(), is_address);
    is_good.then(|| text.to_owned()).ok_or_else(|| ALLOWED.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_an_address_then_it_is_one_that_others_can_connect_to() {
        for good in [
            "10.0.0.5:5000",
            "[fd00::5]:5000",
            "127.0.0.1:1",
            "alert-1:5000",
            "a_1.alert.svc.cluster.local:80",
        ] {
            assert_eq!(address(&format!(" {good} ")), Ok(good.to_owned()));
        }
        for bad in [
            "",
            "alert",
            "alert:",
            ":5000",
            "alert:0",
            "alert:65536",
            "alert:+1",
            "0.0.0.0:5000",
            "[::]:5000",
            "10.0.0.5:0",
            "10.0.0:5000",
            "fd00::5:5000",
            "http://alert:5000",
            "alert:5000/",
            "al ert:1",
            "\u{e9}:1",
            "unix:/run/alert",
            "224.0.0.1:5000",
        ] {
            assert!(address(bad).is_err(), "{bad}");
        }
    }
}
