//! Where values come from, and which of several wins: flag over environment over credential over file over default.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use alert_settings::file::read_toml;
use alert_settings::{
    CLIENT_VARIABLES, CREDENTIAL_PREFIX, ConfigError, Environment, Given, Setting, Source, VARIABLE_PREFIX,
};

use super::flags::Flags;
use super::secret_file;
use super::settings::SETTINGS;

/// The winning values of all settings, with what went wrong on the way.
pub(super) struct Sources {
    pub(super) given: BTreeMap<&'static str, Given>,
    pub(super) errors: Vec<ConfigError>,
    pub(super) warnings: Vec<String>,
}

impl Sources {
    pub(super) fn gather(flags: &Flags, environment: &Environment) -> Self {
        let given = SETTINGS.iter().map(|setting| {
            let values = setting.default.iter().map(|&text| text.to_owned()).collect();
            (setting.name, Given { values, source: Source::Default })
        });
        let mut sources = Self { given: given.collect(), errors: Vec::new(), warnings: Vec::new() };
        let file = flags.file.clone().or_else(|| environment.config_file());
        if let Some(file) = file {
            sources.add_file(&file);
        }
        if let Some(folder) = environment.credentials_folder() {
            sources.add_credentials(&folder);
        }
        sources.add_environment(environment);
        for (&name, values) in &flags.values {
            sources.warnings.extend(warning_of_flag(name, values));
            sources.given.insert(name, Given { values: values.clone(), source: Source::Flag });
        }
        sources
    }

    fn add_environment(&mut self, environment: &Environment) {
        for setting in SETTINGS {
            let Some(text) = environment.get(&setting.variable()) else { continue };
            if environment.is_no_text(&setting.variable()) {
                self.errors.push(ConfigError::value(&Source::Environment, setting, &text, "text in UTF-8"));
                continue;
            }
            let values = if setting.many { split(&text) } else { vec![text.trim().to_owned()] };
            self.given.insert(setting.name, Given { values, source: Source::Environment });
        }
        let known = |name: &str| {
            let elsewhere = name == "ALERT_CONFIG" || CLIENT_VARIABLES.contains(&name);
            elsewhere || SETTINGS.iter().any(|setting| setting.variable() == name)
        };
        for name in environment.names().filter(|name| name.starts_with(VARIABLE_PREFIX) && !known(name)) {
            let key = name[VARIABLE_PREFIX.len()..].to_ascii_lowercase();
            let hint =
                nearest(&key).map_or_else(String::new, |near| format!("; did you mean {}?", near.variable()));
            self.warnings
                .push(format!("the environment variable {name} is not a setting and has no effect{hint}"));
        }
    }

    /// Those of a service manager: a secret's text, one a line where there may be several, or the file that a setting
    /// wants.
    fn add_credentials(&mut self, folder: &Path) {
        let mut unknown: BTreeSet<String> = std::fs::read_dir(folder)
            .into_iter()
            .flatten()
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .filter(|name| name.starts_with(CREDENTIAL_PREFIX))
            .collect();
        for setting in SETTINGS {
            let Some(name) = setting.credential().filter(|name| unknown.remove(name)) else { continue };
            let file = folder.join(name);
            let source = Source::Credential(file.clone());
            let values = if setting.is_file() {
                Ok(vec![file.to_string_lossy().into_owned()])
            } else {
                secret_file::read(&file).map(|read| values_of_secret(setting, &read.text))
            };
            match values {
                // An empty one counts as not set, as a variable does.
                Ok(values) if values.is_empty() => {}
                Ok(values) => drop(self.given.insert(setting.name, Given { values, source })),
                Err(problem) => {
                    let allowed = format!("a file that can be read ({problem})");
                    self.errors.push(ConfigError::value(&source, setting, "", allowed));
                }
            }
        }
        for name in unknown {
            let known = SETTINGS.iter().filter_map(Setting::credential);
            self.warnings.push(format!(
                "the credential {name} is none of a setting and has no effect; there may be {}",
                known.collect::<Vec<_>>().join(", ")
            ));
        }
    }

    fn add_file(&mut self, file: &Path) {
        let (table, metadata) = match read_toml(file) {
            Ok(read) => read,
            Err(problem) => return self.errors.push(problem),
        };
        let is_secret = |key: &String| SETTINGS.iter().any(|setting| setting.secret && setting.name == key);
        if table.keys().any(is_secret) {
            self.warnings.extend(secret_file::warning(file, &metadata));
        }
        let source = Source::File(file.to_owned());
        for (key, value) in table {
            let Some(setting) = SETTINGS.iter().find(|setting| setting.name == key) else {
                let hint = match nearest(&key) {
                    _ if value.is_table() => {
                        "this file has no sections: each setting stands by itself, without [..] above it"
                            .to_owned()
                    }
                    Some(near) => format!("did you mean {}?", near.name),
                    None => "`alert config show` lists them".to_owned(),
                };
                self.errors.push(ConfigError::UnknownKey { key, file: file.to_owned(), hint });
                continue;
            };
            match texts(&value, setting.many) {
                Ok(values) => {
                    self.given.insert(setting.name, Given { values, source: source.clone() });
                }
                Err(allowed) => {
                    let value = value.to_string();
                    self.errors.push(ConfigError::value(&source, setting, &value, allowed));
                }
            }
        }
    }
}

/// The values in a credential, as a variable would have them.
fn values_of_secret(setting: &Setting, text: &str) -> Vec<String> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let whole = Some(text.trim()).filter(|text| !text.is_empty());
    if setting.many {
        lines.map(str::to_owned).collect()
    } else {
        whole.into_iter().map(str::to_owned).collect()
    }
}

/// What to say about a secret on the command line.
fn warning_of_flag(name: &str, values: &[String]) -> Option<String> {
    // An address is none without a password.
    if name == "redis" && values.iter().all(|url| !url.contains('@')) {
        return None;
    }
    let setting = SETTINGS.iter().find(|setting| setting.secret && setting.name == name)?;
    let file = SETTINGS.iter().find(|file| file.name.strip_suffix("_file") == Some(setting.name));
    let file = file.map_or_else(String::new, |file| {
        format!("put it into a file and name that with {}, or ", file.flag())
    });
    let (flag, variable) = (setting.flag(), setting.variable());
    Some(format!(
        "everybody on this machine can see the value of {flag} in the list of processes (ps); {file}set {variable}"
    ))
}

/// A TOML value as the text that a flag would have.
fn texts(value: &toml::Value, many: bool) -> Result<Vec<String>, &'static str> {
    let one = |value: &toml::Value| match value {
        toml::Value::String(text) => Some(text.clone()),
        toml::Value::Integer(number) => Some(number.to_string()),
        toml::Value::Float(number) => Some(number.to_string()),
        _ => None,
    };
    match value {
        toml::Value::Array(values) if many => values.iter().map(one).collect(),
        value => one(value).map(|text| vec![text]),
    }
    .ok_or(if many { "a string or an array of strings" } else { "a string or a number" })
}

fn split(text: &str) -> Vec<String> {
    text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

fn nearest(key: &str) -> Option<&'static Setting> {
    let key = key.replace('-', "_");
    let likeness = |setting: &Setting| strsim::jaro_winkler(setting.name, &key);
    SETTINGS
        .iter()
        .max_by(|a, b| likeness(a).total_cmp(&likeness(b)))
        .filter(|setting| likeness(setting) > 0.85)
}
