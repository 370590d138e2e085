//! The keys of `token_keys`, read again when their files change.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use super::{Key, KeyError};
use crate::config::secret_file::{self, SecretFile};
use crate::file_stamp::{LOOK, Stamp, stamp};

/// The keys that count now.
#[derive(Debug)]
pub struct TokenKeys {
    files: Vec<PathBuf>,
    now: RwLock<Arc<[Key]>>,
    stamps: Mutex<Vec<Stamp>>,
}

/// Keys that have been read, with what shows that their files are others.
pub struct ReadKeys {
    keys: Arc<[Key]>,
    stamps: Vec<Stamp>,
}

/// Why there are no keys.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the keys of tokens (--token-keys) cannot be read from {}: {problem}", .path.display())]
pub struct KeyFileError {
    path: PathBuf,
    problem: String,
}

impl TokenKeys {
    /// Reads them.
    ///
    /// # Errors
    /// If a file gives none.
    pub fn load(files: &[PathBuf]) -> Result<Self, KeyFileError> {
        let stamps = files.iter().map(|file| stamp(file)).collect();
        let now = read_all(files)?;
        Ok(Self { files: files.to_vec(), now: RwLock::new(now), stamps: Mutex::new(stamps) })
    }

    /// Whether there are any.
    pub fn are_set(&self) -> bool {
        !self.files.is_empty()
    }

    /// Those that count now.
    pub fn now(&self) -> Arc<[Key]> {
        Arc::clone(&self.now.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Reads them again, and changes nothing yet.
    ///
    /// # Errors
    /// If a file gives none.
    pub fn read_again(&self) -> Result<ReadKeys, KeyFileError> {
        let stamps = self.stamps();
        Ok(ReadKeys { keys: read_all(&self.files)?, stamps })
    }

    /// Has others count from now on. Returns whether their files are others than before.
    pub fn replace(&self, ReadKeys { keys, stamps }: ReadKeys) -> bool {
        let count = keys.len();
        *self.now.write().unwrap_or_else(PoisonError::into_inner) = keys;
        let mut before = self.stamps.lock().unwrap_or_else(PoisonError::into_inner);
        let is_other = *before != stamps;
        *before = stamps;
        drop(before);
        if is_other {
            tracing::info!(keys = count, "the keys of tokens have been read again");
        }
        is_other
    }

    fn stamps(&self) -> Vec<Stamp> {
        self.files.iter().map(|file| stamp(file)).collect()
    }

    /// Reads them again whenever a file changes, and says then that others count.
    pub async fn watch(&self, changed: impl Fn()) {
        let mut ticks = tokio::time::interval(LOOK);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            let found = self.stamps();
            if *self.stamps.lock().unwrap_or_else(PoisonError::into_inner) == found {
                continue;
            }
            // It may still be written.
            tokio::time::sleep(LOOK).await;
            match self.read_again() {
                Ok(keys) => {
                    self.replace(keys);
                    changed();
                }
                Err(error) => {
                    // Until it changes again.
                    *self.stamps.lock().unwrap_or_else(PoisonError::into_inner) = self.stamps();
                    tracing::error!("the keys of before stay: {error}");
                }
            }
        }
    }
}

fn read_all(files: &[PathBuf]) -> Result<Arc<[Key]>, KeyFileError> {
    let mut keys = Vec::new();
    for path in files {
        keys.extend(read(path)?);
    }
    Ok(keys.into())
}

/// The keys of one file.
pub(super) fn read(path: &Path) -> Result<Vec<Key>, KeyFileError> {
    let wrong = |problem: String| KeyFileError { path: path.to_owned(), problem };
    let SecretFile { text, warning } = secret_file::read(path).map_err(|error| wrong(error.to_string()))?;
    let keys = Key::read_all(&text).map_err(|error: KeyError| wrong(error.to_string()))?;
    if let Some(warning) = warning.filter(|_| keys.iter().any(Key::signs)) {
        tracing::warn!("{warning}");
    }
    Ok(keys)
}
