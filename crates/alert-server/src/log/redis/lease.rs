//! Which nodes are alive. Each renews a lease; whoever finds that the lease of another has ended gives its people up, in
//! every room that they were in.

use super::{Shared, Unavailable, Unsaid, bytes, keys};
use alert_core::names::RoomCode;
use redis::Value;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::mem;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use tokio::{sync::oneshot, time::interval};

/// How long a node counts as alive after its last renewal.
pub(super) const LEASE: Duration = Duration::from_secs(10);
/// Between two renewals.
pub(super) const RENEWAL: Duration = Duration::from_secs(3);

impl Shared {
    /// Renews this node's lease forever, and gives up the people of nodes that have ended. `back` is called at the
    /// start, and when others may have given up this node's or Redis was away, with the rooms that somebody left
    /// meanwhile.
    pub async fn stay_alive(self, back: impl Fn(HashSet<RoomCode>) + Send) {
        let mut ticks = interval(RENEWAL);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let (mut connections, mut libraries) = (0, BTreeSet::new());
        loop {
            ticks.tick().await;
            let renewed = self.renew().await;
            self.0.is_refused.store(renewed.is_err(), Ordering::Relaxed);
            let Ok((was_alive, dead)) = renewed else { continue };
            // What was called while Redis was away may be lost.
            let now = self.0.standing.borrow().connections;
            if !was_alive || now != connections {
                connections = now;
                let Unsaid { rooms, ends } = mem::take(&mut *self.unsaid());
                back(rooms);
                // Behind what `back` declares, which takes them for connections that were cut off.
                for (id, (room, name, end)) in ends {
                    self.note_end(&room, &name, id, end);
                }
            }
            for (node, died) in dead {
                self.bury(&node, &died).await;
            }
            if let Some(used) = self.0.nodes.libraries().filter(|used| *used != libraries) {
                libraries.clone_from(&used);
                self.0.link.remove_libraries(used);
            }
        }
    }

    /// Renews this node's lease. Returns whether it had not ended, and the nodes whose lease has, with
    /// their last sign of life in milliseconds.
    pub(super) async fn renew(&self) -> Result<(bool, Vec<(String, String)>), Unavailable> {
        let args = vec![self.node(), bytes(LEASE.as_millis()), self.0.nodes.about_this()];
        let asked = Instant::now();
        let (was_alive, dead, alive): (u8, Vec<(String, String)>, HashMap<String, String>) =
            self.ask("lease", self.0.keys.nodes(), args).await?;
        self.0.nodes.answered(asked);
        self.0.nodes.learn(asked, &alive);
        Ok((was_alive != 0, dead))
    }

    /// Ends this node's lease: it has no people any more.
    pub async fn end(&self) {
        let _ = self.ask::<()>("bury", self.0.keys.nodes(), vec![self.node()]).await;
    }

    pub(super) async fn bury(&self, node: &str, died: &str) {
        let Some(run) = keys::node(node) else {
            return tracing::error!(
                node,
                "a server has ended whose name this version does not know: its people stay in the rooms until a version \
                 that knows it is started"
            );
        };
        tracing::warn!(node, "a node has ended without a word: its people leave");
        let Ok(rooms) = self.rooms().await else { return };
        let calls: Vec<_> = rooms
            .iter()
            .map(|(room, _)| {
                let (tell, told) = oneshot::channel();
                let tell = |answer: Result<Value, Unavailable>| _ = tell.send(answer.is_ok());
                self.declare_of((run, Some(died.to_owned())), room, [], &[], tell);
                told
            })
            .collect();
        for told in calls {
            // Its lease stays, and whoever sees that next does all of this again.
            if told.await != Ok(true) {
                return;
            }
        }
        // Until this is carried out, another node may repeat those calls, which changes nothing.
        let _ = self.ask::<()>("bury", self.0.keys.nodes(), vec![keys::name(run).into_bytes()]).await;
    }
}
