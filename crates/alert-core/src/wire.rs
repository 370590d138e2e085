//! What clients see of a room's events: every rendering is here. A version of the protocol is a module; [`v1`] is the
//! one that Flask-SocketIO clients speak, [`stream`] what goes over plain HTTP.

use socketio_protocol::socket::encode::Rendered;

use crate::event::RoomEvent;
use crate::names::UserName;
use stream::StreamForm;

pub mod history;
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

    /// The event in this form.
    #[must_use]
    pub fn render(self, event: &RoomEvent) -> Rendering {
        match self {
            Self::V1 => Rendering::Packet(v1::Notice::of(event).packet()),
            Self::Stream(form) => Rendering::Piece(form.render(event)),
        }
    }
}

/// The most bytes that an event of `name`, who said `text`, has in any form: known before it is rendered.
#[must_use]
pub fn size(name: &UserName, text: &str) -> usize {
    /// A packet's or an SSE event's own bytes, and the sentence of a `status`.
    const AROUND: usize = 80;
    AROUND + json_size(name.as_str()) + json_size(text)
}

/// JSON escapes quotes, backslashes and control characters.
fn json_size(text: &str) -> usize {
    let more = |&byte: &u8| 5 * u8::from(byte < 0x20) + u8::from(byte == b'"' || byte == b'\\');
    // Without a branch, and in pieces whose sum fits into a byte: so it is done many bytes at a time.
    let pieces = text.as_bytes().chunks(32).map(|piece| usize::from(piece.iter().map(more).sum::<u8>()));
    text.len() + pieces.sum::<usize>()
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;
    use crate::event::What;
    use crate::position::{Epoch, Run};

    #[test]
    fn given_any_event_then_no_form_of_it_is_larger_than_reckoned() {
        let name = UserName::parse("\"\\\u{1F600}", 64).unwrap();
        for text in ["", "hello", "\0\u{1}\u{1F}\n\r\t\u{7F}\u{2028}", "\"\\\"\\", "\u{1F600}\u{e4}"] {
            let position = Epoch { run: Run::new(u64::MAX), part: u64::MAX >> 28 }.start();
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
    fn given_a_text_of_any_length_then_its_size_in_json_is_reckoned() {
        for length in [0, 1, 15, 16, 17, 31, 32, 33, 64, 1000] {
            for text in ["\u{1}", "\"", "\\", "a", "\u{e4}"].map(|piece| piece.repeat(length)) {
                let size = serde_json::to_string(&text).unwrap().len() - "\"\"".len();
                assert_eq!(json_size(&text), size, "{text}");
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
