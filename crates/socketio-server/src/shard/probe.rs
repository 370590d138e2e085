//! Asking whether a client is still there, before its ping is due.

use super::{ConnectionOf, Shard};
use crate::{connection::Connection, engine::Engine};
use std::{rc::Rc, time::Instant};
use tokio::sync::oneshot;

/// Who asks for one client beyond this many gets no answer.
const MOST: usize = 64;

impl<E: Engine> Shard<E> {
    /// Pings a connection now, unless it owes a pong. `reply` hears of its client's next sign of life.
    pub(super) fn probe(self: &Rc<Self>, connection: &ConnectionOf<E>, reply: oneshot::Sender<()>) {
        let now = Instant::now();
        let is_asked = {
            let mut probes = self.probes.borrow_mut();
            let asking = probes.entry(connection.id.key).or_default();
            asking.retain(|reply| !reply.is_closed());
            let is_asked = asking.len() < MOST;
            if is_asked {
                asking.push(reply);
            }
            is_asked
        };
        if is_asked {
            connection.beat(|heartbeat| heartbeat.hasten(now));
            self.beat(connection, now);
            if !connection.closed.get() {
                self.arm(connection);
            }
        }
    }

    /// A client has answered a ping, or come for more.
    pub(crate) fn note_alive(&self, connection: &Connection<E::Session>) {
        if self.probes.borrow().is_empty() {
            return;
        }
        let asking = self.probes.borrow_mut().remove(&connection.id.key);
        for reply in asking.into_iter().flatten() {
            let _ = reply.send(());
        }
    }
}
