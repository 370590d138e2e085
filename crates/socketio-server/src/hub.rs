//! The handle on a running server, which any thread may hold: it puts commands into the shards' inboxes.

use crate::{
    arrivals::Arrivals,
    bounds::Held,
    config::Config,
    connection::{CloseReason, ConnectionId},
    figures::{Counters, Figures},
    frame::Publication,
    room::{Room, pressure::PressureLimits},
    shard::{
        congestion::Congestion,
        inbox::{Command, Inbox},
    },
};
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};
use tokio::sync::oneshot;

/// The part of a queue's limit that a room may have in inboxes. Together with the quarter at which a member counts as
/// behind (`shard/behind.rs`), and a message for each shard, that stays under the limit.
const IN_FLIGHT_SHARE: usize = 8;

/// A running server, seen from anywhere. Cheap to clone.
#[derive(Clone)]
pub struct Hub(Arc<Shared>);

struct Shared {
    inboxes: Box<[Inbox]>,
    congestion: Congestion,
    arrivals: Arrivals,
    next_room: AtomicU64,
    pressure_limits: PressureLimits,
    held: Arc<Held>,
    counters: Box<[Arc<Counters>]>,
}

/// While there is one, no client is read from.
pub struct HoldAll(Hub);

impl Drop for HoldAll {
    fn drop(&mut self) {
        self.0.congestion().ends();
    }
}

impl Hub {
    pub(crate) fn new(config: &Config) -> Self {
        Self(Arc::new(Shared {
            inboxes: (0..config.workers.max(1)).map(|_| Inbox::default()).collect(),
            congestion: Congestion::default(),
            arrivals: Arrivals::new(config.workers.max(1)),
            next_room: AtomicU64::new(0),
            pressure_limits: PressureLimits {
                rate: config.room_byte_rate,
                bytes: config.queue_limit / IN_FLIGHT_SHARE,
            },
            held: Arc::new(Held::new(config.bounds)),
            counters: (0..config.workers.max(1)).map(|_| Arc::default()).collect(),
        }))
    }

    /// Makes a room, empty and known to nobody else.
    pub fn room(&self) -> Room {
        Room::new(self.clone(), self.next_room(), self.0.pressure_limits)
    }

    /// A number that no room has had before.
    pub(crate) fn next_room(&self) -> u64 {
        self.0.next_room.fetch_add(1, Ordering::Relaxed)
    }

    /// Sends to one connection, in order with everything else that this hub was told about it.
    pub fn send(&self, to: ConnectionId, publication: Publication) {
        self.push(to.shard, Command::Send { connection: to.key, publication });
    }

    /// Has a connection's engine called.
    pub(crate) fn wake(&self, connection: ConnectionId, socket: u32) {
        self.push(connection.shard, Command::Wake { connection: connection.key, socket });
    }

    /// How many connections there are: sockets, and sessions that poll.
    pub fn connections(&self) -> usize {
        self.held().connections()
    }

    /// What the server has counted so far.
    pub fn figures(&self) -> Figures {
        let mut figures = Figures {
            refused: self.held().refused(),
            unfinished_bytes: self.held().unfinished_bytes(),
            is_congested: self.congestion().is_there(),
            congestions: self.congestion().times(),
            ..Figures::default()
        };
        self.0.counters.iter().for_each(|counters| figures.add(counters));
        for (commands, bytes) in self.0.inboxes.iter().map(Inbox::waiting) {
            figures.inbox_commands += commands;
            figures.inbox_bytes += bytes;
        }
        figures
    }

    /// Other bounds for connections, in all and of one address, from now on; `usize::MAX` is none. Those that are there
    /// stay.
    pub fn bound_connections(&self, in_all: usize, of_one_address: usize) {
        self.held().bound_connections(in_all, of_one_address);
    }

    /// Waits until a connection has taken all that was sent to it; false if it ends before that. Whoever sends a
    /// connection more than its queue may hold waits for this in between.
    pub async fn drained(&self, connection: ConnectionId) -> bool {
        let (reply, drained) = oneshot::channel();
        self.push(connection.shard, Command::TellDrained { connection: connection.key, reply });
        drained.await.is_ok()
    }

    /// Pings one connection now. The answer comes when its client shows that it is there: on a WebSocket by its pong, on
    /// long-polling by that or by its next GET. There is none where the connection ends before, or too many ask.
    pub fn probe(&self, connection: ConnectionId) -> oneshot::Receiver<()> {
        let (reply, answer) = oneshot::channel();
        self.push(connection.shard, Command::Probe { connection: connection.key, reply });
        answer
    }

    /// The same. `done` is called, on the connection's thread, when its client has shown that it has all that this hub was
    /// told to send it before: by a pong to a ping behind that, on long-polling by the GET after the one that brought it. It
    /// is dropped where the connection ends before, or too many ask.
    pub fn when_received(&self, connection: ConnectionId, done: impl FnOnce() + Send + 'static) {
        self.push(connection.shard, Command::Confirm { connection: connection.key, done: Box::new(done) });
    }

    /// Bytes that were meant for one connection's client and that it may not have received, of all that this hub was told
    /// before: see [`crate::Socket::unconfirmed`]. Nothing where the connection has ended.
    pub async fn unconfirmed(&self, connection: ConnectionId, trusts_tcp: bool) -> Option<u64> {
        let (reply, bytes) = oneshot::channel();
        self.push(connection.shard, Command::Unconfirmed { connection: connection.key, trusts_tcp, reply });
        bytes.await.ok()
    }

    /// Returns when every shard has come round once more: when none is stuck. False where one has ended.
    pub async fn turn(&self) -> bool {
        let come_round = (0..self.shards()).map(|shard| {
            let (reply, answer) = oneshot::channel();
            self.push(shard, Command::Turn { reply });
            answer
        });
        for answer in come_round.collect::<Vec<_>>() {
            if answer.await.is_err() {
                return false;
            }
        }
        true
    }

    /// Has no client read from, as when inboxes are over their limit, until what is returned is dropped.
    #[must_use = "dropping it has clients read from again"]
    pub fn hold_all(&self) -> HoldAll {
        self.congestion().begins();
        HoldAll(self.clone())
    }

    /// Closes one connection, after what was sent to it before.
    pub fn close(&self, connection: ConnectionId) {
        self.close_for(connection, CloseReason::ServerDisconnect);
    }

    /// The same, for a reason that the client is told.
    pub fn close_for(&self, connection: ConnectionId, reason: CloseReason) {
        self.push(connection.shard, Command::Close { connection: connection.key, reason });
    }

    pub(crate) fn shards(&self) -> u16 {
        self.0.inboxes.len() as u16
    }

    pub(crate) fn counters(&self, shard: u16) -> &Arc<Counters> {
        &self.0.counters[usize::from(shard)]
    }

    pub(crate) fn inbox(&self, shard: u16) -> &Inbox {
        &self.0.inboxes[usize::from(shard)]
    }

    pub(crate) fn push(&self, shard: u16, command: Command) {
        self.inbox(shard).push(command, self.congestion());
    }

    pub(crate) fn held(&self) -> &Arc<Held> {
        &self.0.held
    }

    pub(crate) fn arrivals(&self) -> &Arrivals {
        &self.0.arrivals
    }

    pub(crate) fn congestion(&self) -> &Congestion {
        &self.0.congestion
    }
}
