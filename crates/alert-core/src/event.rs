//! What happens in a room, as a value. It becomes text only in [`crate::wire`].

use std::sync::Arc;
use std::time::SystemTime;

use crate::names::UserName;
use crate::position::{Gap, Position};
use crate::room::alerts::Change;
use crate::room::policy::Policy;

/// Something that happened in a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoomEvent {
    /// When.
    pub at: SystemTime,
    /// Where: a message's own position; for anything else, that of the last message before it.
    pub position: Position,
    /// What.
    pub what: What,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// Somebody spoke.
    Said {
        /// Who spoke.
        name: UserName,
        /// What they said, as they sent it.
        text: Box<str>,
    },
    /// A person entered the room.
    Entered {
        /// Who.
        name: UserName,
        /// How many people there are now.
        count: usize,
    },
    /// A person is no longer in the room.
    Left {
        /// Who.
        name: UserName,
        /// How many people there are now.
        count: usize,
    },
    /// The message at this position has been removed.
    Removed(Position),
    /// The room's hosts have decided something.
    Policy(Arc<Policy>),
    /// Something has become of an alert. Its words, where they are new, come just before, as a message.
    Alert(Arc<Change>),
    /// Messages are missing here that others may have heard: the store has lost them.
    Missing(Gap),
    /// The clock of this server was set: whoever goes by it asks what time it is.
    ClockSet,
}

impl What {
    /// Who spoke, came or went.
    #[must_use]
    pub fn name(&self) -> Option<&UserName> {
        match self {
            Self::Said { name, .. } | Self::Entered { name, .. } | Self::Left { name, .. } => Some(name),
            Self::Removed(_) | Self::Policy(_) | Self::Alert(_) | Self::Missing(_) | Self::ClockSet => None,
        }
    }
}
