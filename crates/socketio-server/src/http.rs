//! HTTP: new sockets, requests for the application, and responses that become streams.

pub(crate) mod app;
pub(crate) mod body;
pub(crate) mod connection;
mod cors;
mod framing;
mod head;
pub(crate) mod subscriber;
mod timed_io;

pub use cors::{apply as apply_cors, preflight};
