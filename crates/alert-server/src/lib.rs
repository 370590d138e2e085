//! The Alert server: rooms and people over Socket.IO and HTTP, the web page, and how they are configured.

pub mod auth;
pub mod banner;
pub mod config;
pub mod log;
pub mod logging;
mod recent;
pub mod rooms;
pub mod serve;
pub mod socket;
pub mod web;
