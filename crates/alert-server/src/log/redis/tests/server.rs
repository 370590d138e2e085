//! A Redis of a test's own, on a Unix socket, and nodes on it.

use super::process::eventually;
use super::*;
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

/// A Redis that a test has started.
pub(super) struct Server {
    process: Child,
    folder: TempDir,
}

impl Server {
    pub(super) fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let server = Self { process: Self::run(&folder), folder };
        server.answers();
        server
    }

    /// Waits until it has read what it had.
    fn answers(&self) {
        let socket = self.folder.path().join("redis");
        eventually("Redis to answer", || {
            let done = Command::new("redis-cli").arg("-s").arg(&socket).arg("ping").output().unwrap();
            done.stdout.starts_with(b"PONG")
        });
    }

    pub(super) fn run(folder: &TempDir) -> Child {
        let path = |name: &str| folder.path().join(name).display().to_string();
        Command::new("redis-server")
            .args(["--port", "0", "--unixsocket", &path("redis"), "--dir", &path(""), "--appendonly", "yes"])
            .stdout(Stdio::null())
            .spawn()
            .expect("redis-server is installed")
    }

    pub(super) fn settings(&self) -> RedisSettings {
        let address =
            RedisAddress::parse(&format!("unix://{}", self.folder.path().join("redis").display())).unwrap();
        RedisSettings { address, prefix: "alert".to_owned(), timeout: Duration::from_secs(5) }
    }

    pub(super) async fn node(&self, run: u64) -> Shared {
        self.node_that_keeps(run, WEEK).await
    }

    pub(super) async fn node_that_keeps(&self, run: u64, age: Duration) -> Shared {
        node_at(&self.settings(), run, age).await
    }

    /// What it answers to a command.
    pub(super) fn cli(&self, args: &[&str]) -> String {
        let socket = self.folder.path().join("redis");
        let done = Command::new("redis-cli").arg("-s").arg(socket).args(args).output().unwrap();
        assert!(done.status.success(), "{done:?}");
        String::from_utf8(done.stdout).unwrap().trim().to_owned()
    }

    /// Waits until its clock has gone on by more than so many milliseconds.
    pub(super) fn ticks(&self, milliseconds: u64) {
        let now = || {
            let time = self.cli(&["TIME"]);
            let (seconds, micros) = time.split_once('\n').unwrap();
            seconds.parse::<u64>().unwrap() * 1000 + micros.parse::<u64>().unwrap() / 1000
        };
        let then = now();
        eventually("the clock goes on", || now() > then + milliseconds);
    }

    pub(super) fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    pub(super) fn start_again(&mut self) {
        self.process = Self::run(&self.folder);
        self.answers();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

pub(super) const WEEK: Duration = Duration::from_secs(7 * 24 * 3600);

/// A node there.
pub(super) async fn node_at(settings: &RedisSettings, run: u64, age: Duration) -> Shared {
    let retention = Retention { messages: 100, age, bytes: 1 << 20 };
    Shared::connect(settings, Run::new(run), retention).await.unwrap()
}
