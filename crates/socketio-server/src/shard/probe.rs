//! Asking whether a client is still there, before its ping is due, and whether it has what was sent to it.

use super::{ConnectionOf, Shard};
use crate::{connection::Connection, engine::Engine};
use std::{rc::Rc, time::Instant};
use tokio::sync::oneshot;

/// Who asks for one client beyond this many gets no answer.
const MOST: usize = 64;

/// Somebody who asks.
pub(super) enum Probe {
    /// For the next sign of life.
    Alive(oneshot::Sender<()>),
    /// For the first that shows that the client has so many of all bytes in its queue, ever.
    Has(u64, OnReceipt),
}

/// Called on the shard's thread, at most once.
pub(crate) type OnReceipt = Box<dyn FnOnce() + Send>;

impl Probe {
    fn is_given_up(&self) -> bool {
        matches!(self, Self::Alive(reply) if reply.is_closed())
    }

    fn answer(self) {
        match self {
            Self::Alive(reply) => _ = reply.send(()),
            Self::Has(_, done) => done(),
        }
    }
}

impl<E: Engine> Shard<E> {
    /// Pings a connection now, unless it owes a pong. `reply` hears of its client's next sign of life.
    pub(super) fn probe(self: &Rc<Self>, connection: &ConnectionOf<E>, reply: oneshot::Sender<()>) {
        self.ask(connection, Probe::Alive(reply));
    }

    /// The same; `done` is called when the client has shown that it has all that is in its queue now.
    pub(super) fn confirm(self: &Rc<Self>, connection: &ConnectionOf<E>, done: OnReceipt) {
        let pushed = connection.queue.borrow().pushed();
        self.ask(connection, Probe::Has(pushed, done));
    }

    fn ask(self: &Rc<Self>, connection: &ConnectionOf<E>, probe: Probe) {
        let now = Instant::now();
        let is_asked = {
            let mut probes = self.probes.borrow_mut();
            let asking = probes.entry(connection.id.key).or_default();
            asking.retain(|probe| !probe.is_given_up());
            let is_asked = asking.len() < MOST;
            if is_asked {
                asking.push(probe);
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
        let confirmed = connection.confirmed();
        let is_due = |probe: &mut Probe| !matches!(probe, Probe::Has(upto, _) if *upto > confirmed);
        let answered: Vec<_> = {
            let mut probes = self.probes.borrow_mut();
            let Some(asking) = probes.get_mut(&connection.id.key) else { return };
            let answered = asking.extract_if(.., is_due).collect();
            if asking.is_empty() {
                probes.remove(&connection.id.key);
            }
            answered
        };
        answered.into_iter().for_each(Probe::answer);
    }
}
