//! The handle on a running server, which any thread may hold: it puts commands into the shards' inboxes.

use crate::{
    arrivals::Arrivals,
    bounds::Held,
    config::Config,
    connection::{CloseReason, ConnectionId},
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

    /// Bytes that were meant for one connection's client and that it may not have received, of all that this hub was told
    /// before: see [`crate::Socket::unconfirmed`]. Nothing where the connection has ended.
    pub async fn unconfirmed(&self, connection: ConnectionId, trusts_tcp: bool) -> Option<u64> {
        let (reply, bytes) = oneshot::channel();
        self.push(connection.shard, Command::Unconfirmed { connection: connection.key, trusts_tcp, reply });
        bytes.await.ok()
    }

    /// Closes one connection, after what was sent to it before.
    pub fn close(&self, connection: ConnectionId) {
        let reason = CloseReason::ServerDisconnect;
        self.push(connection.shard, Command::Close { connection: connection.key, reason });
    }

    pub(crate) fn shards(&self) -> u16 {
        self.0.inboxes.len() as u16
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
