//! Where a value came from.

use std::path::PathBuf;

use super::setting::Setting;

/// Where a value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// Nobody set it.
    Default,
    /// The configuration file.
    File(PathBuf),
    /// A credential that the service manager passes, in this file.
    Credential(PathBuf),
    /// Its `ALERT_*` variable.
    Environment,
    /// Its flag.
    Flag,
}

/// A setting's values, as text, and their source.
#[derive(Clone, Debug)]
pub struct Given {
    /// The values; more than one only if the setting takes several.
    pub values: Vec<String>,
    /// Where they came from.
    pub source: Source,
}

impl Source {
    /// What to call it in a sentence about `setting`: `--workers`, `ALERT_WORKERS`, `alert.toml`, `default`.
    pub fn name_of(&self, setting: &Setting) -> String {
        match self {
            Self::Default => "default".to_owned(),
            Self::File(path) | Self::Credential(path) => path.display().to_string(),
            Self::Environment => setting.variable(),
            Self::Flag => setting.flag(),
        }
    }
}
