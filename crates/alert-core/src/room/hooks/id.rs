//! What tells the webhooks of a room from each other.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

use crate::room::alerts::AlertId;

/// The name of a webhook: eight letters and digits, made at random, as an alert's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct HookId(AlertId);

/// A text that names no webhook.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it must be the id of a webhook, eight letters and digits")]
pub struct NotAHookId;

impl HookId {
    /// Made of random bytes.
    #[must_use]
    pub fn made_of(random: [u8; 8]) -> Self {
        Self(AlertId::made_of(random))
    }

    /// As clients see it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl FromStr for HookId {
    type Err = NotAHookId;

    /// In small letters or capitals.
    fn from_str(text: &str) -> Result<Self, NotAHookId> {
        text.parse().map(Self).map_err(|_| NotAHookId)
    }
}

impl fmt::Display for HookId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

impl Serialize for HookId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}
