//! Redis servers on ports of 127.0.0.1, as others have to find them.

use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// A redis-server that a test has started.
pub(super) struct Process {
    pub(super) folder: TempDir,
    pub(super) port: u16,
    /// What `redis-cli` needs besides the port.
    cli: Vec<String>,
    flags: Vec<String>,
    child: Option<Child>,
}

impl Process {
    /// Starts one with these flags.
    pub(super) fn start(flags: &[&str]) -> Self {
        let server = Self::new(flags, &[]);
        server.answers();
        server
    }

    /// Starts one whose flags may name `PORT`; `cli` is for `redis-cli`.
    pub(super) fn new(flags: &[&str], cli: &[&str]) -> Self {
        let mut server = Self::idle(cli);
        let folder = server.folder.path().display().to_string();
        let mut all = ["--dir", &folder, "--appendonly", "yes", "--save", "", "--bind", "127.0.0.1"].to_vec();
        if !flags.contains(&"--port") {
            all.extend(["--port", "PORT"]);
        }
        all.extend(flags);
        let port = server.port.to_string();
        server.run(all.iter().map(|flag| flag.replace("PORT", &port)).collect());
        server
    }

    /// One that is not started yet.
    pub(super) fn idle(cli: &[&str]) -> Self {
        let cli = cli.iter().map(|&flag| flag.to_owned()).collect();
        let folder = tempfile::tempdir().unwrap();
        Self { folder, port: free_port(), cli, flags: Vec::new(), child: None }
    }

    pub(super) fn run(&mut self, flags: Vec<String>) {
        self.flags = flags;
        self.start_again();
    }

    pub(super) fn start_again(&mut self) {
        let mut command = Command::new("redis-server");
        command.args(&self.flags).stdout(Stdio::null()).stderr(Stdio::null());
        self.child = Some(command.spawn().expect("redis-server is installed"));
    }

    pub(super) fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// It does nothing any more, and its connections stay.
    pub(super) fn hang(&self) {
        let id = self.child.as_ref().unwrap().id().to_string();
        assert!(Command::new("kill").args(["-STOP", &id]).status().unwrap().success());
    }

    /// What it answers.
    pub(super) fn cli(&self, words: &[&str]) -> String {
        let port = self.port.to_string();
        let done =
            Command::new("redis-cli").args(["-p", &port]).args(&self.cli).args(words).output().unwrap();
        String::from_utf8(done.stdout).unwrap().trim().to_owned()
    }

    /// Waits until it answers.
    pub(super) fn answers(&self) {
        eventually("Redis answers", || self.cli(&["PING"]) == "PONG");
    }

    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(super) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Waits until something holds. For what no one tells of.
pub(super) fn eventually(what: &str, holds: impl Fn() -> bool) {
    let end = Instant::now() + Duration::from_secs(20);
    while !holds() {
        assert!(Instant::now() < end, "waited 20 s: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A port that nobody listens on now.
pub(super) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
