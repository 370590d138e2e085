//! The v2 protocol: what a client's events do (docs/protocol-v2.md). What must be read first is read on another thread;
//! the client's next event waits for that, so its events are carried out one after the other.

mod alert;
mod bell;
mod history;
mod join;
mod member;
mod moderate;
mod push;
mod send;
mod webhook;

use super::address;
use crate::auth::{Access, Origin, WebSession};
use crate::rooms::{Admitted, Presence, Rooms, Way};
use alert_core::access::{Principal, Right};
use alert_core::names::{NameError, RoomCode, UserName};
use alert_core::wire::v1::{Limits, Refusal, Speaker};
use alert_core::wire::v2::{self, Answer, ClientEvent};
pub(super) use member::Member;
use socketio_server::{AckId, Event, Socket};
use std::{
    future::Future,
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
    time::SystemTime,
};
use tokio::runtime::Handle;

/// What an event is carried out with.
pub(super) struct V2<'a> {
    pub(super) rooms: &'a Rooms,
    pub(super) access: &'a Access,
    pub(super) limits: &'a Limits,
    /// Runs what is read for a client.
    pub(super) runtime: &'a Handle,
    /// The most bytes of messages in one answer.
    pub(super) most_bytes: usize,
    pub(super) session: Option<&'a WebSession>,
    pub(super) address: Option<IpAddr>,
}

/// An event, until it is answered.
struct Asked {
    event: Box<str>,
    ack: Option<AckId>,
}

/// What became of an event.
enum Outcome {
    Answered(Answer),
    /// [`V2::woken`] goes on with it.
    GoesOn,
    /// Whoever stores the message, or waits for a receiver, answers.
    AnsweredLater,
}

/// An event that goes on when something has been read.
struct Pending {
    asked: Asked,
    then: Arc<Mutex<Option<Then>>>,
}

/// How an event goes on, on the thread that owns the connection.
type Then = Box<dyn FnOnce(&V2<'_>, &Socket<'_>, &mut Member) -> Result<Outcome, Refusal> + Send>;

impl V2<'_> {
    /// Carries an event out, and answers it.
    pub(super) fn event(&self, socket: &Socket<'_>, member: &mut Member, event: &Event<'_>) {
        let asked = Asked { event: event.name.into(), ack: event.ack };
        let result = self.carry_out(socket, member, event);
        self.conclude(socket, member, asked, result);
    }

    /// Goes on with an event for which something has been read.
    pub(super) fn woken(&self, socket: &Socket<'_>, member: &mut Member) {
        for (place, why) in member.put_out() {
            let out = v2::put_out(place.room(), why);
            place.put_out(self.rooms, why, self.address);
            socket.hub().send(socket.connection(), out.into());
        }
        let Some(Pending { asked, then }) = member.pending.take() else { return };
        let next = then.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(next) = next else {
            member.pending = Some(Pending { asked, then });
            return;
        };
        socket.resume();
        let result = next(self, socket, member);
        self.conclude(socket, member, asked, result);
    }

    fn conclude(
        &self,
        socket: &Socket<'_>,
        member: &mut Member,
        asked: Asked,
        result: Result<Outcome, Refusal>,
    ) {
        let answer = match result {
            Ok(Outcome::Answered(answer)) => answer,
            Ok(Outcome::AnsweredLater) => return,
            Ok(Outcome::GoesOn) => {
                if let Some(pending) = &mut member.pending {
                    pending.asked = asked;
                }
                return;
            }
            Err(refusal) => {
                let (code, address) = (refusal.code().as_str(), address(self.address));
                self.rooms.counts().refused_events.add(code, 1);
                tracing::info!(event = &*asked.event, code, address, "refused: {}", refusal.message());
                Answer::Refused(refusal)
            }
        };
        match (asked.ack, &answer) {
            (Some(id), answer) => socket.ack(id, &answer.arguments()),
            (None, Answer::Refused(refusal)) => socket.send(v2::error(refusal)),
            (None, _) => {}
        }
        // Behind the answer, which tells which alerts are in force, or how many have confirmed one so far.
        match &answer {
            Answer::Joined(joined) => {
                if let Some(presence) = member.presence_in(&joined.room) {
                    presence.knows_alerts();
                    self.rooms.tell_confirmed(presence);
                }
            }
            Answer::RollCall(room, _) => {
                member.presence_in(room).into_iter().for_each(Presence::watch_roll_calls);
            }
            _ => {}
        }
    }

    fn carry_out(
        &self,
        socket: &Socket<'_>,
        member: &mut Member,
        event: &Event<'_>,
    ) -> Result<Outcome, Refusal> {
        let args = event.args.iter().copied();
        match ClientEvent::parse(event.name, args, !event.attachments.is_empty(), self.limits)? {
            ClientEvent::Join(join) => self.join(socket, member, &join),
            ClientEvent::Send(send) => self.send(socket, member, event.ack, &send),
            ClientEvent::History(history) => self.history(socket, member, history),
            ClientEvent::Make(make) => self.make(socket, member, make),
            ClientEvent::Moderate(moderate) => self.moderate(socket, member, moderate),
            ClientEvent::Alert(alert) => self.alert(socket, member, *alert),
            ClientEvent::Bell(bell) => self.bell(socket, member, bell),
            ClientEvent::Webhook(hook) => self.webhook(socket, member, event.ack, hook),
            ClientEvent::Hand(hand) => self.hand(socket, member, &hand),
            ClientEvent::Push(push) => self.push(socket, member, push),
            ClientEvent::Time => {
                let now = SystemTime::now();
                Ok(Outcome::Answered(Answer::Time { received: now, sent: now }))
            }
            ClientEvent::Members(room) => {
                let place = member.place(&room).ok_or_else(Refusal::not_in_room)?;
                Ok(Outcome::Answered(Answer::Members(place.members()?)))
            }
            ClientEvent::Leave(room) => {
                if let Some(place) = member.take(&room) {
                    if self.rooms.are_shared() {
                        let (tell, told) = tokio::sync::oneshot::channel::<()>();
                        place.leave_later(self.rooms, move || drop(tell));
                        return Ok(self.go_on_after(socket, member, async {
                            // Told by the end of whoever would tell.
                            let _ = told.await;
                            let then: Then = Box::new(|_, _, _| Ok(Outcome::Answered(Answer::Done)));
                            then
                        }));
                    }
                    place.leave(self.rooms);
                }
                Ok(Outcome::Answered(Answer::Done))
            }
        }
    }

    /// Goes on with an event when `work` is done. Until then nothing more is read from the client.
    fn go_on_after(
        &self,
        socket: &Socket<'_>,
        member: &mut Member,
        work: impl Future<Output = Then> + Send + 'static,
    ) -> Outcome {
        let then = Arc::new(Mutex::new(None));
        let (slot, waker) = (Arc::clone(&then), socket.waker());
        self.runtime.spawn(async move {
            let next = work.await;
            *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(next);
            waker.wake();
        });
        socket.pause();
        member.pending = Some(Pending { asked: Asked { event: "".into(), ack: None }, then });
        Outcome::GoesOn
    }

    /// Who enters a room: as the token says, or the web session, or else under the name in the event.
    fn identify(
        &self,
        member: &Member,
        room: &RoomCode,
        name: Speaker<'_>,
        missing: impl FnOnce() -> Refusal,
    ) -> Result<(Principal, UserName), Refusal> {
        let credential = member.credential();
        let logged_in =
            self.session.filter(|_| credential.is_none()).and_then(|session| session.name_in(room));
        let who = match (credential, logged_in) {
            (Some(credential), _) => credential.who().clone(),
            (None, Some(name)) => self.access.logged_in(name.clone()),
            (None, None) => self.access.anybody(),
        };
        let name = match &who.name {
            Some(name) => name.clone(),
            None => name.given(self.limits)?.ok_or_else(missing)?,
        };
        Ok((who, name))
    }

    /// Whoever acts without a place in a room.
    fn holder(&self, member: &Member) -> Principal {
        member.credential().map_or_else(|| self.access.anybody(), |credential| credential.who().clone())
    }

    fn admit(&self, who: &Principal, right: Right, way: Way, room: RoomCode) -> Result<Admitted, Refusal> {
        Ok(self.rooms.admit(who, right, &self.origin(), way, room)?)
    }

    /// The same for a room in which they may have a place: what they showed on entering counts.
    fn admit_from(
        &self,
        place: Option<&member::Place>,
        who: &Principal,
        right: Right,
        room: RoomCode,
    ) -> Result<Admitted, Refusal> {
        let admitted = self.admit(who, right, Way::FromOutside, room)?;
        Ok(match place {
            Some(place) => place.wearing(admitted),
            None => admitted,
        })
    }

    fn origin(&self) -> Origin {
        Origin::of(None, self.address)
    }
}

fn name_required() -> Refusal {
    Refusal::name(NameError::Empty)
}
