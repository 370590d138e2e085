//! What clients see of a room's events: every rendering is here. A version of the protocol is a module; [`v1`] is the
//! one that Flask-SocketIO clients speak, [`stream`] what goes over plain HTTP.

use socketio_protocol::socket::encode::Rendered;

use crate::event::{RoomEvent, What};
use stream::StreamForm;

pub mod stream;
pub mod v1;

/// The form in which somebody hears a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Packets of the v1 protocol.
    V1,
    /// A stream over plain HTTP.
    Stream(StreamForm),
}

/// An event in one form.
#[derive(Debug, PartialEq, Eq)]
pub enum Rendering {
    /// A Socket.IO packet.
    Packet(Rendered),
    /// A piece of a stream.
    Piece(String),
}

impl Form {
    /// Every form, each at its [`Form::index`].
    pub const ALL: [Self; 3] = [Self::V1, Self::Stream(StreamForm::Sse), Self::Stream(StreamForm::NdJson)];

    /// Its place in [`Form::ALL`].
    #[must_use]
    pub fn index(self) -> usize {
        match self {
            Self::V1 => 0,
            Self::Stream(StreamForm::Sse) => 1,
            Self::Stream(StreamForm::NdJson) => 2,
        }
    }

    /// About how many bytes the event has in this form.
    #[must_use]
    pub fn size_hint(self, event: &RoomEvent) -> usize {
        /// A packet's or an SSE event's own bytes, and the sentence of a `status`.
        const AROUND: usize = 64;
        AROUND
            + match &event.what {
                What::Said { name, text, .. } => name.as_str().len() + text.len(),
                What::Entered { name } | What::Left { name } => name.as_str().len(),
            }
    }

    /// The event in this form.
    #[must_use]
    pub fn render(self, event: &RoomEvent) -> Rendering {
        match self {
            Self::V1 => Rendering::Packet(v1::Notice::of(event).packet()),
            Self::Stream(form) => Rendering::Piece(form.render(event)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_any_form_then_its_index_is_its_place() {
        for (place, form) in Form::ALL.into_iter().enumerate() {
            assert_eq!(form.index(), place, "{form:?}");
        }
    }
}
