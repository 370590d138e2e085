//! Coming into a shared room: the person is announced, and the connection follows when everybody has heard of it.

use super::super::super::audience::{publication, replay};
use super::super::super::{Refused, Rooms};
use super::super::{Entrant, LiveRoom, State};
use super::LONGEST;
use crate::log::StayId;
use crate::log::redis::{Arrival, Entering, Going, RoomFull, StayEnd, StayHere, Taken};
use alert_core::event::{RoomEvent, What};
use alert_core::names::UserName;
use alert_core::position::Position;
use alert_core::room::ClientKey;
use alert_core::wire;
use socketio_server::Membership;
use std::sync::{Arc, MutexGuard};
use tokio::{sync::oneshot, time::timeout};

/// A person who has come into a shared room, by a connection that does not hear it yet. Dropping it takes that back.
pub(in crate::rooms) struct Announced {
    room: Arc<LiveRoom>,
    rooms: Rooms,
    name: UserName,
    arrival: Option<Arrival>,
    /// Of a client that knows nothing of recovery.
    stay: Option<StayId>,
    /// Its client has heard of its entering.
    is_told: bool,
    is_taken: bool,
}

impl LiveRoom {
    /// A person comes, by a connection that hears the room later. With a stay it may take the place of one that was lost.
    pub(in crate::rooms) async fn announce(
        self: &Arc<Self>,
        rooms: &Rooms,
        name: &UserName,
        stay: Option<(StayId, ClientKey)>,
    ) -> Result<Option<(Announced, Option<Taken>)>, Refused> {
        let Some(shared) = self.log.shared() else { return Ok(None) };
        // Not until it is known where the room stands: that is asked in the same turn.
        self.has_begun().await?;
        let (tell, told) = oneshot::channel();
        let answers = {
            let mut state = self.lock();
            let Some(following) = &mut state.following else { return Ok(None) };
            let connections = following.count_in(name);
            if let Some((id, client)) = stay {
                following.stays.insert(id, StayHere { id, name: name.clone(), client, entered: None });
            }
            let answers = stay.map(|(stay, _)| (stay, following.asking.begin(name)));
            let tell = |entering| _ = tell.send(entering);
            shared.enter(&self.code, name, connections, stay, rooms.max_people(), tell);
            answers
        };
        let (room, rooms, stay) = (Arc::clone(self), rooms.clone(), stay.map(|(stay, _)| stay));
        let (arrival, is_told, is_taken) = (None, false, false);
        let mut announced = Announced { room, rooms, name: name.clone(), arrival, stay, is_told, is_taken };
        // It ends before the person is taken back.
        let answers = answers;
        let entering = told.await.map_err(|_| Refused::Unavailable)??;
        let full = |RoomFull| Refused::RoomFull(announced.rooms.max_people());
        let Entering { arrival, mut taken, asked } = entering.map_err(full)?;
        let (tell, told) = oneshot::channel();
        self.after(arrival.placed, Box::new(|has_come| _ = tell.send(has_come)));
        let has_come = timeout(LONGEST, told).await.ok().and_then(Result::ok).unwrap_or(false);
        if !has_come {
            return Err(Refused::Unavailable);
        }
        announced.arrival = Some(arrival);
        if let Some((stay, answers)) = answers
            && !asked.is_empty()
        {
            taken = self.wait_for_answers(shared, (name, stay), answers, asked).await?;
        }
        Ok(Some((announced, taken)))
    }

    /// Lets a connection hear the room whose person has been announced, and gives it what has happened since: all of it,
    /// or what `greet` does not. `None` where that is too much.
    pub(in super::super) fn seat_announced(
        self: &Arc<Self>,
        state: &mut MutexGuard<'_, State>,
        entrant: &Entrant<'_>,
        announced: &mut Announced,
        greet: Option<impl FnOnce()>,
    ) -> Option<Membership> {
        let Arrival { is_new, placed, .. } = announced.arrival?;
        let Entrant { connection: (hub, connection), form, name, resumes, .. } = *entrant;
        let events = state.tail.events_since(placed.seq)?;
        let has_messages = greet.is_some();
        if let Some(greet) = greet {
            greet();
        }
        if !announced.is_told && (is_new || !resumes) {
            let own = announced.entered(name)?;
            hub.send(connection, publication(form, &self.code, &own, wire::size(name, "")));
        }
        for event in events {
            if form.tells(&event.what) && !(has_messages && matches!(event.what, What::Said { .. })) {
                hub.send(connection, replay(form, &self.code, &event));
            }
        }
        state.tell_ended((hub, connection), form, &self.code, entrant.away_since);
        if !resumes || announced.is_told {
            state.tell_alerts(hub, connection, form, &self.code);
        }
        announced.is_taken = true;
        state.is_here((hub, connection), form, name);
        if let Some(following) = &mut state.following {
            following.hub.get_or_insert_with(|| hub.clone());
        }
        Some(state.audience.join(hub, form, connection))
    }
}

impl State {
    /// Somebody who was announced is in the room; gives the stay of the connection, which has heard nothing up to there.
    pub(in super::super) fn settle(&mut self, announced: &Announced, entered: Position) -> Option<StayId> {
        let stay = announced.stay?;
        if let (Some(following), Some(arrival)) = (&mut self.following, announced.arrival)
            && let Some(here) = following.stays.get_mut(&stay)
        {
            here.entered = Some((entered, arrival.placed.at, arrival.placed.at));
        }
        Some(stay)
    }
}

impl Announced {
    /// Where the room stood then.
    pub(in crate::rooms) fn arrival(&self) -> Option<Arrival> {
        self.arrival
    }

    /// Its entering, as the others heard of it if it is new.
    pub(in super::super) fn entered(&self, name: &UserName) -> Option<Arc<RoomEvent>> {
        let Arrival { placed, count, .. } = self.arrival?;
        let what = What::Entered { name: name.clone(), count };
        Some(Arc::new(RoomEvent { at: placed.at, position: placed.position, what }))
    }

    pub(in super::super) fn is_told(&mut self) {
        self.is_told = true;
    }
}

impl Drop for Announced {
    fn drop(&mut self) {
        let mut state = self.room.lock();
        if let Some(following) = &mut state.following {
            following.asking.end(&self.name);
        }
        if self.is_taken {
            return;
        }
        let stay = self.stay.map(|stay| (stay, StayEnd::Undone));
        self.room.goes(&mut state, &self.rooms, &self.name, Going::Leaves, stay);
        self.room.retire_if_empty(&mut state, &self.rooms);
    }
}
