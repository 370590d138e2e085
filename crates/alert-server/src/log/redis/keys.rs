//! The names of the keys in Redis. Each has one of a few hash tags, and all keys of a room have the same, so that they are
//! on one master of a cluster. The tags are chosen so that the slots of a cluster are shared out evenly.

use alert_core::names::RoomCode;
use sha2::{Digest, Sha256};
use std::fmt::Write;
use std::sync::LazyLock;

use crate::log::SeatId;
use alert_core::position::Run;

/// How many hash tags there are: rooms are spread over them, and a list of all rooms takes a call for each.
pub(super) const TAGS: usize = 64;
/// Slots of a cluster. Masters have ranges of them.
const SLOTS: usize = 16_384;

/// The text of each tag: its number, and what moves it into its part of the slots.
static TEXTS: LazyLock<[String; TAGS]> = LazyLock::new(|| {
    std::array::from_fn(|tag| {
        let is_there = |text: &String| slot(text.as_bytes()) / (SLOTS / TAGS) == tag;
        (0_u32..).map(|more| format!("{tag}.{more}")).find(is_there).unwrap_or_default()
    })
});

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
        self.tagged(tag(room), room.as_str())
    }

    fn tagged(&self, tag: usize, rest: &str) -> String {
        format!("{}:{{{}}}:{rest}", self.prefix, TEXTS[tag])
    }

    /// The set of a tag's rooms that somebody is in.
    pub(super) fn rooms(&self, tag: usize) -> String {
        self.tagged(tag, "rooms")
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
        let mut key = self.tagged(usize::from(id[0]) % TAGS, "seat:");
        for byte in id {
            let _ = write!(key, "{byte:02x}");
        }
        key
    }

    /// The secret behind login cookies and pids, which every node has to read.
    pub(super) fn session_key(&self) -> String {
        self.tagged(0, "session-key")
    }

    /// Tokens that have been taken back, by when that is forgotten.
    pub(super) fn revoked(&self) -> String {
        self.tagged(0, "revoked")
    }

    /// What servers show each other.
    pub(super) fn node_key(&self) -> String {
        self.tagged(0, "node-key")
    }

    /// The wire version of all that is under the prefix.
    pub(super) fn wire(&self) -> String {
        self.tagged(0, "wire")
    }

    /// What all keys begin with.
    pub(super) fn prefix(&self) -> &str {
        &self.prefix
    }

    /// When the lease of each node ends, and what each says of itself.
    pub(super) fn nodes(&self) -> Vec<String> {
        vec![self.tagged(0, "leases"), self.tagged(0, "about")]
    }
}

/// A node in Redis: the name of its run.
pub(super) fn name(node: Run) -> String {
    format!("{:012x}", node.number())
}

/// The node that has this name.
pub(super) fn node(name: &str) -> Option<Run> {
    u64::from_str_radix(name, 16).ok().map(Run::new)
}

/// The same on every node, whatever its version and machine.
pub(super) fn tag(room: &RoomCode) -> usize {
    let digest = Sha256::digest(room.as_str());
    usize::from(digest[0]) % TAGS
}

/// The tag of a key or a channel.
pub(super) fn tag_of(key: &str) -> usize {
    let number =
        key.split_once('{').and_then(|(_, rest)| rest.split_once('.')).map(|(number, _)| number.parse());
    number.and_then(Result::ok).filter(|tag| *tag < TAGS).unwrap_or(0)
}

/// The slots that a tag's keys are in.
pub(super) fn slot_of(tag: usize) -> usize {
    slot(TEXTS[tag].as_bytes())
}

/// As every cluster computes it: CRC-16 (XMODEM).
fn slot(text: &[u8]) -> usize {
    let crc = text.iter().fold(0_u16, |crc, byte| {
        (0..8).fold(crc ^ (u16::from(*byte) << 8), |crc, _| {
            (crc << 1) ^ if crc >> 15 == 1 { 0x1021 } else { 0 }
        })
    });
    usize::from(crc) % SLOTS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tags_share_the_slots_out_evenly() {
        // From the specification of clusters.
        assert_eq!(slot(b"123456789"), 0x31C3);
        for masters in 1..=16 {
            let mut counts = vec![0; masters];
            (0..TAGS).for_each(|tag| counts[slot_of(tag) * masters / SLOTS] += 1);
            let (least, most) = (counts.iter().min().unwrap(), counts.iter().max().unwrap());
            assert!(most - least <= 2, "{counts:?}");
        }
    }

    #[test]
    fn given_a_key_then_its_tag_is_known() {
        let keys = Keys::new("school:alert-2.0");
        let mut seen = std::collections::HashSet::new();
        for number in 0..1000 {
            let room = RoomCode::parse(&format!("{{7.1}} room {number}"), 64).unwrap();
            let tag = tag(&room);
            seen.insert(tag);
            for key in keys.of(&room).iter().chain([&keys.events(&room)]) {
                assert_eq!(tag_of(key), tag, "{key}");
            }
            assert_eq!(keys.code(&keys.room(&room)), Some(room));
        }
        assert_eq!(seen.len(), TAGS);
        assert_eq!(tag_of(&keys.seat(SeatId([67; 16]))), 67 % TAGS);
        assert_eq!(tag_of(&keys.session_key()), 0);
    }
}
