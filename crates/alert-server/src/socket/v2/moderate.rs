//! `make`, `moderate` and `hand`: what hosts do, and how a room gets one.

use super::member::{Member, Seat};
use super::{Outcome, Then, V2};
use crate::rooms::{Actor, Made, Visit, Way, random_key};
use alert_core::access::{Principal, Right};
use alert_core::names::RoomCode;
use alert_core::wire::v1::Refusal;
use alert_core::wire::v2::{Answer, Hand, Make, Moderate, Moderation};
use socketio_server::Socket;

impl V2<'_> {
    pub(super) fn make(
        &self,
        socket: &Socket<'_>,
        member: &mut Member,
        make: Make,
    ) -> Result<Outcome, Refusal> {
        let who = self.holder(member);
        let by = actor(None, &who);
        let (rooms, origin) = (self.rooms.clone(), self.origin());
        if let Some(room) = make.room {
            let room = self.admit(&who, Right::Read, Way::FromOutside, room)?;
            return Ok(self.go_on_after(socket, member, async move {
                let made = rooms.make(&room, &by).await;
                answer(made.map(|key| Answer::Made(room.code().clone(), key)))
            }));
        }
        let admit = move |code: RoomCode, rooms: &crate::rooms::Rooms| {
            rooms.admit(&who, Right::Read, &origin, Way::FromOutside, code)
        };
        Ok(self.go_on_after(socket, member, async move {
            let made = rooms.make_anew(|code| admit(code, &rooms), &by).await;
            answer(made.map(|(room, key)| Answer::Made(room, key)))
        }))
    }

    pub(super) fn moderate(
        &self,
        socket: &Socket<'_>,
        member: &mut Member,
        Moderate { room, shown, what }: Moderate,
    ) -> Result<Outcome, Refusal> {
        let key = matches!(what, Moderation::NewKey).then(random_key);
        if let (Some(key), Some(place)) = (&key, member.place_mut(&room)) {
            place.makes_key(key);
        }
        let place = member.place(&room);
        let who = self.holder(member);
        let (by, shown) = (actor(place.and_then(super::member::Place::name), &who), member.shows(&shown));
        let mut admitted = self.admit_from(place, &who, Right::Read, room)?;
        let rooms = self.rooms.clone();
        Ok(self.go_on_after(socket, member, async move {
            let done = async {
                if shown.host.is_some() {
                    rooms.let_in(&mut admitted, Visit::Moderate, &shown).await?;
                }
                match key {
                    Some(key) => rooms.give_key(&admitted, &by, key).await,
                    None => rooms.moderate(&admitted, &by, what).await,
                }
            };
            answer(done.await.map(|made| match made {
                Made::Policy(policy) => Answer::Policy(policy),
                Made::Named(policy, is_here) => Answer::Named(policy, is_here),
                Made::Shown(policy, listeners) => Answer::Shown(policy, listeners),
                Made::NewKey(policy, key) => Answer::NewKey(policy, key),
                Made::NewCode(room, policy) => Answer::NewCode(room, policy),
                Made::Audit(lines) => Answer::Audit(lines),
            }))
        }))
    }

    pub(super) fn hand(
        &self,
        socket: &Socket<'_>,
        member: &mut Member,
        Hand { room, up }: &Hand,
    ) -> Result<Outcome, Refusal> {
        let Some(place) = member.place(room) else { return Err(Refusal::not_in_room()) };
        let Seat::In(presence) = &place.seat else { return Err(Refusal::not_in_room()) };
        let (name, up, rooms) = (presence.name().clone(), *up, self.rooms.clone());
        let room =
            place.wearing(self.admit(&self.holder(member), Right::Speak, Way::FromOutside, room.clone())?);
        Ok(self.go_on_after(socket, member, async move {
            answer(rooms.hand(&room, &name, up).await.map(|_| Answer::Done))
        }))
    }
}

pub(super) fn actor(name: Option<&alert_core::names::UserName>, who: &Principal) -> Actor {
    let name = name.or(who.name.as_ref()).map(alert_core::names::UserName::as_str);
    let subject = who.token().map(|token| token.subject.to_string());
    Actor(name.map(str::to_owned).or(subject).unwrap_or_else(|| "host".to_owned()).into())
}

pub(super) fn answer(answer: Result<Answer, crate::rooms::Refused>) -> Then {
    Box::new(move |_, _, _| Ok(Outcome::Answered(answer?)))
}
