//! `send`: a message is said once, however often it comes with its key, and answered when it is stored.

use super::member::{Member, Place, Seat};
use super::{Outcome, Then, V2};
use crate::log::{KeyDigest, Stored};
use crate::rooms::{KeyReused, OnReceipt, OnSaid, Receipt, Refused, Said, Sender, Speech, Visit, Way};
use alert_core::access::Right;
use alert_core::names::{RoomCode, UserName};
use alert_core::wire::v1::Refusal;
use alert_core::wire::v2::{self, Answer, Send};
use socketio_server::{AckId, Socket};

impl V2<'_> {
    pub(super) fn send(
        &self,
        socket: &Socket<'_>,
        member: &mut Member,
        ack: Option<AckId>,
        Send { room, text, key, shown }: &Send<'_>,
    ) -> Result<Outcome, Refusal> {
        let key = key.as_deref();
        if let Some(Place { who, seat: Seat::In(presence) }) = member.place(room) {
            let name = match &who.name {
                Some(name) => name.clone(),
                None => text.speaker.or_joined(presence.name(), self.limits)?,
            };
            let message = Message { room, name: &name, text: &text.msg, key };
            return self.say(message, answer(socket, ack), |speech| presence.say(speech));
        }
        let (who, name) = self.identify(member, room, text.speaker, Refusal::not_in_room_and_no_name)?;
        let shown = member.shows(shown);
        let (mut admitted, rooms) =
            (self.admit(&who, Right::Speak, Way::FromOutside, room.clone())?, self.rooms.clone());
        let (text, key) = (text.msg.to_string(), key.map(str::to_owned));
        // The runtime slows only those in the room; whoever speaks from outside waits here.
        Ok(self.go_on_after(socket, member, async move {
            rooms.relief(&admitted).await;
            let let_in = rooms.let_in(&mut admitted, Visit::Speak(&name), &shown).await;
            let then: Then = Box::new(move |v2, socket, _| {
                let_in?;
                let message =
                    Message { room: admitted.code(), name: &name, text: &text, key: key.as_deref() };
                v2.say(message, answer(socket, ack), |speech| v2.rooms.say(&admitted, speech))
            });
            then
        }))
    }

    fn say(
        &self,
        Message { room, name, text, key }: Message<'_>,
        done: OnReceipt,
        say: impl FnOnce(Speech<'_>) -> Result<Option<Said>, Refused>,
    ) -> Result<Outcome, Refusal> {
        let key = key.map(|key| KeyDigest::new(Sender::Person(name), room, key));
        let say = |done: OnSaid| say(Speech { name, text, key, done: Some(done) });
        match self.rooms.once(key, (name, text), done, say) {
            Ok(_) => Ok(Outcome::AnsweredLater),
            Err(KeyReused) => Err(Refusal::key_reused()),
        }
    }
}

/// A message to say.
struct Message<'a> {
    room: &'a RoomCode,
    name: &'a UserName,
    text: &'a str,
    key: Option<&'a str>,
}

/// Answers a `send` when the message's fate is known.
fn answer(socket: &Socket<'_>, ack: Option<AckId>) -> OnReceipt {
    let ack = ack.map(|id| socket.ack_later(id));
    let (hub, connection) = (socket.hub().clone(), socket.connection());
    Box::new(move |receipt| {
        let answer = match receipt {
            Ok(Receipt { position, at, stored, .. }) => {
                Answer::Said { position, at, stored: stored == Stored::Durably }
            }
            Err(refused) => Answer::Refused(refused.into()),
        };
        match (ack, answer) {
            (Some(ack), answer) => ack.send(&answer.arguments()),
            (None, Answer::Refused(refusal)) => hub.send(connection, v2::error(&refusal).into()),
            (None, _) => {}
        }
    })
}
