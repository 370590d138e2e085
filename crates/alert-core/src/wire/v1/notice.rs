//! What the server tells: events with the payload `{"msg": ...}`.

use serde::Serialize;
use socketio_protocol::socket::encode::{self, Rendered};

use super::{MESSAGE, NAMESPACE, Refusal, STATUS, arguments};
use crate::event::{RoomEvent, What};

/// An event from the server. It serializes as its payload, whose only key is `msg`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Notice {
    #[serde(skip)]
    event: &'static str,
    msg: String,
}

impl Notice {
    /// What an event in the room is to those who hear it.
    #[must_use]
    pub fn of(event: &RoomEvent) -> Self {
        match &event.what {
            What::Said { name, text, .. } => Self { event: MESSAGE, msg: format!("{name}: {text}") },
            What::Entered { name } => Self::status(format!("{name} has entered the room.")),
            What::Left { name } => Self::status(format!("{name} has left the room.")),
        }
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

    /// The notice as a packet.
    #[must_use]
    pub fn packet(&self) -> Rendered {
        encode::event(NAMESPACE, None, self.event, &arguments(self))
    }

    fn status(msg: String) -> Self {
        Self { event: STATUS, msg }
    }
}
