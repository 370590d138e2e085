//! Why somebody is not let into a room.

use std::time::Duration;

use super::KeyReused;
use crate::log::redis::Unavailable;
use crate::log::{DeviceError, RollError};
use alert_core::access::Denied;
use alert_core::room::policy::{Forbidden, NotDone};

/// Why somebody is not let into a room. The text is for the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// A right is missing.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The origin named too many rooms; after this time it may name one more.
    #[error("too many different rooms were named (--room-tries)")]
    TooManyRooms(Duration),
    /// Too many rooms were made from a network; after this time it may make one more.
    #[error("too many rooms with a host were made")]
    TooManyMakes(Duration),
    /// There are as many policies as there may be.
    #[error("the rooms with a host are too many, or what their hosts decided is too much")]
    TooManyPolicies,
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
    /// The room's hosts do not allow it.
    #[error("{0}")]
    Forbidden(Forbidden),
    /// It changes nothing.
    #[error(transparent)]
    NotDone(#[from] NotDone),
    /// Somebody is in the room, or something was said there, or it has a host.
    #[error("a room that is in use was to be made")]
    InUse,
    /// There are as many devices as are told of alerts.
    #[error("as many devices are told of alerts as may be")]
    PushFull,
    /// There is no such message.
    #[error("there is no such message")]
    NoMessage,
    /// The key of the message belongs to another one.
    #[error(transparent)]
    KeyReused(#[from] KeyReused),
}

impl From<Forbidden> for Refused {
    fn from(forbidden: Forbidden) -> Self {
        Self::Forbidden(forbidden)
    }
}

impl From<Unavailable> for Refused {
    fn from(_: Unavailable) -> Self {
        Self::Unavailable
    }
}

impl From<RollError> for Refused {
    fn from(error: RollError) -> Self {
        match error {
            RollError::Full => NotDone::RollCallFull.into(),
            RollError::NoSpace => NotDone::RostersFull.into(),
            RollError::Unavailable => Self::Unavailable,
        }
    }
}

impl From<DeviceError> for Refused {
    fn from(error: DeviceError) -> Self {
        match error {
            DeviceError::Full => Self::PushFull,
            DeviceError::Unavailable => Self::Unavailable,
        }
    }
}

impl Refused {
    /// How long it makes sense to wait.
    pub fn wait(self) -> Duration {
        match self {
            Self::TooManyRooms(wait) | Self::TooManyMakes(wait) | Self::TooManyJoins(wait) => wait,
            Self::Unavailable => Duration::from_secs(5),
            Self::Forbidden(forbidden) if forbidden.wait().is_some() => forbidden.wait().unwrap_or_default(),
            Self::Forbidden(_) | Self::NotDone(_) | Self::InUse | Self::NoMessage => Duration::from_secs(60),
            Self::TooManyPolicies | Self::PushFull => Duration::from_secs(3600),
            Self::Denied(_) | Self::ServerFull | Self::RoomFull(_) | Self::KeyReused(_) => {
                Duration::from_secs(60)
            }
        }
    }
}
