//! HTTP: new sockets, requests for the application, and responses that become streams.

pub(crate) mod app;
mod arriving;
pub(crate) mod body;
pub(crate) mod connection;
mod cors;
mod framing;
mod head;
pub(crate) mod http2;
pub(crate) mod line;
mod redirect;
pub(crate) mod requests;
pub(crate) mod subscriber;
mod timed_io;
pub(crate) mod tunnel;

pub use cors::{apply as apply_cors, preflight};
