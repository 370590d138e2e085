//! What proves something: a room's password, and the key of its host. Neither is printed, and of the key only a digest
//! is kept.

use std::fmt::{self, Debug, Formatter, Write};

use sha2::{Digest, Sha256};

/// A password, hashed with argon2 (a PHC string). `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(Box<str>);

/// A password as somebody typed it. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(Box<str>);

/// What somebody shows at the door of a room, besides what says who they are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shown {
    /// They say that they are a host.
    pub host: Option<HostKey>,
    /// They say that they know the password.
    pub password: Option<Password>,
    /// The key is for whichever room they come into: in one that has another, they are what anybody is.
    pub is_for_any: bool,
}

/// Whoever has it is a host of the room. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct HostKey(Box<str>);

/// What is kept of a [`HostKey`]. It has 128 random bits, so a plain digest tells nothing.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct KeyHash([u8; 32]);

/// What a key begins with, so that somebody who finds one knows what it is.
const MARK: &str = "host_";

impl PasswordHash {
    /// Takes a PHC string.
    #[must_use]
    pub fn new(phc: &str) -> Self {
        Self(phc.into())
    }

    /// The PHC string, for a store and for whoever verifies.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Password {
    /// Takes any text.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(text.into())
    }

    /// The password itself, for whoever hashes or verifies it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Shown {
    /// This, and what it lacks from another.
    #[must_use]
    pub fn or(self, other: &Self) -> Self {
        let has_key = self.host.is_some();
        Self {
            host: self.host.or_else(|| other.host.clone()),
            password: self.password.or_else(|| other.password.clone()),
            is_for_any: if has_key { self.is_for_any } else { other.is_for_any },
        }
    }
}

impl HostKey {
    /// A key of random bytes.
    #[must_use]
    pub fn new(random: [u8; 16]) -> Self {
        Self(format!("{MARK}{}", hex(&random)).into())
    }

    /// Reads a key as somebody shows it. Any text will do: one that is no key opens nothing.
    #[must_use]
    pub fn shown(text: &str) -> Self {
        Self(text.trim().into())
    }

    /// The key itself, for the one who gets it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What is kept of it.
    #[must_use]
    pub fn hash(&self) -> KeyHash {
        KeyHash(Sha256::digest(self.0.as_bytes()).into())
    }
}

impl KeyHash {
    /// As text, for a store.
    #[must_use]
    pub fn text(self) -> String {
        hex(&self.0)
    }

    /// The other way.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut bytes = [0; 32];
        if text.len() != 64 || !text.is_ascii() {
            return None;
        }
        for (place, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&text[2 * place..2 * place + 2], 16).ok()?;
        }
        Some(Self(bytes))
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

impl Debug for PasswordHash {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        out.write_str("PasswordHash(hidden)")
    }
}

impl Debug for Password {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        out.write_str("Password(hidden)")
    }
}

impl Debug for HostKey {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        out.write_str("HostKey(hidden)")
    }
}

impl Debug for KeyHash {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        out.write_str("KeyHash(hidden)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_a_secret_then_nothing_prints_it() {
        let key = HostKey::new([7; 16]);
        let (hash, password) = (PasswordHash::new("$argon2id$v=19$x"), Password::new("blue sky"));
        let shown = format!("{key:?} {:?} {hash:?} {password:?}", key.hash());
        assert_eq!(shown, "HostKey(hidden) KeyHash(hidden) PasswordHash(hidden) Password(hidden)");
    }

    #[test]
    fn given_a_key_then_its_hash_is_read_as_it_was_written_and_is_that_of_no_other() {
        let (one, other) = (HostKey::new([7; 16]), HostKey::new([8; 16]));
        assert_eq!(one.as_str(), "host_07070707070707070707070707070707");
        assert_eq!(KeyHash::parse(&one.hash().text()), Some(one.hash()));
        assert_eq!(HostKey::shown(&format!(" {}\n", one.as_str())).hash(), one.hash());
        assert!(one.hash() != other.hash());
        for bad in ["", "zz", &"g".repeat(64), &"\u{e9}".repeat(32), &"a".repeat(63)] {
            assert_eq!(KeyHash::parse(bad), None);
        }
    }
}
