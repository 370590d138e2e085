//! Why somebody is not let into a room.

use std::time::Duration;

use alert_core::access::Denied;

/// Why somebody is not let into a room. The text is for the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// A right is missing.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The origin named too many rooms; after this time it may name one more.
    #[error("too many different rooms were named (--room-tries)")]
    TooManyRooms(Duration),
    /// Too many entered from the origin; after this time one more may.
    #[error("too many people enter rooms (--join-rate)")]
    TooManyJoins(Duration),
    /// There are as many rooms as there may be.
    #[error("there are too many rooms (--max-rooms)")]
    ServerFull,
    /// There are as many people in the room as there may be.
    #[error("{0} people are in the room (--max-people)")]
    RoomFull(usize),
}

impl Refused {
    /// How long it makes sense to wait.
    pub fn wait(self) -> Duration {
        match self {
            Self::TooManyRooms(wait) | Self::TooManyJoins(wait) => wait,
            Self::Denied(_) | Self::ServerFull | Self::RoomFull(_) => Duration::from_secs(60),
        }
    }
}
