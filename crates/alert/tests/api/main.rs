//! The built binary as a server: the HTTP API as a program with curl, an `EventSource` or a line reader meets it, and
//! the process as whoever runs it does.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod admission;
mod archive;
mod curl;
mod durable;
mod half_open;
mod heard;
mod history;
mod http;
mod leaving;
mod limits;
mod listening;
mod logs;
mod member;
mod memory;
mod panics;
mod posting;
mod replay;
mod restarting;
mod resuming;
mod school;
mod server;
mod signals;
mod stall;
mod tokens;
mod way;
