//! Connections that were lost, so that whoever comes back is given what was said meanwhile. What such a connection has
//! certainly received is known in bytes; which messages those are is worked out only when it is needed.

use std::time::{Duration, Instant};

use crate::position::Position;

/// What the connections of one client have in common. Different clients may share it too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientKey(pub u64);

/// What a lost connection may not have received: what was said after `upto`, and as many of the last messages before
/// that as may be among the `unconfirmed` bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Doubt {
    /// It heard nothing up to here.
    pub entered: Position,
    /// The room's last message when it was lost.
    pub upto: Position,
    /// Bytes that were sent to it, or were on their way, and may not have arrived.
    pub unconfirmed: u64,
    /// When it was lost.
    pub at: Instant,
}

/// What somebody who has come back has missed before the first message that they are given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Before {
    /// Nothing.
    Nothing,
    /// More messages than can be given: this many.
    Many(u64),
    /// Messages that are no longer kept.
    NotKept,
    /// Unknown, since the log cannot be read.
    Unknown,
}

/// The lost connections of one person in a room that may come back.
#[derive(Debug, Default)]
pub struct Lost(Vec<Client>);

/// The lost connections of one client, which cannot be told apart.
#[derive(Debug)]
struct Client {
    key: ClientKey,
    connections: u32,
    /// What at least one of them has not received.
    doubt: Doubt,
    /// When the last of them was lost.
    last: Instant,
}

impl Doubt {
    /// Whether this message, which is not after `upto`, is after the entry.
    fn is_later(&self, position: Position) -> bool {
        let (run, place) = (position.epoch.run, (position.epoch.part, position.number));
        if run == self.entered.epoch.run {
            return place > (self.entered.epoch.part, self.entered.number);
        }
        // Messages in between belong to one of these two runs, since one server follows another.
        run == self.upto.epoch.run
    }

    /// How many of the last of these messages may not have arrived; never too few. They go up to `upto`, oldest first,
    /// each with the fewest bytes that it may have had on the wire.
    #[must_use]
    pub fn among(&self, messages: impl DoubleEndedIterator<Item = (Position, usize)>) -> usize {
        let mut unconfirmed = self.unconfirmed;
        let is_in_doubt = |(position, least): &(Position, usize)| {
            let was = unconfirmed;
            unconfirmed = was.saturating_sub(*least as u64);
            was > 0 && self.is_later(*position)
        };
        messages.rev().take_while(is_in_doubt).count()
    }

    /// The most messages that can be in doubt, if each has at least this many bytes.
    #[must_use]
    pub fn most(&self, least: usize) -> usize {
        usize::try_from(self.unconfirmed.div_ceil(least as u64)).unwrap_or(usize::MAX)
    }

    /// What is in doubt for either of two connections.
    fn or(self, other: Self) -> Self {
        let (earlier, later) = if self.at <= other.at { (self, other) } else { (other, self) };
        let entered = if earlier.is_later(later.entered) { earlier.entered } else { later.entered };
        let unconfirmed = earlier.unconfirmed.max(later.unconfirmed);
        Self { entered, unconfirmed, ..earlier }
    }
}

impl Lost {
    /// The most clients of one person that are told apart.
    pub const MOST: usize = 8;

    /// A connection of this client was lost.
    pub fn add(&mut self, key: ClientKey, doubt: Doubt) {
        let place = self.0.iter().position(|client| client.key == key);
        let place = place.or_else(|| (self.0.len() == Self::MOST).then_some(Self::MOST - 1));
        match place {
            Some(place) => {
                let client = &mut self.0[place];
                client.connections += 1;
                client.doubt = client.doubt.or(doubt);
                client.last = client.last.max(doubt.at);
            }
            None => self.0.push(Client { key, connections: 1, doubt, last: doubt.at }),
        }
    }

    /// A connection of this client has come: it takes the place of a lost one of the same client, or else of the one
    /// that was lost first, so that it is given too much rather than too little.
    pub fn take(&mut self, key: ClientKey) -> Option<Doubt> {
        let own = self.0.iter().position(|client| client.key == key);
        let first = || (0..self.0.len()).min_by_key(|place| self.0[*place].doubt.at);
        let place = own.or_else(first)?;
        let doubt = self.0[place].doubt;
        self.0[place].connections -= 1;
        if self.0[place].connections == 0 {
            self.0.swap_remove(place);
        }
        Some(doubt)
    }

    /// Forgets those that were lost at least `window` before `now`.
    pub fn expire(&mut self, now: Instant, window: Duration) {
        self.0.retain(|client| now.saturating_duration_since(client.last) < window);
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests;
