//! What happens to a session.

/// What happens to a session.
#[derive(Clone, Debug)]
pub(in crate::chat) enum Input {
    /// The connection that was asked for is there.
    Opened,
    /// A text frame came.
    Frame(String),
    /// The connection has ended, or could not be made.
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
