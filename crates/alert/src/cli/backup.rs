//! `alert backup`.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use alert_server::config::Flags;
use alert_server::log::Archive;

pub(super) const EXAMPLES: &str = "\
Examples:
  alert backup alert-2026-11-28.db
  STATE_DIRECTORY=/var/lib/alert alert backup /srv/backup/alert.db
                                          of a systemd service

The copy is complete, taken at one moment, and readable by this user only; a running server goes on. An
existing file is not overwritten. To restore it: stop the server, move alert.db away with the files
beside it that end in -wal and -shm, put the copy in its place, and start the server.

The session key is not in it: it is in session.key, beside alert.db. With redis set, back up Redis instead.

Exit codes: 0 success, 1 failure (no history, no room), 2 wrong usage.";

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The new file
    file: PathBuf,
}

impl Args {
    /// Makes the copy and says how large it is.
    pub(super) fn run(&self) -> ExitCode {
        let history = match super::load(&Flags::default()) {
            Ok(config) => config.history,
            Err(code) => return code,
        };
        if history.redis.is_some() {
            super::complain(
                "the history is in Redis: back up what Redis has (redis-cli --rdb FILE, or a copy of its appendonlydir)",
            );
            return ExitCode::FAILURE;
        }
        let done = Archive::open(&history).and_then(|archive| {
            archive.back_up(&self.file)?;
            archive.stats()
        });
        match done {
            Ok(stats) => {
                let (messages, file) = (stats.messages, self.file.display());
                let _ = writeln!(std::io::stdout(), "{messages} messages are in {file}.");
                ExitCode::SUCCESS
            }
            Err(error) => {
                super::complain(error);
                ExitCode::FAILURE
            }
        }
    }
}
