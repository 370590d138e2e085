//! The commands. Exit codes: 0 for success, 1 for a failure while running, 2 for wrong usage or configuration.

use std::fmt::Display;
use std::io::Write;
use std::process::ExitCode;

use alert::config::{Config, Environment, Flags};
use clap::{Parser, Subcommand};

#[cfg(target_os = "linux")]
mod bench;
mod config;
mod serve;

const ABOUT: &str = "A messaging server that speaks to a room at once.";

const EXAMPLES: &str = "\
Examples:
  alert                                   serve on http://127.0.0.1:5000/v1
  alert --listen 0.0.0.0:5000             ... and open it to the network
  alert --config /etc/alert.toml          ... with settings from a file
  alert --listen unix:/run/alert.sock --public-url https://alert.example.org
                                          ... behind a proxy with TLS
  alert config show                       see every setting and where it comes from

Every setting is a flag, an environment variable and a key of the file: --leave-grace 5s,
ALERT_LEAVE_GRACE=5s (lists with commas) and leave_grace = \"5s\". The flag wins, then the variable.
`alert` alone is `alert serve`.

Exit codes: 0 success, 1 failure while running, 2 wrong usage or configuration.";

const USAGE_ERROR: u8 = 2;

#[derive(Debug, Parser)]
#[command(name = "alert", version, about = ABOUT, after_help = EXAMPLES, args_conflicts_with_subcommands = true)]
struct Cli {
    #[command(flatten)]
    flags: Flags,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the server
    #[command(after_help = EXAMPLES)]
    Serve(Flags),
    /// Look at the configuration without running anything
    #[command(subcommand)]
    Config(config::Command),
    /// Measure a server: members join rooms, speak and listen, and every delivery is accounted for
    #[cfg(target_os = "linux")]
    #[command(after_help = bench::EXAMPLES, after_long_help = format!("{}\n\n{}", bench::EXAMPLES, bench::JSON))]
    Bench(bench::Args),
}

/// Runs what the command line says.
pub(crate) fn run() -> ExitCode {
    let cli = Cli::parse();
    match cli.command {
        None => serve::run(&cli.flags),
        Some(Command::Serve(flags)) => serve::run(&flags),
        Some(Command::Config(command)) => command.run(),
        #[cfg(target_os = "linux")]
        Some(Command::Bench(args)) => args.run(),
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

/// Says what went wrong to whoever started the command. There is nobody left to tell when that fails.
fn complain(what: impl Display) {
    let _ = writeln!(std::io::stderr(), "alert: {what}");
}
