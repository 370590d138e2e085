//! Which nodes are alive. Each renews a lease; whoever finds that the lease of another has ended gives its people up, in
//! every room that they were in.

use super::{Call, Shared, bytes, keys};
use alert_core::names::RoomCode;
use alert_core::position::Run;
use std::collections::HashSet;
use std::mem;
use std::sync::PoisonError;
use std::time::Duration;
use tokio::time::interval;

/// How long a node counts as alive after its last renewal.
const LEASE: Duration = Duration::from_secs(10);
/// Between two renewals.
const RENEWAL: Duration = Duration::from_secs(3);

impl Shared {
    /// Renews this node's lease forever, and gives up the people of nodes that have ended. `back` is called at the
    /// start, and when others may have given up this node's or Redis was away, with the rooms that somebody left
    /// meanwhile.
    pub async fn stay_alive(self, back: impl Fn(HashSet<RoomCode>) + Send) {
        let mut ticks = interval(RENEWAL);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut connections = 0;
        loop {
            ticks.tick().await;
            let about = concat!("{\"version\":\"", env!("CARGO_PKG_VERSION"), "\"}");
            let args = vec![self.node(), bytes(LEASE.as_millis()), about.into()];
            let Ok((was_alive, dead)) =
                self.ask::<(u8, Vec<String>)>("lease", self.0.keys.nodes(), args).await
            else {
                continue;
            };
            // What was called while Redis was away may be lost.
            let now = self.0.standing.borrow().connections;
            if was_alive == 0 || now != connections {
                connections = now;
                let unsaid = mem::take(&mut *self.0.unsaid.lock().unwrap_or_else(PoisonError::into_inner));
                back(unsaid);
            }
            for node in dead {
                self.bury(&node).await;
            }
        }
    }

    /// Ends this node's lease: it has no people any more.
    pub async fn end(&self) {
        let _ = self.ask::<()>("bury", self.0.keys.nodes(), vec![self.node()]).await;
    }

    async fn bury(&self, node: &str) {
        let Ok(run) = u64::from_str_radix(node, 16) else { return };
        tracing::warn!(node, "a node has ended without a word: its people leave");
        let Ok(rooms) = self.rooms().await else { return };
        for (room, _) in rooms {
            self.declare_of(Run::new(run), true, &room, []);
        }
        // After those calls. Until this is carried out, another node may repeat them, which changes nothing.
        let call = Call {
            function: "bury",
            keys: self.0.keys.nodes(),
            args: vec![keys::name(Run::new(run)).into_bytes()],
            numbered: None,
        };
        let _ = self.0.link.ask(call).await;
    }
}
