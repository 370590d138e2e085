//! A panic ends the process. If it were contained, what it broke would stay: a connection without its task, a room
//! that is never swept. After a restart, every client is back within seconds.

use std::io::Write;
use std::panic::{self, PanicHookInfo};
use std::sync::Mutex;
use std::time::Duration;

use tracing::Level;

use super::line::Line;
use super::stderr::Stderr;
use super::{FLUSH_LIMIT, Log};

/// From the panic to the end, if nobody reads the log.
const LIMIT: Duration = Duration::from_secs(1);

/// From here on, a panic on any thread is one line of the log and the end of the process.
pub(super) fn end_the_process(log: Log, out: Stderr) {
    let out = Mutex::new(out);
    panic::set_hook(Box::new(move |panic| {
        // Perhaps nobody reads stderr, or the log itself panicked: the process ends all the same.
        let _ = std::thread::Builder::new().spawn(|| {
            std::thread::sleep(LIMIT);
            std::process::abort();
        });
        log.0.queue.flush(FLUSH_LIMIT);
        // Not through the queue: its thread may be the one that panicked. A second panic waits here for the end.
        if let Ok(mut out) = out.lock() {
            let _ = out.write_all(line(&log, panic).as_bytes());
            std::process::abort();
        }
    }));
}

fn line(log: &Log, panic: &PanicHookInfo<'_>) -> String {
    let what = panic.payload_as_str().unwrap_or("a value that is not text");
    let mut line = Line::begin(log.0.format, Level::ERROR, &format!("a panic ends the server: {what}"));
    line.text("thread", std::thread::current().name().unwrap_or("unnamed"));
    line.text("place", &panic.location().map(ToString::to_string).unwrap_or_default());
    line.end(module_path!())
}
