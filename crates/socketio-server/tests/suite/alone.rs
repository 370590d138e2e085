//! For tests of what a whole process has: they run in one of their own.

use std::process::Command;

/// Set in the process that runs the test.
const ALONE: &str = "SOCKETIO_SERVER_TEST_ALONE";

/// Runs `test`, which has this name within the suite, in a separate process.
pub(crate) fn alone(name: &str, test: impl FnOnce()) {
    if std::env::var_os(ALONE).is_some() {
        return test();
    }
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", name, "--nocapture"]).env(ALONE, "1");
    // The allocator gives large pieces back to the system immediately, so that its own habits do not blur the figures.
    command.env("MALLOC_MMAP_THRESHOLD_", "65536");
    let output = command.output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
}
