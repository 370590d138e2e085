//! A Socket.IO server runtime: what any message server needs, and nothing of what one is for.
//!
//! # Layout
//! - [`Server`] starts the shards and the [`Acceptor`]s; [`Hub`] is the handle for sending from anywhere.
//! - `shard`: one thread and its connections, and the inbox, which is the only way in.
//! - `connection`: one Engine.IO session, its queue, and every reason why it can end ([`CloseReason`]).
//! - `room`: who hears a publication, and when those who speak have to wait.
//! - `engineio`: long-polling, WebSocket, and the upgrade from one to the other.
//! - `socketio`: Socket.IO for a [`Handler`], which is what an application implements.
//! - `http`: new sockets, all other requests, and subscribers.
//! - [`Peers`]: other servers, to which the requests of their sessions are passed on.
//! - [`origin`] and [`host`]: which web pages may connect, and under which names.

#![warn(missing_docs)]

mod acceptor;
mod arrivals;
mod bounds;
mod config;
mod connection;
mod engine;
mod engineio;
mod figures;
mod frame;
pub mod host;
#[cfg(any(test, feature = "bench"))]
pub mod hot_path;
mod http;
mod hub;
pub mod origin;
mod peers;
mod proxy;
mod rate;
mod ring;
mod room;
mod server;
mod shard;
mod socketio;
mod stream;
mod wakes;

pub use self::http::app::{App, AppAnswer, AppBody, AppRequest, EndFn, OpenFn, Subscriber};
pub use self::http::{apply_cors, preflight};
pub use acceptor::{Acceptor, ListenAddr};
pub use bounds::Bounds;
pub use config::{Config, HttpTimeouts};
pub use connection::{CloseReason, ConnectionId};
pub use engine::{Engine, Handshake, Link};
pub use figures::{BUCKETS, Figures, Histogram, Kinds, SharedHistogram};
pub use frame::{Frames, Publication};
pub use hub::{HoldAll, Hub};
pub use peers::{Later, PeerKey, Peers, ServerName};
pub use proxy::TrustedProxies;
pub use rate::{Meter, Rate};
pub use ring::{NoRing, try_ring};
pub use room::{Membership, OnTheWay, Room};
pub use server::Server;
pub use shard::{Behind, Survey};
pub use socketio::{
    DEFAULT_PATH, SocketIo,
    handler::{Accepted, Answer, Event, Handler, PendingAck, Refused, Socket, SocketIds, Waker},
};
pub use socketio_protocol::{
    engine::heartbeat::Timing,
    socket::{
        encode::{self, Arguments},
        packet::AckId,
    },
};
pub use stream::PeerAddr;
pub use wakes::{batch, wake};
