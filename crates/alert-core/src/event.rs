//! What happens in a room, as a value. It becomes text in [`crate::wire`] only.

use std::fmt;
use std::time::SystemTime;

use serde::{Serialize, Serializer};

use crate::names::UserName;

/// Something that happened in a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoomEvent {
    /// When.
    pub at: SystemTime,
    /// What.
    pub what: What,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// Somebody spoke.
    Said {
        /// The message.
        id: MessageId,
        /// Who spoke.
        name: UserName,
        /// What they said, as they sent it.
        text: Box<str>,
    },
    /// A person came into the room.
    Entered {
        /// Who.
        name: UserName,
    },
    /// A person is no longer in the room.
    Left {
        /// Who.
        name: UserName,
    },
}

/// Names a message, in whatever room it was said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct MessageId {
    epoch: u64,
    number: u64,
}

/// Gives the messages of a room their ids, in the order in which they are said.
#[derive(Debug)]
pub struct MessageIds {
    epoch: u64,
    said: u64,
}

impl MessageIds {
    /// Ids that no others have whose `epoch` differs.
    #[must_use]
    pub fn new(epoch: u64) -> Self {
        Self { epoch, said: 0 }
    }

    /// The id of the next message.
    #[must_use]
    pub fn next_id(&mut self) -> MessageId {
        self.said += 1;
        MessageId { epoch: self.epoch, number: self.said }
    }
}

impl fmt::Display for MessageId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:016x}{:016x}", self.epoch, self.number)
    }
}

impl Serialize for MessageId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_messages_of_two_rooms_then_no_two_have_one_id_and_each_is_32_hex_digits() {
        let mut rooms = [MessageIds::new(7), MessageIds::new(8)];
        let ids = rooms.each_mut().map(|room| [room.next_id(), room.next_id()].map(|id| id.to_string()));
        assert_eq!(ids[0], ["00000000000000070000000000000001", "00000000000000070000000000000002"]);
        assert_eq!(ids[1], ["00000000000000080000000000000001", "00000000000000080000000000000002"]);
    }
}
