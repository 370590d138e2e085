//! What the server tells its clients: events with the payload `{"msg": ...}`.

use std::fmt::{self, Display, Formatter};
use std::time::Duration;

use serde::{Serialize, Serializer};
use socketio_protocol::socket::encode::{self, Rendered};

use super::{MESSAGE, NAMESPACE, Refusal, STATUS};
use crate::event::{RoomEvent, What};
use crate::position::Position;
use crate::room::Before;
use crate::room::policy::Forbidden;
use crate::wire::alert;

/// An event from the server. It serializes as its payload, whose only key is `msg`.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Notice<'a> {
    msg: Msg<'a>,
}

/// The text that clients show. It serializes as a string.
#[derive(Clone, Copy, Debug)]
pub struct Msg<'a>(Told<'a>);

#[derive(Clone, Copy, Debug)]
enum Told<'a> {
    /// For everybody who hears the room.
    Happened(&'a RoomEvent),
    /// For the sender alone, if it asked for no ack: what was wrong.
    Refused(&'a Refusal),
    /// For a client that is put out of its room: why.
    PutOut(Forbidden),
    /// For a client that could not be given what it missed: how many messages, if that is known.
    Missed(Option<u64>),
    /// For somebody who has come back, before the messages that were missed.
    Away(Away),
}

/// What somebody who has come back is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Away {
    /// How long they were away.
    pub time: Duration,
    /// How many messages follow.
    pub messages: usize,
    /// What was missed before the first of them.
    pub before: Before,
}

impl<'a> Notice<'a> {
    /// An event in the room, for those who hear it.
    #[must_use]
    pub fn of(event: &'a RoomEvent) -> Self {
        Self { msg: Msg(Told::Happened(event)) }
    }

    /// For the sender alone, if it asked for no ack: what was wrong.
    #[must_use]
    pub fn refused(refusal: &'a Refusal) -> Self {
        Self { msg: Msg(Told::Refused(refusal)) }
    }

    /// For a client that is put out of its room: why.
    #[must_use]
    pub fn put_out(why: Forbidden) -> Self {
        Self { msg: Msg(Told::PutOut(why)) }
    }

    /// For a client that could not be given what it missed: how many messages, if that is known.
    #[must_use]
    pub fn missed(count: Option<u64>) -> Self {
        Self { msg: Msg(Told::Missed(count)) }
    }

    /// For somebody who has come back, before the messages that were missed.
    #[must_use]
    pub fn away(away: Away) -> Self {
        Self { msg: Msg(Told::Away(away)) }
    }

    /// The name of the event: `status` or `message`.
    #[must_use]
    pub fn event(&self) -> &'static str {
        match self.msg.0 {
            Told::Happened(RoomEvent { what: What::Said { .. }, .. }) => MESSAGE,
            _ => STATUS,
        }
    }

    /// The text that clients show.
    #[must_use]
    pub fn msg(&self) -> Msg<'a> {
        self.msg
    }

    /// The notice as a packet.
    #[must_use]
    #[expect(clippy::expect_used, reason = "a notice is a string, which JSON can hold")]
    pub fn packet(&self) -> Rendered {
        encode::event_of(NAMESPACE, self.event(), self, self.size()).expect("a notice is JSON")
    }

    /// As [`Notice::packet`], followed by a position.
    #[must_use]
    #[expect(clippy::expect_used, reason = "a notice is a string, which JSON can hold")]
    pub fn packet_at(&self, position: Position) -> Rendered {
        let offset = position.to_string();
        encode::event_at(NAMESPACE, self.event(), self, &offset, self.size()).expect("a notice is JSON")
    }

    /// Roughly how long it is; escapes in JSON make it longer.
    fn size(&self) -> usize {
        const AROUND: usize = 40;
        AROUND
            + match self.msg.0 {
                Told::Happened(RoomEvent { what: What::Said { name, text, .. }, .. }) => {
                    name.as_str().len() + text.len()
                }
                Told::Happened(RoomEvent {
                    what: What::Entered { name, .. } | What::Left { name, .. },
                    ..
                }) => name.as_str().len(),
                Told::Happened(RoomEvent { what: What::Missing(_), .. }) | Told::Missed(_) => 0,
                Told::Happened(RoomEvent { what: What::Alert(change), .. }) => alert::size(change),
                // Those who hear a room in v1 are not told of these.
                Told::Happened(RoomEvent {
                    what: What::Removed(_) | What::Policy(_) | What::ClockSet,
                    ..
                }) => 0,
                Told::Refused(refusal) => refusal.message().len(),
                Told::Away(_) | Told::PutOut(_) => 100,
            }
    }
}

impl Display for Msg<'_> {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        match self.0 {
            Told::Happened(event) => match &event.what {
                What::Said { name, text, .. } => {
                    out.write_str(name.as_str())?;
                    out.write_str(": ")?;
                    out.write_str(text)
                }
                What::Entered { name, .. } => write!(out, "{name} has entered the room."),
                What::Left { name, .. } => write!(out, "{name} has left the room."),
                What::Alert(change) => alert::Notice(change).fmt(out),
                What::Missing(gap) => missed(gap.missed, out),
                What::Removed(_) => out.write_str("A message has been removed."),
                What::Policy(_) => out.write_str("The room has other rules now."),
                What::ClockSet => out.write_str("The server's clock was set."),
            },
            Told::Refused(refusal) => write!(out, "Error: {}", refusal.message()),
            Told::Missed(count) => missed(count, out),
            Told::PutOut(why) => {
                // A sentence of its own here.
                let text = why.to_string();
                let (first, rest) = text.split_at(1);
                write!(out, "{}{rest}", first.to_uppercase())
            }
            Told::Away(away) => away.fmt(out),
        }
    }
}

fn missed(count: Option<u64>, out: &mut Formatter<'_>) -> fmt::Result {
    match count {
        Some(1) => out.write_str("1 message was missed."),
        Some(count) => write!(out, "{count} messages were missed."),
        None => out.write_str("Messages may have been missed."),
    }
}

impl Away {
    /// Whether there is anything to tell.
    #[must_use]
    pub fn is_worth_telling(&self) -> bool {
        self.messages > 0 || self.before != Before::Nothing
    }
}

impl Display for Away {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        out.write_str("While you were away (")?;
        let count = |count: u64, one: &str| format!("{count} {one}{}", if count == 1 { "" } else { "s" });
        match self.time.as_secs() {
            seconds @ 0..60 => write!(out, "{seconds} s)")?,
            seconds @ 60..3600 => write!(out, "{})", count(seconds / 60, "minute"))?,
            seconds => write!(out, "{})", count(seconds / 3600, "hour"))?,
        }
        let messages = count(self.messages as u64, "message");
        match self.before {
            Before::Nothing => write!(out, ": {messages}."),
            Before::Many(before) => {
                let all = self.messages as u64 + before;
                write!(out, ": {}, of which you get the last {}.", count(all, "message"), self.messages)
            }
            Before::NotKept if self.messages == 0 => out.write_str(": messages that are no longer kept."),
            Before::NotKept => write!(out, ": {messages}, and some before that are no longer kept."),
            Before::Unknown => out.write_str(": messages may have been missed, which cannot be read now."),
        }
    }
}

impl Serialize for Msg<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
