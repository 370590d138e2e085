//! What a server counts, and how it is read: [`Figures`] at any time from any thread, a survey by asking the shards.
//!
//! Each shard has its own counters, to which only its thread adds: that costs as much as adding to a plain number, and
//! no delivery touches memory that another core writes.

pub(crate) mod histogram;

use histogram::Tallies;
pub use histogram::{BUCKETS, Histogram, SharedHistogram};
use std::sync::atomic::{AtomicU64, Ordering};

/// A counter of one thread, which others may read.
#[derive(Debug, Default)]
pub(crate) struct Tally(AtomicU64);

impl Tally {
    /// To be called on the thread that owns it: what another adds in the same instant would be lost.
    #[inline]
    pub(crate) fn add(&self, count: u64) {
        self.0.store(self.get().wrapping_add(count), Ordering::Relaxed);
    }

    #[inline]
    pub(crate) fn take(&self, count: u64) {
        self.0.store(self.get().wrapping_sub(count), Ordering::Relaxed);
    }

    #[inline]
    pub(crate) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// What carries connections.
pub(crate) const TRANSPORTS: [&str; 3] = ["polling", "websocket", "stream"];

/// Why connections ended.
pub(crate) const CLOSES: [&str; 18] = [
    "namespace_left",
    "client_closed",
    "close_packet",
    "connection_lost",
    "ping_timeout",
    "connect_timeout",
    "slow_consumer",
    "protocol_error",
    "flooding",
    "invalid_utf8",
    "too_large",
    "message_timeout",
    "unfinished_input",
    "overlapping_poll",
    "failed_upgrades",
    "server_disconnect",
    "shutdown",
    "dismissed",
];

/// Why connections were not read from.
pub(crate) const HOLDS: [&str; 5] = ["rate", "room", "answers", "congestion", "pause"];

/// How TLS handshakes ended.
const HANDSHAKES: [&str; 3] = ["ok", "failed", "timeout"];

/// The counters of one shard, on cache lines of their own.
#[derive(Debug, Default)]
#[repr(align(128))]
pub(crate) struct Counters {
    connections: [Tally; TRANSPORTS.len()],
    opened: [Tally; TRANSPORTS.len()],
    pub(crate) upgraded: Tally,
    closed: [Tally; CLOSES.len()],
    pub(crate) received: Tally,
    pub(crate) received_bytes: Tally,
    pub(crate) published: Tally,
    pub(crate) deliveries: Tally,
    pub(crate) delivered_bytes: Tally,
    held: [Tally; HOLDS.len()],
    handshakes: [Tally; HANDSHAKES.len()],
    pub(crate) delivery: Tallies,
    /// 1 while the shard sends through io_uring.
    pub(crate) ring: Tally,
    pub(crate) batched: Tally,
}

/// How a TLS handshake ended.
#[derive(Clone, Copy)]
pub(crate) enum Shaken {
    Ok,
    Failed,
    Timeout,
}

impl Counters {
    /// `transport` is a place in [`TRANSPORTS`].
    pub(crate) fn opens(&self, transport: usize) {
        self.connections[transport].add(1);
        self.opened[transport].add(1);
    }

    /// A connection goes from long-polling to WebSocket.
    pub(crate) fn upgrades(&self) {
        self.connections[0].take(1);
        self.connections[1].add(1);
        self.upgraded.add(1);
    }

    /// `reason` is a place in [`CLOSES`].
    pub(crate) fn closes(&self, transport: usize, reason: usize) {
        self.connections[transport].take(1);
        self.closed[reason].add(1);
    }

    /// `why` is a place in [`HOLDS`].
    pub(crate) fn holds(&self, why: usize) {
        self.held[why].add(1);
    }

    pub(crate) fn shakes_hands(&self, how: Shaken) {
        self.handshakes[how as usize].add(1);
    }
}

/// A count for each kind of something, with the kind's name.
pub type Kinds = Vec<(&'static str, u64)>;

/// What a server has counted so far, and what it holds now. Counts begin at its start and only grow.
#[derive(Clone, Debug, Default)]
pub struct Figures {
    /// Connections that there are, by what carries them: `polling`, `websocket`, or `stream` for a subscriber.
    pub connections: Kinds,
    /// Connections that were opened, by what carried them first.
    pub opened: Kinds,
    /// Connections that went from long-polling to WebSocket.
    pub upgraded: u64,
    /// Connections that have ended, by the reason.
    pub closed: Kinds,
    /// Sockets, sessions and input that were refused, by the bound that was reached.
    pub refused: Kinds,
    /// Engine.IO messages from clients, pings and pongs not among them.
    pub received: u64,
    /// Their bytes.
    pub received_bytes: u64,
    /// Publications to rooms, one for each shard that has members.
    pub published: u64,
    /// Publications that were put into members' queues, one for each member.
    pub deliveries: u64,
    /// Their bytes.
    pub delivered_bytes: u64,
    /// How often input was held back, by why. It is counted again while it lasts, at least every 250 ms.
    pub held: Kinds,
    /// TLS handshakes, by how they ended: `ok`, `failed`, or `timeout`.
    pub handshakes: Kinds,
    /// Seconds from a publication until the socket of a member had taken it, of a sample.
    pub delivery: Histogram,
    /// Shards, by how they send to several sockets: `uring` is in one system call, `epoll` in one for each.
    pub shards: Kinds,
    /// Sends that were made several in one system call.
    pub batched_sends: u64,
    /// Commands that wait in inboxes.
    pub inbox_commands: usize,
    /// Bytes of publications and bodies in them.
    pub inbox_bytes: usize,
    /// Bytes of input that is not finished.
    pub unfinished_bytes: usize,
    /// No client is read from, since too much is to be delivered.
    pub is_congested: bool,
    /// How often that has begun.
    pub congestions: u64,
}

impl Figures {
    /// Adds what one shard has counted.
    pub(crate) fn add(&mut self, counters: &Counters) {
        add(&mut self.connections, &TRANSPORTS, &counters.connections);
        add(&mut self.opened, &TRANSPORTS, &counters.opened);
        add(&mut self.closed, &CLOSES, &counters.closed);
        add(&mut self.held, &HOLDS, &counters.held);
        add(&mut self.handshakes, &HANDSHAKES, &counters.handshakes);
        self.upgraded += counters.upgraded.get();
        self.received += counters.received.get();
        self.received_bytes += counters.received_bytes.get();
        self.published += counters.published.get();
        self.deliveries += counters.deliveries.get();
        self.delivered_bytes += counters.delivered_bytes.get();
        self.delivery.add(&counters.delivery);
        if self.shards.is_empty() {
            self.shards.extend([("uring", 0), ("epoll", 0)]);
        }
        self.batched_sends += counters.batched.get();
        let ring = counters.ring.get();
        self.shards[0].1 += ring;
        self.shards[1].1 += 1 - ring;
    }
}

fn add(kinds: &mut Kinds, names: &[&'static str], tallies: &[Tally]) {
    if kinds.is_empty() {
        kinds.extend(names.iter().map(|name| (*name, 0)));
    }
    for ((_, count), tally) in kinds.iter_mut().zip(tallies) {
        *count = count.wrapping_add(tally.get());
    }
}
