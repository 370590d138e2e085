//! The commands. Exit codes: 0 for success, 1 for a failure while running, 2 for wrong usage or configuration, 3
//! for a server that cannot be reached.

use std::fmt::Display;
use std::io::Write;
use std::process::ExitCode;

use alert_client::{ClientConfig, ClientError, ClientFlags};
use alert_server::config::{Config, Flags};
use alert_settings::Environment;
use clap::{CommandFactory, Parser, Subcommand};

use usage::notes;

mod alerts;
mod backup;
mod bell;
#[cfg(target_os = "linux")]
mod bench;
mod cluster;
mod completions;
mod config;
mod doctor;
mod health;
mod history;
mod host;
mod join;
mod man;
mod rollcall;
mod room;
mod screen;
mod send;
mod serve;
mod token;
mod usage;
mod watch;
mod webhook;

const ABOUT: &str = "A messaging server: say something to a whole room at once.";

const EXAMPLES: &str = "\
Examples:
  alert                                   serve on http://127.0.0.1:5000/v1
  alert --listen 0.0.0.0:5000             ... and open it to the network
  alert --config /etc/alert.toml          ... with settings from a file
  alert --listen unix:/run/alert.sock --public-url https://alert.example.org
                                          ... behind a proxy with TLS
  alert config show                       see every setting and its source
  alert send K7Q-FM2-XD9 \"Class ends in 5 minutes\"
                                          say something to a room from here

Every setting is a flag, an environment variable and a key of the file: --leave-grace 5s,
ALERT_LEAVE_GRACE=5s (lists with commas) and leave_grace = \"5s\". The flag wins, then the variable.
`alert` alone is `alert serve`.

Exit codes: 0 success, 1 failure while running, 2 wrong usage or configuration, 3 (of clients) no way
to the server.";

const USAGE_ERROR: u8 = 2;
/// When there is no way to the server.
const UNREACHABLE: u8 = 3;

#[derive(Debug, Parser)]
#[command(name = "alert", version, about = ABOUT, max_term_width = 100, after_help = notes(EXAMPLES), args_conflicts_with_subcommands = true)]
struct Cli {
    #[command(flatten)]
    flags: Flags,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the server
    #[command(after_help = notes(EXAMPLES))]
    Serve(Flags),
    /// Talk in a room, here in the terminal
    #[command(after_help = notes(join::EXAMPLES), after_long_help = notes(&format!("{}\n\n{}", join::EXAMPLES, join::JSON)))]
    Join(join::Args),
    /// Say something to a room without entering it
    #[command(after_help = notes(send::EXAMPLES))]
    Send(send::Args),
    /// Print what is said in a room, or run a program for each message, without entering it
    #[command(after_help = notes(watch::EXAMPLES), after_long_help = notes(&format!("{}\n\n{}", watch::EXAMPLES, watch::MORE)))]
    Watch(watch::Args),
    /// Be the host of a room: make it, set its rules, remove a message, put somebody out
    #[command(subcommand, after_help = notes(room::EXAMPLES))]
    Room(room::Command),
    /// Raise an alert, which whoever comes is told of until it ends
    #[command(after_help = notes(alerts::EXAMPLES))]
    Raise(alerts::Raise),
    /// Change an alert that is in force
    #[command(after_help = notes(alerts::EXAMPLES))]
    Change(alerts::Change),
    /// End an alert, perhaps with an all-clear
    #[command(after_help = notes(alerts::EXAMPLES))]
    End(alerts::End),
    /// Keep alerts ready, with blanks, to be raised by their names
    #[command(subcommand, after_help = notes(alerts::prepared::EXAMPLES))]
    Prepared(alerts::prepared::Command),
    /// Release an alert that waits for a second person
    #[command(after_help = notes(alerts::EXAMPLES))]
    Release(alerts::Release),
    /// Print the alerts that are in force in a room
    #[command(after_help = notes(alerts::EXAMPLES))]
    Alerts(alerts::Alerts),
    /// Confirm an alert, or as a host for somebody else
    #[command(after_help = notes(rollcall::EXAMPLES))]
    Confirm(rollcall::Confirm),
    /// Print who has confirmed an alert, and who is missing
    #[command(after_help = notes(rollcall::EXAMPLES))]
    Rollcall(rollcall::RollCall),
    /// Print who is expected in a room, or take another list of them
    #[command(after_help = notes(rollcall::EXAMPLES))]
    Roster(rollcall::Rosters),
    /// Print the lines that make a Raspberry Pi the big screen of a room
    #[command(after_help = notes(screen::EXAMPLES))]
    Screen(screen::Args),
    /// Have something said, or an alert raised, again and again at its times
    #[command(subcommand, after_help = notes(bell::EXAMPLES))]
    Bell(bell::Command),
    /// Tell programs what happens in a room
    #[command(subcommand, after_help = notes(webhook::EXAMPLES))]
    Webhook(webhook::Command),
    /// Look at the configuration without running anything
    #[command(subcommand)]
    Config(config::Command),
    /// Print or delete what was said, from the server's file
    #[command(subcommand, after_help = notes(history::EXAMPLES))]
    History(history::Command),
    /// Copy the history, even while the server runs
    #[command(after_help = notes(backup::EXAMPLES))]
    Backup(backup::Args),
    /// Look at the servers that share their rooms over Redis
    #[command(subcommand, after_help = notes(cluster::EXAMPLES))]
    Cluster(cluster::Command),
    /// Make, look at and take back tokens that say who may do what
    #[command(subcommand, after_help = notes(token::EXAMPLES))]
    Token(token::Command),
    /// Check every step of a client's way to a server, and say what to change if one fails
    #[command(after_help = notes(doctor::EXAMPLES), after_long_help = notes(&format!("{}\n\n{}", doctor::EXAMPLES, doctor::JSON)))]
    Doctor(doctor::Args),
    /// Say whether the server of this machine serves, for a container's HEALTHCHECK
    #[command(after_help = notes(health::EXAMPLES))]
    Health(Flags),
    /// Measure a server: members join rooms, speak and listen, and every delivery is accounted for
    #[cfg(target_os = "linux")]
    #[command(after_help = notes(bench::EXAMPLES), after_long_help = notes(&format!("{}\n\n{}", bench::EXAMPLES, bench::JSON)))]
    Bench(bench::Args),
    /// Print a script that lets a shell complete these commands
    #[command(after_help = notes(completions::EXAMPLES))]
    Completions(completions::Args),
    /// Print the manual page, or write one for each command
    #[command(after_help = notes(man::EXAMPLES))]
    Man(man::Args),
}

/// Runs what the command line says.
pub(crate) fn run() -> ExitCode {
    let words = usage::without_help_of_help(std::env::args_os().collect());
    let cli = match Cli::try_parse_from(&words) {
        Ok(cli) => cli,
        Err(error) => return usage::refuse(error, &words),
    };
    match cli.command {
        None => serve::run(&cli.flags),
        Some(Command::Serve(flags)) => serve::run(&flags),
        Some(Command::Join(args)) => args.run(),
        Some(Command::Send(args)) => args.run(),
        Some(Command::Watch(args)) => args.run(),
        Some(Command::Room(command)) => command.run(),
        Some(Command::Raise(args)) => args.run(),
        Some(Command::Change(args)) => args.run(),
        Some(Command::End(args)) => args.run(),
        Some(Command::Prepared(command)) => command.run(),
        Some(Command::Release(args)) => args.run(),
        Some(Command::Alerts(args)) => args.run(),
        Some(Command::Confirm(args)) => args.run(),
        Some(Command::Rollcall(args)) => args.run(),
        Some(Command::Roster(args)) => args.run(),
        Some(Command::Screen(args)) => args.run(),
        Some(Command::Bell(command)) => command.run(),
        Some(Command::Webhook(command)) => command.run(),
        Some(Command::Config(command)) => command.run(),
        Some(Command::History(command)) => command.run(),
        Some(Command::Backup(args)) => args.run(),
        Some(Command::Cluster(command)) => command.run(),
        Some(Command::Token(command)) => command.run(),
        Some(Command::Doctor(args)) => args.run(),
        Some(Command::Health(flags)) => health::run(&flags),
        #[cfg(target_os = "linux")]
        Some(Command::Bench(args)) => args.run(),
        Some(Command::Completions(args)) => args.run(Cli::command()),
        Some(Command::Man(args)) => args.run(Cli::command()),
    }
}

/// The configuration, or the exit code after saying what is wrong with it.
fn load(flags: &Flags) -> Result<Config, ExitCode> {
    Config::load(flags, &Environment::of_process()).map_err(|errors| {
        for error in errors.0 {
            complain(error);
        }
        ExitCode::from(USAGE_ERROR)
    })
}

/// The configuration of a client, or the exit code after saying what is wrong with it.
fn load_client(flags: &ClientFlags) -> Result<ClientConfig, ExitCode> {
    ClientConfig::load(flags, &Environment::of_process()).map_err(|errors| {
        for error in errors.0 {
            complain(error);
        }
        ExitCode::from(USAGE_ERROR)
    })
}

/// Warns of a token that was given as a flag.
fn warn_of_token(flags: &ClientFlags) {
    if flags.token.is_some() {
        complain(
            "everybody on this machine can see what --token gives (ps shows it): put it into ALERT_TOKEN, or as \
             token = \"...\" into ~/.config/alert/client.toml",
        );
    }
}

/// The exit code after saying what kept a client from its server.
fn client_failure(error: &ClientError) -> ExitCode {
    complain(error);
    if error.is_refusal() { ExitCode::FAILURE } else { ExitCode::from(UNREACHABLE) }
}

/// Tells whoever started the command what went wrong. If that fails, there is nobody left to tell.
fn complain(what: impl Display) {
    let _ = writeln!(std::io::stderr(), "alert: {what}");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(command: &clap::Command) -> Vec<clap::Command> {
        std::iter::once(command.clone()).chain(command.get_subcommands().flat_map(all)).collect()
    }

    #[test]
    fn given_a_terminal_of_80_columns_then_the_lines_of_tables_in_the_help_fit_in() {
        let mut command = Cli::command();
        command.build();
        for command in all(&command) {
            let notes = [command.get_after_help(), command.get_after_long_help()];
            for notes in notes.into_iter().flatten().map(ToString::to_string) {
                for line in notes.lines().filter(|line| line.starts_with(' ')) {
                    assert!(line.chars().count() <= 80, "alert {}: {line}", command.get_name());
                }
            }
        }
    }
}
