//! What a session is told, and what it asks for in return.

use std::time::Duration;

use crate::chat::line::Line;
use alert_core::names::{RoomCode, UserName};

/// What happens to a session.
#[derive(Clone, Debug)]
pub(in crate::chat) enum Input {
    /// The connection that was asked for is there.
    Opened,
    /// A text frame came.
    Frame(String),
    /// The connection has ended, or could not be opened.
    Lost(String),
    /// The user has something to say.
    Line(String),
    /// The line with this number cannot be said: it is not UTF-8.
    Unreadable(u64),
    /// The user has nothing more to say: send what there is, then leave.
    LastLine,
    /// The user wants to go.
    Leave,
    /// The session's deadline has come.
    Deadline,
}

/// What to do next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::chat) enum Output {
    /// Open a connection after this pause; the last one is finished.
    Connect(Duration),
    /// Send a text frame.
    Send(String),
    /// Show something to the user.
    Show(Line),
    /// Close the connection, if there is one, and end.
    End(Ending),
}

/// How it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The user left, and whether everything that they said was sent and acknowledged.
    Left {
        /// Nothing was refused, lost or left behind.
        all_sent: bool,
    },
    /// The user ended it while there was no way to leave properly.
    Interrupted,
    /// The server did not let us in, and why.
    Refused(String),
    /// There never was a connection to a room, and why.
    Unreachable(String),
}

/// Who joins which room.
#[derive(Clone, Debug)]
pub(in crate::chat) struct Identity {
    pub(in crate::chat) name: UserName,
    pub(in crate::chat) room: RoomCode,
    /// From where to show what was said before, as the user wrote it.
    pub(in crate::chat) since: String,
    /// The prefix of our messages' keys, which nobody else's have.
    pub(in crate::chat) key: String,
    /// Whether a person reads what is shown.
    pub(in crate::chat) reads: bool,
}
