//! Tokens of the HTTP API: whoever brings one may post messages and list rooms.

use std::path::{Path, PathBuf};

use alert_core::ApiToken;

use super::secret_file::{self, SecretFile};

/// A file of tokens, with what it held when it was read.
#[derive(Clone, Debug)]
pub struct ApiTokenFile {
    path: PathBuf,
    tokens: Vec<ApiToken>,
    warning: Option<String>,
}

/// All tokens. Without any, everybody may post, and nobody may list the rooms.
#[derive(Clone, Debug, Default)]
pub struct ApiTokens {
    /// Those of `api_token`.
    pub given: Vec<ApiToken>,
    /// Those of `api_token_file`.
    pub file: Option<ApiTokenFile>,
}

impl ApiTokenFile {
    /// Reads the file at `path`. A file without a token is an error: a missing line must not open the server.
    ///
    /// # Errors
    /// What is allowed instead. Nothing from the file is repeated.
    pub fn parse(path: &str) -> Result<Self, String> {
        Self::read(PathBuf::from(path))
    }

    /// The file as it is now.
    ///
    /// # Errors
    /// As for [`Self::parse`].
    pub fn read_again(&self) -> Result<Self, String> {
        Self::read(self.path.clone())
    }

    fn read(path: PathBuf) -> Result<Self, String> {
        let SecretFile { text, warning } =
            secret_file::read(&path).map_err(|problem| format!("a file that can be read ({problem})"))?;
        Ok(Self { path, tokens: tokens(&text)?, warning })
    }

    /// What to say if others may read the file.
    pub fn warning(&self) -> Option<&str> {
        self.warning.as_deref()
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

fn tokens(text: &str) -> Result<Vec<ApiToken>, String> {
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
