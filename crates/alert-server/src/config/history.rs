//! How much of what was said is kept, where, and for how long.

use std::path::PathBuf;
use std::time::Duration;

use alert_settings::Allowed;
use alert_settings::value::size;

/// The settings of the history.
#[derive(Clone, Debug)]
pub struct History {
    /// Where it is kept.
    pub kind: HistoryKind,
    /// Whether somebody chose that. If not, a server that cannot have a file does without one.
    pub is_asked_for: bool,
    /// The file, if there is a state folder.
    pub file: Option<PathBuf>,
    /// How much of it. Without a size, it is the default of the kind.
    pub retention: Retention<Option<u64>>,
}

/// How much a store keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention<Bytes = u64> {
    /// Messages in each room.
    pub messages: usize,
    /// How long each is kept.
    pub age: Duration,
    /// Bytes in all.
    pub bytes: Bytes,
}

/// Where the history is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HistoryKind {
    /// In a file.
    Sqlite,
    /// In memory, until the server stops.
    Memory,
    /// Nowhere.
    Off,
}

/// The words that name each kind.
pub(super) const KINDS: &[(&str, HistoryKind)] =
    &[("sqlite", HistoryKind::Sqlite), ("memory", HistoryKind::Memory), ("off", HistoryKind::Off)];

const MEBIBYTE: u64 = 1 << 20;
const IN_A_FILE: u64 = 1 << 30;
const IN_MEMORY: u64 = 64 * MEBIBYTE;

impl History {
    /// What is kept in a store of this kind.
    pub fn retention(&self, kind: HistoryKind) -> Retention {
        let bytes = if kind == HistoryKind::Sqlite { IN_A_FILE } else { IN_MEMORY };
        let Retention { messages, age, bytes: given } = self.retention;
        Retention { messages, age, bytes: given.unwrap_or(bytes) }
    }
}

/// A size, or `auto`.
pub(super) fn bytes(text: &str) -> Result<Option<u64>, Allowed> {
    if text.trim() == "auto" {
        return Ok(None);
    }
    let given = size(MEBIBYTE..=1 << 50)(text);
    given.map(Some).map_err(|allowed| format!("auto (1GiB in a file, 64MiB in memory), or {allowed}"))
}
