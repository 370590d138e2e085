//! Engine.IO: long-polling, WebSocket, and the upgrade from one to the other.

mod elsewhere;
mod handshake;
pub(crate) mod polling;
pub(crate) mod request;
pub(crate) mod sid;
pub(crate) mod upgrade;
pub(crate) mod websocket;
