//! What a server can be configured with.

use crate::{
    bounds::Bounds, host::HostPolicy, origin::OriginPolicy, peers::Peers, proxy::TrustedProxies, rate::Rate,
};
use socketio_protocol::engine::heartbeat::Timing;
use std::{sync::Arc, time::Duration};

/// A server's configuration. The defaults are those of the reference server, if it has them.
#[derive(Clone, Debug)]
pub struct Config {
    /// Shards, each a thread; at least 1.
    pub workers: u16,
    /// Send to several sockets in one system call, through io_uring. [`try_ring`](crate::try_ring) says whether the
    /// system lets us; where it does not, each socket has a system call of its own, as without this.
    pub uring: bool,
    /// Heartbeat.
    pub timing: Timing,
    /// The largest message that a client may send, and the largest request body, in bytes.
    pub max_payload: usize,
    /// Bytes that may wait for one client before it is closed as a slow consumer.
    pub queue_limit: usize,
    /// Messages that one client may send; `None` is no limit.
    pub event_rate: Option<Rate>,
    /// Bytes that one client may send, whatever they are; `None` is no limit.
    pub byte_rate: Option<Rate>,
    /// Bytes that may be published in one room, each publication counted once; `None` is no limit.
    pub room_byte_rate: Option<Rate>,
    /// What all clients together, and those of one address, may hold.
    pub bounds: Bounds,
    /// Time from the first byte of a message, or of an event with attachments, to its last.
    pub message_timeout: Duration,
    /// Time from the handshake to the first namespace.
    pub connect_timeout: Duration,
    /// Time from the WebSocket's handshake to the end of the upgrade.
    pub upgrade_timeout: Duration,
    /// The host names that it answers to.
    pub hosts: HostPolicy,
    /// The proxies that are trusted to give a client's address.
    pub proxies: TrustedProxies,
    /// Whose pages may connect.
    pub origins: OriginPolicy,
    /// What the developer of a page that may not connect is told to do: a sentence or more.
    pub origin_help: &'static str,
    /// How long HTTP clients may take.
    pub http: HttpTimeouts,
    /// The other servers that clients reach under the same address, if there are any.
    pub peers: Option<Arc<dyn Peers>>,
}

/// How long an HTTP client may take; then its socket is closed.
#[derive(Clone, Copy, Debug)]
pub struct HttpTimeouts {
    /// From the first byte of a request to the end of its head.
    pub head: Duration,
    /// From the end of the head to the end of the body.
    pub body: Duration,
    /// Between two requests, and before the first.
    pub idle: Duration,
    /// Without taking a byte of the response.
    pub write: Duration,
    /// From connecting to the first request, when the server shuts down.
    pub last_request: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            workers: 1,
            uring: false,
            timing: Timing { interval: Duration::from_secs(25), timeout: Duration::from_secs(20) },
            max_payload: 1_000_000,
            queue_limit: 1 << 20,
            event_rate: None,
            byte_rate: None,
            room_byte_rate: None,
            bounds: Bounds::default(),
            message_timeout: Duration::from_secs(30),
            connect_timeout: Duration::from_secs(10),
            upgrade_timeout: Duration::from_secs(10),
            hosts: HostPolicy::default(),
            proxies: TrustedProxies::default(),
            origins: OriginPolicy::default(),
            origin_help: "The server does not list it.",
            http: HttpTimeouts::default(),
            peers: None,
        }
    }
}

impl Default for HttpTimeouts {
    fn default() -> Self {
        Self {
            head: Duration::from_secs(10),
            body: Duration::from_secs(30),
            idle: Duration::from_secs(75),
            write: Duration::from_secs(30),
            // About one round trip.
            last_request: Duration::from_millis(250),
        }
    }
}
