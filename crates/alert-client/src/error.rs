//! What keeps a client from its server, and what to do.

use std::fmt::{self, Display, Formatter};
use std::time::Duration;

use serde::Deserialize;
use thiserror::Error;

use super::address::ServerAddress;
use super::connect::ConnectError;
use alert_core::printable::one_line;

/// Why something was not done.
#[derive(Debug, Error)]
pub enum ClientError {
    /// There is no connection.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The server understood, but refuses.
    #[error("refused: {0}")]
    Refused(Problem),
    /// There is nothing to confirm in the room.
    #[error("no alert that asks to be confirmed is in force; one that has ended is found by its id")]
    NoneAsks,
    /// The server is elsewhere.
    #[error("{address} sends everybody to {to}: use --url {to}")]
    Moved {
        /// Scheme, host and port.
        address: ServerAddress,
        /// Where it is: scheme, host and port.
        to: String,
    },
    /// What answers is not an Alert server.
    #[error("there is no Alert server at {address} ({what}): check --url")]
    NotAlert {
        /// Scheme, host and port.
        address: ServerAddress,
        /// What is different.
        what: String,
    },
    /// It wants https.
    #[error("{0} speaks TLS: write https:// in --url")]
    SpeaksTls(ServerAddress),
    /// What answers does not speak HTTP.
    #[error("{0} does not answer as a web server does: check --url; if it has TLS, write https://")]
    NotHttp(ServerAddress),
    /// A proxy without a server behind it, or a server that is starting or stopping.
    #[error("{address} cannot do it now ({status}): see whether the server behind it runs, and try again")]
    Unavailable {
        /// Scheme, host and port.
        address: ServerAddress,
        /// The status of the answer.
        status: http::StatusCode,
    },
    /// The connection ended before the answer.
    #[error("the connection to {address} broke ({problem}): try again")]
    Lost {
        /// Scheme, host and port.
        address: ServerAddress,
        /// What the HTTP library says.
        problem: String,
    },
    /// The server ended a stream that should go on.
    #[error("{0} closed the connection")]
    Closed(ServerAddress),
    /// The connection is there, but nothing comes.
    #[error("there was no sign of life from {address} for {}", humantime::format_duration(*time))]
    Silent {
        /// Scheme, host and port.
        address: ServerAddress,
        /// How long, in whole seconds.
        time: Duration,
    },
    /// No answer in time.
    #[error("{0} gave no answer in time: see whether it is overloaded, or allow more with --timeout")]
    NoAnswer(ServerAddress),
}

/// An RFC 9457 problem document.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Problem {
    /// The name of the status.
    pub title: String,
    /// The status.
    pub status: u16,
    /// The sentence for people.
    pub detail: String,
    /// The word for programs.
    pub code: String,
    /// When to come again, from the head.
    #[serde(skip)]
    pub retry_after: Option<Duration>,
}

impl ClientError {
    /// Whether a server answered, and would answer the same next time.
    #[must_use]
    pub fn is_refusal(&self) -> bool {
        matches!(
            self,
            Self::NoneAsks
                | Self::Refused(_)
                | Self::Moved { .. }
                | Self::NotAlert { .. }
                | Self::SpeaksTls(_)
        )
    }
}

impl Problem {
    /// Whether it is about this one message, and others may be taken.
    #[must_use]
    pub fn is_of_message(&self) -> bool {
        self.code.starts_with("msg_")
    }
}

impl Display for Problem {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let detail = if self.detail.is_empty() { "the server does not say why." } else { &self.detail };
        write!(out, "{} ({} {})", one_line(detail), self.status, one_line(&self.title))?;
        if self.code.starts_with("token_") {
            write!(out, "; --token or ALERT_TOKEN gives it")
        } else {
            Ok(())
        }
    }
}
