//! Alert: a messaging server that speaks to a room at once.

pub mod banner;
#[cfg(target_os = "linux")]
pub mod bench;
pub mod client;
pub mod config;
pub mod logging;
pub mod names;
pub mod protocol;
pub mod room;
pub mod serve;
pub mod socket;
pub mod web;
