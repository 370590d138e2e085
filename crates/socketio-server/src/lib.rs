//! A Socket.IO server runtime: what a message server needs and nothing of what it is for.
//!
//! # Layout
//! - [`Server`] starts the shards and the acceptors; [`Hub`] is the handle for sending from anywhere.
//! - [`Handler`] is what an application implements; [`SocketIo`] speaks Socket.IO for it, as an [`Engine`].
//! - `shard`: one thread and its connections; `inbox`: the only way in; `room`: who hears a publication.
//! - `connection`: one Engine.IO session, its queue, and every reason why it can end ([`CloseReason`]).
//! - `transport`: long-polling, WebSocket, the upgrade; `http`: the sockets before that.
//! - [`origin`]: which web pages may connect.

#![warn(missing_docs)]

mod app;
mod bounds;
mod config;
mod connection;
mod engine;
mod frame;
mod handler;
pub mod host;
#[cfg(any(test, feature = "bench"))]
pub mod hot_path;
mod http;
mod hub;
mod inbox;
mod listener;
pub mod origin;
mod proxy;
mod rate;
mod room;
mod server;
mod shard;
mod sid;
mod socketio;
mod stream;
mod timers;
mod transport;

pub use self::http::{apply_cors, preflight};
pub use app::{App, AppAnswer, AppBody, AppRequest, EndFn, OpenFn, Subscriber};
pub use bounds::Bounds;
pub use config::{Config, HttpTimeouts};
pub use connection::{CloseReason, ConnectionId};
pub use engine::{Engine, Handshake, Link};
pub use frame::Publication;
pub use handler::{Event, Handler, Refused, Socket};
pub use hub::Hub;
pub use listener::{ListenAddr, Listener};
pub use proxy::TrustedProxies;
pub use rate::{Meter, Rate};
pub use room::{Membership, Room};
pub use server::Server;
pub use socketio::{DEFAULT_PATH, SocketIo};
pub use socketio_protocol::{
    engine::heartbeat::Timing,
    socket::{
        encode::{self, Arguments},
        packet::AckId,
    },
};
pub use stream::PeerAddr;
