//! `alert health`.

use std::io::Write;
use std::process::ExitCode;

use alert_client::{HealthError, Listening, block_on, health};
use alert_server::config::{Config, Flags};
use socketio_server::ListenAddr;

pub(super) const EXAMPLES: &str = "\
Examples:
  alert health
      does the server with these settings (flags, ALERT_* variables, file)
      serve on this machine? For HEALTHCHECK of a container
  alert health --listen unix:/run/alert.sock
      ... on this socket, where systemd has it

It asks once, at the first address of --listen, and waits 5 s at most. What is between the server and
its users is for alert doctor; whether new users should be sent there is at /readyz.

Exit codes: 0 it serves, 1 it does not, 2 wrong usage or configuration.";

/// Asks the server that has these settings.
pub(super) fn run(flags: &Flags) -> ExitCode {
    let config = match super::load(flags) {
        Ok(config) => config,
        Err(code) => return code,
    };
    let Some(listening) = listening(&config) else {
        super::complain(
            "the server takes a free port (port 0), which nobody else knows: name it with --listen",
        );
        return ExitCode::FAILURE;
    };
    match block_on(health(&listening)) {
        Ok(Ok(text)) => {
            let _ = writeln!(std::io::stdout(), "{text}");
            ExitCode::SUCCESS
        }
        Ok(Err(error @ HealthError::Unreachable(_))) => fail(format_args!(
            "{error}, at {listening}: start the server, or give this command the server's settings (--listen, --config, ALERT_CONFIG)"
        )),
        Ok(Err(error)) => fail(error),
        Err(error) => fail(error),
    }
}

fn fail(error: impl std::fmt::Display) -> ExitCode {
    super::complain(error);
    ExitCode::FAILURE
}

fn listening(config: &Config) -> Option<Listening> {
    match config.listen.first()? {
        ListenAddr::Tcp(address) if address.port() == 0 => None,
        ListenAddr::Tcp(address) => Some(Listening::Tcp(*address, !config.tls.is_empty())),
        ListenAddr::Unix(path) => Some(Listening::Unix(path.clone())),
    }
}
