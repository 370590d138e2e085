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
    /// Where in the queue, ever, the last ping is, from its first byte to its end. It is no message: a client that is
    /// lost owes the answer to one most of the time.
    last_ping: (u64, u64),
}

impl Receipt {
    /// A ping of so many bytes was put into the queue, with which it has had `pushed` bytes.
    fn pinged(&mut self, pushed: u64, ping: u64) {
        self.last_ping = (pushed - ping, pushed);
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

    /// Of `pushed` bytes, of which TCP has acknowledged so many.
    fn unconfirmed(&self, pushed: u64, acknowledged: u64) -> u64 {
        let confirmed = self.confirmed.max(acknowledged);
        let (from, to) = self.last_ping;
        pushed - confirmed - if from >= confirmed { to - from } else { 0 }
    }
}

impl<S> Connection<S> {
    /// To be called when a ping of so many bytes has been put into the queue.
    pub(crate) fn note_ping(&self, bytes: usize) {
        let pushed = self.queue.borrow().pushed();
        self.note(|receipt| receipt.pinged(pushed, bytes as u64));
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
        self.receipt.get().unconfirmed(queue.pushed(), acknowledged)
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
        receipt.pinged(10, 3);
        receipt.pinged(20, 3);
        receipt.ponged();
        assert_eq!(receipt.confirmed, 10);
        receipt.pinged(30, 3);
        receipt.ponged();
        assert_eq!(receipt.confirmed, 10, "it may be the answer to the second");
        receipt.ponged();
        receipt.pinged(40, 3);
        receipt.ponged();
        assert_eq!(receipt.confirmed, 40);
    }

    #[test]
    fn a_ping_that_is_not_answered_is_no_message_that_may_not_have_come() {
        let mut receipt = Receipt::default();
        assert_eq!(receipt.unconfirmed(100, 0), 100);
        receipt.pinged(103, 3);
        assert_eq!([receipt.unconfirmed(103, 0), receipt.unconfirmed(110, 0)], [100, 107]);
        assert_eq!([receipt.unconfirmed(110, 100), receipt.unconfirmed(110, 101)], [7, 9]);
        receipt.ponged();
        assert_eq!(receipt.unconfirmed(110, 0), 7);
    }

    #[test]
    fn what_is_confirmed_does_not_grow_less() {
        let mut receipt = Receipt::default();
        receipt.pinged(10, 3);
        receipt.confirm(50);
        receipt.ponged();
        assert_eq!(receipt.confirmed, 50);
    }
}
