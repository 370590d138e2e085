//! A separate server for each test.

use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, ExitStatus, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::{Duration, Instant};

/// How long anything may take that a test waits for.
pub(crate) const DEADLINE: Duration = Duration::from_secs(30);

/// Nobody is slowed down: for tests whose senders are faster than people.
pub(crate) const NO_RATES: [&str; 6] = ["--event-rate", "0", "--byte-rate", "0", "--room-byte-rate", "0"];

pub(crate) struct Server {
    child: Child,
    log: Mutex<Receiver<String>>,
    /// A log that nobody reads.
    _unread: Option<ChildStderr>,
    pub(crate) address: SocketAddr,
    /// To be removed.
    state: Option<PathBuf>,
}

impl Server {
    /// Starts the binary on a free port.
    pub(crate) fn start(flags: &[&str]) -> Self {
        Self::start_at(0, flags)
    }

    /// Starts the binary on this port.
    pub(crate) fn start_at(port: u16, flags: &[&str]) -> Self {
        Self::spawn(Self::command(port, flags), true)
    }

    /// Starts the binary with this state folder, which stays.
    pub(crate) fn start_in(state: &Path, flags: &[&str]) -> Self {
        let mut command = Self::command(0, flags);
        command.env("STATE_DIRECTORY", state);
        let mut server = Self::spawn(command, true);
        server.state = None;
        server
    }

    /// Starts the binary with a pipe for its log that nobody reads.
    pub(crate) fn start_unread(flags: &[&str]) -> Self {
        Self::spawn(Self::command(0, flags), false)
    }

    /// The binary, to be spawned, with a state folder of its own.
    pub(crate) fn command(port: u16, flags: &[&str]) -> Command {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let state = format!("{}/state-{}-{number}", env!("CARGO_TARGET_TMPDIR"), std::process::id());
        let mut command = Command::new(env!("CARGO_BIN_EXE_alert"));
        command.env_clear().env("STATE_DIRECTORY", state);
        // The tests run on each of the ways.
        command.envs(std::env::var_os("ALERT_IO").map(|way| ("ALERT_IO", way)));
        command.args(["--listen", &format!("127.0.0.1:{port}"), "--workers", "2"]).args(flags);
        command
    }

    pub(crate) fn spawn(mut command: Command, is_read: bool) -> Self {
        let state =
            command.get_envs().find_map(|(name, value)| (name == "STATE_DIRECTORY").then_some(value?));
        let state = state.map(PathBuf::from);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut said = BufReader::new(child.stdout.take().unwrap()).lines();
        // A server that logs JSON says it there.
        let is_json = command.get_args().any(|arg| arg == "json");
        let port = |line: &str| {
            let rest = line.split_once("://127.0.0.1:")?.1;
            rest.split_once("/v1")?.0.parse().ok()
        };
        let printed = if is_json { None } else { said.find_map(|line| port(&line.unwrap())) };
        let (sender, log) = sync_channel(100_000);
        let mut stderr = child.stderr.take();
        if let Some(stderr) = stderr.take_if(|_| is_read) {
            std::thread::spawn(move || {
                for line in BufReader::new(stderr).lines() {
                    let _ = sender.send(line.unwrap());
                }
            });
        }
        let logged = || log.iter().find_map(|line: String| port(&line));
        let address = (Ipv4Addr::LOCALHOST, printed.or_else(logged).unwrap()).into();
        Self { child, log: Mutex::new(log), _unread: stderr, address, state }
    }

    /// Kills the server without a warning, and starts one with its port and its state.
    pub(crate) fn killed_and_back(self, flags: &[&str]) -> Self {
        self.signal("KILL");
        self.ended_and_back(flags)
    }

    /// Stops the server, and starts one with its port and its state.
    pub(crate) fn stopped_and_back(self, flags: &[&str]) -> Self {
        self.signal("TERM");
        self.ended_and_back(flags)
    }

    fn ended_and_back(mut self, flags: &[&str]) -> Self {
        self.wait();
        let mut command = Self::command(self.address.port(), flags);
        command.env("STATE_DIRECTORY", self.state.take().unwrap());
        Self::spawn(command, true)
    }

    /// Where its admin listener is, which it has just said.
    pub(crate) fn admin(&self) -> SocketAddr {
        let line = self.line_of_log("metrics for Prometheus");
        line.split("http://").nth(1).unwrap().trim_end_matches('"').parse().unwrap()
    }

    /// Waits for a line of the log.
    pub(crate) fn wait_for_log(&self, part: &str) {
        self.line_of_log(part);
    }

    /// The next line of the log with this in it.
    pub(crate) fn line_of_log(&self, part: &str) -> String {
        let until = Instant::now() + DEADLINE;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let line = self
                .log
                .lock()
                .unwrap()
                .recv_timeout(left)
                .unwrap_or_else(|_| panic!("no {part:?} in the log"));
            if line.contains(part) {
                return line;
            }
        }
    }

    /// The lines of the log up to the next one with this in it.
    pub(crate) fn log_until(&self, part: &str) -> Vec<String> {
        let until = Instant::now() + DEADLINE;
        let mut lines: Vec<String> = Vec::new();
        while !lines.last().is_some_and(|line| line.contains(part)) {
            let left = until.saturating_duration_since(Instant::now());
            let next = self.log.lock().unwrap().recv_timeout(left);
            lines.push(next.unwrap_or_else(|_| panic!("no {part:?} in {lines:#?}")));
        }
        lines
    }

    /// Whether the log has a line by now.
    pub(crate) fn has_logged(&self, part: &str) -> bool {
        self.log.lock().unwrap().try_iter().any(|line| line.contains(part))
    }

    /// The log's lines until the server has ended.
    pub(crate) fn rest_of_log(&self) -> Vec<String> {
        self.log.lock().unwrap().iter().collect()
    }

    /// Its state folder.
    pub(crate) fn state(&self) -> &Path {
        self.state.as_ref().unwrap()
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-s", name, &pid]).status().unwrap().success());
    }

    pub(crate) fn wait(&mut self) -> ExitStatus {
        let until = Instant::now() + DEADLINE;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(Instant::now() < until, "it does not end");
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if let Some(state) = &self.state {
            let _ = std::fs::remove_dir_all(state);
        }
    }
}
