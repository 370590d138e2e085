//! `bell`: what rings in a room and when, setting one that the room keeps, and changing a day.

use super::member::{Member, Place};
use super::moderate::{actor, answer};
use super::{Outcome, V2};
use crate::rooms::Visit;
use alert_core::access::Right;
use alert_core::wire::v1::Refusal;
use alert_core::wire::v2::{Answer, BellAction, Belling};
use socketio_server::Socket;

impl V2<'_> {
    pub(super) fn bell(
        &self,
        socket: &Socket<'_>,
        member: &mut Member,
        BellAction { room, shown, what }: BellAction,
    ) -> Result<Outcome, Refusal> {
        let who = self.holder(member);
        let place = member.place(&room);
        let (by, shown) = (actor(place.and_then(Place::name), &who), member.shows(&shown));
        let is_there = place.is_some();
        let mut admitted = self.admit_from(place, &who, Right::Read, room)?;
        let (rooms, most_bytes) = (self.rooms.clone(), self.most_bytes);
        Ok(self.go_on_after(socket, member, async move {
            let done = async {
                if shown.host.is_some() || !is_there {
                    let visit = if matches!(what, Belling::List(_)) { Visit::Look } else { Visit::Moderate };
                    rooms.let_in(&mut admitted, visit, &shown).await?;
                }
                let listed = match what {
                    Belling::List(days) => {
                        let (all, more) = rooms.bells(&admitted, days).await?.within(most_bytes);
                        return Ok(Answer::Bells(Box::new(all), more));
                    }
                    Belling::Remove(id) => {
                        rooms.remove_bell(&admitted, &by, &id).await?;
                        return Ok(Answer::Done);
                    }
                    Belling::Set(bell) => rooms.put_bell(&admitted, &by, *bell).await?,
                    Belling::Day(id, date, times) => {
                        rooms.change_day(&admitted, &by, (&id, date), times).await?
                    }
                };
                Ok(Answer::Bell(Box::new(listed.shown())))
            };
            answer(done.await)
        }))
    }
}
