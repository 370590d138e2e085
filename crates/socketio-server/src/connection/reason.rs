//! Why a connection ended: every reason there is, with the WebSocket close code that the client sees.

use crate::{bounds::Full, figures::CLOSES};
use std::fmt;

/// Why a connection, or a namespace on it, ended.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CloseReason {
    /// The client left this namespace (Socket.IO packet `41`); the connection may go on.
    NamespaceLeft,
    /// The client closed its WebSocket properly.
    ClientClosed,
    /// The client sent a close packet. The official one does so, without a 41 before it, when a request of its failed.
    ClosePacket,
    /// The stream ended without a close, or broke.
    ConnectionLost,
    /// No pong came within the ping timeout.
    PingTimeout,
    /// No namespace was connected in time after the handshake.
    ConnectTimeout,
    /// The client did not read, and this many bytes waited for it, over the limit.
    SlowConsumer(usize),
    /// The client broke this rule of the protocol.
    ProtocolError(String),
    /// The client went on sending frames that say nothing.
    Flooding,
    /// A text message was not UTF-8.
    InvalidUtf8,
    /// A message was larger than `max_payload`.
    TooLarge,
    /// A message, or an event with attachments, took too long to arrive.
    MessageTimeout,
    /// The server holds as much unfinished input as it may.
    UnfinishedInput,
    /// A second long-polling GET came while one was waiting.
    OverlappingPoll,
    /// The upgrade to WebSocket was tried too often, and failed each time.
    FailedUpgrades,
    /// The server ended it.
    ServerDisconnect,
    /// The application ended it, for this reason.
    Dismissed(&'static str),
    /// The server is going away; the client should come back.
    Shutdown,
}

impl CloseReason {
    /// Its place among [`CLOSES`].
    pub(crate) fn place(&self) -> usize {
        match self {
            Self::NamespaceLeft => 0,
            Self::ClientClosed => 1,
            Self::ClosePacket => 2,
            Self::ConnectionLost => 3,
            Self::PingTimeout => 4,
            Self::ConnectTimeout => 5,
            Self::SlowConsumer(_) => 6,
            Self::ProtocolError(_) => 7,
            Self::Flooding => 8,
            Self::InvalidUtf8 => 9,
            Self::TooLarge => 10,
            Self::MessageTimeout => 11,
            Self::UnfinishedInput => 12,
            Self::OverlappingPoll => 13,
            Self::FailedUpgrades => 14,
            Self::ServerDisconnect => 15,
            Self::Shutdown => 16,
            Self::Dismissed(_) => 17,
        }
    }

    /// Its kind, in one word, as `slow_consumer`.
    pub fn kind(&self) -> &'static str {
        CLOSES[self.place()]
    }

    /// The WebSocket close code (RFC 6455, section 7.4); none if nobody is there to read it, or if the
    /// client will not read.
    pub fn close_code(&self) -> Option<u16> {
        match self {
            Self::ConnectionLost | Self::PingTimeout | Self::SlowConsumer(_) | Self::OverlappingPoll => None,
            Self::NamespaceLeft
            | Self::ClientClosed
            | Self::ClosePacket
            | Self::ConnectTimeout
            | Self::ServerDisconnect => Some(1000),
            Self::ProtocolError(_) => Some(1002),
            Self::InvalidUtf8 => Some(1007),
            Self::Flooding | Self::MessageTimeout | Self::FailedUpgrades | Self::Dismissed(_) => Some(1008),
            Self::TooLarge => Some(1009),
            Self::Shutdown => Some(1012),
            Self::UnfinishedInput => Some(1013),
        }
    }
}

impl From<Full> for CloseReason {
    fn from(_: Full) -> Self {
        Self::UnfinishedInput
    }
}

impl fmt::Display for CloseReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NamespaceLeft => f.write_str("left the namespace"),
            Self::ClientClosed | Self::ClosePacket => f.write_str("closed by the client"),
            Self::ConnectionLost => f.write_str("connection lost"),
            Self::PingTimeout => f.write_str("ping timeout"),
            Self::ConnectTimeout => f.write_str("no namespace connected in time"),
            Self::SlowConsumer(bytes) => write!(f, "slow consumer: {bytes} bytes were waiting"),
            Self::ProtocolError(rule) => write!(f, "protocol error: {rule}"),
            Self::Flooding => f.write_str("flooding: too many pings, pongs or empty frames"),
            Self::InvalidUtf8 => f.write_str("text that is not UTF-8"),
            Self::TooLarge => f.write_str("message larger than the payload limit"),
            Self::MessageTimeout => f.write_str("a message took too long to arrive"),
            Self::UnfinishedInput => f.write_str("too much unfinished input at the server: try again later"),
            Self::OverlappingPoll => f.write_str("a second poll while one was waiting"),
            Self::FailedUpgrades => f.write_str("too many upgrades failed"),
            Self::ServerDisconnect => f.write_str("closed by the server"),
            Self::Dismissed(why) => f.write_str(why),
            Self::Shutdown => f.write_str("server is restarting"),
        }
    }
}
