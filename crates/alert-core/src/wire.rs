//! What clients see of a room's events: every rendering is here. A version of the protocol is a module; [`v1`] is the
//! one that Flask-SocketIO clients speak, [`v2`] the one with positions and history, [`stream`] what goes over plain
//! HTTP.

use socketio_protocol::socket::encode::Rendered;

use crate::event::{RoomEvent, What};
use crate::names::{RoomCode, UserName};
use crate::room::alerts::Fate;
use stream::StreamForm;

pub mod alert;
pub mod audit;
pub mod bell;
mod body;
pub mod client;
pub mod escalation;
pub mod history;
pub mod push;
pub mod roll_call;
pub mod stream;
pub mod v1;
pub mod v2;
pub mod webhook;

/// The form in which somebody hears a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Packets of the v1 protocol.
    V1,
    /// The same, for a client that recovers its state: each packet ends with the event's position.
    V1Recovery,
    /// A stream over plain HTTP.
    Stream(StreamForm),
    /// Packets of the v2 protocol.
    V2,
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
    pub const ALL: [Self; 5] = [
        Self::V1,
        Self::V1Recovery,
        Self::Stream(StreamForm::Sse),
        Self::Stream(StreamForm::NdJson),
        Self::V2,
    ];

    /// Its place in [`Form::ALL`].
    #[must_use]
    pub fn index(self) -> usize {
        match self {
            Self::V1 => 0,
            Self::V1Recovery => 1,
            Self::Stream(StreamForm::Sse) => 2,
            Self::Stream(StreamForm::NdJson) => 3,
            Self::V2 => 4,
        }
    }

    /// Whether those who hear a room in this form are told of such an event at all.
    #[must_use]
    pub fn tells(self, what: &What) -> bool {
        match what {
            What::Said { .. } | What::Entered { .. } | What::Left { .. } | What::Missing(_) => true,
            What::Removed(_) | What::ClockSet => matches!(self, Self::Stream(_) | Self::V2),
            What::Policy(_) => self == Self::V2,
            // Its words come as a message; whoever comes later to v2 finds those that are in force in the answer.
            What::Alert(change) => match (self, &change.fate) {
                (Self::V1 | Self::V1Recovery, fate) => {
                    matches!(fate, Fate::Ended { .. } | Fate::Stands | Fate::Reminded(_))
                }
                (Self::V2, fate) => *fate != Fate::Stands,
                // Nobody is known to hear it.
                (Self::Stream(_), fate) => !matches!(fate, Fate::Reminded(_)),
            },
        }
    }

    /// Renders an event in `room` in this form, which [`Form::tells`] of it.
    #[must_use]
    pub fn render(self, room: &RoomCode, event: &RoomEvent) -> Rendering {
        match self {
            Self::V1 => Rendering::Packet(v1::Notice::of(event).packet()),
            Self::V1Recovery => Rendering::Packet(v1::Notice::of(event).packet_at(event.position)),
            Self::Stream(form) => Rendering::Piece(form.render(event)),
            Self::V2 => Rendering::Packet(v2::packet(room, event)),
        }
    }

    /// The most bytes that an event in `room` has in this form, if [`size`] gives `size`.
    #[must_use]
    pub fn size(self, room: &RoomCode, event: &RoomEvent, size: usize) -> usize {
        match self {
            Self::V1 | Self::V1Recovery => size,
            Self::Stream(_) => size + StreamForm::extra(event.what.name()),
            Self::V2 => size + v2::extra(room),
        }
    }
}

/// A packet's or an SSE event's own bytes, the sentence of a `status`, and a position.
const AROUND: usize = 128;

/// The most bytes of an event in which `name` said `text`, before it is rendered. [`Form::size`] knows the forms that
/// have more.
#[must_use]
pub fn size(name: &UserName, text: &str) -> usize {
    AROUND + json_size(name.as_str()) + json_size(text)
}

/// The same of what has happened.
#[must_use]
pub fn size_of(what: &What) -> usize {
    match what {
        What::Said { name, text } => size(name, text),
        What::Entered { name, .. } | What::Left { name, .. } => size(name, ""),
        What::Removed(_) | What::Missing(_) | What::ClockSet => AROUND,
        What::Policy(policy) => AROUND + v2::policy_size(policy),
        What::Alert(change) => AROUND + alert::size(change),
    }
}

/// The fewest bytes that a message takes: in v1, with the shortest WebSocket frame header.
pub const LEAST_SIZE: usize = 2 + r#"42["message",{"msg":": "}]"#.len();

/// The fewest bytes of a message in which `name` said `text`. Escapes in JSON make it longer.
#[must_use]
pub fn least_size(name: &UserName, text: &str) -> usize {
    LEAST_SIZE + name.as_str().len() + text.len()
}

/// JSON escapes quotes, backslashes and control characters.
fn json_size(text: &str) -> usize {
    let more = |&byte: &u8| 5 * u8::from(byte < 0x20) + u8::from(byte == b'"' || byte == b'\\');
    // Without a branch, and in pieces whose sum fits into a byte, so that the compiler does many bytes at a time.
    let pieces = text.as_bytes().chunks(32).map(|piece| usize::from(piece.iter().map(more).sum::<u8>()));
    text.len() + pieces.sum::<usize>()
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;
    use std::sync::Arc;
    use std::time::{Duration, SystemTime};

    use super::*;
    use crate::position::{Epoch, Gap, Position, Run};
    use crate::room::alerts::{Alert, Change, Countdown, Escalation, Level, Reminders, Tally};
    use crate::room::policy::Policy;

    #[test]
    fn given_any_event_then_no_form_of_it_is_larger_than_reckoned() {
        let name = UserName::parse("\"\\\u{1F600}", 64).unwrap();
        let room = RoomCode::parse("\"\\\u{1F600}\"", 64).unwrap();
        let until = Some(SystemTime::now());
        let policy = Policy {
            revision: u64::MAX,
            announce: true,
            most: NonZeroU32::new(u32::MAX),
            mutes: vec![(name.clone(), until), (name.clone(), None)],
            hands: vec![name.clone(); 3],
            words: vec![name.clone()],
            reserved: vec![name.clone()],
            ..Policy::default()
        };
        let alert = |text: &str| Alert {
            by: name.clone(),
            at: SystemTime::now(),
            text: text.into(),
            level: Level::Emergency,
            confirm: true,
            answers: [text.into(), "x".into()].into(),
            word: Some(text.into()),
            remind: Some(Reminders { every: Duration::from_millis(604_799_999), since: SystemTime::now() }),
            escalation: Some(Box::new(Escalation {
                after: Duration::from_millis(604_799_999),
                to: Some(room.clone()),
                done: Some(Tally { at: SystemTime::now(), missing: 20_000, expected: 20_000 }),
            })),
            drill: true,
            countdown: Some(Countdown::Paused(Duration::from_millis(31_622_399_999))),
            ends_at: until,
            audience: Some(text.into()),
            all_clear: Some(text.into()),
            released_by: Some(name.clone()),
            changed: Some((name.clone(), SystemTime::now())),
            ..Alert::example()
        };
        for text in ["", "hello", "\0\u{1}\u{1F}\n\r\t\u{7F}\u{2028}", "\"\\\"\\", "\u{1F600}\u{e4}"] {
            let epoch = Epoch { run: Run::new(u64::MAX), part: u64::MAX >> 28 };
            let position = Position { epoch, number: u64::MAX >> 20 };
            let ended = Fate::Ended { by: Some(name.clone()), all_clear: Some(text.into()), mistake: false };
            let tally = Tally { at: SystemTime::now(), missing: 20_000, expected: 20_000 };
            let changed = [Fate::Raised, Fate::Updated { in_words: true }, Fate::Escalated(tally)];
            let alerts = changed.into_iter().chain([ended, Fate::Stands, Fate::Reminded(100)]);
            let alerts = alerts.map(|fate| What::Alert(Arc::new(Change { alert: alert(text), fate })));
            let others = [
                What::Said { name: name.clone(), text: text.into() },
                What::Entered { name: name.clone(), count: 1_000_000 },
                What::Left { name: name.clone(), count: 1_000_000 },
                What::Missing(Gap { missed: Some(u64::MAX) }),
                What::Missing(Gap { missed: None }),
                What::Removed(position),
                What::ClockSet,
                What::Policy(Arc::new(policy.clone())),
            ];
            for what in others.into_iter().chain(alerts) {
                let event = RoomEvent { at: SystemTime::UNIX_EPOCH, position, what };
                for form in Form::ALL.into_iter().filter(|form| form.tells(&event.what)) {
                    let rendered = match form.render(&room, &event) {
                        Rendering::Packet(packet) => packet.text,
                        Rendering::Piece(text) => text,
                    };
                    assert!(rendered.len() <= form.size(&room, &event, size_of(&event.what)), "{rendered}");
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
