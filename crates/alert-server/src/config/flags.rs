//! The settings as clap arguments, made from the list, plus `--config`, which says where the file is.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::builder::ValueParser;
use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches};

use alert_settings::Setting;

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
        augment(command, SETTINGS.iter())
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for Flags {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        Ok(read(matches, SETTINGS.iter()))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

/// The same for a command that only uses the Redis of several servers.
#[derive(Clone, Debug, Default)]
pub struct RedisFlags(pub Flags);

impl Args for RedisFlags {
    fn augment_args(command: Command) -> Command {
        augment(command, of_redis())
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for RedisFlags {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        Ok(Self(read(matches, of_redis())))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

fn of_redis() -> impl Iterator<Item = &'static Setting> {
    SETTINGS.iter().filter(|setting| setting.name.starts_with("redis"))
}

fn augment(command: Command, settings: impl Iterator<Item = &'static Setting>) -> Command {
    let file = Arg::new(FILE)
        .long(FILE)
        .value_name("FILE")
        .value_parser(clap::value_parser!(PathBuf))
        .help("TOML file with settings [env: ALERT_CONFIG]");
    command.arg(file).args(settings.map(|setting| {
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

fn read(matches: &ArgMatches, settings: impl Iterator<Item = &'static Setting>) -> Flags {
    let values = settings.filter_map(|setting| {
        let given = matches.get_many::<String>(setting.name)?;
        Some((setting.name, given.cloned().collect()))
    });
    Flags { file: matches.get_one(FILE).cloned(), values: values.collect() }
}
