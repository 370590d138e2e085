//! `join`: the history is read, and then the client enters the room, or hears it, with nothing missing in between.

use super::history::{self, Found};
use super::member::{Member, Place, Seat};
use super::{Outcome, Then, V2, name_required};
use crate::rooms::{Admitted, CatchUp, Missed, NotLive, Refused, Visit, Way, in_force};
use alert_core::access::{Principal, Right};
use alert_core::names::UserName;
use alert_core::position::Position;
use alert_core::room::policy::Shown;
use alert_core::since::Since;
use alert_core::wire::Form;
use alert_core::wire::v1::Refusal;
use alert_core::wire::v2::{Answer, Join, Joined, MOST_ROOMS};
use socketio_server::Socket;
use std::time::SystemTime;

/// How often the history is read for one `join` if too much is said meanwhile. After that, the client has to ask for
/// the rest.
const MOST_TRIES: u8 = 3;

/// A client on its way into a room.
struct Joining {
    who: Principal,
    /// Without one it only wants to hear the room.
    name: Option<UserName>,
    room: Admitted,
    since: Since,
    /// It is there already, in the way it asks for.
    is_there: bool,
    shown: Shown,
    tries: u8,
}

impl V2<'_> {
    pub(super) fn join(
        &self,
        socket: &Socket<'_>,
        member: &mut Member,
        join: &Join<'_>,
    ) -> Result<Outcome, Refusal> {
        let (who, name) = if join.listen {
            (self.holder(member), None)
        } else {
            let (who, name) = self.identify(member, &join.room, join.name, name_required)?;
            (who, Some(name))
        };
        let place = member.place(&join.room);
        let is_there = place.is_some_and(|place| place.name().is_some() != join.listen);
        if place.is_none() && member.rooms() >= MOST_ROOMS {
            return Err(Refusal::in_too_many_rooms());
        }
        let way = if join.listen { Way::FromOutside } else { Way::Enter };
        let room = self.admit(&who, Right::Read, way, join.room.clone())?;
        match &name {
            _ if is_there => {}
            Some(name) => self.rooms.check_entry(&self.origin(), &room, name)?,
            None => self.rooms.check_hearing(&self.origin(), &room)?,
        }
        let room = match place {
            Some(place) if is_there => place.wearing(room),
            _ => room,
        };
        let catch_up = self.rooms.catch_up(&room)?;
        let joining = Joining {
            who,
            name,
            room,
            since: join.since,
            is_there,
            shown: member.shows(&join.shown),
            tries: 1,
        };
        Ok(self.go_on_after(socket, member, joining.read(catch_up)))
    }

    fn arrive(
        &self,
        socket: &Socket<'_>,
        member: &mut Member,
        mut joining: Joining,
        catch_up: CatchUp,
        found: Found,
    ) -> Result<Outcome, Refusal> {
        let code = joining.room.code().clone();
        if joining.is_there
            && let Some(place) = member.place(&code)
        {
            // What comes after this position has come live, or will.
            let position = catch_up.position();
            return self.joined(place, position, found);
        }
        // Given up first, since a connection may hear a room only once. `greet` gets what is said in between.
        if let Some(other) = member.take(&code) {
            other.leave(self.rooms);
        }
        let (mut messages, mut position) = (Vec::new(), catch_up.position());
        let greet = |missed: Missed<'_>| {
            messages = missed.messages.to_vec();
            position = missed.position;
        };
        let connection = (socket.hub(), socket.connection());
        // Its answer says that it is in the room: it hears of that only if the others do.
        let seat = match &joining.name {
            Some(name) => catch_up.resume(connection, Form::V2, name, greet).map(Seat::In),
            None => catch_up.listen(connection, Form::V2, greet).map(Seat::Hears),
        };
        match seat {
            Ok(seat) => {
                let place = Place { who: joining.who, seat };
                let (room, name) = (code.as_str(), joining.name.as_ref().map(UserName::as_str));
                let address = super::address(self.address);
                tracing::info!(room, name, address, "{}", if name.is_some() { "joined" } else { "listens" });
                let outcome = self.joined(&place, position, found.and(messages));
                member.put(place);
                outcome
            }
            Err(NotLive::Refused(refused)) => Err(refused.into()),
            Err(NotLive::Behind(catch_up)) if joining.tries < MOST_TRIES => {
                joining.tries += 1;
                Ok(self.go_on_after(socket, member, joining.read(catch_up)))
            }
            Err(NotLive::Behind(mut catch_up)) => {
                catch_up.skip();
                self.arrive(socket, member, joining, catch_up, found.and_the_rest_later())
            }
        }
    }

    fn joined(&self, place: &Place, position: Position, found: Found) -> Result<Outcome, Refusal> {
        let found = found.within(self.most_bytes);
        Ok(Outcome::Answered(Answer::Joined(Box::new(Joined {
            at: SystemTime::now(),
            room: place.room().clone(),
            name: place.name().cloned(),
            position,
            members: place.members()?,
            history: found.messages,
            gap: found.gap,
            more: found.more,
            rights: place.rights(),
            alerts: in_force(place.policy().as_deref()),
            policy: place.policy(),
        }))))
    }
}

impl Joining {
    async fn read(self, mut catch_up: CatchUp) -> Then {
        match self.prepare(&mut catch_up).await {
            Ok(found) => Box::new(move |v2, socket, member| v2.arrive(socket, member, self, catch_up, found)),
            Err(refused) => Box::new(move |_, _, _| Err(refused.into())),
        }
    }

    async fn prepare(&self, catch_up: &mut CatchUp) -> Result<Found, Refused> {
        if self.is_there {
            catch_up.ready().await?;
            catch_up.is_of_one_inside();
        } else {
            catch_up.let_in(self.name.as_ref().map_or(Visit::Look, Visit::Enter), &self.shown).await?;
        }
        match self.name.as_ref().filter(|_| !self.is_there) {
            // What is said meanwhile comes behind what is read.
            Some(name) => catch_up.announce(name).await?,
            None => catch_up.ready().await?,
        }
        Ok(history::read(catch_up, self.since).await)
    }
}
