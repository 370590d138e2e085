//! A program that is run for a message, without a shell: nothing in a message is ever a command.

use std::ffi::OsString;
use std::io;
use std::path::Path;
use std::process::{ExitStatus, Stdio};

use thiserror::Error;
use tokio::io::AsyncWriteExt;
use tokio::process::{Child, Command};

use super::listener::Event;
use alert_core::names::RoomCode;

/// A program and its arguments.
#[derive(Clone, Debug)]
pub struct Program {
    name: OsString,
    args: Vec<OsString>,
}

/// The program could not be started.
#[derive(Debug, Error)]
#[error("cannot run {} ({problem}): check --exec", Path::new(name).display())]
pub struct ProgramError {
    name: OsString,
    problem: io::Error,
}

/// The system refuses to start a program with a variable of 128 KiB. The whole message is on standard input.
const MOST_BYTES: usize = 100_000;

impl Program {
    /// The first word is the program, found in `PATH` or by its path. Nothing without a word.
    #[must_use]
    pub fn new(words: Vec<OsString>) -> Option<Self> {
        let mut words = words.into_iter();
        Some(Self { name: words.next()?, args: words.collect() })
    }

    /// Runs it for `event` to its end, with `ALERT_ROOM`, `ALERT_EVENT`, `ALERT_MESSAGE`, and the message on its standard
    /// input.
    ///
    /// # Errors
    /// [`ProgramError`] when it cannot be started.
    pub async fn run(&self, room: &RoomCode, event: &Event) -> Result<ExitStatus, ProgramError> {
        let failed = |problem| ProgramError { name: self.name.clone(), problem };
        let mut child = self.start(room, event).map_err(failed)?;
        let input = child.stdin.take();
        let feed = async {
            if let Some(mut input) = input {
                // A program need not read it.
                let _ = input.write_all(event.msg.as_bytes()).await;
            }
        };
        // What is still unread when it has ended, nobody will read.
        let status = tokio::select! {
            status = child.wait() => status,
            () = feed => child.wait().await,
        };
        status.map_err(failed)
    }

    /// Says how it ended, where that was no success.
    #[must_use]
    pub fn complaint(&self, status: ExitStatus) -> Option<String> {
        use std::os::unix::process::ExitStatusExt;
        let name = Path::new(&self.name).display();
        match (status.code(), status.signal()) {
            (Some(0), _) => None,
            (Some(code), _) => Some(format!("{name} ended with exit code {code}")),
            (None, signal) => Some(format!("{name} was ended by signal {}", signal.unwrap_or_default())),
        }
    }

    fn start(&self, room: &RoomCode, event: &Event) -> io::Result<Child> {
        Command::new(&self.name)
            .args(&self.args)
            .env("ALERT_ROOM", room.as_str())
            .env("ALERT_EVENT", &event.event)
            .env("ALERT_MESSAGE", variable(&event.msg))
            .stdin(Stdio::piped())
            .spawn()
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
