//! The commands for people and scripts, against the built binary: what they print, what others hear, exit codes.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod alerts;
mod bells;
mod command;
#[path = "../api/http.rs"]
#[allow(dead_code, reason = "shared with the tests of the HTTP API")]
mod http;
#[path = "../api/member.rs"]
mod member;
mod proxy;
mod rollcall;
mod routes;
mod screen;
mod send;
mod send_lines;
#[path = "../api/server.rs"]
#[allow(dead_code, reason = "shared with the tests of the HTTP API")]
mod server;
mod signals;
mod text;
mod tls;
mod usage;
mod watch;
mod watch_exec;
