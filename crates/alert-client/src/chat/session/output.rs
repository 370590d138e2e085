//! What follows from what happens to a session.

use std::time::Duration;

use crate::chat::line::Line;

/// What to do next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::chat) enum Output {
    /// Make a connection after this pause; the last one is done with.
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
