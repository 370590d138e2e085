//! What happens in a room, as a value. It becomes text only in [`crate::wire`].

use std::time::SystemTime;

use crate::names::UserName;
use crate::position::Position;

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
}
