//! Going from a shared room: at once, when what was said before has come, or after the grace.

use super::super::super::Rooms;
use super::super::{Listening, LiveRoom, State};
use super::PAUSE;
use crate::log::StayId;
use crate::log::redis::{Going, Shared, StayEnd};
use alert_core::names::UserName;
use std::{mem, sync::Arc, time::Instant};

impl LiveRoom {
    /// A connection of a person has gone.
    pub(in super::super) fn goes(
        self: &Arc<Self>,
        state: &mut State,
        rooms: &Rooms,
        name: &UserName,
        how: Going,
        stay: Option<(StayId, StayEnd)>,
    ) {
        let (Some(shared), Some(following)) = (self.log.shared(), &mut state.following) else { return };
        let connections = following.count_out(name);
        stay.iter().for_each(|(stay, _)| _ = following.stays.remove(stay));
        shared.go(&self.code, name, connections, how, stay, |_| {});
        if let Going::Lost(grace) = how
            && connections == 0
            && !mem::replace(&mut state.is_sweeping, true)
        {
            rooms.sweep_later(Arc::clone(self), Instant::now() + grace);
        }
    }

    /// A person leaves by a connection that hears the room until everything has come that was said before, but not that
    /// it has left. `done` is called then, from any thread.
    pub(in super::super) fn leaves_later(
        self: &Arc<Self>,
        (name, stay): (&UserName, Option<StayId>),
        hearing: Listening,
        done: impl FnOnce() + Send + 'static,
    ) {
        let mut state = self.lock();
        let (Some(shared), Some(following)) = (self.log.shared(), &mut state.following) else { return };
        let connections = following.count_out(name);
        stay.iter().for_each(|stay| _ = following.stays.remove(stay));
        let place = following.leave_places;
        following.leave_places += 1;
        following.leaving.insert(place, (name.clone(), hearing));
        let room = Arc::clone(self);
        let end = stay.map(|stay| (stay, StayEnd::Left));
        shared.go(&self.code, name, connections, Going::Leaves, end, move |gone| {
            let leaver = Arc::clone(&room);
            let end = move |_| {
                let left =
                    leaver.lock().following.as_mut().and_then(|following| following.leaving.remove(&place));
                drop(left);
                done();
            };
            match gone {
                Ok(gone) => room.after(gone.placed, Box::new(end)),
                Err(_) => end(true),
            }
        });
    }

    /// Has those leave whose grace has ended. Says when to come again.
    pub(in crate::rooms) async fn sweep_shared(&self, shared: &Shared) -> Option<Instant> {
        let next = match shared.expire(&self.code).await {
            Ok(Some(left)) => Some(Instant::now() + left),
            Ok(None) => None,
            Err(_) => Some(Instant::now() + PAUSE),
        };
        if next.is_some() {
            return next;
        }
        let mut state = self.lock();
        // Somebody who was lost since Redis answered, or whose leaving has not come yet. Of a room that nobody here hears
        // any more, nothing comes.
        let is_followed = !state.is_retired;
        let awaited = state.following.as_ref().and_then(|following| following.people.next_deadline());
        let next = awaited.filter(|_| is_followed).map(|deadline| deadline.max(Instant::now() + PAUSE));
        state.is_sweeping = next.is_some();
        next
    }
}
