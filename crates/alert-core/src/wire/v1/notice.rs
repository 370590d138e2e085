//! What the server tells: events with the payload `{"msg": ...}`.

use serde::Serialize;

use super::{MESSAGE, Refusal, STATUS};
use crate::names::UserName;

/// An event from the server. It serializes as its payload, whose only key is `msg`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Notice {
    #[serde(skip)]
    event: &'static str,
    msg: String,
}

impl Notice {
    /// For everybody in the room: `who` entered.
    #[must_use]
    pub fn entered(who: &UserName) -> Self {
        Self::status(format!("{who} has entered the room."))
    }

    /// For those who remain: `who` left.
    #[must_use]
    pub fn left(who: &UserName) -> Self {
        Self::status(format!("{who} has left the room."))
    }

    /// For everybody in the room: what `who` says.
    #[must_use]
    pub fn message(who: &UserName, msg: &str) -> Self {
        Self { event: MESSAGE, msg: format!("{who}: {msg}") }
    }

    /// For the sender alone, where it asked for no ack: what was wrong.
    #[must_use]
    pub fn refused(refusal: &Refusal) -> Self {
        Self::status(format!("Error: {}", refusal.message()))
    }

    /// The name of the event: `status` or `message`.
    #[must_use]
    pub fn event(&self) -> &'static str {
        self.event
    }

    /// The text that clients show.
    #[must_use]
    pub fn msg(&self) -> &str {
        &self.msg
    }

    fn status(msg: String) -> Self {
        Self { event: STATUS, msg }
    }
}
