//! Coming into a shared room: the person is announced, and the connection follows when everybody has heard of it.

use super::super::super::audience::{publication, replay};
use super::super::super::{Refused, Rooms};
use super::super::{Entrant, LiveRoom, State};
use super::LONGEST;
use crate::log::redis::{Arrival, Going};
use alert_core::event::{RoomEvent, What};
use alert_core::names::UserName;
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
    /// Its client has heard of its entering.
    is_told: bool,
    is_taken: bool,
}

impl LiveRoom {
    /// A person comes, by a connection that hears the room later.
    pub(in crate::rooms) async fn announce(
        self: &Arc<Self>,
        rooms: &Rooms,
        name: &UserName,
    ) -> Result<Option<Announced>, Refused> {
        let Some(shared) = self.log.shared() else { return Ok(None) };
        let (tell, told) = oneshot::channel();
        {
            let mut state = self.lock();
            let Some(following) = &mut state.following else { return Ok(None) };
            let connections = following.count_in(name);
            shared.enter(&self.code, name, connections, |arrival| _ = tell.send(arrival));
        }
        let (room, rooms, name) = (Arc::clone(self), rooms.clone(), name.clone());
        let mut announced = Announced { room, rooms, name, arrival: None, is_told: false, is_taken: false };
        let arrival = told.await.map_err(|_| Refused::Unavailable)??;
        let (tell, told) = oneshot::channel();
        self.after(arrival.placed.seq, Box::new(|| _ = tell.send(())));
        timeout(LONGEST, told).await.ok().and_then(Result::ok).ok_or(Refused::Unavailable)?;
        announced.arrival = Some(arrival);
        Ok(Some(announced))
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
        let Entrant { connection: (hub, connection), form, name, resumes } = *entrant;
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
            if !(has_messages && matches!(event.what, What::Said { .. })) {
                hub.send(connection, replay(form, &self.code, &event));
            }
        }
        announced.is_taken = true;
        Some(state.audience.join(hub, form, connection))
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
        if self.is_taken {
            return;
        }
        let mut state = self.room.lock();
        self.room.goes(&mut state, &self.rooms, &self.name, Going::Leaves);
        self.room.retire_if_empty(&mut state, &self.rooms);
    }
}
