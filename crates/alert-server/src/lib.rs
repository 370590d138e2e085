//! The Alert server: rooms and people over Socket.IO and HTTP, the web page, and how they are configured.

pub mod acme;
mod admin;
pub mod auth;
pub mod banner;
pub mod config;
mod counter;
mod file_stamp;
pub mod log;
pub mod logging;
pub mod metrics;
pub mod outbound;
pub mod push;
mod recent;
pub mod rooms;
pub mod serve;
pub mod socket;
pub mod timetable;
pub mod tls;
pub mod web;
pub mod webhook;
