//! Why somebody is not let into a room.

use std::time::Duration;

use super::KeyReused;
use crate::log::redis::Unavailable;
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
    /// The store that the nodes share does not answer.
    #[error("the store of the rooms does not answer (--redis)")]
    Unavailable,
    /// The key of the message belongs to another one.
    #[error(transparent)]
    KeyReused(#[from] KeyReused),
}

impl From<Unavailable> for Refused {
    fn from(_: Unavailable) -> Self {
        Self::Unavailable
    }
}

impl Refused {
    /// How long it makes sense to wait.
    pub fn wait(self) -> Duration {
        match self {
            Self::TooManyRooms(wait) | Self::TooManyJoins(wait) => wait,
            Self::Unavailable => Duration::from_secs(5),
            Self::Denied(_) | Self::ServerFull | Self::RoomFull(_) | Self::KeyReused(_) => {
                Duration::from_secs(60)
            }
        }
    }
}
