//! Tokens of the HTTP API: who brings one may post messages and list rooms.

use std::fmt::{self, Debug, Formatter};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A secret of at least 16 characters that can stand in an `Authorization: Bearer` header (RFC 6750, section 2.1). It
/// is in no `Debug` output.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct ApiToken(Arc<str>);

/// A file of tokens, with what it held when it was read.
#[derive(Clone, Debug)]
pub struct ApiTokenFile {
    path: PathBuf,
    tokens: Vec<ApiToken>,
}

/// All tokens. Without any, everybody may post, and nobody may list the rooms.
#[derive(Clone, Debug, Default)]
pub struct ApiTokens {
    /// Those of `api_token`.
    pub given: Vec<ApiToken>,
    /// Those of `api_token_file`.
    pub file: Option<ApiTokenFile>,
}

const LEAST_CHARS: usize = 16;
const ALLOWED: &str = "at least 16 characters, of letters, digits and -._~+/ with = only at the end, as `openssl rand -hex 32` \
                       prints them";

impl ApiToken {
    /// Reads a token, without what is around it.
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

impl ApiTokenFile {
    /// Reads the file at `path`. One without a token is an error: a server must not open itself for want of a line.
    ///
    /// # Errors
    /// What is allowed instead. Nothing of what is in the file is repeated.
    pub fn parse(path: &str) -> Result<Self, String> {
        let path = PathBuf::from(path);
        let tokens = read(&path)?;
        Ok(Self { path, tokens })
    }

    /// The file as it is now.
    ///
    /// # Errors
    /// As for [`Self::parse`].
    pub fn read_again(&self) -> Result<Self, String> {
        let tokens = read(&self.path)?;
        Ok(Self { path: self.path.clone(), tokens })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl ApiTokens {
    /// Every token.
    pub fn iter(&self) -> impl Iterator<Item = &ApiToken> {
        self.given.iter().chain(self.file.iter().flat_map(|file| &file.tokens))
    }
}

fn read(path: &Path) -> Result<Vec<ApiToken>, String> {
    let text =
        std::fs::read_to_string(path).map_err(|problem| format!("a file that can be read ({problem})"))?;
    let lines = text.lines().enumerate().filter(|(_, line)| {
        let line = line.trim();
        !line.is_empty() && !line.starts_with('#')
    });
    let token = |(index, line)| {
        ApiToken::parse(line)
            .map_err(|allowed| format!("a file with one token a line, {allowed}; see its line {}", index + 1))
    };
    let tokens: Vec<ApiToken> = lines.map(token).collect::<Result<_, _>>()?;
    if tokens.is_empty() { Err("a file with at least one token".to_owned()) } else { Ok(tokens) }
}

impl Debug for ApiToken {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        out.write_str("ApiToken(hidden)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &str) -> (tempfile::NamedTempFile, Result<ApiTokenFile, String>) {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        let read = ApiTokenFile::parse(file.path().to_str().unwrap());
        (file, read)
    }

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

    #[test]
    fn a_file_holds_one_token_a_line_among_comments() {
        let (_kept, read) =
            file("# for the bell\n0123456789abcdef\n\n  # for cron\r\n  fedcba9876543210\r\n");
        let tokens = ApiTokens {
            given: vec![ApiToken::parse("given-given-given").unwrap()],
            file: Some(read.unwrap()),
        };
        let seen: Vec<&str> = tokens.iter().map(ApiToken::as_str).collect();
        assert_eq!(seen, ["given-given-given", "0123456789abcdef", "fedcba9876543210"]);
    }

    #[test]
    fn a_file_without_tokens_or_with_something_else_is_an_error_that_does_not_repeat_it() {
        assert_eq!(file("# none\n\n").1.unwrap_err(), "a file with at least one token");
        let error = file("0123456789abcdef\nsecret\n").1.unwrap_err();
        assert!(error.ends_with("see its line 2") && !error.contains("secret"), "{error}");
        assert!(ApiTokenFile::parse("/nowhere/x").unwrap_err().contains("can be read"));
    }

    #[test]
    fn reading_again_gives_what_is_there_now() {
        let (kept, read) = file("0123456789abcdef\n");
        let read = read.unwrap();
        std::fs::write(kept.path(), "fedcba9876543210\n").unwrap();
        assert_eq!(read.read_again().unwrap().tokens[0].as_str(), "fedcba9876543210");
        std::fs::write(kept.path(), "").unwrap();
        assert!(read.read_again().is_err());
    }
}
