//! API tokens: those that are valid now, and the one that a request brings.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http::{HeaderMap, header};
use subtle::ConstantTimeEq;

use crate::config::ApiTokens;
use alert_core::ApiToken;
use alert_core::access::{Principal, Rights};

/// The tokens of `api_token` and `api_token_file`.
pub struct Tokens(Mutex<Arc<ApiTokens>>);

/// A request brings a token that is not ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this token is not one of this server's.")]
pub struct WrongToken;

impl Tokens {
    /// The tokens of the configuration.
    pub fn new(tokens: ApiTokens) -> Self {
        Self(Mutex::new(Arc::new(tokens)))
    }

    /// Whether there are any.
    pub fn are_set(&self) -> bool {
        self.current().iter().next().is_some()
    }

    /// The token that a request brings: none if it brings none, or if no tokens are set.
    ///
    /// # Errors
    /// A token that is not ours is an error in any request.
    pub fn presented(&self, headers: &HeaderMap) -> Result<Option<ApiToken>, WrongToken> {
        let tokens = self.current();
        let Some(text) = bearer(headers).filter(|_| tokens.iter().next().is_some()) else { return Ok(None) };
        // Each is compared to its end, so that the time says nothing about how near the text comes to one of them.
        let equal = |token: &&ApiToken| bool::from(token.as_str().as_bytes().ct_eq(text));
        let found = tokens.iter().filter(equal).fold(None, |found, token| found.or(Some(token)));
        found.cloned().map(Some).ok_or(WrongToken)
    }

    /// Whoever comes over HTTP, with or without a token. If tokens are set, nobody speaks without one; the list of
    /// rooms is for their holders alone.
    pub fn principal(&self, token: Option<&ApiToken>) -> Principal {
        let rights = match token {
            Some(_) => Rights { read: true, speak: true, list: true },
            None => Rights { speak: !self.are_set(), ..Rights::OPEN },
        };
        Principal { name: None, rights }
    }

    /// Reads the file again, if there is one. A bad file is logged, and the tokens stay as they were.
    pub fn reload(&self) {
        let old = self.current();
        let Some(file) = &old.file else { return };
        let path = file.path().display().to_string();
        match file.read_again() {
            Ok(file) => {
                if let Some(warning) = file.warning() {
                    tracing::warn!("{warning}");
                }
                let new = ApiTokens { given: old.given.clone(), file: Some(file) };
                tracing::info!(path, tokens = new.iter().count(), "read the API tokens again");
                *self.lock() = Arc::new(new);
            }
            Err(allowed) => {
                tracing::error!(
                    path,
                    allowed,
                    "the API tokens stay as they were: the file is not what it must be"
                );
            }
        }
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
fn bearer(headers: &HeaderMap) -> Option<&[u8]> {
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

    fn presented(tokens: &Tokens, value: &str) -> Result<Option<String>, ()> {
        let headers = HeaderMap::from_iter([(header::AUTHORIZATION, value.parse().unwrap())]);
        let token = tokens.presented(&headers).map_err(|_| ())?;
        Ok(token.map(|token| token.as_str().to_owned()))
    }

    #[test]
    fn each_of_several_tokens_is_good_and_nothing_else() {
        let two = tokens(&["0123456789abcdef", "fedcba9876543210"]);
        for good in ["0123456789abcdef", "fedcba9876543210"] {
            for header in [format!("Bearer {good}"), format!("bearer   {good} ")] {
                assert_eq!(presented(&two, &header), Ok(Some(good.to_owned())), "{header}");
            }
        }
        for bad in [
            "Bearer 0123456789abcdee",
            "Bearer 0123456789abcde",
            "Bearer 0123456789abcdef0",
            "Bearer ",
            "Bearer x",
        ] {
            assert_eq!(presented(&two, bad), Err(()), "{bad}");
        }
        for none in ["Basic 0123456789abcdef", "Bearer", "0123456789abcdef", ""] {
            assert_eq!(presented(&two, none), Ok(None), "{none}");
        }
    }

    #[test]
    fn without_tokens_whatever_is_brought_does_not_count() {
        assert_eq!(presented(&tokens(&[]), "Bearer 0123456789abcdef"), Ok(None));
    }

    #[test]
    fn a_reload_takes_the_file_and_keeps_the_old_tokens_where_it_is_bad() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let write = |text: &str| std::fs::write(file.path(), text).unwrap();
        write("0123456789abcdef\n");
        let read = crate::config::ApiTokenFile::parse(file.path().to_str().unwrap()).unwrap();
        let given = vec![ApiToken::parse("given-given-given").unwrap()];
        let tokens = Tokens::new(ApiTokens { given, file: Some(read) });
        let good = |text: &str| presented(&tokens, &format!("Bearer {text}")).is_ok();
        let state = || ["0123456789abcdef", "fedcba9876543210", "given-given-given"].map(good);
        assert_eq!(state(), [true, false, true]);
        write("fedcba9876543210\n");
        tokens.reload();
        assert_eq!(state(), [false, true, true]);
        write("# nothing\n");
        tokens.reload();
        assert_eq!(state(), [false, true, true]);
    }
}
