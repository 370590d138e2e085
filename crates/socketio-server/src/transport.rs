//! What carries a connection: long-polling, WebSocket, the way from the one to the other; and the plain stream of a
//! subscriber.

mod handshake;
pub(crate) mod polling;
pub(crate) mod request;
pub(crate) mod subscriber;
pub(crate) mod upgrade;
pub(crate) mod websocket;
