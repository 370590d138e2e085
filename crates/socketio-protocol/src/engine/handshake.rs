//! The open packet: what the server tells a client first.

use std::time::Duration;

use serde::Serialize;

/// The data of the open packet.
#[derive(Clone, Copy, Debug)]
pub struct Handshake<'a> {
    /// Session id, which every later request of the connection carries.
    pub sid: &'a str,
    /// Transports to which the client may upgrade; empty on a WebSocket.
    pub upgrades: &'a [&'a str],
    /// Time between two pings; whole milliseconds count.
    pub ping_interval: Duration,
    /// Time a client has to answer a ping; whole milliseconds count.
    pub ping_timeout: Duration,
    /// Largest payload that the server takes, in bytes.
    pub max_payload: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Json<'a> {
    sid: &'a str,
    upgrades: &'a [&'a str],
    ping_interval: u64,
    ping_timeout: u64,
    max_payload: u64,
}

impl Handshake<'_> {
    /// The whole packet: `0{"sid":...,"upgrades":[...],"pingInterval":...,"pingTimeout":...,"maxPayload":...}`.
    #[must_use]
    pub fn encode(&self) -> String {
        let json = serde_json::to_string(&Json {
            sid: self.sid,
            upgrades: self.upgrades,
            ping_interval: milliseconds(self.ping_interval),
            ping_timeout: milliseconds(self.ping_timeout),
            max_payload: self.max_payload,
        });
        #[expect(clippy::expect_used, reason = "strings and integers always serialize")]
        let json = json.expect("strings and integers always serialize");
        format!("0{json}")
    }
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_specifications_handshake_encodes() {
        let handshake = Handshake {
            sid: "lv_VI97HAXpY6yYWAAAC",
            upgrades: &["websocket"],
            ping_interval: Duration::from_millis(25_000),
            ping_timeout: Duration::from_millis(20_000),
            max_payload: 1_000_000,
        };
        assert_eq!(
            handshake.encode(),
            r#"0{"sid":"lv_VI97HAXpY6yYWAAAC","upgrades":["websocket"],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}"#
        );
        assert!(Handshake { upgrades: &[], ..handshake }.encode().contains(r#""upgrades":[],"#));
    }
}
