//! The server over real sockets: every test starts its own on port 0, and speaks raw HTTP and WebSocket to it.
#![expect(clippy::expect_used, clippy::unwrap_used, reason = "a test that fails panics")]

mod acceptors;
mod acks;
mod alone;
mod bounds;
mod chat;
mod engine_messages;
mod event_rate;
mod flooding;
mod half_close;
mod harness;
mod heartbeat;
mod http;
mod http_bodies;
mod http_heads;
mod http_limits;
mod memory;
mod namespaces;
mod open_files;
mod origins;
mod panics;
mod polling;
mod pressure;
mod refusals;
mod room_order;
mod rooms;
mod shutdown;
mod slow_consumer;
mod turns;
mod upgrade;
mod upgrade_under_load;
mod waking;
mod websocket;
mod websocket_rules;
mod ws;
