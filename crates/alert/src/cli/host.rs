//! What the commands of hosts begin with, a room and the right to act there, and how they end, with the server's answer.

use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use alert_client::{ClientError, ClientFlags, Moderator, RoomArgument, ServerAddress, Target, account_name};
use alert_core::names::{RoomCode, UserName};
use alert_core::room::policy::HostKey;
use alert_settings::value::time;
use clap::Args;
use serde_json::Value;

use super::{USAGE_ERROR, client_failure, complain};

/// Which server, and by what right.
#[derive(Debug, Args)]
pub(super) struct Way {
    #[arg(long, help = ClientFlags::URL)]
    url: Option<String>,
    #[arg(long, help = ClientFlags::TOKEN)]
    token: Option<String>,
    /// A file with the key of the room's host [env: ALERT_HOST_KEY has the key itself]
    #[arg(long, value_name = "FILE")]
    host_key_file: Option<PathBuf>,
    /// Print the server's answer
    #[arg(long)]
    json: bool,
    /// How long to wait for the answer
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = time(Duration::from_millis(1)..=Duration::from_hours(1)))]
    timeout: Duration,
}

#[derive(Debug, Args)]
pub(super) struct Room {
    /// The room's code, in any spelling, or the link to it
    #[arg(value_parser = RoomArgument::parse)]
    room: RoomArgument,
    #[command(flatten)]
    way: Way,
}

impl Room {
    /// Whoever acts in it.
    pub(super) fn moderator(&self) -> Result<Moderator, ExitCode> {
        self.way.moderator(self.room.code.clone(), self.room.server.clone())
    }

    /// The same without a key.
    pub(super) fn anybody(&self) -> Result<Moderator, ExitCode> {
        self.way.anybody(self.room.code.clone(), self.room.server.clone())
    }

    /// Who acts there in their own name: the flag's, or that of the settings, or the account's.
    pub(super) fn person(&self, name: Option<String>) -> Result<Option<UserName>, ExitCode> {
        let config = super::load_client(&ClientFlags { name, ..self.way.flags(self.room.server.clone()) })?;
        Ok(config.name.or(config.login_name).or_else(account_name))
    }

    /// The key of the host, if there is one.
    pub(super) fn key(&self) -> Result<Option<HostKey>, ExitCode> {
        self.way.key()
    }

    pub(super) fn is_json(&self) -> bool {
        self.way.json
    }

    #[cfg(test)]
    pub(super) fn timeout(&self) -> Duration {
        self.way.timeout
    }

    /// Asks for something below the room, which takes this right, and prints the answer.
    pub(super) fn ask(
        &self,
        right: &str,
        (method, path): (&str, &str),
        body: Option<&Value>,
        words: impl FnOnce(&Value) -> String,
    ) -> ExitCode {
        let moderator = match self.moderator() {
            Ok(moderator) => moderator,
            Err(code) => return code,
        };
        let answer = alert_client::block_on(moderator.ask_for(method, path, body));
        print_for(&moderator, right, answer, self.is_json(), words)
    }
}

impl Way {
    /// Whoever acts in the room `code`, on the server of a `link` unless another is named.
    pub(super) fn moderator(
        &self,
        code: RoomCode,
        link: Option<ServerAddress>,
    ) -> Result<Moderator, ExitCode> {
        Ok(self.anybody(code, link)?.with_key(self.key()?))
    }

    fn anybody(&self, code: RoomCode, link: Option<ServerAddress>) -> Result<Moderator, ExitCode> {
        let flags = self.flags(link);
        let config = super::load_client(&flags)?;
        super::warn_of_token(&flags);
        Ok(Moderator::new(Target::new(&config, code), self.timeout))
    }

    fn flags(&self, link: Option<ServerAddress>) -> ClientFlags {
        ClientFlags { url: self.url.clone(), name: None, token: self.token.clone(), link }
    }

    pub(super) fn is_json(&self) -> bool {
        self.json
    }

    fn key(&self) -> Result<Option<HostKey>, ExitCode> {
        let key = match &self.host_key_file {
            Some(file) => Some(first_line(file)?),
            None => alert_settings::Environment::of_process().get(alert_settings::HOST_KEY),
        };
        match key.as_deref().map(str::trim).filter(|key| !key.is_empty()) {
            Some(key) if key.bytes().all(|byte| byte.is_ascii_graphic()) => Ok(Some(HostKey::shown(key))),
            Some(_) => {
                Err(usage("the host key is none: it begins with host_, and has letters and digits only"))
            }
            None => Ok(None),
        }
    }
}

/// A secret of a file.
pub(super) fn first_line(file: &Path) -> Result<String, ExitCode> {
    match std::fs::read_to_string(file) {
        Ok(text) => Ok(text.lines().next().unwrap_or_default().to_owned()),
        Err(problem) => Err(usage(&format!("{}: {problem}", file.display()))),
    }
}

pub(super) fn usage(problem: &str) -> ExitCode {
    complain(problem);
    ExitCode::from(USAGE_ERROR)
}

/// Prints the answer to somebody who acts as a moderator. Whoever has shown nothing and is refused is told what it takes:
/// `right` is that of a token.
pub(super) fn print_for(
    moderator: &Moderator,
    right: &str,
    outcome: std::io::Result<Result<Value, ClientError>>,
    as_json: bool,
    words: impl FnOnce(&Value) -> String,
) -> ExitCode {
    let is_refused =
        matches!(&outcome, Ok(Err(ClientError::Refused(problem))) if [401, 403].contains(&problem.status));
    let code = print(outcome, as_json, words);
    if is_refused && !moderator.shows_key() && !moderator.shows_token() {
        complain(format_args!(
            "it takes the key of the room's host (--host-key-file, or ALERT_HOST_KEY), or a token with the right {right} \
             (--token, or ALERT_TOKEN)"
        ));
    }
    code
}

/// Prints an answer, as it is or in words.
pub(super) fn print(
    outcome: std::io::Result<Result<Value, ClientError>>,
    as_json: bool,
    words: impl FnOnce(&Value) -> String,
) -> ExitCode {
    let answer = match outcome {
        Ok(Ok(answer)) => answer,
        Ok(Err(error)) => return client_failure(&error),
        Err(error) => {
            complain(error);
            return ExitCode::FAILURE;
        }
    };
    let text = if as_json { answer.to_string() } else { words(&answer) };
    match writeln!(std::io::stdout(), "{text}") {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever has seen enough.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            complain(format_args!("standard output: {error}"));
            ExitCode::FAILURE
        }
    }
}
