//! Engine.IO 4: the connection beneath Socket.IO, over long-polling or WebSocket.

pub mod handshake;
pub mod heartbeat;
pub mod packet;
pub mod payload;
pub mod request;
pub mod upgrade;

pub use handshake::Handshake;
pub use heartbeat::{Beat, Heartbeat, Timing};
pub use packet::{Packet, PacketError};
pub use request::{Query, RequestError, TransportName};
pub use upgrade::{Upgrade, UpgradeStep};
