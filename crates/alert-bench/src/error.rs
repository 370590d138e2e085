//! What can go wrong: with the run as a whole, and with one connection.

use std::io;

use thiserror::Error;

use super::target::Target;

/// Why there was no run.
#[derive(Debug, Error)]
pub enum BenchError {
    /// Nothing answers, or not as a Socket.IO server.
    #[error("cannot reach {url}: {why}", url = target.url, why = advice(target, death))]
    Unreachable {
        /// The server.
        target: Target,
        /// What became of the first connection.
        death: Death,
    },
    /// The host name has no address.
    #[error("cannot find {host}: {problem}. Is the name right?")]
    Unknown {
        /// The name that was looked up.
        host: String,
        /// What the system says.
        problem: io::Error,
    },
    /// This process may not open that many files.
    #[error(
        "{needed} open files are needed and {allowed} allowed: raise the limit with `ulimit -Hn {needed}` (as root) or \
         LimitNOFILE=, or take fewer members. The server needs as many"
    )]
    OpenFiles {
        /// Needed.
        needed: u64,
        /// The hard limit.
        allowed: u64,
    },
    /// `--pid` does not name a process that can be examined.
    #[error(
        "--pid {pid}: {problem}. Give the process of a server on this machine, as `pgrep alert` prints it"
    )]
    Process {
        /// The process.
        pid: i32,
        /// What the system says.
        problem: String,
    },
    /// The system has no poller or timer left.
    #[error("the system gives no poller or timer: {0}")]
    System(#[from] io::Error),
}

/// Why a connection ended that should not have.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Death {
    /// The system's words, while connecting, reading or writing.
    #[error("{text}")]
    Io {
        /// What kind of error.
        kind: io::ErrorKind,
        /// The system's words.
        text: String,
    },
    /// No local port left.
    #[error(
        "no local port is left: wait a minute until those of an earlier run are free, or take fewer members \
         (on 127.0.0.1 several source addresses are used automatically)"
    )]
    Ports,
    /// End of the stream.
    #[error("the server closed the connection")]
    Closed,
    /// WebSocket close frame.
    #[error("the server closed the connection with code {code} {reason}")]
    ClosedWith {
        /// The close code.
        code: u16,
        /// What the server says.
        reason: String,
    },
    /// Engine.IO close or Socket.IO disconnect.
    #[error("the server disconnected the client")]
    Disconnected,
    /// An HTTP answer other than the expected one.
    #[error("the server answered with HTTP status {status}: {body}")]
    Http {
        /// The status code.
        status: u16,
        /// The start of the body.
        body: String,
    },
    /// Socket.IO CONNECT_ERROR.
    #[error("the server refused the connection: {0}")]
    Refused(String),
    /// A `status` that says what was wrong with an event.
    #[error("the server refused an event: {0}")]
    Complaint(String),
    /// Something that this program does not understand.
    #[error("the server sent {0}")]
    Protocol(&'static str),
    /// Nothing came for too long.
    #[error("no answer for {seconds} s while {what}")]
    Silent {
        /// How long nothing came.
        seconds: u64,
        /// What was waited for.
        what: &'static str,
    },
}

impl From<io::Error> for Death {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::AddrNotAvailable => Self::Ports,
            kind => Self::Io { kind, text: error.to_string() },
        }
    }
}

/// What to do about a first connection that failed.
fn advice(target: &Target, death: &Death) -> String {
    match death {
        Death::Io { kind: io::ErrorKind::ConnectionRefused, .. } => {
            "nothing listens there. Is the server running? `alert` starts one".to_owned()
        }
        Death::Http { status: 404, .. } => {
            format!("it is a web server, but there is no Socket.IO at {}. Is it the right port?", target.path)
        }
        Death::Http { status: 403, body } => format!(
            "it refuses this client (HTTP status 403: {body}). Only pages of its own may connect, or a proxy is in \
             between: take the address that the server itself listens on"
        ),
        Death::Protocol(_) | Death::Closed | Death::Io { kind: io::ErrorKind::ConnectionReset, .. } => {
            format!("{death}. Is it a Socket.IO server of version 3 or newer, without TLS?")
        }
        Death::Silent { .. } => {
            format!("{death}. Is the server stuck, or does it not know the event `joined`?")
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_a_first_connection_that_failed_then_the_error_says_what_to_do() {
        let target = Target::parse("http://127.0.0.1:1").unwrap();
        let text = |death| BenchError::Unreachable { target: target.clone(), death }.to_string();
        let refused = Death::from(io::Error::from(io::ErrorKind::ConnectionRefused));
        assert_eq!(
            text(refused),
            "cannot reach http://127.0.0.1:1: nothing listens there. Is the server running? `alert` starts one"
        );
        assert!(text(Death::Http { status: 404, body: String::new() }).contains("right port?"));
        assert!(text(Death::Http { status: 403, body: "origin".to_owned() }).contains("403: origin"));
    }
}
