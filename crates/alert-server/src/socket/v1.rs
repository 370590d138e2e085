//! The v1 protocol: what a client's events do, and who the client speaks for (docs/protocol-v1.md, "Identity").

mod coming_back;
mod door;
mod identity;

use super::address;
use super::credential::Credential;
use super::recovery::{Place, Recoverable, Recoveries};
use super::route::Route;
use crate::auth::{Access, Origin, WebSession};
use crate::log::Stored;
use crate::rooms::{Admitted, KeyReused, OnSaid, Presence, Refused, Rooms, Speech, Way};
use alert_core::access::Right;
use alert_core::names::UserName;
use alert_core::room::ClientKey;
use alert_core::room::policy::Shown;
use alert_core::wire::Form;
use alert_core::wire::v1::{AckBody, ClientEvent, Joined, Limits, Notice, Refusal, Text};
use coming_back::{Came, ComingBack, Progress};
use door::AtTheDoor;
use socketio_server::{AckId, Event, PendingAck, Socket};
use std::net::IpAddr;
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

/// A client, with the room that it is in, if any.
#[derive(Default)]
pub struct Member {
    /// What it showed when it connected.
    credential: Option<Box<Credential>>,
    /// Its principal was fixed at `joined`.
    seat: Option<Box<Place>>,
    /// Set if the client recovers its state.
    recoverable: Option<Box<Recoverable>>,
    /// It was lost, and waits for what it missed. It says nothing meanwhile.
    coming_back: Option<Box<ComingBack>>,
    /// It leaves a room that several servers share, and says nothing meanwhile.
    leaving: Option<Leaving>,
    /// It is being looked at before it comes into a room with hosts, and says nothing meanwhile.
    at_the_door: Option<Box<AtTheDoor>>,
    /// What it has shown on connecting.
    shown: Option<Box<Shown>>,
}

/// A client that leaves a room that several servers share.
struct Leaving {
    ack: Option<AckId>,
    has_left: Arc<AtomicBool>,
}

/// What an event is carried out with.
pub(super) struct V1<'a> {
    pub(super) rooms: &'a Rooms,
    pub(super) access: &'a Access,
    pub(super) recoveries: &'a Recoveries,
    pub(super) limits: &'a Limits,
    pub(super) session: Option<&'a WebSession>,
    pub(super) address: Option<IpAddr>,
    pub(super) route: Route,
}

/// What became of an event that was carried out.
enum Outcome {
    Done,
    Joined,
    /// The log answers when the message is stored, or when it has been read.
    AnsweredLater,
}

impl V1<'_> {
    /// Carries an event out, and answers it.
    pub(super) fn event(&self, socket: &Socket<'_>, member: &mut Member, event: &Event<'_>) {
        let result = self.carry_out(socket, member, event);
        if let Err(refusal) = &result {
            let (code, address) = (refusal.code().as_str(), address(self.address));
            self.rooms.counts().refused_events.add(code, 1);
            tracing::info!(event = event.name, code, address, "refused: {}", refusal.message());
        }
        self.answer(socket, member, event.ack, result);
    }

    fn answer(
        &self,
        socket: &Socket<'_>,
        member: &Member,
        ack: Option<AckId>,
        result: Result<Outcome, Refusal>,
    ) {
        match (ack, result) {
            (Some(_), Ok(Outcome::AnsweredLater)) | (None, Ok(_)) => {}
            (Some(id), result) => socket.ack(id, &member.acknowledge(result).arguments()),
            (None, Err(refusal)) => {
                socket.send(Notice::refused(&refusal).packet());
            }
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
            ClientEvent::Joined(joined) => self.join(socket, member, joined, event.ack),
            ClientEvent::Text(Text { speaker, msg }) => {
                let seat = member.seat.as_ref().ok_or_else(Refusal::not_joined)?;
                let name = &self.speaker(seat, speaker)?;
                let ack = event.ack.filter(|_| self.rooms.log().is_on());
                let done = match ack {
                    Some(id) => Some(when_said(socket.ack_later(id))),
                    None => self.rooms.are_shared().then(|| unless_said(socket)),
                };
                let outcome = if ack.is_some() { Outcome::AnsweredLater } else { Outcome::Done };
                // What confirms an alert counts where they must not speak, too.
                let own = name == seat.presence.name();
                let confirms = own && self.rooms.confirm_by_word(&seat.presence, name, &msg);
                match seat.presence.say(Speech { name, text: &msg, key: None, done }) {
                    Err(_) if confirms => return Ok(Outcome::Done),
                    said => said?,
                };
                if !own {
                    self.rooms.confirm_by_word(&seat.presence, name, &msg);
                }
                Ok(outcome)
            }
            ClientEvent::Left(left) => {
                let seat = member.seat.as_ref().ok_or_else(Refusal::not_joined)?;
                self.speaker(seat, left.speaker)?;
                if self.rooms.are_shared() {
                    self.leave_later(socket, member, event.ack);
                    return Ok(Outcome::AnsweredLater);
                }
                self.leave(socket, member);
                Ok(Outcome::Done)
            }
        }
    }

    fn join(
        &self,
        socket: &Socket<'_>,
        member: &mut Member,
        joined: Joined,
        ack: Option<AckId>,
    ) -> Result<Outcome, Refusal> {
        let (who, name, code, password) = self.identify(member.credential.as_deref(), joined)?;
        let shown = Shown { password, ..Shown::default() };
        let shown = member.shown.as_deref().map_or(shown.clone(), |connected| shown.or(connected));
        let is_named = who.name.is_some();
        let is_there = member.seat.as_ref().is_some_and(|seat| *seat.presence.room() == code);
        if !is_there {
            // If it is refused, the connection stays where it was.
            let origin = Origin::of(None, self.address);
            let room = self.rooms.admit(&who, Right::Read, &origin, Way::Enter, code.clone())?;
            self.rooms.check_entry(&origin, &room, &name)?;
            if self.rooms.is_guarded(&room) || self.rooms.are_shared() && member.seat.is_some() {
                self.look_at(socket, member, room, (is_named, name, shown), ack);
                return Ok(Outcome::AnsweredLater);
            }
            return self.come_in(socket, member, room, (is_named, name, shown), ack);
        }
        Ok(Outcome::Joined)
    }

    fn come_in(
        &self,
        socket: &Socket<'_>,
        member: &mut Member,
        room: Admitted,
        (is_named, name, shown): (bool, UserName, Shown),
        ack: Option<AckId>,
    ) -> Result<Outcome, Refusal> {
        self.leave(socket, member);
        // A client that recovers its state gets what it missed that way.
        let is_simple = member.recoverable.is_none();
        let client = self.route.client;
        let came = is_simple.then(|| Came::back(self.rooms, &room, &name, client)).flatten();
        if came.is_some() || self.rooms.are_shared() {
            let (place, came) =
                ((is_named, room, name, shown), came.unwrap_or(Came::Shared { may_be_back: false }));
            let coming_back = ComingBack::begin(socket, self.rooms, place, client, came, ack);
            member.coming_back = Some(coming_back);
            return Ok(Outcome::AnsweredLater);
        }
        let connection = (socket.hub(), socket.connection());
        let mut presence = self.rooms.enter(connection, member.form(), &room, &name)?;
        if is_simple {
            presence.stays(self.rooms, self.kind(), None, None);
        }
        self.seat(socket, member, Place { is_named, presence });
        Ok(Outcome::Joined)
    }

    fn kind(&self) -> (ClientKey, bool) {
        (self.route.client, self.route.is_direct)
    }

    fn seat(&self, socket: &Socket<'_>, member: &mut Member, place: Place) {
        if let Some(recoverable) = &mut member.recoverable {
            self.recoveries.joined(socket, recoverable, &place);
        }
        let (room, name) = (place.presence.room().as_str(), place.presence.name().as_str());
        tracing::info!(room, name, address = address(self.address), "joined");
        member.seat = Some(Box::new(place));
    }

    /// Leaves a room that several servers share. Until what the client said before has come back, it is not read from.
    fn leave_later(&self, socket: &Socket<'_>, member: &mut Member, ack: Option<AckId>) {
        let Some(presence) = self.give_up(socket, member) else { return };
        let leaving = Leaving { ack, has_left: Arc::default() };
        let (has_left, waker) = (Arc::clone(&leaving.has_left), socket.waker());
        member.leaving = Some(leaving);
        socket.pause();
        presence.leave_later(self.rooms, move || {
            has_left.store(true, Ordering::Release);
            waker.wake();
        });
    }

    /// What the client waits for has come.
    pub(super) fn woken(&self, socket: &Socket<'_>, member: &mut Member) {
        self.look_again(socket, member);
        self.go_on_at_the_door(socket, member);
        if let Some(leaving) = member.leaving.take_if(|leaving| leaving.has_left.load(Ordering::Acquire)) {
            if let Some(id) = leaving.ack {
                // Behind what it has been sent through the hub.
                socket.ack_later(id).send(&AckBody::Done.arguments());
            }
            socket.resume();
        }
        let Some(coming_back) = member.coming_back.take() else { return };
        let (coming_back, entered) = match coming_back.go_on(socket, self.rooms, member.form()) {
            Progress::Waits(coming_back) => {
                member.coming_back = Some(coming_back);
                return;
            }
            Progress::Done(coming_back, entered) => (*coming_back, entered),
        };
        let result = match entered {
            Ok(mut presence) => {
                if member.recoverable.is_none() {
                    let (back, given) = (coming_back.returning.as_ref(), coming_back.given);
                    presence.stays(self.rooms, self.kind(), back, given);
                }
                self.seat(socket, member, Place { is_named: coming_back.is_named, presence });
                Ok(Outcome::Joined)
            }
            Err(refused) => Err(refused.into()),
        };
        match coming_back.ack {
            // Behind what it has been sent through the hub.
            Some(id) => socket.ack_later(id).send(&member.acknowledge(result).arguments()),
            None => self.answer(socket, member, None, result),
        }
        socket.resume();
    }

    /// The person said `left`, or is going to another room.
    fn leave(&self, socket: &Socket<'_>, member: &mut Member) {
        if let Some(presence) = self.give_up(socket, member) {
            presence.leave(self.rooms);
        }
    }

    /// The client gives its place up.
    fn give_up(&self, socket: &Socket<'_>, member: &mut Member) -> Option<Presence> {
        let Place { presence, .. } = *member.seat.take()?;
        if let Some(recoverable) = &mut member.recoverable {
            self.recoveries.left(socket.connection(), recoverable);
        }
        tracing::info!(room = presence.room().as_str(), name = presence.name().as_str(), "left");
        Some(presence)
    }
}

impl Member {
    /// A client that has connected with this.
    pub(super) fn new(credential: Option<Box<Credential>>) -> Self {
        Self { credential, ..Self::default() }
    }

    /// It recovers its state, and has its place if it has that back.
    pub(super) fn recoverable(self, recoverable: Box<Recoverable>, place: Option<Place>) -> Self {
        Self { seat: place.map(Box::new), recoverable: Some(recoverable), ..self }
    }

    /// The same, who has shown this on connecting.
    pub(super) fn showing(self, shown: Shown) -> Self {
        Self { shown: (shown != Shown::default()).then(|| Box::new(shown)), ..self }
    }

    /// Its place in a room.
    pub(super) fn presence(&self) -> Option<&Presence> {
        self.seat.as_ref().map(|place| &place.presence)
    }

    /// How it hears a room.
    fn form(&self) -> Form {
        if self.recoverable.is_some() { Form::V1Recovery } else { Form::V1 }
    }

    /// The place in a room that the client gives up with its connection, and what it can recover that by.
    pub(super) fn into_parts(self, rooms: &Rooms) -> (Option<Box<Place>>, Option<Box<Recoverable>>) {
        if let Some(coming_back) = self.coming_back {
            coming_back.give_up(rooms);
        }
        (self.seat, self.recoverable)
    }

    /// The acknowledgement. The list of members is made only for an ack.
    fn acknowledge(&self, result: Result<Outcome, Refusal>) -> AckBody {
        match (result, &self.seat) {
            (Ok(Outcome::Joined), Some(seat)) => match seat.presence.members() {
                Ok(members) => AckBody::Joined { room: seat.presence.room().clone(), members },
                Err(denied) => AckBody::Refused(denied.into()),
            },
            (Ok(_), _) => AckBody::Done,
            (Err(refusal), _) => AckBody::Refused(refusal),
        }
    }
}

/// Acknowledges a message when its fate is known.
fn when_said(ack: PendingAck) -> OnSaid {
    Box::new(move |outcome| {
        let body = match outcome {
            Ok((_, Stored::Failed)) => AckBody::NotStored,
            Ok(_) => AckBody::Done,
            Err(refused) => AckBody::Refused(refused.into()),
        };
        ack.send(&body.arguments());
    })
}

/// Tells a client that asked for no acknowledgement when a message could not be said.
fn unless_said(socket: &Socket<'_>) -> OnSaid {
    let (hub, connection) = (socket.hub().clone(), socket.connection());
    Box::new(move |outcome| {
        if let Err(refused) = outcome {
            hub.send(connection, Notice::refused(&refused.into()).packet().into());
        }
    })
}

impl From<Refused> for Refusal {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Denied(denied) => denied.into(),
            Refused::TooManyRooms(wait) => Self::too_many_rooms(wait),
            Refused::TooManyMakes(wait) => Self::too_many_makes(wait),
            Refused::TooManyPolicies => Self::too_many_policies(),
            Refused::TooManyJoins(wait) => Self::too_many_joins(wait),
            Refused::ServerFull => Self::server_full(),
            Refused::RoomFull(max) => Self::room_full(max),
            Refused::Unavailable => Self::unavailable(),
            Refused::KeyReused(KeyReused) => Self::key_reused(),
            Refused::Forbidden(forbidden) => forbidden.into(),
            Refused::NotDone(not_done) => not_done.into(),
            Refused::InUse => Self::room_in_use(),
            Refused::NoMessage => Self::no_such_message(),
            Refused::PushFull => Self::push_full(),
        }
    }
}
