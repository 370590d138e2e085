//! A program that is run for each message, without a shell: nothing in a message is ever a command.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use alert_core::names::RoomCode;
use alert_settings::Environment;
use rustix::process::{Pid, Signal, kill_process_group};
use thiserror::Error;
use tokio::io::AsyncWriteExt;
use tokio::process::{Child, Command};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::watcher::Event;

/// A program that exists, and its arguments.
#[derive(Clone, Debug)]
pub struct Program {
    name: OsString,
    file: PathBuf,
    args: Vec<OsString>,
    /// Variables that it does not get.
    secrets: Vec<String>,
}

/// The program could not be started.
#[derive(Debug, Error)]
#[error("cannot run {} ({problem}): check --exec", Path::new(name).display())]
pub struct ProgramError {
    name: OsString,
    problem: String,
}

/// A running program, in its own process group: Ctrl-C at the terminal does not reach it.
pub struct Run {
    child: Child,
    feed: JoinHandle<()>,
}

/// The system refuses to start a program with a variable of 128 KiB. The whole message is on standard input.
const MOST_BYTES: usize = 100_000;
/// How long a program may take that is asked to end.
const TIME_TO_END: Duration = Duration::from_secs(2);

impl Program {
    /// The first word is the program, found in `PATH` or by its path. `None` without a word.
    ///
    /// # Errors
    /// [`ProgramError`] if there is no such program.
    pub fn find(words: Vec<OsString>, environment: &Environment) -> Result<Option<Self>, ProgramError> {
        let mut words = words.into_iter();
        let Some(name) = words.next() else { return Ok(None) };
        let folder = std::env::current_dir().unwrap_or_default();
        let secrets = environment.secrets().map(str::to_owned).collect();
        match which::which_in(&name, environment.search_path(), folder) {
            Ok(file) => Ok(Some(Self { name, file, args: words.collect(), secrets })),
            Err(_) => {
                let problem = if Path::new(&name).is_file() && Path::new(&name).components().count() > 1 {
                    "this file is not executable"
                } else {
                    "there is no such program"
                };
                Err(ProgramError { name, problem: problem.to_owned() })
            }
        }
    }

    /// Starts it for `event`, with `ALERT_ROOM`, `ALERT_EVENT`, `ALERT_MESSAGE`, and the message on its standard input.
    ///
    /// # Errors
    /// [`ProgramError`] if it cannot be started.
    pub fn start(&self, room: &RoomCode, event: &Event) -> Result<Run, ProgramError> {
        let mut command = Command::new(&self.file);
        self.secrets.iter().for_each(|name| {
            command.env_remove(name);
        });
        let started = command
            .arg0(&self.name)
            .args(&self.args)
            .env("ALERT_ROOM", room.as_str())
            .env("ALERT_EVENT", &event.event)
            .env("ALERT_MESSAGE", variable(&event.told.msg))
            .stdin(Stdio::piped())
            .process_group(0)
            .spawn();
        let failed =
            |problem: io::Error| ProgramError { name: self.name.clone(), problem: problem.to_string() };
        let mut child = started.map_err(failed)?;
        let (input, msg) = (child.stdin.take(), event.told.msg.clone());
        let feed = tokio::spawn(async move {
            if let Some(mut input) = input {
                // A program need not read it.
                let _ = input.write_all(msg.as_bytes()).await;
            }
        });
        Ok(Run { child, feed })
    }

    /// How it ended, if that was not a success.
    #[must_use]
    pub fn complaint(&self, status: &io::Result<ExitStatus>) -> Option<String> {
        use std::os::unix::process::ExitStatusExt;
        let name = Path::new(&self.name).display();
        let status = match status {
            Ok(status) => status,
            Err(problem) => return Some(format!("nobody knows how {name} ended: {problem}")),
        };
        match (status.code(), status.signal()) {
            (Some(0), _) => None,
            (Some(code), _) => Some(format!("{name} ended with exit code {code}")),
            (None, signal) => Some(format!("{name} was ended by signal {}", signal.unwrap_or_default())),
        }
    }
}

impl Run {
    /// Waits until it ends by itself. Nothing is lost when this is dropped.
    ///
    /// # Errors
    /// What the system says about it.
    pub async fn ended(&mut self) -> io::Result<ExitStatus> {
        let status = self.child.wait().await;
        // It has ended: nobody will read the rest.
        self.feed.abort();
        status
    }

    /// Ends it, and what it has started: asks first, and does not wait for long.
    pub async fn end(mut self) {
        let group = self.child.id().and_then(|id| Pid::from_raw(id.cast_signed()));
        for signal in [Signal::TERM, Signal::KILL] {
            // It may have ended by itself.
            let _ = group.map(|group| kill_process_group(group, signal));
            if timeout(TIME_TO_END, self.ended()).await.is_ok() {
                return;
            }
        }
    }
}

/// `msg` as a variable can hold it: without NUL, and not too long.
fn variable(msg: &str) -> String {
    msg[..msg.floor_char_boundary(MOST_BYTES)].replace('\0', "\u{FFFD}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_any_message_then_a_variable_can_hold_it() {
        assert_eq!(variable("a\0b\n"), "a\u{FFFD}b\n");
        let long = "\u{e4}".repeat(MOST_BYTES);
        assert_eq!(variable(&long), "\u{e4}".repeat(MOST_BYTES / 2));
        assert_eq!(variable(&format!("x{long}")).len(), MOST_BYTES - 1);
    }
}
