//! The signals that a server acts on. One that whoever started it wants ignored, as `nohup` does, stays ignored.

use std::io;
use std::time::{Duration, Instant};

use alert_settings::IgnoredSignals;
use tokio::signal::unix::{self, SignalKind};

/// Signals this close together are one: a terminal and a process manager both pass it on.
const ECHO: Duration = Duration::from_millis(50);

/// SIGTERM, SIGINT and SIGHUP.
pub(super) struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hang_up: Signal,
}

/// What a server is asked for.
pub(super) enum Request {
    /// To end; this signal said it.
    Stop(&'static str),
    /// To read again what can be read again.
    Reload,
}

/// A signal; nothing where it is ignored.
struct Signal(Option<unix::Signal>);

impl Signals {
    /// From here on none of them ends the process by itself.
    pub(super) fn install() -> io::Result<Self> {
        let ignored = IgnoredSignals::of_process();
        let install = |kind: SignalKind| {
            let heard = !ignored.has(kind.as_raw_value());
            heard.then(|| unix::signal(kind)).transpose().map(Signal)
        };
        Ok(Self {
            terminate: install(SignalKind::terminate())?,
            interrupt: install(SignalKind::interrupt())?,
            hang_up: install(SignalKind::hangup())?,
        })
    }

    pub(super) async fn next(&mut self) -> Request {
        tokio::select! {
            () = self.terminate.next() => Request::Stop("SIGTERM"),
            () = self.interrupt.next() => Request::Stop("SIGINT"),
            () = self.hang_up.next() => Request::Reload,
        }
    }

    /// A second signal that asks for the end, and is no echo of the first.
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

impl Signal {
    async fn next(&mut self) {
        match &mut self.0 {
            Some(signal) => {
                signal.recv().await;
            }
            None => std::future::pending().await,
        }
    }
}
