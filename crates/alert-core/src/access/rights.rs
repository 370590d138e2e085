//! What may be done in a room.

use std::fmt;
use std::str::FromStr;

/// Something that may be done in a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Right {
    /// Enter it, hear it, read what was said and see who is in it.
    Read,
    /// Say something.
    Speak,
    /// Raise an alert.
    Alert,
    /// Be its host: set its policy, remove messages, and send people out.
    Moderate,
}

/// A set of rights; the default is none.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Rights(u8);

/// A text that names no right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a right is one of read, speak, alert, moderate")]
pub struct NotARight;

impl Right {
    /// All there are.
    pub const ALL: [Self; 4] = [Self::Read, Self::Speak, Self::Alert, Self::Moderate];

    /// As tokens and answers name it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Speak => "speak",
            Self::Alert => "alert",
            Self::Moderate => "moderate",
        }
    }

    const fn bit(self) -> u8 {
        1 << self as u8
    }
}

impl Rights {
    /// Nothing.
    pub const NONE: Self = Self(0);
    /// What an open server lets anybody do who knows a room's code.
    pub const OPEN: Self = Self::NONE.with(Right::Read).with(Right::Speak);

    /// These, and one more.
    #[must_use]
    pub const fn with(self, right: Right) -> Self {
        Self(self.0 | right.bit())
    }

    /// These, without one.
    #[must_use]
    pub const fn without(self, right: Right) -> Self {
        Self(self.0 & !right.bit())
    }

    /// These and those.
    #[must_use]
    pub const fn and(self, others: Self) -> Self {
        Self(self.0 | others.0)
    }

    /// Whether a right is among them.
    #[must_use]
    pub const fn has(self, right: Right) -> bool {
        self.0 & right.bit() != 0
    }

    /// Each of them.
    pub fn iter(self) -> impl Iterator<Item = Right> {
        Right::ALL.into_iter().filter(move |right| self.has(*right))
    }
}

impl FromIterator<Right> for Rights {
    fn from_iter<I: IntoIterator<Item = Right>>(rights: I) -> Self {
        rights.into_iter().fold(Self::NONE, Self::with)
    }
}

impl fmt::Display for Right {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(self.as_str())
    }
}

impl FromStr for Right {
    type Err = NotARight;

    fn from_str(text: &str) -> Result<Self, NotARight> {
        Self::ALL.into_iter().find(|right| right.as_str() == text).ok_or(NotARight)
    }
}

impl fmt::Debug for Rights {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_set().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_has_what_was_put_in_and_nothing_else() {
        for right in Right::ALL {
            assert!(!Rights::default().has(right));
            let one = Rights::NONE.with(right);
            assert_eq!(one.iter().collect::<Vec<_>>(), [right]);
            assert_eq!(one.without(right), Rights::NONE);
            assert_eq!(right.as_str().parse(), Ok(right));
        }
        assert_eq!(Rights::OPEN.iter().collect::<Vec<_>>(), [Right::Read, Right::Speak]);
        assert_eq!(Right::ALL.into_iter().collect::<Rights>(), Rights(0b1111));
        for text in ["", "Read", "write", "read ", "*", "list"] {
            assert_eq!(text.parse::<Right>(), Err(NotARight), "{text}");
        }
    }
}
