//! The HTTP API against the built binary: what a program with curl, an `EventSource` or a line reader meets.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod curl;
mod http;
mod limits;
mod listening;
mod member;
mod posting;
mod server;
mod tokens;
