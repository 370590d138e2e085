//! Whoever reads our standard output: a pipe whose other end is closed is noticed at once, not with the next line, which
//! in a quiet room may be hours away.

use std::io;
use std::os::fd::AsFd;

use tokio::io::Interest;
use tokio::net::unix::pipe::Sender;

/// The reader of standard output.
#[derive(Debug)]
pub struct Reader(Option<Sender>);

impl Reader {
    /// To be called in a runtime.
    #[must_use]
    pub fn of_stdout() -> Self {
        // Not checked, since checking makes the pipe nonblocking, for everybody who writes into it. A file cannot be
        // waited for, and has no reader that could go.
        let output = io::stdout().as_fd().try_clone_to_owned();
        Self(output.and_then(Sender::from_owned_fd_unchecked).ok())
    }

    /// Waits until it is gone, forever if that cannot happen. Nothing is lost when this is dropped.
    pub async fn gone(&self) {
        match &self.0 {
            Some(output) if output.ready(Interest::ERROR).await.is_ok() => {}
            _ => std::future::pending().await,
        }
    }
}
