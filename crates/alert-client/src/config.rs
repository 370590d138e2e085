//! What the commands that speak to a server have to know, from flags, then the environment, then the user's file.

use std::io::ErrorKind;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use alert_core::ApiToken;
use alert_core::names::{RoomCode, RoomLink, UserName};
use alert_settings::file::{FileError, read_toml};
use alert_settings::{Allowed, CLIENT_VARIABLES, ConfigError, ConfigErrors, Environment, MOST_CHARS};

use crate::{AddressError, Proxy, Route, ServerAddress};

/// Which server, and under which name. How long a name may be is up to the server.
#[derive(Clone, Debug)]
pub struct ClientConfig {
    /// The server, and the way to it.
    pub server: Route,
    /// The name to speak with, if one is configured.
    pub name: Option<UserName>,
    /// What the user is called on this machine, if that can be a name.
    pub login_name: Option<UserName>,
    /// The token of the HTTP API, if one is configured.
    pub token: Option<ApiToken>,
    /// Every setting as it was given.
    pub shown: [Shown; 3],
}

/// A setting as people see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// Its key in the file.
    pub name: &'static str,
    /// What it is; a secret is not shown.
    pub value: Option<String>,
    /// The flag, variable or file that it comes from.
    pub from: String,
}

/// What the command line says. Each command has the flags that it can use.
#[derive(Clone, Debug, Default)]
pub struct ClientFlags {
    /// `--url`
    pub url: Option<String>,
    /// `--name`
    pub name: Option<String>,
    /// `--token`
    pub token: Option<String>,
    /// The server of a link that was given for a room.
    pub link: Option<ServerAddress>,
}

/// A room as a command line names it, and its server if it is a link.
#[derive(Clone, Debug)]
pub struct RoomArgument {
    /// The room's code.
    pub code: RoomCode,
    /// Where the link leads.
    pub server: Option<ServerAddress>,
}

const KEYS: [&str; 3] = ["url", "name", "token"];
const DEFAULT_URL: &str = "http://127.0.0.1:5000";
const URL_ALLOWED: &str = "the address of a server, as in https://alert.example.org";

/// A text with the flag, variable or file that it is from.
type Given = Option<(String, String)>;

impl ClientFlags {
    /// The help of `--url`.
    pub const URL: &str = "The server [env: ALERT_URL] [default: http://127.0.0.1:5000]";
    /// The help of `--name`.
    pub const NAME: &str = "The name to speak with [env: ALERT_NAME]";
    /// The help of `--token`.
    pub const TOKEN: &str = "Token of the server's HTTP API, if it asks for one; better in the file or the variable, \
                             since others on this machine see flags [env: ALERT_TOKEN]";
}

impl ClientConfig {
    /// Reads what is given anywhere and checks it. A missing file is an empty one.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn load(flags: &ClientFlags, environment: &Environment) -> Result<Self, ConfigErrors> {
        let mut errors = Vec::new();
        let file = environment.client_file();
        let table = file.as_deref().map(|file| read(file, &mut errors)).unwrap_or_default();
        let given = |flag: &Option<String>, key: usize| -> Given {
            let flag = flag.clone().map(|text| (text, format!("--{}", KEYS[key])));
            let name = CLIENT_VARIABLES[key];
            let variable = || Some((environment.get(name)?, name.to_owned()));
            flag.or_else(variable).or_else(|| table[key].clone())
        };
        for (key, name) in
            KEYS.into_iter().zip(CLIENT_VARIABLES).filter(|(_, name)| environment.is_no_text(name))
        {
            let (value, allowed) = ("(hidden)".to_owned(), "text in UTF-8".to_owned());
            errors.push(ConfigError::Value { name: key, value, origin: name.to_owned(), allowed });
        }
        let server = parse("url", given(&flags.url, 0), &mut errors, false, |text| {
            text.parse().map_err(|error| format!("{URL_ALLOWED}; {error}"))
        });
        let name = parse("name", given(&flags.name, 1), &mut errors, false, user_name);
        let mut token = parse("token", given(&flags.token, 2), &mut errors, true, ApiToken::parse);
        let login_name = environment.login_name().and_then(|name| user_name(&name).ok());
        #[expect(clippy::expect_used, reason = "a test reads it")]
        let mut address: ServerAddress =
            server.unwrap_or_else(|| DEFAULT_URL.parse().expect("the address of a server"));
        if let Some(link) = flags.link.as_ref().filter(|link| flags.url.is_none() && **link != address) {
            address = link.clone();
            // The configured token is for the configured server; a link may come from anybody.
            token = token.filter(|_| flags.token.is_some());
        }
        let proxy = Proxy::find(&address, environment).unwrap_or_else(|error| {
            errors.push(error);
            None
        });
        let server = Route { address, proxy };
        let shown = [
            shown(0, given(&flags.url, 0), Some(DEFAULT_URL)),
            shown(1, given(&flags.name, 1), None),
            shown(2, given(&flags.token, 2).map(|(_, origin)| ("(hidden)".to_owned(), origin)), None),
        ];
        if errors.is_empty() {
            Ok(Self { server, name, login_name, token, shown })
        } else {
            Err(ConfigErrors(errors))
        }
    }
}

/// What this machine calls the user, even if the environment does not say it.
#[must_use]
pub fn account_name() -> Option<UserName> {
    whoami::username().ok().and_then(|name| user_name(&name).ok())
}

impl RoomArgument {
    /// Reads a code in any spelling, or a link. How long a code may be is up to the server.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, Allowed> {
        let code = RoomCode::typed(text, MOST_CHARS).map_err(|error| format!("a room's code {error}"))?;
        let link = RoomLink::find(text).filter(|link| !link.server.is_empty());
        let server =
            link.map(|link| linked_server(&link.server)).transpose().map_err(|error| error.to_string())?;
        Ok(Self { code, server })
    }
}

/// Phones leave out `https://`. If there is no port either, https is meant; names of this machine and addresses have
/// no certificate.
fn linked_server(text: &str) -> Result<ServerAddress, AddressError> {
    text.parse().or_else(|error| match error {
        AddressError::SchemeMissing(_) => {
            let is_local = text == "localhost" || text.starts_with('[') || text.parse::<IpAddr>().is_ok();
            format!("{}://{text}", if is_local { "http" } else { "https" }).parse()
        }
        error => Err(error),
    })
}

fn shown(key: usize, given: Given, default: Option<&str>) -> Shown {
    let (value, from) = match given {
        Some((value, from)) => (Some(value), from),
        None => (default.map(str::to_owned), "default".to_owned()),
    };
    Shown { name: KEYS[key], value, from }
}

fn parse<T>(
    key: &'static str,
    given: Given,
    errors: &mut Vec<ConfigError>,
    secret: bool,
    read: impl Fn(&str) -> Result<T, Allowed>,
) -> Option<T> {
    let (text, origin) = given?;
    let refuse = |allowed| {
        let value = if secret { "(hidden)".to_owned() } else { format!("{text:?}") };
        errors.push(ConfigError::Value { name: key, value, origin, allowed });
    };
    read(&text).map_err(refuse).ok()
}

fn user_name(text: &str) -> Result<UserName, Allowed> {
    UserName::parse(text, MOST_CHARS)
        .map_err(|error| format!("a name that people can read; this one {error}"))
}

/// The values of the user's file, in the order of [`KEYS`].
fn read(file: &Path, errors: &mut Vec<ConfigError>) -> [Given; 3] {
    let mut values = [const { None }; 3];
    let named = || PathBuf::from(file);
    let table = match read_toml(file) {
        Ok((table, _)) => table,
        Err(ConfigError::Unreadable { problem: FileError::Unreadable(problem), .. })
            if problem.kind() == ErrorKind::NotFound =>
        {
            return values;
        }
        Err(problem) => {
            errors.push(problem);
            return values;
        }
    };
    for (key, value) in table {
        let Some(place) = KEYS.iter().position(|&known| known == key) else {
            errors.push(ConfigError::UnknownKey { hint: hint(&key), key, file: named() });
            continue;
        };
        let origin = file.display().to_string();
        match value {
            toml::Value::String(text) => values[place] = Some((text, origin)),
            _ => errors.push(ConfigError::Value {
                name: KEYS[place],
                value: "(no text)".to_owned(),
                origin,
                allowed: "a text in quotes".to_owned(),
            }),
        }
    }
    values
}

fn hint(key: &str) -> String {
    let likeness = |known: &&&str| strsim::jaro_winkler(known, &key.to_ascii_lowercase());
    match KEYS.iter().max_by(|a, b| likeness(a).total_cmp(&likeness(b))) {
        Some(near) if likeness(&near) > 0.7 => format!("did you mean {near}?"),
        _ => format!("the settings of clients are {}", KEYS.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Loads with these variables and this file.
    fn load(flags: &ClientFlags, variables: &[(&str, &str)], file: &str) -> Result<ClientConfig, String> {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("alert");
        std::fs::create_dir(&folder).unwrap();
        std::fs::write(folder.join("client.toml"), file).unwrap();
        let variables = [variables, &[("XDG_CONFIG_HOME", home.path().to_str().unwrap())]].concat();
        let loaded = ClientConfig::load(flags, &Environment::from(&variables[..]));
        loaded.map_err(|errors| errors.to_string().replace(home.path().to_str().unwrap(), "~"))
    }

    fn parts(config: &ClientConfig) -> (String, Option<&str>, Option<&str>) {
        let name = config.name.as_ref().map(UserName::as_str);
        (config.server.address.to_string(), name, config.token.as_ref().map(ApiToken::as_str))
    }

    const FILE: &str = "url = 'http://file:1'\nname = 'File'\ntoken = 'file-file-file-file'";
    const VARIABLES: [(&str, &str); 3] = [
        ("ALERT_URL", "http://variable:1"),
        ("ALERT_NAME", "Variable"),
        ("ALERT_TOKEN", "variable-variable"),
    ];

    #[test]
    fn given_nothing_then_it_is_the_server_of_this_machine() {
        let nothing = ClientConfig::load(&ClientFlags::default(), &Environment::default()).unwrap();
        assert_eq!(parts(&nothing), (DEFAULT_URL.to_owned(), None, None));
        let ada = load(&ClientFlags::default(), &[("USER", "ada")], "").unwrap();
        assert_eq!((ada.name, ada.login_name.unwrap().as_str()), (None, "ada"));
    }

    #[test]
    fn given_several_sources_then_the_flag_wins_then_the_variable() {
        let flags = ClientFlags {
            url: Some("http://flag:1".into()),
            name: Some(" Flag ".into()),
            token: Some("flag-flag-flag-flag".into()),
            link: Some("http://link:1".parse().unwrap()),
        };
        let none = ClientFlags::default();
        let config = load(&flags, &VARIABLES, FILE).unwrap();
        assert_eq!(parts(&config), ("http://flag:1".into(), Some("Flag"), Some("flag-flag-flag-flag")));
        let config = load(&none, &VARIABLES, FILE).unwrap();
        assert_eq!(parts(&config), ("http://variable:1".into(), Some("Variable"), Some("variable-variable")));
        let config = load(&none, &[], FILE).unwrap();
        assert_eq!(parts(&config), ("http://file:1".into(), Some("File"), Some("file-file-file-file")));
        let config = load(&ClientFlags { name: Some("Flag".into()), ..none }, &VARIABLES[..1], FILE).unwrap();
        let shown = config.shown.map(|Shown { name, value, from }| {
            let from = if from.ends_with("client.toml") { "file".to_owned() } else { from };
            format!("{name} {} {from}", value.unwrap())
        });
        assert_eq!(shown, ["url http://variable:1 ALERT_URL", "name Flag --name", "token (hidden) file"]);
    }

    #[test]
    fn given_a_link_for_a_room_then_it_names_the_server_and_gets_no_token_that_was_kept_for_another() {
        let link = |link: &str| ClientFlags { link: Some(link.parse().unwrap()), ..ClientFlags::default() };
        let config = load(&link("http://link:1"), &VARIABLES, FILE).unwrap();
        assert_eq!(parts(&config), ("http://link:1".into(), Some("Variable"), None));
        let config = load(&link("http://variable:1"), &VARIABLES, FILE).unwrap();
        assert_eq!(parts(&config).2, Some("variable-variable"), "the server that is kept");
        let flags = ClientFlags { token: Some("flag-flag-flag-flag".into()), ..link("http://link:1") };
        let config = load(&flags, &VARIABLES, FILE).unwrap();
        assert_eq!(parts(&config), ("http://link:1".into(), Some("Variable"), Some("flag-flag-flag-flag")));
    }

    #[test]
    fn given_a_room_in_any_spelling_or_as_a_link_then_it_is_that_room_and_its_server() {
        for (text, code, server) in [
            ("k7q fm2 xd9", "K7Q-FM2-XD9", ""),
            ("new-red-cat", "new-red-cat", ""),
            ("/v1?room=R1", "R1", ""),
            ("http://127.0.0.1:5001/v1?room=R1\n", "R1", "http://127.0.0.1:5001"),
            ("<https://alert.example.org/v1?room=K7QFM2XD9>", "K7Q-FM2-XD9", "https://alert.example.org"),
            ("alert.example.org/v1?room=a%20b", "a b", "https://alert.example.org"),
            ("localhost/v1?room=R1", "R1", "http://localhost"),
            ("192.168.1.5/v1/rooms/R1", "R1", "http://192.168.1.5"),
            ("[::1]:5000/v1?room=R1", "R1", "http://[::1]:5000"),
            ("classroom.local:5000/v1?room=R1", "R1", "http://classroom.local:5000"),
        ] {
            let room = RoomArgument::parse(text).unwrap();
            let shown = room.server.map(|server| server.to_string()).unwrap_or_default();
            assert_eq!((room.code.as_str(), shown.as_str()), (code, server), "{text}");
        }
        assert_eq!(
            RoomArgument::parse("https://alert.example.org/v1").unwrap_err(),
            "a room's code is required"
        );
        assert!(RoomArgument::parse("http://h:0/v1?room=R1").unwrap_err().contains("for a port"));
    }

    #[test]
    fn given_no_config_folder_of_its_own_then_the_file_is_in_that_of_the_home() {
        let file = |variables: &[(&str, &str)]| Environment::from(variables).client_file();
        assert_eq!(file(&[("HOME", "/home/ada")]), Some("/home/ada/.config/alert/client.toml".into()));
        let both = [("HOME", "/home/ada"), ("XDG_CONFIG_HOME", "/x")];
        assert_eq!(file(&both), Some("/x/alert/client.toml".into()));
        assert_eq!(file(&[]), None);
    }

    #[test]
    fn given_mistakes_then_each_is_named_with_where_it_is_and_no_token_is_shown() {
        let flags = ClientFlags { name: Some("a\nb".into()), ..ClientFlags::default() };
        let errors = load(&flags, &[("ALERT_TOKEN", "secret")], "url = 'example.org'\ntokn = 'x'\nroom = 1")
            .unwrap_err();
        for part in [
            "tokn (in ~/alert/client.toml) is not a setting; did you mean token?",
            "room (in ~/alert/client.toml) is not a setting; the settings of clients are url, name, token",
            "url = \"example.org\" (from ~/alert/client.toml) is not possible",
            "name = \"a\\nb\" (from --name) is not possible; allowed: a name that people can read; this one must not \
             contain control characters or line breaks",
            "token = (hidden) (from ALERT_TOKEN) is not possible; allowed: at least 16 characters",
        ] {
            assert!(errors.contains(part), "{part} in {errors}");
        }
        assert!(!errors.contains("secret"));
        assert!(load(&ClientFlags::default(), &[], "url = 5").unwrap_err().contains("a text in quotes"));
        let error = load(&ClientFlags::default(), &[], "token = 'secret").unwrap_err();
        assert_eq!(
            error,
            "~/alert/client.toml is not a TOML file: line 1, column 16: invalid literal string, expected `'`"
        );
    }
}
