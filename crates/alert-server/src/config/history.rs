//! What is kept of what was said, where, and for how long.

use std::time::Duration;

/// The settings of the history.
#[derive(Clone, Debug)]
pub struct History {
    /// Where it is kept.
    pub kind: HistoryKind,
    /// How much of it.
    pub retention: Retention,
}

/// How much a store keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// Messages of a room.
    pub messages: usize,
    /// How long each.
    pub age: Duration,
    /// Bytes in all.
    pub bytes: u64,
}

/// Where the history is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HistoryKind {
    /// In memory, until the server stops.
    Memory,
    /// Nowhere.
    Off,
}

/// The words for it.
pub(super) const KINDS: &[(&str, HistoryKind)] =
    &[("memory", HistoryKind::Memory), ("off", HistoryKind::Off)];
