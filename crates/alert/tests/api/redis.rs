//! A Redis of a test's own, for servers that share their rooms.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

pub(crate) struct Redis {
    process: Child,
    folder: TempDir,
}

impl Redis {
    pub(crate) fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name).display().to_string();
        let process = Command::new("redis-server")
            .args(["--port", "0", "--unixsocket", &path("redis"), "--dir", &path(""), "--appendonly", "yes"])
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let deadline = Instant::now() + Duration::from_secs(20);
        while !folder.path().join("redis").exists() {
            assert!(Instant::now() < deadline, "Redis does not start");
            std::thread::sleep(Duration::from_millis(10));
        }
        Self { process, folder }
    }

    /// Forgets all that it has.
    pub(crate) fn empty(&self) {
        let socket = self.folder.path().join("redis");
        let emptied = Command::new("redis-cli").arg("-s").arg(socket).arg("flushall").output().unwrap();
        assert!(emptied.status.success(), "{emptied:?}");
    }

    /// Where it is, as servers are told.
    pub(crate) fn url(&self) -> String {
        format!("unix://{}", self.folder.path().join("redis").display())
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
