//! What is done at its time: pings, and closing those who do not answer.

use super::{ConnectionOf, Shard};
use crate::{
    connection::{CloseReason, Connection, Output, Transport},
    engine::Engine,
};
use socketio_protocol::engine::heartbeat::Beat;
use std::{rc::Rc, time::Instant};

impl<E: Engine> Shard<E> {
    /// Makes sure that the timers come back to the connection at its deadline.
    pub(crate) fn arm(&self, connection: &Connection<E::Session>) {
        let deadline = connection.deadline(self.config.message_timeout);
        if connection.armed.get().is_some_and(|armed| armed <= deadline) {
            return;
        }
        connection.armed.set(Some(deadline));
        let mut timers = self.timers.borrow_mut();
        let is_first = timers.next().is_none_or(|next| deadline < next);
        timers.add(deadline, connection.id.key);
        if is_first && !self.turning.get() {
            self.hub.inbox(self.index).wake.notify_one();
        }
    }

    pub(super) fn run_timers(self: &Rc<Self>, now: Instant) {
        // Collected first: what is rearmed meanwhile waits for its own time.
        let due: Vec<_> = std::iter::from_fn(|| self.timers.borrow_mut().pop_due(now)).collect();
        for (at, key) in due {
            let Some(connection) = self.connection(key) else { continue };
            if connection.armed.get() == Some(at) {
                connection.armed.set(None);
                self.beat(&connection, now);
                if !connection.closed.get() {
                    self.arm(&connection);
                }
            }
        }
    }

    /// Does what is due for a connection.
    pub(super) fn beat(self: &Rc<Self>, connection: &ConnectionOf<E>, now: Instant) {
        if !connection.confirmed.get() && now >= connection.confirm_by {
            return self.close(connection, CloseReason::ConnectTimeout);
        }
        if connection.unfinished_since().is_some_and(|since| now >= since + self.config.message_timeout) {
            return self.close(connection, CloseReason::MessageTimeout);
        }
        match connection.beat(|heartbeat| heartbeat.poll(now, &self.config.timing)) {
            Beat::Idle => {}
            Beat::SendPing => {
                // Once per interval is often enough for quiet clients, and rare enough for others.
                connection.queue.borrow_mut().rest();
                let subscriber = match &*connection.transport.borrow() {
                    Transport::Subscriber(subscriber) => Some(Rc::clone(&subscriber.keep_alive)),
                    _ => None,
                };
                let is_subscriber = subscriber.is_some();
                if is_subscriber {
                    if connection.output.get() == Output::Broken {
                        return self.close(connection, CloseReason::ConnectionLost);
                    }
                    // A subscriber cannot answer: it is enough that its bytes are taken.
                    connection.beat(|heartbeat| heartbeat.pong(now, &self.config.timing));
                }
                self.push(connection, &subscriber.unwrap_or_else(|| Rc::clone(&self.ping)));
                if !is_subscriber && !connection.closed.get() {
                    connection.note_ping(self.ping.wire().len());
                }
            }
            Beat::TimedOut => self.close(connection, CloseReason::PingTimeout),
        }
    }
}
