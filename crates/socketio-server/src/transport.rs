//! What carries a connection: long-polling, WebSocket, the way from the one to the other; and the plain stream of a
//! listener.

mod handshake;
pub(crate) mod listener;
pub(crate) mod polling;
pub(crate) mod request;
pub(crate) mod upgrade;
pub(crate) mod websocket;
