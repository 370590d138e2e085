//! Signed tokens (JWT, RFC 7519): who may do what in which rooms, said by whoever has the key.

mod claims;
mod key;
mod keys;
mod mint;
mod ring;
mod shown;
#[cfg(test)]
mod tests;

use std::time::SystemTime;

use alert_core::access::{End, Token};
use alert_core::wire::v1::Limits;
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Validation, decode, decode_header};

use claims::Claims;
pub use key::{Key, KeyError};
pub use keys::{KeyFileError, ReadKeys, TokenKeys};
pub use mint::{MintError, Minted, Order, keygen};
pub use shown::Shown;

/// Why a token does not count. The text repeats nothing of the token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// It is no token of any kind.
    #[error("this token is not one of this server's.")]
    Unknown,
    /// It is too long.
    #[error("this token is longer than {MOST_BYTES} bytes.")]
    TooLong,
    /// It cannot be read.
    #[error("this token is no JWT, or signed with something else than HS256, EdDSA, ES256 or RS256.")]
    Malformed,
    /// It names another key or algorithm than ours.
    #[error("this token is signed with a key (kid, alg) that this server does not have.")]
    OtherKey,
    /// Nobody who has our key has signed it.
    #[error("the signature of this token is wrong.")]
    Signature,
    /// It says what it must not.
    #[error("this token says what it must not: {0}.")]
    Claim(&'static str),
    /// It is meant for somebody else.
    #[error("this token is for others (aud); one for this server has none, or names alert.")]
    OtherAudience,
    /// It does not count yet.
    #[error("this token does not count yet (nbf).")]
    NotYet,
    /// It counts no longer.
    #[error("this token has expired; get a new one.")]
    Expired,
    /// It has been taken back.
    #[error("this token has been revoked; get a new one.")]
    Revoked,
}

/// No honest token is longer, and nothing is computed for one that is.
const MOST_BYTES: usize = 8192;

impl TokenError {
    /// What was wrong, for programs.
    pub fn code(self) -> &'static str {
        match self {
            Self::Expired => "token_expired",
            Self::Revoked => "token_revoked",
            _ => "token_wrong",
        }
    }
}

impl From<End> for TokenError {
    fn from(end: End) -> Self {
        match end {
            End::Expired => Self::Expired,
            End::Revoked => Self::Revoked,
        }
    }
}

/// Verifies a token with one of `keys`, and reads it.
///
/// # Errors
/// Why it does not count at `now`.
pub fn verify(keys: &[Key], text: &str, limits: &Limits, now: SystemTime) -> Result<Token, TokenError> {
    if text.len() > MOST_BYTES {
        return Err(TokenError::TooLong);
    }
    let header = decode_header(text).map_err(|_| TokenError::Malformed)?;
    // The key says which algorithm counts, never the token.
    let fits = |key: &&Key| {
        let is_named = match (&key.id, &header.kid) {
            (Some(id), Some(named)) => **id == **named,
            _ => true,
        };
        key.algorithm == header.alg && is_named
    };
    let mut result = Err(TokenError::OtherKey);
    for key in keys.iter().filter(fits) {
        let mut validation = Validation::new(key.algorithm);
        // What they say is read by `Claims`, in our words and at our time.
        validation.required_spec_claims.clear();
        validation.validate_exp = false;
        validation.validate_aud = false;
        match decode::<Claims>(text, &key.public, &validation) {
            Ok(data) => return data.claims.read(limits, key.mark(), now),
            Err(error) => {
                result = Err(match error.kind() {
                    ErrorKind::InvalidSignature => TokenError::Signature,
                    _ => TokenError::Malformed,
                });
            }
        }
    }
    result
}
