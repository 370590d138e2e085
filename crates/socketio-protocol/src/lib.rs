//! Engine.IO 4 and Socket.IO 5 as pure code: no sockets, no clock, no tasks.
//!
//! Time is passed in as [`std::time::Instant`]; bytes and text come from the caller and go back there. Decoders borrow
//! from their input, return an error that names the broken rule, and never panic.
//!
//! # Layout
//! - [`engine`]: the lower layer: packets, polling payloads, the handshake, the query string of a request and its
//!   errors, heartbeat and upgrade as state machines.
//! - [`socket`]: what travels inside an Engine.IO message: packets, their strict decoder, binary attachments, and
//!   rendering once for many receivers.
//! - [`text`]: JSON strings whose lone surrogates become U+FFFD instead of errors.

#![warn(missing_docs)]

pub mod engine;
pub mod socket;
pub mod text;
