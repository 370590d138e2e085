//! What is kept of something that could not be delivered, so that whoever runs the server sees it and sends it again.

use crate::log::Letter;
use alert_core::wire::webhook::Body;
use serde::{Deserialize, Serialize};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The longest body that is kept.
const MOST_BYTES: usize = 16 << 10;

/// A dead letter. Times are milliseconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeadLetter {
    /// What kind of event it is.
    pub kind: String,
    /// When it was given up.
    pub at: u64,
    /// How often it was tried.
    pub attempts: u32,
    /// Why it failed last.
    pub why: String,
    /// What is posted; not if it is too long to be kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub json: Option<Box<str>>,
}

impl DeadLetter {
    /// Of something that was tried so often.
    pub fn new(body: &Body, attempts: u32, why: &str, now: SystemTime) -> Self {
        let json = (body.json.len() <= MOST_BYTES).then(|| body.json.as_str().into());
        Self { kind: body.kind.to_owned(), at: millis(now), attempts, why: why.to_owned(), json }
    }

    /// After one more attempt that failed. It keeps its place among the others.
    #[must_use]
    pub fn again(self, why: &str) -> Self {
        Self { attempts: self.attempts.saturating_add(1), why: why.to_owned(), ..self }
    }

    /// As text, for a store.
    pub fn write(&self) -> Box<str> {
        // Texts and numbers only: there is always a JSON for them.
        serde_json::to_string(self).unwrap_or_default().into()
    }

    /// The other way.
    pub fn read(letter: &Letter) -> Option<Self> {
        serde_json::from_str(&letter.text).ok()
    }
}

fn millis(at: SystemTime) -> u64 {
    at.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO).as_millis() as u64
}
