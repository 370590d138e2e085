//! The built binary as a server: the HTTP API as a program with curl, an `EventSource` or a line reader meets it, and
//! the process as whoever runs it does.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod admin;
mod admission;
mod alerts;
mod archive;
mod bells;
mod certificates;
mod curl;
mod durable;
mod half_open;
mod health;
mod heard;
mod history;
mod http;
mod io;
mod leaving;
mod limits;
mod listening;
mod logs;
mod member;
mod memory;
mod metrics;
mod panics;
mod posting;
mod redis;
mod reload;
mod replay;
mod restarting;
mod resuming;
mod rights;
mod roll_calls;
mod rosters;
mod school;
mod server;
mod signals;
mod stall;
mod supervised;
mod tls;
mod tokens;
mod unconfirmed;
mod way;
mod webhooks;
