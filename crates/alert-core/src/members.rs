//! The people of a room as a list: shared by everybody who asks between two changes of the room, and turned into JSON
//! once, by whoever needs that first. For a room of a thousand it is tens of kilobytes, and everybody who joins asks for it.

use std::sync::{Arc, OnceLock};

use serde_json::value::RawValue;

use crate::names::UserName;

/// The first people of a room, in the order in which they entered, and how many there are in all.
#[derive(Debug, Default)]
pub struct Members {
    names: Arc<Vec<UserName>>,
    count: usize,
    json: OnceLock<Box<RawValue>>,
}

impl Members {
    /// The most names that clients get to see.
    pub const MOST: usize = 1_000;

    /// `names` are the first of `count`.
    #[must_use]
    pub fn new(names: Arc<Vec<UserName>>, count: usize) -> Self {
        Self { names, count, json: OnceLock::new() }
    }

    /// The first of them.
    #[must_use]
    pub fn names(&self) -> &[UserName] {
        &self.names
    }

    /// How many there are in all.
    #[must_use]
    pub fn count(&self) -> usize {
        self.count
    }

    /// The names as a list of strings.
    #[expect(clippy::expect_used, reason = "a list of strings is JSON")]
    pub fn json(&self) -> &RawValue {
        if self.json.get().is_none() {
            // Not in `get_or_init`, where another thread would wait.
            let list = serde_json::value::to_raw_value(self.names()).expect("a list of strings is JSON");
            let _ = self.json.set(list);
        }
        self.json.get().expect("it has just been set")
    }
}

impl PartialEq for Members {
    fn eq(&self, other: &Self) -> bool {
        (&self.names, self.count) == (&other.names, other.count)
    }
}

impl Eq for Members {}
