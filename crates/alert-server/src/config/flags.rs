//! The settings as clap arguments, made from the list, plus `--config`, which says where the file is.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::builder::ValueParser;
use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches};

use super::settings::SETTINGS;

/// What was given on the command line, as text: it is checked together with the other sources.
#[derive(Clone, Debug, Default)]
pub struct Flags {
    pub(super) file: Option<PathBuf>,
    pub(super) values: BTreeMap<&'static str, Vec<String>>,
}

const FILE: &str = "config";

impl Args for Flags {
    fn augment_args(command: Command) -> Command {
        let file = Arg::new(FILE)
            .long(FILE)
            .value_name("FILE")
            .value_parser(clap::value_parser!(PathBuf))
            .help("TOML file with settings [env: ALERT_CONFIG]");
        command.arg(file).args(SETTINGS.iter().map(|setting| {
            let default = match setting.default {
                [] => String::new(),
                values => format!(" [default: {}]", values.join(", ")),
            };
            Arg::new(setting.name)
                .long(setting.name.replace('_', "-"))
                .value_name(setting.placeholder)
                .action(if setting.many { ArgAction::Append } else { ArgAction::Set })
                .value_parser(ValueParser::string())
                .allow_hyphen_values(true)
                .help_heading(setting.heading)
                .help(format!("{}{default}", setting.help))
        }))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for Flags {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let values = SETTINGS.iter().filter_map(|setting| {
            let given = matches.get_many::<String>(setting.name)?;
            Some((setting.name, given.cloned().collect()))
        });
        Ok(Self { file: matches.get_one(FILE).cloned(), values: values.collect() })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}
