//! Slow mode in a room that several servers share: Redis knows when people spoke last, on whichever server.

use alert_core::names::UserName;
use std::net::IpAddr;
use std::time::Duration;

/// Whoever speaks in a room in slow mode.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turn {
    /// How long people wait between two messages.
    pub slow: Duration,
    /// What they are told apart by: the last that they said under any of it counts.
    pub who: Vec<Who>,
}

/// Who is told apart.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Who {
    /// Whoever is called that.
    Name(UserName),
    /// Somebody who is not in the room.
    From(IpAddr),
}

impl Turn {
    /// A line for each of these. There are no line ends in names.
    pub(super) fn write(&self) -> Vec<u8> {
        let mut text = self.slow.as_millis().to_string();
        for who in &self.who {
            text += &match who {
                Who::Name(name) => format!("\nname {name}"),
                Who::From(address) => format!("\nfrom {address}"),
            };
        }
        text.into_bytes()
    }
}
