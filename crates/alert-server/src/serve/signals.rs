//! The signals that a server acts on. One that was ignored at the start, as under `nohup`, stays ignored.

use std::io;
use std::time::{Duration, Instant};

use alert_signals::Heeded;
use tokio::signal::unix::SignalKind;

/// Signals this close together are one, passed on by both a terminal and a process manager.
const ECHO: Duration = Duration::from_millis(50);

/// SIGTERM, SIGINT and SIGHUP.
pub(super) struct Signals {
    terminate: Heeded,
    interrupt: Heeded,
    hang_up: Heeded,
}

/// What a server is asked for.
pub(super) enum Request {
    /// To stop, by this signal.
    Stop(&'static str),
    /// To reread what can be reread.
    Reload,
}

impl Signals {
    /// From here on none of them ends the process by itself.
    pub(super) fn install() -> io::Result<Self> {
        Ok(Self {
            terminate: Heeded::new(SignalKind::terminate())?,
            interrupt: Heeded::new(SignalKind::interrupt())?,
            hang_up: Heeded::new(SignalKind::hangup())?,
        })
    }

    pub(super) async fn next(&mut self) -> Request {
        tokio::select! {
            () = self.terminate.recv() => Request::Stop("SIGTERM"),
            () = self.interrupt.recv() => Request::Stop("SIGINT"),
            () = self.hang_up.recv() => Request::Reload,
        }
    }

    /// A second signal to stop that is no echo of the first.
    pub(super) async fn second_stop(&mut self) -> &'static str {
        let first = Instant::now();
        loop {
            if let Request::Stop(signal) = self.next().await
                && first.elapsed() >= ECHO
            {
                return signal;
            }
        }
    }
}
