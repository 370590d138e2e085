//! API tokens: those that are valid now.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http::{HeaderMap, header};
use subtle::ConstantTimeEq;

use crate::config::ApiTokens;
use alert_core::ApiToken;

/// The tokens of `api_token` and `api_token_file`.
pub(crate) struct Tokens(Mutex<Arc<ApiTokens>>);

impl Tokens {
    /// The tokens of the configuration.
    pub(crate) fn new(tokens: ApiTokens) -> Self {
        Self(Mutex::new(Arc::new(tokens)))
    }

    /// Whether there are any.
    pub(crate) fn are_set(&self) -> bool {
        self.current().iter().next().is_some()
    }

    /// The one of ours that this is.
    pub(crate) fn find(&self, shown: &[u8]) -> Option<ApiToken> {
        let tokens = self.current();
        // Each is compared to its end, so that the time says nothing about how near the text comes to one of them.
        let equal = |token: &&ApiToken| bool::from(token.as_str().as_bytes().ct_eq(shown));
        tokens.iter().filter(equal).fold(None, |found, token| found.or(Some(token))).cloned()
    }

    /// Other tokens, from now on. Returns whether they are others.
    pub(crate) fn replace(&self, tokens: ApiTokens) -> bool {
        let is_other = !self.current().iter().eq(tokens.iter());
        *self.lock() = Arc::new(tokens);
        is_other
    }

    fn current(&self) -> Arc<ApiTokens> {
        Arc::clone(&self.lock())
    }

    fn lock(&self) -> MutexGuard<'_, Arc<ApiTokens>> {
        // The value is replaced in one step.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The credentials of `Authorization: Bearer` (RFC 6750, section 2.1). Another scheme is for a proxy in front of us.
pub(crate) fn bearer(headers: &HeaderMap) -> Option<&[u8]> {
    let value = headers.get(header::AUTHORIZATION)?.as_bytes();
    let (scheme, rest) = value.split_at_checked(7)?;
    scheme.eq_ignore_ascii_case(b"bearer ").then(|| rest.trim_ascii())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(given: &[&str]) -> Tokens {
        let given = given.iter().map(|text| ApiToken::parse(text).unwrap()).collect();
        Tokens::new(ApiTokens { given, file: None })
    }

    #[test]
    fn each_of_several_tokens_is_good_and_nothing_else() {
        let two = tokens(&["0123456789abcdef", "fedcba9876543210"]);
        let find = |header: &str| {
            let headers = HeaderMap::from_iter([(header::AUTHORIZATION, header.parse().unwrap())]);
            bearer(&headers).map(|shown| two.find(shown).map(|token| token.as_str().to_owned()))
        };
        for good in ["0123456789abcdef", "fedcba9876543210"] {
            for header in [format!("Bearer {good}"), format!("bearer   {good} ")] {
                assert_eq!(find(&header), Some(Some(good.to_owned())), "{header}");
            }
        }
        for bad in [
            "Bearer 0123456789abcdee",
            "Bearer 0123456789abcde",
            "Bearer 0123456789abcdef0",
            "Bearer ",
            "Bearer x",
        ] {
            assert_eq!(find(bad), Some(None), "{bad}");
        }
        for none in ["Basic 0123456789abcdef", "Bearer", "0123456789abcdef", ""] {
            assert_eq!(find(none), None, "{none}");
        }
    }

    #[test]
    fn other_tokens_count_from_then_on_and_it_is_known_whether_they_are_others() {
        let tokens = tokens(&["0123456789abcdef"]);
        let given = |text: &str| ApiTokens { given: vec![ApiToken::parse(text).unwrap()], file: None };
        let good = |text: &str| tokens.find(text.as_bytes()).is_some();
        let state = || ["0123456789abcdef", "fedcba9876543210"].map(good);
        assert!(!tokens.replace(given("0123456789abcdef")));
        assert_eq!(state(), [true, false]);
        assert!(tokens.replace(given("fedcba9876543210")));
        assert_eq!(state(), [false, true]);
    }
}
