//! The secret that a program brings to the HTTP API.

use std::fmt::{self, Debug, Formatter};
use std::sync::Arc;

/// A secret of at least 16 characters that fits into an `Authorization: Bearer` header (RFC 6750, section 2.1). `Debug`
/// does not show it.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct ApiToken(Arc<str>);

const LEAST_CHARS: usize = 16;
const ALLOWED: &str = "at least 16 characters, of letters, digits and -._~+/ with = only at the end, as `openssl rand -hex 32` \
                       prints them";

impl ApiToken {
    /// Reads a token, without white space around it.
    ///
    /// # Errors
    /// What is allowed instead.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let body = text.trim_end_matches('=');
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte);
        let is_token = text.len() >= LEAST_CHARS && !body.is_empty() && body.bytes().all(fits);
        if is_token { Ok(Self(text.into())) } else { Err(ALLOWED.to_owned()) }
    }

    /// The secret.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Debug for ApiToken {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        out.write_str("ApiToken(hidden)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_what_a_bearer_header_can_hold_and_not_short() {
        for good in ["0123456789abcdef", " 0123456789abcdef\t", "-._~+/0123456789==", "MDEyMzQ1Njc4OTAxMjM="]
        {
            assert_eq!(ApiToken::parse(good).unwrap().as_str(), good.trim());
        }
        for bad in [
            "",
            "0123456789abcde",
            "0123456789 abcdef",
            "================",
            "0123=456789abcdef",
            "0123456789abcd\u{e9}",
        ] {
            assert!(ApiToken::parse(bad).unwrap_err().contains("at least 16 characters"), "{bad:?}");
        }
        assert_eq!(format!("{:?}", ApiToken::parse("0123456789abcdef").unwrap()), "ApiToken(hidden)");
    }
}
