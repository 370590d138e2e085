//! The process's environment, read once. Nothing else in Alert looks at it.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use crate::VARIABLE_PREFIX;

/// A variable with one of these words in its name holds a secret.
const SECRETS: [&str; 5] = ["TOKEN", "KEY", "SECRET", "PASSWORD", "REDIS"];

/// A copy of the environment.
#[derive(Clone, Debug, Default)]
pub struct Environment(BTreeMap<String, OsString>);

impl Environment {
    /// The environment of this process.
    pub fn of_process() -> Self {
        let named = std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value)));
        Self(named.collect())
    }

    /// The file that `ALERT_CONFIG` names.
    pub fn config_file(&self) -> Option<PathBuf> {
        self.path("ALERT_CONFIG")
    }

    /// Where the session key is kept, if anywhere.
    pub fn session_key_file(&self) -> Option<PathBuf> {
        Some(self.state_folder()?.join("session.key"))
    }

    /// Where the history is kept, if anywhere.
    pub fn history_file(&self) -> Option<PathBuf> {
        Some(self.state_folder()?.join("alert.db"))
    }

    /// Where what an authority gives is kept, if anywhere.
    pub fn acme_folder(&self) -> Option<PathBuf> {
        Some(self.state_folder()?.join("acme"))
    }

    /// systemd's state folder, or else the user's.
    fn state_folder(&self) -> Option<PathBuf> {
        // systemd gives a list with colons if a unit has several state folders.
        let own = self.path("STATE_DIRECTORY").and_then(|list| std::env::split_paths(&list).next());
        let user = || self.path("XDG_STATE_HOME").filter(|path| path.is_absolute());
        let home = || self.path("HOME").map(|home| home.join(".local/state"));
        own.or_else(|| user().or_else(home).map(|state| state.join("alert")))
    }

    /// Where a service manager (systemd, with `LoadCredential=`) leaves what nobody else may read.
    pub fn credentials_folder(&self) -> Option<PathBuf> {
        self.path("CREDENTIALS_DIRECTORY")
    }

    /// Where a user's settings for the clients are.
    pub fn client_file(&self) -> Option<PathBuf> {
        let user = self.path("XDG_CONFIG_HOME").filter(|path| path.is_absolute());
        let folder = user.or_else(|| self.path("HOME").map(|home| home.join(".config")));
        folder.map(|folder| folder.join("alert/client.toml"))
    }

    /// What the user is called on this machine, if the environment says it.
    pub fn login_name(&self) -> Option<String> {
        ["USER", "LOGNAME"].into_iter().filter(|name| !self.is_no_text(name)).find_map(|name| self.get(name))
    }

    /// Where programs are looked for.
    pub fn search_path(&self) -> Option<&OsStr> {
        self.0.get("PATH").map(OsString::as_os_str)
    }

    /// Those variables of Alert that hold a secret. No program that Alert starts gets them.
    pub fn secrets(&self) -> impl Iterator<Item = &str> {
        let is_secret = |name: &&str| SECRETS.iter().any(|word| name.contains(word));
        self.names().filter(|name| name.starts_with(VARIABLE_PREFIX)).filter(is_secret)
    }

    /// Whether the user wants no colours (<https://no-color.org>).
    pub fn no_color(&self) -> bool {
        self.path("NO_COLOR").is_some()
    }

    /// Whether a service manager (systemd, with `Type=notify`) started the process and wants to hear from it.
    pub fn is_supervised(&self) -> bool {
        self.path("NOTIFY_SOCKET").is_some()
    }

    /// A variable's text. An empty one counts as not set; see [`Self::is_no_text`] for what is not UTF-8.
    pub fn get(&self, name: &str) -> Option<String> {
        self.0.get(name).filter(|value| !value.is_empty()).map(|value| value.to_string_lossy().into_owned())
    }

    /// Whether a variable is set to something that is not UTF-8.
    pub fn is_no_text(&self, name: &str) -> bool {
        self.0.get(name).is_some_and(|value| value.to_str().is_none())
    }

    /// The names of all variables.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    fn path(&self, name: &str) -> Option<PathBuf> {
        self.0.get(name).filter(|value| !value.is_empty()).map(PathBuf::from)
    }
}

impl From<&[(&str, &str)]> for Environment {
    fn from(pairs: &[(&str, &str)]) -> Self {
        Self(pairs.iter().map(|(name, value)| ((*name).to_owned(), value.into())).collect())
    }
}
