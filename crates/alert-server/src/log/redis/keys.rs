//! The names of the keys in Redis. All keys of a room have one hash tag, so that they are on one master of a cluster.

use alert_core::names::RoomCode;
use sha2::{Digest, Sha256};
use std::fmt::Write;

use crate::log::SeatId;
use alert_core::position::Run;

/// How many hash tags there are: rooms are spread over them, and a list of all rooms takes a call for each.
pub(super) const TAGS: u64 = 64;

/// The keys of one Alert: what is under its prefix.
#[derive(Clone, Debug)]
pub(super) struct Keys {
    prefix: String,
}

impl Keys {
    pub(super) fn new(prefix: &str) -> Self {
        Self { prefix: prefix.to_owned() }
    }

    /// What all keys of a room begin with.
    pub(super) fn room(&self, room: &RoomCode) -> String {
        // The tag ends with the brace: nothing in the room's code can be taken for one.
        format!("{}:{{{}}}:{}", self.prefix, tag(room), room.as_str())
    }

    /// The set of a tag's rooms that somebody is in.
    pub(super) fn rooms(&self, tag: u64) -> String {
        format!("{}:{{{tag}}}:rooms", self.prefix)
    }

    /// What functions that change a room take: its keys, and the set that it is in while somebody is in it.
    pub(super) fn of(&self, room: &RoomCode) -> Vec<String> {
        vec![self.room(room), self.rooms(tag(room))]
    }

    /// The channel of a room's events.
    pub(super) fn events(&self, room: &RoomCode) -> String {
        self.room(room) + ":events"
    }

    /// The room that keys with this beginning belong to.
    pub(super) fn code(&self, base: &str) -> Option<RoomCode> {
        let rest = base.strip_prefix(self.prefix.as_str())?.strip_prefix(":{")?;
        let (_, code) = rest.split_once("}:")?;
        RoomCode::parse(code, usize::MAX).ok()
    }

    pub(super) fn seat(&self, SeatId(id): SeatId) -> String {
        let mut key = format!("{}:seat:", self.prefix);
        for byte in id {
            let _ = write!(key, "{byte:02x}");
        }
        key
    }

    /// The secret behind login cookies and pids, which every node has to read.
    pub(super) fn session_key(&self) -> String {
        format!("{}:session-key", self.prefix)
    }

    /// When the lease of each node ends, and what each says of itself.
    pub(super) fn nodes(&self) -> Vec<String> {
        vec![format!("{}:{{nodes}}:leases", self.prefix), format!("{}:{{nodes}}:about", self.prefix)]
    }
}

/// A node in Redis: the name of its run.
pub(super) fn name(node: Run) -> String {
    format!("{:012x}", node.number())
}

/// The same on every node, whatever its version and machine.
fn tag(room: &RoomCode) -> u64 {
    let digest = Sha256::digest(room.as_str());
    u64::from(digest[0]) % TAGS
}
