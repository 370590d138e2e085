//! Stays: connections in rooms whose clients know nothing of recovery. A store that survives the process keeps them, so
//! that such a client is given what it missed even if the server has ended meanwhile.

use alert_core::names::{RoomCode, UserName};
use alert_core::position::Position;
use alert_core::room::ClientKey;
use std::time::{Duration, SystemTime};

/// Beyond this many, the oldest is forgotten. Some 300 bytes each.
pub(super) const MOST: usize = 100_000;

/// While anybody is in a room, a store notes at least this often that the server is alive.
pub const ALIVE: Duration = Duration::from_secs(10);

/// Names a stay. A later one is greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StayId(pub i64);

/// A connection's place in a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stay {
    /// In which room.
    pub room: RoomCode,
    /// Under which name.
    pub name: UserName,
    /// Whose connection it is.
    pub client: ClientKey,
    /// It heard nothing up to here.
    pub entered: Position,
    /// When it came.
    pub at: SystemTime,
    /// When the oldest message was said that it was given on entering.
    pub given: SystemTime,
    /// Set when the connection has been lost.
    pub gone: Option<Gone>,
}

/// What is known about a lost connection: see [`alert_core::room::Doubt`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gone {
    /// When it was lost, at the earliest.
    pub at: SystemTime,
    /// When it is forgotten.
    pub until: SystemTime,
    /// The room's last message then.
    pub upto: Position,
    /// Bytes that may not have arrived.
    pub unconfirmed: u64,
    /// Set if the server was killed: what was said from then on may not have arrived.
    pub since: Option<SystemTime>,
}

/// What an earlier run has left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FormerStays {
    /// The last sign of life of that run.
    pub died: SystemTime,
    /// The stays, and the position of the last message of each one's room that is stored.
    pub stays: Vec<(StayId, Stay, Option<Position>)>,
}
