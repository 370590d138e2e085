//! What a signed token says: whose it is, what it grants in which rooms, and until when it counts.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::SystemTime;

use super::{Right, Rights};
use crate::names::{RoomCode, UserName};

/// A token that has been verified. Everybody who shows it at the same time has one of these.
#[derive(Debug)]
pub struct Token {
    /// Whose it is.
    pub subject: Subject,
    /// Tells it from others of the same subject.
    pub id: TokenId,
    /// What its holder is called.
    pub name: Option<UserName>,
    /// It counts until then.
    pub expires: SystemTime,
    /// What it grants.
    pub grants: Box<[Grant]>,
    /// By which key it was signed.
    pub signed_by: SignedBy,
    /// How it has ended, if it has.
    pub ended: Ended,
}

/// A hash of a key, which tells it from others.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct SignedBy(pub [u8; 32]);

impl fmt::Debug for SignedBy {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("SignedBy(..)")
    }
}

/// Whose a token is: its `sub`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Subject(Arc<str>);

/// A token's `jti`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TokenId(Arc<str>);

/// What was taken back. As text: `sub:` and a subject, or `jti:` and a token's id.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Revoked {
    /// All tokens of a subject.
    Subject(Subject),
    /// One token.
    Token(TokenId),
}

/// A text that says nothing of what was taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it must be sub: or jti:, and 1 to 255 bytes in one line")]
pub struct NotRevoked;

/// Rights in some rooms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// Where.
    pub rooms: Which,
    /// What.
    pub rights: Rights,
}

/// Which rooms a grant is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Which {
    /// The one of this name.
    Named(RoomCode),
    /// All whose name begins so; with an empty text, all.
    Prefix(Box<str>),
}

/// How a token ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum End {
    /// Its time is over.
    #[error("your token has expired")]
    Expired,
    /// Whoever runs the server has taken it back.
    #[error("your token has been revoked")]
    Revoked,
}

/// How a token has ended, if it has: seen at once by all who act with it.
#[derive(Debug, Default)]
pub struct Ended(AtomicU8);

impl Token {
    /// What it grants in a room, whether or not it has ended.
    #[must_use]
    pub fn grants_in(&self, room: &RoomCode) -> Rights {
        let here = self.grants.iter().filter(|grant| grant.rooms.are(room));
        here.fold(Rights::NONE, |rights, grant| rights.and(grant.rights))
    }

    /// Whether it grants a right in some room.
    #[must_use]
    pub fn grants_somewhere(&self, right: Right) -> bool {
        self.grants.iter().any(|grant| grant.rights.has(right))
    }
}

impl Which {
    fn are(&self, room: &RoomCode) -> bool {
        match self {
            Self::Named(name) => name == room,
            Self::Prefix(prefix) => room.as_str().starts_with(&**prefix),
        }
    }
}

impl Ended {
    /// Ends the token. Only the first end counts.
    pub fn set(&self, end: End) {
        let code = match end {
            End::Expired => 1,
            End::Revoked => 2,
        };
        let _ = self.0.compare_exchange(0, code, Ordering::AcqRel, Ordering::Acquire);
    }

    /// How it has ended.
    pub fn get(&self) -> Option<End> {
        match self.0.load(Ordering::Acquire) {
            0 => None,
            1 => Some(End::Expired),
            _ => Some(End::Revoked),
        }
    }
}

impl fmt::Display for Revoked {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Subject(subject) => write!(out, "sub:{subject}"),
            Self::Token(id) => write!(out, "jti:{id}"),
        }
    }
}

impl FromStr for Revoked {
    type Err = NotRevoked;

    fn from_str(text: &str) -> Result<Self, NotRevoked> {
        let what = match text.split_once(':') {
            Some(("sub", subject)) => Subject::parse(subject).map(Self::Subject),
            Some(("jti", id)) => TokenId::parse(id).map(Self::Token),
            _ => None,
        };
        what.ok_or(NotRevoked)
    }
}

/// Defines a text that identifies something: 1 to 255 bytes, without control characters.
macro_rules! id {
    ($Name:ident) => {
        impl $Name {
            /// Takes 1 to 255 bytes that can be shown in a line.
            #[must_use]
            pub fn parse(text: &str) -> Option<Self> {
                let fits = (1..=255).contains(&text.len()) && !text.chars().any(char::is_control);
                fits.then(|| Self(text.into()))
            }

            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $Name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.pad(&self.0)
            }
        }
    };
}

id!(Subject);
id!(TokenId);
