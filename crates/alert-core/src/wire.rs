//! What clients see of a room's events: every rendering is here. A version of the protocol is a module; [`v1`] is the
//! one that Flask-SocketIO clients speak, [`stream`] what goes over plain HTTP.

use socketio_protocol::socket::encode::Rendered;

use crate::event::RoomEvent;
use crate::names::UserName;
use stream::StreamForm;

pub mod stream;
pub mod v1;

/// The form in which somebody hears a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Packets of the v1 protocol.
    V1,
    /// The same, for a client that recovers its state: each packet ends with the event's position.
    V1Recovery,
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
    pub const ALL: [Self; 4] =
        [Self::V1, Self::V1Recovery, Self::Stream(StreamForm::Sse), Self::Stream(StreamForm::NdJson)];

    /// Its place in [`Form::ALL`].
    #[must_use]
    pub fn index(self) -> usize {
        match self {
            Self::V1 => 0,
            Self::V1Recovery => 1,
            Self::Stream(StreamForm::Sse) => 2,
            Self::Stream(StreamForm::NdJson) => 3,
        }
    }

    /// The event in this form.
    #[must_use]
    pub fn render(self, event: &RoomEvent) -> Rendering {
        match self {
            Self::V1 => Rendering::Packet(v1::Notice::of(event).packet()),
            Self::V1Recovery => Rendering::Packet(v1::Notice::of(event).packet_at(event.position)),
            Self::Stream(form) => Rendering::Piece(form.render(event)),
        }
    }
}

/// The most bytes that an event of `name`, who said `text`, has in any form: known before it is rendered.
#[must_use]
pub fn size(name: &UserName, text: &str) -> usize {
    /// A packet's or an SSE event's own bytes, the sentence of a `status`, and a position.
    const AROUND: usize = 128;
    AROUND + json_size(name.as_str()) + json_size(text)
}

/// JSON escapes quotes, backslashes and control characters.
fn json_size(text: &str) -> usize {
    // Without a branch, so that it is done many bytes at a time.
    let size = |byte: u8| 1 + 5 * usize::from(byte < 0x20) + usize::from(byte == b'"' || byte == b'\\');
    text.bytes().map(size).sum()
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;
    use crate::event::What;
    use crate::position::{Epoch, Position, Run};

    #[test]
    fn given_any_event_then_no_form_of_it_is_larger_than_reckoned() {
        let name = UserName::parse("\"\\\u{1F600}", 64).unwrap();
        for text in ["", "hello", "\0\u{1}\u{1F}\n\r\t\u{7F}\u{2028}", "\"\\\"\\", "\u{1F600}\u{e4}"] {
            let epoch = Epoch { run: Run::new(u64::MAX), part: u64::MAX >> 28 };
            let position = Position { epoch, number: u64::MAX >> 20 };
            for what in [
                What::Said { name: name.clone(), text: text.into() },
                What::Entered { name: name.clone() },
                What::Left { name: name.clone() },
            ] {
                let event = RoomEvent { at: SystemTime::UNIX_EPOCH, position, what };
                for form in Form::ALL {
                    let rendered = match form.render(&event) {
                        Rendering::Packet(packet) => packet.text,
                        Rendering::Piece(text) => text,
                    };
                    assert!(rendered.len() <= size(&name, text), "{rendered}");
                }
            }
        }
    }

    #[test]
    fn given_any_form_then_its_index_is_its_place() {
        for (place, form) in Form::ALL.into_iter().enumerate() {
            assert_eq!(form.index(), place, "{form:?}");
        }
    }
}
