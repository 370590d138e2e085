//! What Alert means by names, rooms and messages, and every form in which a client sees them. Pure: no tasks, no
//! clock, no I/O.

pub mod access;
pub mod csv;
pub mod delivery;
pub mod duration;
pub mod event;
pub mod members;
pub mod names;
pub mod object;
pub mod position;
pub mod printable;
pub mod room;
pub mod since;
pub mod wire;

mod api_token;

pub use api_token::ApiToken;
