//! The server's side of an upgrade from polling to WebSocket: a probe, its answer, and the client's last word.

use std::time::{Duration, Instant};

use super::packet::Packet;

/// What a packet on the new WebSocket asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UpgradeStep {
    /// Send `3probe` on the WebSocket, and end a pending poll with a noop.
    ReplyProbe,
    /// The WebSocket is the connection's transport from here on.
    Complete,
    /// Close the WebSocket; the session goes on with polling.
    Abort,
}

/// An upgrade under way.
#[derive(Clone, Copy, Debug)]
pub struct Upgrade {
    deadline: Instant,
    probed: bool,
}

impl Upgrade {
    /// Starts when the WebSocket opens; the client has `timeout` to complete it.
    #[must_use]
    pub fn new(now: Instant, timeout: Duration) -> Self {
        Self { deadline: now + timeout, probed: false }
    }

    /// Takes a packet that came over the WebSocket.
    ///
    /// A probe may be repeated. Anything else than a probe and then `5` aborts.
    pub fn receive(&mut self, packet: &Packet<'_>) -> UpgradeStep {
        match packet {
            Packet::Ping(data) if data == "probe" => {
                self.probed = true;
                UpgradeStep::ReplyProbe
            }
            Packet::Upgrade if self.probed => UpgradeStep::Complete,
            _ => UpgradeStep::Abort,
        }
    }

    /// When the upgrade is to be given up.
    #[must_use]
    pub fn deadline(&self) -> Instant {
        self.deadline
    }

    /// Whether a probe came: from then on no poll may be left pending.
    #[must_use]
    pub fn probed(&self) -> bool {
        self.probed
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
        let mut upgrade = start();
        assert!(!upgrade.probed());
        assert_eq!(upgrade.receive(&Packet::Ping("probe".into())), UpgradeStep::ReplyProbe);
        assert!(upgrade.probed());
        assert_eq!(upgrade.receive(&Packet::Upgrade), UpgradeStep::Complete);
    }

    #[test]
    fn anything_else_aborts() {
        for packet in [
            Packet::Upgrade,
            Packet::Ping("".into()),
            Packet::Pong("probe".into()),
            Packet::Message("hello".into()),
            Packet::Binary(bytes::Bytes::new()),
            Packet::Close,
            Packet::Noop,
        ] {
            assert_eq!(start().receive(&packet), UpgradeStep::Abort, "{packet:?}");
        }
        let mut upgrade = start();
        upgrade.receive(&Packet::Ping("probe".into()));
        assert_eq!(upgrade.receive(&Packet::Message("early".into())), UpgradeStep::Abort);
    }

    #[test]
    fn it_has_a_deadline() {
        let now = Instant::now();
        assert_eq!(Upgrade::new(now, Duration::from_secs(10)).deadline(), now + Duration::from_secs(10));
    }
}
