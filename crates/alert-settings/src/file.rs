//! Files with settings and secrets: read whole, without waiting for the other end of a pipe.

use std::fs::{FileType, Metadata, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::Path;

use rustix::fs::OFlags;

use crate::{ConfigError, NotUtf8, text};

/// What a file held.
#[derive(Debug)]
pub struct TextFile {
    /// Its text, without a byte order mark.
    pub text: String,
    /// Its mode, among others: who may read it.
    pub metadata: Metadata,
}

/// Why a file does not give a text.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The system refuses it.
    #[error("{0}")]
    Unreadable(#[from] io::Error),
    /// It is a folder, a pipe, a device: reading it may never end.
    #[error("it is {0}, not a file")]
    NotAFile(&'static str),
    /// It cannot be a file of settings.
    #[error("it is larger than {MOST_BYTES} bytes")]
    TooLarge,
    /// It is in another encoding.
    #[error(transparent)]
    NotUtf8(#[from] NotUtf8),
}

/// Some thousand tokens.
const MOST_BYTES: u64 = 256 << 10;

const QUOTES: &str = "; text stands in quotes, as in listen = \"127.0.0.1:5000\"";

/// Stands for an empty file.
const NOTHING: &str = "/dev/null";

/// Reads a file.
///
/// # Errors
/// If it cannot be read, or is something else.
pub fn read(path: &Path) -> Result<TextFile, FileError> {
    // Otherwise, opening a pipe would wait for its other end.
    let nonblocking = i32::try_from(OFlags::NONBLOCK.bits()).unwrap_or_default();
    let file = OpenOptions::new().read(true).custom_flags(nonblocking).open(path)?;
    let metadata = file.metadata()?;
    if let Some(kind) = other_than_a_file(metadata.file_type()).filter(|_| path != NOTHING) {
        return Err(FileError::NotAFile(kind));
    }
    let mut bytes = Vec::new();
    file.take(MOST_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MOST_BYTES {
        return Err(FileError::TooLarge);
    }
    Ok(TextFile { text: text(&bytes)?.to_owned(), metadata })
}

/// Reads a file of settings. An error does not repeat its text, which may hold a secret.
///
/// # Errors
/// If it cannot be read, or is not TOML.
pub fn read_toml(path: &Path) -> Result<(toml::Table, Metadata), ConfigError> {
    let TextFile { text, metadata } =
        read(path).map_err(|problem| ConfigError::Unreadable { file: path.to_owned(), problem })?;
    let table = text.parse().map_err(|error: toml::de::Error| {
        let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        let advice = if text.lines().nth(line - 1).is_some_and(is_without_quotes) { QUOTES } else { "" };
        let problem = format!("line {line}, column {column}: {}{advice}", error.message());
        ConfigError::NotToml { file: path.to_owned(), problem }
    })?;
    Ok((table, metadata))
}

/// Whether a line gives a setting a text that stands in no quotes: the parser takes it for a number or a date.
fn is_without_quotes(line: &str) -> bool {
    line.split_once('=').is_some_and(|(_, value)| {
        let value = value.trim_start();
        !value.is_empty() && !value.starts_with(['"', '\'', '[', '{'])
    })
}

fn other_than_a_file(kind: FileType) -> Option<&'static str> {
    match kind {
        kind if kind.is_file() => None,
        kind if kind.is_dir() => Some("a folder"),
        kind if kind.is_fifo() => Some("a pipe"),
        kind if kind.is_socket() => Some("a socket"),
        _ => Some("a device"),
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    fn error(path: &Path) -> String {
        read(path).err().unwrap().to_string()
    }

    #[test]
    fn given_what_is_no_file_then_it_is_an_error_in_words_and_nothing_waits() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        assert_eq!(error(&pipe), "it is a pipe, not a file");
        assert_eq!(error(folder.path()), "it is a folder, not a file");
        assert_eq!(error(Path::new("/dev/zero")), "it is a device, not a file");
        let large = folder.path().join("large");
        std::fs::write(&large, vec![b'a'; 300_000]).unwrap();
        assert_eq!(error(&large), "it is larger than 262144 bytes");
        std::fs::write(&large, b"caf\xE9").unwrap();
        assert_eq!(error(&large), "line 1 is not UTF-8; save it as UTF-8");
        assert_eq!(read(Path::new("/dev/null")).unwrap().text, "");
    }

    #[test]
    fn given_text_that_is_not_toml_then_the_error_says_where_and_what_was_expected_and_repeats_nothing() {
        const SECRET: &str = "c2VjcmV0LXNlY3JldC1zZWNyZXQ";
        let file = tempfile::NamedTempFile::new().unwrap();
        for (text, place) in [
            ("key = \"SECRET", "line 1, column 35: invalid basic string, expected `\"`"),
            ("key = SECRET", "line 1, column 7: string values must be quoted, expected literal string"),
            ("# é\nkey: SECRET\n", "line 2, column 6: key with no value, expected `=`"),
            ("a = 1\né = 1\nkey = 'SECRET'", "line 2, column 1: "),
            ("a = 1\r\nkey = 'SECRET\n'", "line 3, column 2: "),
            ("key = 'SECRET' x", "line 1, column "),
            ("key = 'SECRET'\nkey = 'SECRET'", "line 2, column 1: duplicate key"),
            ("key = \"\\SECRET\"", "line 1, column "),
            ("key = ['SECRET'", "line 1, column "),
            ("[SECRET\n", "line 1, column "),
            ("[a]\n[a]\nkey = 'SECRET'", "line 2, column "),
            ("SECRET", "line 1, column "),
            ("key = {SECRET", "line 1, column "),
            ("key = 12SECRET", "line 1, column "),
            (
                "listen = 127.0.0.1:5000",
                "line 1, column 15: invalid float, expected nothing; text stands in quotes, as in ",
            ),
            ("key = 2026-SECRET", "line 1, column "),
        ] {
            std::fs::write(file.path(), text.replace("SECRET", SECRET)).unwrap();
            let said = read_toml(file.path()).unwrap_err().to_string();
            let said = said.strip_prefix(&format!("{} is not a TOML file: ", file.path().display())).unwrap();
            assert!(said.starts_with(place), "{text}: {said}");
            assert!(!said.contains("c2V") && !said.contains('\n'), "{said}");
        }
    }
}
