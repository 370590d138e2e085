//! What can be wrong with the configuration. Each error names the setting, the value, where it came from and what
//! is allowed; all of them are reported together.

use std::fmt::{self, Display, Formatter};
use std::path::PathBuf;

use crate::Source;
use crate::file::FileError;

/// Everything that is wrong with a configuration.
#[derive(Debug, thiserror::Error)]
pub struct ConfigErrors(pub Vec<ConfigError>);

/// One thing that is wrong with a configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A value is not one of those that the setting can have.
    #[error("{name} = {value} (from {origin}) is not possible; allowed: {allowed}")]
    Value {
        /// The setting.
        name: &'static str,
        /// The value as it was given; a secret is not shown.
        value: String,
        /// The flag, variable or file.
        origin: String,
        /// What would be possible.
        allowed: String,
    },
    /// The file has a key that is not a setting.
    #[error("{key} (in {}) is not a setting; {hint}", file.display())]
    UnknownKey {
        /// The key.
        key: String,
        /// The file.
        file: PathBuf,
        /// The nearest setting, or all of them.
        hint: String,
    },
    /// The file is not TOML.
    #[error("{} is not a TOML file: {problem}", file.display())]
    NotToml {
        /// The file.
        file: PathBuf,
        /// The line, the column, and what the parser expected.
        problem: String,
    },
    /// The file cannot be read.
    #[error("cannot read the configuration file {}: {problem}", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// Why it cannot be read.
        problem: FileError,
    },
}

impl ConfigError {
    /// `value` of `setting` is not one of those that are `allowed`.
    pub fn value(source: &Source, setting: &crate::Setting, value: &str, allowed: impl Into<String>) -> Self {
        Self::Value {
            name: setting.name,
            value: if setting.secret { "(hidden)".to_owned() } else { format!("{value:?}") },
            origin: source.name_of(setting),
            allowed: allowed.into(),
        }
    }
}

impl Display for ConfigErrors {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        for (index, error) in self.0.iter().enumerate() {
            write!(out, "{}{error}", if index == 0 { "" } else { "\n" })?;
        }
        Ok(())
    }
}
