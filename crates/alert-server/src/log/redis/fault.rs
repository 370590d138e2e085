//! What an error of Redis means for the call that it answers.

use redis::{ErrorKind, RedisError, ServerErrorKind, Value};

/// What is to be done.
pub(super) enum Fault {
    /// The master of the call's slot is another one, which is named.
    Moved(String),
    /// The slot is being moved: it is waited for, since a part of a room's keys may be here and another there.
    Wait,
    /// This Redis is of no use now: it has become a replica, is loading its data, or lost the library.
    Server,
    /// It is the call's.
    Call,
}

impl Fault {
    pub(super) fn of(error: &RedisError) -> Self {
        match error.kind() {
            ErrorKind::Server(kind) => match kind {
                ServerErrorKind::Moved => {
                    error.redirect_node().map_or(Self::Server, |(place, _)| Self::Moved(place.to_owned()))
                }
                ServerErrorKind::Ask | ServerErrorKind::TryAgain => Self::Wait,
                ServerErrorKind::ResponseError => {
                    let text = error.to_string();
                    match () {
                        () if text.contains("Function not found") => Self::Server,
                        // Keys that a function uses besides those that it was called with have been moved.
                        () if text.contains("non local key") => Self::Wait,
                        () => Self::Call,
                    }
                }
                ServerErrorKind::BusyLoading
                | ServerErrorKind::MasterDown
                | ServerErrorKind::ReadOnly
                | ServerErrorKind::ClusterDown => Self::Server,
                _ => Self::Call,
            },
            ErrorKind::Extension
                if matches!(
                    error.code(),
                    Some("NOAUTH" | "MISCONF" | "NOREPLICAS" | "UNKILLABLE" | "BUSY")
                ) =>
            {
                Self::Server
            }
            _ => Self::Call,
        }
    }
}

/// Whether a numbered call was refused because the one before it has not been carried out.
pub(super) fn is_early(answer: &Value) -> bool {
    matches!(answer, Value::Array(parts) if matches!(&parts[..], [Value::BulkString(word)] if word == b"early"))
}
