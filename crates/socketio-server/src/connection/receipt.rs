//! What a client has certainly received, in bytes of its queue, so that sending need not keep track of messages. A pong
//! shows that everything up to its ping has arrived, since the ping went through the same queue; a poll shows that of
//! the answer before it; and what TCP has acknowledged has reached the client's machine.

use super::{Connection, Transport};

/// How many of all bytes in a connection's queue, ever, its client is known to have.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Receipt {
    confirmed: u64,
    /// Bytes for the client up to the first unanswered ping; or, where that is not known, to an earlier one.
    asked: u64,
    /// Unanswered pings.
    pings: u32,
    /// Where the last ping is, counted in all bytes ever, from its first byte to its end. It is no message, and a lost
    /// client mostly owes the answer to one.
    last_ping: (u64, u64),
}

impl Receipt {
    /// A ping of this many bytes was put into the queue, which has had `pushed` bytes with it.
    fn pinged(&mut self, pushed: u64, ping: u64) {
        self.last_ping = (pushed - ping, pushed);
        if self.pings == 0 {
            self.asked = pushed;
        }
        self.pings += 1;
    }

    /// A pong came: the answer to the first of the pings. If one is left, that is the last; otherwise a client that is always
    /// one behind would never confirm anything.
    fn ponged(&mut self) {
        if self.pings > 0 {
            self.pings -= 1;
            self.confirm(self.asked);
            if self.pings == 1 {
                self.asked = self.last_ping.1;
            }
        }
    }

    fn confirm(&mut self, bytes: u64) {
        self.confirmed = self.confirmed.max(bytes);
    }

    /// How many of `pushed` bytes are unconfirmed, if TCP has acknowledged this many.
    fn unconfirmed(&self, pushed: u64, acknowledged: u64) -> u64 {
        let confirmed = self.confirmed.max(acknowledged);
        let (from, to) = self.last_ping;
        pushed - confirmed - if from >= confirmed { to - from } else { 0 }
    }
}

impl<S> Connection<S> {
    /// To be called when a ping of this many bytes has been put into the queue.
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

    /// How many of all bytes in its queue, ever, its client is known to have.
    pub(crate) fn confirmed(&self) -> u64 {
        self.receipt.get().confirmed
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
            // The socket may also hold bytes of handshake and probe, which the queue never had: then fewer count.
            Transport::WebSocket(stream) if trusts_tcp && !self.is_relayed.get() => {
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
        assert_eq!(receipt.confirmed, 20, "it is the answer to the second");
        receipt.ponged();
        receipt.pinged(40, 3);
        receipt.ponged();
        assert_eq!(receipt.confirmed, 40);
    }

    #[test]
    fn a_client_that_is_always_a_pong_behind_confirms_what_it_has_received_all_the_same() {
        let mut receipt = Receipt::default();
        receipt.pinged(10, 3);
        for pushed in (20..200).step_by(10) {
            receipt.pinged(pushed, 3);
            receipt.ponged();
            assert_eq!(receipt.confirmed, pushed - 10);
        }
    }

    #[test]
    fn of_three_pings_the_place_of_the_second_is_not_known() {
        let mut receipt = Receipt::default();
        for pushed in [10, 20, 30] {
            receipt.pinged(pushed, 3);
        }
        let confirmed = [(); 3].map(|()| {
            receipt.ponged();
            receipt.confirmed
        });
        assert_eq!(confirmed, [10, 10, 30]);
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
