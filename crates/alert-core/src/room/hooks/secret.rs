//! What webhooks are signed with. It is kept as it is, since whoever signs needs all of it, and is not printed.

use std::fmt::{self, Debug, Formatter};

/// Random bytes that a receiver and the server know. `Debug` does not show them.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret([u8; 32]);

impl Secret {
    /// Made of random bytes.
    #[must_use]
    pub fn new(random: [u8; 32]) -> Self {
        Self(random)
    }

    /// Itself, for whoever signs, and for the one who gets it.
    #[must_use]
    pub fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl Debug for Secret {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        out.write_str("Secret(hidden)")
    }
}
