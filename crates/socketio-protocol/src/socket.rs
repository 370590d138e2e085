//! Socket.IO 5: namespaces, events and acknowledgements, inside Engine.IO messages.

pub mod attachments;
pub mod decode;
pub mod encode;
mod error;
mod json;
pub mod packet;
mod placeholder;

pub use attachments::{Assembled, Decoder};
pub use decode::{MAX_ATTACHMENTS, decode};
pub use encode::{Arguments, Rendered};
pub use error::DecodeError;
pub use json::MAX_DEPTH;
pub use packet::{AckId, Args, Packet};
