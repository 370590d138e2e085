//! Who acts, and what they may do in which room. Every right is denied by default.

mod principal;
mod rights;
mod token;

pub use principal::{Principal, Standing};
pub use rights::{NotARight, Right, Rights};
pub use token::{End, Ended, Grant, NotRevoked, Revoked, SignedBy, Subject, Token, TokenId, Which};

/// Somebody may not do what they ask for. The text says what to do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// It takes a token, and they have shown none.
    #[error("this takes a token: get one from whoever runs this server, and connect with it as auth.token.")]
    NoToken,
    /// Their token does not give the right in this room.
    #[error("your token does not let you {0} in this room: ask whoever gave it to you for one that does.")]
    Missing(Right),
    /// Which rooms there are is for others to see.
    #[error("your token does not let you see which rooms there are: that takes an API token.")]
    List,
    /// Taking tokens back is for others.
    #[error("your token does not let you take tokens back: that takes an API token.")]
    Revoke,
    /// Their token counts no longer.
    #[error("{0}: connect again with a new one.")]
    Ended(End),
}
