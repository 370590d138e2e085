//! Connections that were lost, so that whoever comes back is given what was said meanwhile. What such a connection has
//! certainly received is known in bytes; which messages those are is worked out only when it is needed.

use std::time::{Duration, Instant, SystemTime};

use crate::position::{Position, Run};

/// The order of runs: the later of two has the greater number. One that is no longer known has 0.
pub type RunOrder<'a> = &'a dyn Fn(Run) -> u64;

/// What the connections of one client have in common. Different clients may share it too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientKey(pub u64);

/// What a lost connection may not have received: what was said after `upto`, and those of the last messages before that
/// which may be among the `unconfirmed` bytes, or were said at `since` or later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Doubt {
    /// It heard nothing up to here.
    pub entered: Position,
    /// The room's last message when it was lost.
    pub upto: Position,
    /// Bytes that were sent to it, or were on their way, and may not have arrived.
    pub unconfirmed: u64,
    /// Set if the server was killed, since then no bytes were counted.
    pub since: Option<SystemTime>,
    /// When it was lost.
    pub at: Instant,
}

/// A message that may not have arrived.
#[derive(Clone, Copy, Debug)]
pub struct Sent {
    /// Its position.
    pub position: Position,
    /// When it was said.
    pub at: SystemTime,
    /// The fewest bytes that it may have had on the wire.
    pub least: usize,
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

/// The lost connections of one person in a room that may come back. Each may have a `T`, which names it elsewhere.
#[derive(Debug)]
pub struct Lost<T>(Vec<Client<T>>);

/// The lost connections of one client, which cannot be told apart.
#[derive(Debug)]
struct Client<T> {
    key: ClientKey,
    connections: u32,
    names: Vec<T>,
    /// What at least one of them has not received.
    doubt: Doubt,
    /// When the last of them was lost.
    last: Instant,
}

impl Doubt {
    /// Whether this message is after the entry.
    fn is_later(&self, position: Position, order: RunOrder<'_>) -> bool {
        let place = |position: Position| (position.epoch.part, position.number);
        if position.epoch.run == self.entered.epoch.run {
            return place(position) > place(self.entered);
        }
        order(position.epoch.run) > order(self.entered.epoch.run)
    }

    /// How many of the last of these messages, oldest first, up to `upto`, may not have arrived. Never too few.
    #[must_use]
    pub fn among(&self, messages: impl DoubleEndedIterator<Item = Sent>, order: RunOrder<'_>) -> usize {
        self.count(messages.rev().take_while(|message| self.is_later(message.position, order)))
    }

    /// As [`Doubt::among`], of messages that are all after the entry.
    #[must_use]
    pub fn among_later(&self, messages: impl DoubleEndedIterator<Item = Sent>) -> usize {
        self.count(messages.rev())
    }

    /// How many of these, newest first, may not have arrived.
    fn count(&self, messages: impl Iterator<Item = Sent>) -> usize {
        let mut unconfirmed = self.unconfirmed;
        let is_in_doubt = |message: &Sent| {
            let was = unconfirmed;
            unconfirmed = was.saturating_sub(message.least as u64);
            was > 0 || self.since.is_some_and(|since| message.at >= since)
        };
        messages.take_while(is_in_doubt).count()
    }

    /// The most messages that can be in doubt, if each has at least this many bytes.
    #[must_use]
    pub fn most(&self, least: usize) -> usize {
        if self.since.is_some() {
            return usize::MAX;
        }
        usize::try_from(self.unconfirmed.div_ceil(least as u64)).unwrap_or(usize::MAX)
    }

    /// What is in doubt for either of two connections.
    fn or(self, other: Self, order: RunOrder<'_>) -> Self {
        let (earlier, later) = if self.at <= other.at { (self, other) } else { (other, self) };
        let entered = if earlier.is_later(later.entered, order) { earlier.entered } else { later.entered };
        let unconfirmed = earlier.unconfirmed.max(later.unconfirmed);
        let since = match (earlier.since, later.since) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
        Self { entered, unconfirmed, since, ..earlier }
    }
}

impl<T> Default for Lost<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Lost<T> {
    /// The most clients of one person that are told apart.
    pub const MOST: usize = 8;
    /// The most connections of one client whose names are kept.
    pub const MOST_NAMES: usize = 1_000;

    /// A connection of this client was lost, at `last` at the latest.
    pub fn add(&mut self, key: ClientKey, doubt: Doubt, last: Instant, name: Option<T>, order: RunOrder<'_>) {
        let place = self.0.iter().position(|client| client.key == key);
        let place = place.or_else(|| (self.0.len() == Self::MOST).then_some(Self::MOST - 1));
        let Some(place) = place else {
            self.0.push(Client { key, connections: 1, names: name.into_iter().collect(), doubt, last });
            return;
        };
        let client = &mut self.0[place];
        client.connections += 1;
        client.doubt = client.doubt.or(doubt, order);
        client.last = client.last.max(last);
        if client.names.len() < Self::MOST_NAMES {
            client.names.extend(name);
        }
    }

    /// Whether a connection of this client was lost.
    #[must_use]
    pub fn has(&self, key: ClientKey) -> bool {
        self.0.iter().any(|client| client.key == key)
    }

    /// A connection of this client has come: it takes the place of one of its own that were lost, or else of the one
    /// that was lost first, so that it is given too much rather than too little.
    pub fn take(&mut self, key: ClientKey) -> Option<(Doubt, Option<T>)> {
        let own = self.0.iter().position(|client| client.key == key);
        let first = || (0..self.0.len()).min_by_key(|place| self.0[*place].doubt.at);
        let place = own.or_else(first)?;
        let client = &mut self.0[place];
        client.connections -= 1;
        let taken = (client.doubt, client.names.pop());
        if client.connections == 0 {
            self.0.swap_remove(place);
        }
        Some(taken)
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
