//! What tells alerts from each other: short enough to be read out and typed.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

/// Letters and digits that nobody takes for one another.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
const CHARS: usize = 8;

/// The name of an alert: eight letters and digits, made at random.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct AlertId([u8; CHARS]);

/// A text that names no alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it must be the id of an alert, eight letters and digits")]
pub struct NotAnAlertId;

impl AlertId {
    /// Made of random bytes.
    #[must_use]
    pub fn made_of(random: [u8; CHARS]) -> Self {
        Self(random.map(|byte| ALPHABET[usize::from(byte % 32)]))
    }

    /// As clients see it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        // The alphabet is ASCII.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl FromStr for AlertId {
    type Err = NotAnAlertId;

    /// In small letters or capitals.
    fn from_str(text: &str) -> Result<Self, NotAnAlertId> {
        let bytes: [u8; CHARS] = text.as_bytes().try_into().map_err(|_| NotAnAlertId)?;
        let bytes = bytes.map(|byte| byte.to_ascii_lowercase());
        if bytes.iter().all(|byte| ALPHABET.contains(byte)) { Ok(Self(bytes)) } else { Err(NotAnAlertId) }
    }
}

impl fmt::Display for AlertId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

impl fmt::Debug for AlertId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

impl Serialize for AlertId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_read_as_it_was_written_and_nothing_else_is_one() {
        let id = AlertId::made_of([0, 31, 32, 63, 100, 200, 255, 7]);
        assert_eq!(id.to_string(), "0z0z48z7");
        assert_eq!((id.as_str().parse(), "0Z0Z48Z7".parse()), (Ok(id), Ok(id)));
        for text in ["", "0z0z48z", "0z0z48z77", "0z0z48zi", "0z0z48z\u{e9}", "0z0z 8z7"] {
            assert_eq!(text.parse::<AlertId>(), Err(NotAnAlertId), "{text}");
        }
    }
}
