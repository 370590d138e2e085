//! Our server, as a separate process.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

const DEADLINE: Duration = Duration::from_secs(20);

/// Nobody is slowed down: for tests whose senders are faster than people.
pub(super) const NO_RATES: [&str; 6] = ["--event-rate", "0", "--byte-rate", "0", "--room-byte-rate", "0"];

/// A running `alert serve`, which ends with the test.
pub(super) struct Server {
    process: Child,
    log: Receiver<String>,
    /// What it prints to open.
    pub(super) url: String,
}

impl Server {
    /// Starts it on a free port.
    pub(super) fn start(flags: &[&str]) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_alert"))
            .env_clear()
            .args(["serve", "--listen", "127.0.0.1:0", "--session-key", &"A".repeat(44)])
            .args(flags)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let stderr = BufReader::new(process.stderr.take().unwrap());
        let (lines, log) = channel();
        // Read all the time, so that the pipe is never full.
        thread::spawn(move || stderr.lines().map_while(Result::ok).try_for_each(|line| lines.send(line)));
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let url = lines.find_map(|line| Some(line.ok()?.trim().strip_prefix("Open")?.trim().to_owned()));
        Self { process, log, url: url.unwrap() }
    }

    /// Its process.
    pub(super) fn pid(&self) -> String {
        self.process.id().to_string()
    }

    /// Waits until it logs a line with this word.
    pub(super) fn wait_for_log(&self, word: &str) {
        while !self.log.recv_timeout(DEADLINE).unwrap().contains(word) {}
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
