//! What a client has certainly received, in bytes of its queue, so that sending keeps no books of messages. A pong says
//! that everything up to its ping has come through, since the ping went through the same queue; a poll says that of the
//! answer before it; and what TCP has acknowledged has reached the client's machine.

use super::{Connection, Transport};

/// Bytes of a connection's queue, ever, that its client is known to have.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Receipt {
    confirmed: u64,
    /// What was meant for the client up to the first ping that is not answered.
    asked: u64,
    /// Pings that are not answered.
    pings: u32,
}

impl Receipt {
    /// A ping was put into the queue, with which it has had `pushed` bytes.
    fn pinged(&mut self, pushed: u64) {
        if self.pings == 0 {
            self.asked = pushed;
        }
        self.pings += 1;
    }

    /// A pong came. It answers the first of the pings, as far as anybody can tell.
    fn ponged(&mut self) {
        if self.pings > 0 {
            self.pings -= 1;
            self.confirm(self.asked);
        }
    }

    fn confirm(&mut self, bytes: u64) {
        self.confirmed = self.confirmed.max(bytes);
    }
}

impl<S> Connection<S> {
    /// To be called when a ping has been put into the queue.
    pub(crate) fn note_ping(&self) {
        let pushed = self.queue.borrow().pushed();
        self.note(|receipt| receipt.pinged(pushed));
    }

    /// To be called when a pong has come.
    pub(crate) fn note_pong(&self) {
        self.note(Receipt::ponged);
    }

    /// To be called when the client shows that it has what it took by polling.
    pub(crate) fn note_polled(&self) {
        let taken = self.queue.borrow().taken();
        self.note(|receipt| receipt.confirm(taken));
    }

    fn note(&self, change: impl FnOnce(&mut Receipt)) {
        let mut receipt = self.receipt.get();
        change(&mut receipt);
        self.receipt.set(receipt);
    }

    /// Bytes that were meant for the client, and that it may not have received.
    pub(crate) fn unconfirmed(&self, trusts_tcp: bool) -> u64 {
        let queue = self.queue.borrow();
        let acknowledged = match &*self.transport.borrow() {
            // The socket may hold bytes beside those of the queue, of handshake and probe: then fewer count.
            Transport::WebSocket(stream) if trusts_tcp => {
                stream.unacknowledged().map_or(0, |bytes| queue.taken().saturating_sub(bytes))
            }
            _ => 0,
        };
        queue.pushed() - self.receipt.get().confirmed.max(acknowledged)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pong_confirms_what_came_before_the_first_ping_that_it_may_answer() {
        let mut receipt = Receipt::default();
        receipt.ponged();
        assert_eq!(receipt.confirmed, 0, "nobody asked for it");
        receipt.pinged(10);
        receipt.pinged(20);
        receipt.ponged();
        assert_eq!(receipt.confirmed, 10);
        receipt.pinged(30);
        receipt.ponged();
        assert_eq!(receipt.confirmed, 10, "it may be the answer to the second");
        receipt.ponged();
        receipt.pinged(40);
        receipt.ponged();
        assert_eq!(receipt.confirmed, 40);
    }

    #[test]
    fn what_is_confirmed_does_not_grow_less() {
        let mut receipt = Receipt::default();
        receipt.pinged(10);
        receipt.confirm(50);
        receipt.ponged();
        assert_eq!(receipt.confirmed, 50);
    }
}
