//! The secret behind the login cookies, and the file that keeps it from one start to the next.

use std::fmt::{self, Debug, Formatter};
use std::io::{self, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use alert_settings::file::FileError;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};

use super::secret_file::{self, SecretFile};

#[cfg(test)]
mod tests;

/// A secret of at least 32 bytes. `Debug` does not show it.
#[derive(Clone)]
pub struct SessionKey(Vec<u8>);

/// Where the session key is to come from.
#[derive(Clone, Debug)]
pub enum SessionKeySource {
    /// It was given as a setting.
    Given(SessionKey),
    /// It is kept in this file, which is made if it is missing.
    File(PathBuf),
    /// There is no state folder.
    Nowhere,
}

/// Why the file does not give a key.
#[derive(Debug, thiserror::Error)]
pub enum SessionKeyError {
    /// It is there and cannot be read.
    #[error("cannot read the session key file {}: {problem}; make it a file that this user can read, remove it to have a new one made, or set session_key", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        problem: FileError,
    },
    /// The file holds something else.
    #[error("{} is not a session key file: it must hold {ALLOWED}; remove it to have a new one made (everybody logs in again)", file.display())]
    NotAKey {
        /// The file.
        file: PathBuf,
    },
}

const ALLOWED: &str = "base64 of at least 32 bytes, as `openssl rand -base64 48` prints it";
const LEAST_BYTES: usize = 32;
const MADE_BYTES: usize = 48;

impl SessionKey {
    /// Reads base64, of either alphabet, with or without padding.
    ///
    /// # Errors
    /// What is allowed instead.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let engines = [STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD];
        let bytes = engines.iter().find_map(|engine| engine.decode(text).ok());
        bytes.filter(|bytes| bytes.len() >= LEAST_BYTES).map(Self).ok_or_else(|| ALLOWED.to_owned())
    }

    /// A new key from the system's random numbers.
    #[expect(clippy::expect_used, reason = "a system without random numbers cannot keep a session secret")]
    pub fn random() -> Self {
        let mut bytes = vec![0; MADE_BYTES];
        getrandom::fill(&mut bytes).expect("the system gives random numbers");
        Self(bytes)
    }

    /// The secret.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    fn to_text(&self) -> String {
        STANDARD.encode(&self.0)
    }
}

impl SessionKeySource {
    /// The key, from its file if it is kept in one. If it cannot be kept, it is random, and a warning says so.
    ///
    /// # Errors
    /// If the file is there but holds no key.
    pub fn resolve(&self) -> Result<SessionKey, SessionKeyError> {
        let reason = match self {
            Self::Given(key) => return Ok(key.clone()),
            Self::Nowhere => "neither STATE_DIRECTORY nor XDG_STATE_HOME nor HOME is set".to_owned(),
            Self::File(file) => match read(file)? {
                Some(key) => return Ok(key),
                None => match create(file) {
                    // Of two servers that start together, one makes the file, and both read it.
                    Ok(()) => match read(file)? {
                        Some(key) => return Ok(key),
                        None => format!("{} was removed again", file.display()),
                    },
                    Err(problem) => format!("{} cannot be written: {problem}", file.display()),
                },
            },
        };
        tracing::warn!(
            reason,
            "the session key is kept nowhere: after a restart everybody logs in again; set ALERT_SESSION_KEY"
        );
        Ok(SessionKey::random())
    }
}

fn read(file: &Path) -> Result<Option<SessionKey>, SessionKeyError> {
    match secret_file::read(file) {
        Ok(SecretFile { text, warning }) => {
            if let Some(warning) = warning {
                tracing::warn!("{warning}");
            }
            let key = SessionKey::parse(&text).ok();
            key.map(Some).ok_or_else(|| SessionKeyError::NotAKey { file: file.to_owned() })
        }
        // A state folder that is a file ends here too: there is nothing to read, and creating will say why.
        Err(FileError::Unreadable(problem))
            if matches!(problem.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) =>
        {
            Ok(None)
        }
        Err(FileError::NotUtf8(_)) => Err(SessionKeyError::NotAKey { file: file.to_owned() }),
        Err(problem) => Err(SessionKeyError::Unreadable { file: file.to_owned(), problem }),
    }
}

/// Writes a new key beside `file` and renames it only when complete, and only if nobody was faster.
fn create(file: &Path) -> io::Result<()> {
    let folder = file.parent().unwrap_or(Path::new("."));
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    // Temporary files are made with mode 0600, which stays.
    let mut new = tempfile::NamedTempFile::new_in(folder)?;
    writeln!(new, "{}", SessionKey::random().to_text())?;
    new.as_file().sync_all()?;
    match new.persist_noclobber(file) {
        Ok(_) => Ok(()),
        Err(lost) if lost.error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(failed) => Err(failed.error),
    }
}

impl Debug for SessionKey {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        out.write_str("SessionKey(hidden)")
    }
}
