//! A server of its own for each test.

use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, SocketAddr};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::{Duration, Instant};

/// How long anything may take that a test waits for.
pub(crate) const DEADLINE: Duration = Duration::from_secs(30);

pub(crate) struct Server {
    child: Child,
    log: Mutex<Receiver<String>>,
    pub(crate) address: SocketAddr,
}

impl Server {
    /// Starts the binary on a free port.
    pub(crate) fn start(flags: &[&str]) -> Self {
        Self::start_at(0, flags)
    }

    /// Starts the binary on this port.
    pub(crate) fn start_at(port: u16, flags: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_alert"))
            .env_clear()
            .args(["--listen", &format!("127.0.0.1:{port}"), "--workers", "2"])
            .args(flags)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = BufReader::new(child.stdout.take().unwrap()).lines();
        let port = said.find_map(|line| {
            let line = line.unwrap();
            line.split_once("http://127.0.0.1:")?.1.strip_suffix("/v1")?.parse().ok()
        });
        let stderr = BufReader::new(child.stderr.take().unwrap());
        let (sender, log) = sync_channel(100_000);
        std::thread::spawn(move || {
            for line in stderr.lines() {
                let _ = sender.send(line.unwrap());
            }
        });
        Self { child, log: Mutex::new(log), address: (Ipv4Addr::LOCALHOST, port.unwrap()).into() }
    }

    /// Waits for a line of the log.
    pub(crate) fn wait_for_log(&self, part: &str) {
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
                return;
            }
        }
    }

    /// Whether the log has a line by now.
    pub(crate) fn has_logged(&self, part: &str) -> bool {
        self.log.lock().unwrap().try_iter().any(|line| line.contains(part))
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
    }
}
