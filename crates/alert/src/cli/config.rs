//! `alert config check` and `alert config show`.

use std::io::Write;
use std::process::ExitCode;

use alert_client::{ClientConfig, ClientFlags};
use alert_server::acme;
use alert_server::auth::token::TokenKeys;
use alert_server::config::{Config, Flags, SessionKeySource};
use alert_server::timetable::Timetable;
use alert_server::tls::Certificates;
use alert_settings::{Given, Setting, Source};
use clap::Subcommand;
use serde_json::{Value, json};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Say whether the configuration is valid; exit with 0 if it is, with 2 if not
    Check(Flags),
    /// Print every setting of the server and of the clients, its value and where it comes from
    Show {
        /// Print JSON
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        flags: Flags,
    },
}

impl Command {
    /// Prints the answer.
    pub(super) fn run(&self) -> ExitCode {
        let (Self::Check(flags) | Self::Show { flags, .. }) = self;
        let config = match super::load(flags) {
            Ok(config) => config,
            Err(code) => return code,
        };
        let client = match super::load_client(&ClientFlags::default()) {
            Ok(client) => client,
            Err(code) => return code,
        };
        for warning in &config.warnings {
            super::complain(warning);
        }
        let certificates = match Certificates::load(config.tls.clone()) {
            Ok(certificates) => certificates,
            Err(error) => {
                super::complain(error);
                return ExitCode::from(super::USAGE_ERROR);
            }
        };
        if let Err(error) = TokenKeys::load(&config.token_keys) {
            super::complain(error);
            return ExitCode::from(super::USAGE_ERROR);
        }
        if let Some(Err(error)) = config.bells.as_deref().map(|file| Timetable::load(file, |_| ())) {
            super::complain(error);
            return ExitCode::from(super::USAGE_ERROR);
        }
        if let Some(Err(error)) = config.acme.as_ref().map(acme::check) {
            super::complain(error);
            return ExitCode::from(super::USAGE_ERROR);
        }
        certificates.warnings().iter().for_each(super::complain);
        let text = match self {
            Self::Check(_) => "The configuration is valid.\n".to_owned(),
            Self::Show { json: true, .. } => format!("{:#}\n", as_json(&config, &client)),
            Self::Show { json: false, .. } => as_table(&config, &client),
        };
        match std::io::stdout().write_all(text.as_bytes()) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                super::complain(error);
                ExitCode::FAILURE
            }
        }
    }
}

fn as_table(config: &Config, client: &ClientConfig) -> String {
    let heads = ["SETTING", "CLIENT SETTING"].map(|head| [head, "VALUE", "FROM"].map(str::to_owned));
    let [of_server, of_client] = heads.map(std::iter::once);
    let none = || "(none)".to_owned();
    let of_server: Vec<[String; 3]> = of_server
        .chain(config.shown().map(|(setting, given)| {
            [setting.name.to_owned(), shown(config, setting, given), given.source.name_of(setting)]
        }))
        .collect();
    let of_client: Vec<[String; 3]> = of_client
        .chain(client.shown.iter().map(|setting| {
            [setting.name.to_owned(), setting.value.clone().unwrap_or_else(none), setting.from.clone()]
        }))
        .collect();
    let all = || of_server.iter().chain(&of_client);
    let width = |column: usize| all().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let (first, second) = (width(0), width(1));
    let lines = |rows: &[[String; 3]]| -> String {
        rows.iter().map(|[name, value, from]| format!("{name:first$}  {value:second$}  {from}\n")).collect()
    };
    format!("{}\n{}", lines(&of_server), lines(&of_client))
}

fn shown(config: &Config, setting: &Setting, given: &Given) -> String {
    match given.values.as_slice() {
        [] => match &config.session_key {
            SessionKeySource::File(file) if setting.name == "session_key" => {
                format!("(kept in {})", file.display())
            }
            _ => "(none)".to_owned(),
        },
        _ if setting.secret => "(hidden)".to_owned(),
        values => values.join(", "),
    }
}

fn as_json(config: &Config, client: &ClientConfig) -> Value {
    let settings = config.shown().map(|(setting, given)| {
        let value = match given.values.as_slice() {
            [_, ..] if setting.secret => json!("(hidden)"),
            values if setting.many => json!(values),
            [] => Value::Null,
            values => json!(values[0]),
        };
        let source = match given.source {
            Source::Default => "default",
            Source::File(_) => "file",
            Source::Credential(_) => "credential",
            Source::Environment => "environment",
            Source::Flag => "flag",
        };
        (
            setting.name.to_owned(),
            json!({ "value": value, "source": source, "from": given.source.name_of(setting) }),
        )
    });
    let of_client = client
        .shown
        .iter()
        .map(|setting| (setting.name.to_owned(), json!({ "value": setting.value, "from": setting.from })));
    let of_client = ("client".to_owned(), Value::Object(of_client.collect()));
    Value::Object(settings.chain([of_client]).collect())
}
