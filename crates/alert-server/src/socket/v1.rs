//! The v1 protocol: what a client's events do, and who the client speaks for (docs/protocol-v1.md, "Identity").

mod coming_back;

use super::address;
use super::recovery::{Place, Recoverable, Recoveries};
use super::route::Route;
use crate::auth::{Origin, WebSession};
use crate::log::{OnStored, Stored};
use crate::rooms::{Refused, Rooms, Speech, Way};
use alert_core::access::{Principal, Rights};
use alert_core::names::{RoomCode, UserName};
use alert_core::room::ClientKey;
use alert_core::wire::Form;
use alert_core::wire::v1::{AckBody, ClientEvent, Joined, Limits, Notice, Refusal, Speaker, Text};
use coming_back::{Came, ComingBack, Progress};
use socketio_server::{AckId, Event, PendingAck, Socket};
use std::net::IpAddr;

/// A client, with the room that it is in, if any.
#[derive(Default)]
pub struct Member {
    /// Its principal was fixed at `joined`.
    seat: Option<Box<Place>>,
    /// Set if the client recovers its state.
    recoverable: Option<Box<Recoverable>>,
    /// It was lost, and waits for what it missed. It says nothing meanwhile.
    coming_back: Option<Box<ComingBack>>,
}

/// What an event is carried out with.
pub(super) struct V1<'a> {
    pub(super) rooms: &'a Rooms,
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
                let stored = ack.map(|id| when_stored(socket.ack_later(id)));
                let outcome = if stored.is_some() { Outcome::AnsweredLater } else { Outcome::Done };
                seat.presence.say(&seat.who, Speech { name, text: &msg, key: None, stored })?;
                Ok(outcome)
            }
            ClientEvent::Left(left) => {
                let seat = member.seat.as_ref().ok_or_else(Refusal::not_joined)?;
                self.speaker(seat, left.speaker)?;
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
        let (who, name, code) = self.identify(joined)?;
        let is_there = member.seat.as_ref().is_some_and(|seat| *seat.presence.room() == code);
        if !is_there {
            // If it is refused, the connection stays where it was.
            let origin = Origin::of(None, self.address);
            let room = self.rooms.admit(&origin, Way::Enter, code.clone())?;
            self.rooms.check_entry(&origin, &room, &name)?;
            self.leave(socket, member);
            // A client that recovers its state gets what it missed that way.
            let is_simple = member.recoverable.is_none();
            let client = self.route.client;
            let came = is_simple.then(|| Came::back(self.rooms, &room, &name, client)).flatten();
            if let Some(came) = came {
                let place = (who, room, name);
                let coming_back = ComingBack::begin(socket, self.rooms, place, client, came, ack);
                member.coming_back = Some(coming_back);
                return Ok(Outcome::AnsweredLater);
            }
            let connection = (socket.hub(), socket.connection());
            let form = if is_simple { Form::V1 } else { Form::V1Recovery };
            let mut presence = self.rooms.enter(&who, connection, form, &room, &name)?;
            if is_simple {
                presence.stays(self.rooms, self.kind(), None, None);
            }
            let place = Place { who, presence };
            if let Some(recoverable) = &mut member.recoverable {
                self.recoveries.joined(socket, recoverable, &place);
            }
            self.seat(member, place);
        }
        Ok(Outcome::Joined)
    }

    fn kind(&self) -> (ClientKey, bool) {
        (self.route.client, self.route.is_direct)
    }

    fn seat(&self, member: &mut Member, place: Place) {
        let (room, name) = (place.presence.room().as_str(), place.presence.name().as_str());
        tracing::info!(room, name, address = address(self.address), "joined");
        member.seat = Some(Box::new(place));
    }

    /// What the client missed has been read.
    pub(super) fn woken(&self, socket: &Socket<'_>, member: &mut Member) {
        let Some(coming_back) = member.coming_back.take() else { return };
        let (coming_back, entered) = match coming_back.go_on(socket, self.rooms) {
            Progress::Waits(coming_back) => {
                member.coming_back = Some(coming_back);
                return;
            }
            Progress::Done(coming_back, entered) => (*coming_back, entered),
        };
        let result = match entered {
            Ok(mut presence) => {
                let (back, given) = (coming_back.returning.as_ref(), coming_back.given);
                presence.stays(self.rooms, self.kind(), back, given);
                self.seat(member, Place { who: coming_back.who, presence });
                Ok(Outcome::Joined)
            }
            Err(denied) => Err(denied.into()),
        };
        match coming_back.ack {
            // Behind what it has been sent through the hub.
            Some(id) => socket.ack_later(id).send(&member.acknowledge(result).arguments()),
            None => self.answer(socket, member, None, result),
        }
        socket.resume();
    }

    /// Finds out who joins which room.
    fn identify(&self, joined: Joined) -> Result<(Principal, UserName, RoomCode), Refusal> {
        match joined {
            Joined::Headless { name, room } => {
                Ok((Principal { name: None, rights: Rights::OPEN }, name, room))
            }
            Joined::Session { room } => {
                let session = self.session.ok_or_else(Refusal::not_logged_in)?;
                let login = match room {
                    Some(room) => session.name_in(&room).map(|name| (room, name)),
                    None => session.last().map(|(room, name)| (room.clone(), name)),
                };
                let (room, name) = login.ok_or_else(Refusal::not_logged_in)?;
                Ok((WebSession::principal(name.clone()), name.clone(), room))
            }
        }
    }

    /// The name on an event. If a credential fixed it, the body cannot change it.
    fn speaker(&self, seat: &Place, speaker: Speaker<'_>) -> Result<UserName, Refusal> {
        match &seat.who.name {
            Some(name) => Ok(name.clone()),
            None => speaker.or_joined(seat.presence.name(), self.limits),
        }
    }

    /// The person said `left`, or is going to another room.
    fn leave(&self, socket: &Socket<'_>, member: &mut Member) {
        let Some(Place { presence, .. }) = member.seat.take().map(|seat| *seat) else { return };
        if let Some(recoverable) = &mut member.recoverable {
            self.recoveries.left(socket.connection(), recoverable);
        }
        tracing::info!(room = presence.room().as_str(), name = presence.name().as_str(), "left");
        presence.leave(self.rooms);
    }
}

impl Member {
    /// A client that recovers its state, with its place if it has that back.
    pub(super) fn recoverable(recoverable: Box<Recoverable>, place: Option<Place>) -> Self {
        Self { seat: place.map(Box::new), recoverable: Some(recoverable), coming_back: None }
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
            (Ok(Outcome::Joined), Some(seat)) => {
                AckBody::Joined { room: seat.presence.room().clone(), members: seat.presence.members() }
            }
            (Ok(_), _) => AckBody::Done,
            (Err(refusal), _) => AckBody::Refused(refusal),
        }
    }
}

/// Acknowledges a message when its fate is known.
fn when_stored(ack: PendingAck) -> OnStored {
    Box::new(move |stored| {
        let body = if stored == Stored::Failed { AckBody::NotStored } else { AckBody::Done };
        ack.send(&body.arguments());
    })
}

impl From<Refused> for Refusal {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Denied(denied) => denied.into(),
            Refused::TooManyRooms(wait) => Self::too_many_rooms(wait),
            Refused::TooManyJoins(wait) => Self::too_many_joins(wait),
            Refused::ServerFull => Self::server_full(),
            Refused::RoomFull(max) => Self::room_full(max),
        }
    }
}
