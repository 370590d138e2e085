//! The server's side of an upgrade from polling to WebSocket: a probe, its answer, and the client's decision.

use std::time::{Duration, Instant};

use super::packet::Packet;

/// What a packet on the new WebSocket asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UpgradeStep {
    /// Send `3probe` on the WebSocket, and end a pending poll with a noop.
    ReplyProbe,
    /// The WebSocket is the connection's transport from here on.
    Complete,
    /// Close the WebSocket; the session stays on polling.
    Abort,
}

/// An upgrade under way.
#[derive(Clone, Copy, Debug)]
pub struct Upgrade {
    deadline: Instant,
}

impl Upgrade {
    /// Starts when the WebSocket opens; the client has `timeout` to complete it.
    #[must_use]
    pub fn new(now: Instant, timeout: Duration) -> Self {
        Self { deadline: now + timeout }
    }

    /// Takes a packet that came over the WebSocket.
    ///
    /// A probe may be repeated, or left out, as with the reference server. Anything other than a probe and `5` aborts.
    #[must_use]
    pub fn receive(&self, packet: &Packet<'_>) -> UpgradeStep {
        match packet {
            Packet::Ping(data) if data == "probe" => UpgradeStep::ReplyProbe,
            Packet::Upgrade => UpgradeStep::Complete,
            _ => UpgradeStep::Abort,
        }
    }

    /// When to give the upgrade up.
    #[must_use]
    pub fn deadline(&self) -> Instant {
        self.deadline
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start() -> Upgrade {
        Upgrade::new(Instant::now(), Duration::from_secs(10))
    }

    #[test]
    fn a_probe_is_answered_and_then_the_upgrade_completes() {
        let upgrade = start();
        assert_eq!(upgrade.receive(&Packet::Ping("probe".into())), UpgradeStep::ReplyProbe);
        assert_eq!(upgrade.receive(&Packet::Upgrade), UpgradeStep::Complete);
    }

    #[test]
    fn it_completes_without_a_probe() {
        assert_eq!(start().receive(&Packet::Upgrade), UpgradeStep::Complete);
    }

    #[test]
    fn anything_else_aborts() {
        for packet in [
            Packet::Ping("".into()),
            Packet::Pong("probe".into()),
            Packet::Message("hello".into()),
            Packet::Binary(bytes::Bytes::new()),
            Packet::Close,
            Packet::Noop,
        ] {
            assert_eq!(start().receive(&packet), UpgradeStep::Abort, "{packet:?}");
        }
    }

    #[test]
    fn it_has_a_deadline() {
        let now = Instant::now();
        assert_eq!(Upgrade::new(now, Duration::from_secs(10)).deadline(), now + Duration::from_secs(10));
    }
}
