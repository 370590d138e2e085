//! A setting: its name, from which its key, flag and variable follow.

/// One setting: how it is spelt, its default, and what the help says.
#[derive(Debug)]
pub struct Setting {
    /// The key in the file; the flag and the variable follow from it.
    pub name: &'static str,
    /// What stands for the value in the help.
    pub placeholder: &'static str,
    /// The values if nothing is set.
    pub default: &'static [&'static str],
    /// The heading that the help shows it under.
    pub heading: &'static str,
    /// One sentence for the help.
    pub help: &'static str,
    /// Whether it takes several values: a repeated flag, an array in the file, commas in the environment.
    pub many: bool,
    /// Whether its value is kept out of everything that Alert prints.
    pub secret: bool,
}

impl Setting {
    /// The long flag, with its dashes.
    pub fn flag(&self) -> String {
        format!("--{}", self.name.replace('_', "-"))
    }

    /// The environment variable.
    pub fn variable(&self) -> String {
        format!("{VARIABLE_PREFIX}{}", self.name.to_ascii_uppercase())
    }

    /// Whether its value is the path of a file.
    pub fn is_file(&self) -> bool {
        self.placeholder == "FILE"
    }

    /// The name of the credential that gives it, if one may: `alert_tls_key`.
    pub fn credential(&self) -> Option<String> {
        (self.secret || self.is_file()).then(|| format!("{CREDENTIAL_PREFIX}{}", self.name))
    }
}

/// What every environment variable of Alert starts with.
pub const VARIABLE_PREFIX: &str = "ALERT_";

/// What every credential of Alert starts with.
pub const CREDENTIAL_PREFIX: &str = "alert_";

/// The variables of the clients; the server knows that they are not for it.
pub const CLIENT_VARIABLES: [&str; 4] = ["ALERT_URL", "ALERT_NAME", "ALERT_TOKEN", HOST_KEY];

/// The key of a room's host, for `alert room`.
pub const HOST_KEY: &str = "ALERT_HOST_KEY";
