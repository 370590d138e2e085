//! What the server tells its clients: each event of a room as a packet, rendered once for all who hear it.

use serde::Serialize;
use socketio_protocol::socket::encode::{self, Rendered};

use super::{
    ALERT, CONFIRMED, ENTERED, ERROR, GAP, LEFT, MESSAGE, NAMESPACE, POLICY, PUT_OUT, REMINDER, REMOVED,
    ROLL_CALL, Shown, TIME,
};
use crate::event::{RoomEvent, What};
use crate::names::{RoomCode, UserName};
use crate::position::{Gap, MessageId, Position};
use crate::room::alerts::{AlertId, Change, Fate};
use crate::room::policy::Forbidden;
use crate::room::roll_call::{self, Counts};
use crate::wire::alert::{self, Told, Words};
use crate::wire::history::{At, Message};
use crate::wire::json_size;
use crate::wire::roll_call::{ShownCounts, ShownPerson};
use crate::wire::v1::Refusal;

/// Something that happened, with its room.
#[derive(Serialize)]
struct Payload<'a, T> {
    room: &'a RoomCode,
    #[serde(flatten)]
    what: T,
}

/// A person came or went.
#[derive(Serialize)]
struct Person<'a> {
    name: &'a UserName,
    at: At,
    /// How many there are now.
    count: usize,
}

/// A message is gone.
#[derive(Serialize)]
struct Removed {
    id: MessageId,
    position: Position,
    at: At,
}

/// The client is not in the room any more.
#[derive(Serialize)]
struct Out {
    reason: &'static str,
    until: Option<At>,
    message: String,
}

/// What holds from now on.
#[derive(Serialize)]
struct Ruled<'a> {
    at: At,
    policy: Shown<'a>,
}

/// What has become of an alert.
#[derive(Serialize)]
struct Alerted<'a> {
    at: At,
    #[serde(flatten)]
    told: Told<'a>,
}

/// Somebody has not confirmed an alert.
#[derive(Serialize)]
struct Reminder<'a> {
    id: AlertId,
    at: At,
    /// The first is 1.
    number: u32,
    /// Who raised it.
    name: &'a UserName,
    /// Its words, as they were said.
    msg: String,
}

/// The server's clock was set, to this.
#[derive(Serialize)]
struct Time {
    at: At,
}

/// How far an alert has come.
#[derive(Serialize)]
struct Called<'a> {
    id: AlertId,
    counts: ShownCounts<'a>,
}

/// Somebody has confirmed an alert.
#[derive(Serialize)]
struct Confirmed<'a> {
    id: AlertId,
    person: ShownPerson<'a>,
}

/// Messages are missing here.
#[derive(Serialize)]
struct Missing {
    at: At,
    #[serde(flatten)]
    gap: Gap,
}

/// What happened in a room, as a packet.
#[must_use]
pub fn packet(room: &RoomCode, event: &RoomEvent) -> Rendered {
    let person = |name, count| Person { name, at: At(event.at), count };
    match &event.what {
        What::Said { name, text } => {
            render(MESSAGE, room, Message::of(event), name.as_str().len() + text.len())
        }
        What::Entered { name, count } => render(ENTERED, room, person(name, *count), name.as_str().len()),
        What::Left { name, count } => render(LEFT, room, person(name, *count), name.as_str().len()),
        What::Removed(position) => {
            let removed = Removed { id: position.message_id(), position: *position, at: At(event.at) };
            render(REMOVED, room, removed, 0)
        }
        What::Policy(policy) => {
            let ruled = Ruled { at: At(event.at), policy: Shown(policy) };
            render(POLICY, room, ruled, super::policy_size(policy))
        }
        What::Alert(change) => {
            if let Change { alert, fate: Fate::Reminded(number) } = &**change {
                let (at, msg) = (At(event.at), Words(alert).to_string());
                let reminder = Reminder { id: alert.id, at, number: *number, name: &alert.by, msg };
                return render(REMINDER, room, reminder, alert::size(change));
            }
            let alerted = Alerted { at: At(event.at), told: Told(change) };
            render(ALERT, room, alerted, alert::size(change))
        }
        What::ClockSet => render(TIME, room, Time { at: At(event.at) }, 0),
        What::Missing(gap) => render(GAP, room, Missing { at: At(event.at), gap: *gap }, 0),
    }
}

#[expect(clippy::expect_used, reason = "a payload is strings and numbers, which JSON can hold")]
fn render(event: &str, room: &RoomCode, what: impl Serialize, length: usize) -> Rendered {
    let length = extra(room) + length;
    encode::event_of(NAMESPACE, event, &Payload { room, what }, length).expect("a payload is JSON")
}

/// For a client that is put out of a room: why.
#[must_use]
pub fn put_out(room: &RoomCode, why: Forbidden) -> Rendered {
    let until = if let Forbidden::Banned(until) = why { until } else { None };
    let out = Out { reason: why.reason(), until: until.map(At), message: why.to_string() };
    render(PUT_OUT, room, out, 200)
}

/// How far an alert has come, for a host.
#[must_use]
pub fn roll_call(room: &RoomCode, id: AlertId, counts: &Counts) -> Rendered {
    let answers = counts.answers.keys().map(|answer| json_size(answer) + 24).sum::<usize>();
    render(ROLL_CALL, room, Called { id, counts: ShownCounts(counts) }, 200 + answers)
}

/// For whoever has confirmed an alert, on each of their devices.
#[must_use]
pub fn confirmed(room: &RoomCode, id: AlertId, name: &UserName, person: &roll_call::Person) -> Rendered {
    let length = [Some(name.as_str()), person.by.as_ref().map(UserName::as_str), person.answer.as_deref()];
    let length = length.into_iter().flatten().map(json_size).sum::<usize>();
    render(CONFIRMED, room, Confirmed { id, person: ShownPerson(name, person) }, 200 + length)
}

/// What was wrong, for the sender alone, if it asked for no ack.
#[must_use]
#[expect(clippy::expect_used, reason = "a refusal is strings, which JSON can hold")]
pub fn error(refusal: &Refusal) -> Rendered {
    encode::event_of(NAMESPACE, ERROR, refusal, refusal.message().len() + 40).expect("a refusal is JSON")
}

/// By how many bytes an event in `room` can be longer than [`crate::wire::size`] says.
pub(in crate::wire) fn extra(room: &RoomCode) -> usize {
    /// An id, a position and a time.
    const AROUND: usize = 100;
    AROUND + json_size(room.as_str())
}
