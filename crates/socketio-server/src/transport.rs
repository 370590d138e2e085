//! What carries a connection: long-polling, WebSocket, and the way from the one to the other.

pub(crate) mod polling;
pub(crate) mod request;
pub(crate) mod upgrade;
pub(crate) mod websocket;
