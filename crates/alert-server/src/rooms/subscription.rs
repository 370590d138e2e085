//! Hearing a room over plain HTTP without being in it: from now on, or from a place in its history.

mod follow;

use super::live_room::Listening;
use super::{Admitted, CatchUp, NotLive, Refused, Rooms, Visit};
use crate::auth::Origin;
use alert_core::access::Right;
use alert_core::names::RoomCode;
use alert_core::room::policy::Shown;
use alert_core::since::Since;
use alert_core::wire::stream::StreamForm;
use follow::Follower;
use socketio_server::{ConnectionId, Hub};
use std::{
    mem,
    sync::{Arc, Mutex, PoisonError},
};
use tokio::task::AbortHandle;

/// From where somebody wants to hear a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Begin {
    /// From now on.
    Now,
    /// From somewhere in its history.
    Since(Since),
    /// From a place that this server does not know: all there is, behind a gap.
    Unknown,
}

/// The right to hear a room, not yet used.
#[derive(Clone)]
pub struct Subscription {
    rooms: Rooms,
    room: Admitted,
    shown: Shown,
    form: StreamForm,
    begin: Begin,
    /// Of a room that several servers share, from where it is known where the room stands.
    reader: Arc<Mutex<Option<CatchUp>>>,
}

/// A subscriber's place, which it may not have taken yet. Dropping it gives it up.
pub struct Hearing {
    seat: Arc<Seat>,
    /// Sends what was said before.
    task: Option<AbortHandle>,
}

/// Where the task leaves the place for the connection's thread to find.
#[derive(Default)]
struct Seat(Mutex<State>);

#[derive(Default)]
enum State {
    #[default]
    Empty,
    Taken {
        place: Listening,
    },
    GivenUp,
}

impl Rooms {
    /// The right to hear a room without being in it.
    ///
    /// # Errors
    /// If the right is missing, or the room would be one too many.
    pub fn subscribe(
        &self,
        origin: &Origin,
        room: Admitted,
        shown: Shown,
        form: StreamForm,
        begin: Begin,
    ) -> Result<Subscription, Refused> {
        room.may(Right::Read)?;
        self.check_hearing(origin, &room)?;
        let reader = Arc::default();
        Ok(Subscription { rooms: self.clone(), room, shown, form, begin, reader })
    }
}

impl Subscription {
    /// The room.
    pub fn room(&self) -> &RoomCode {
        self.room.code()
    }

    /// In which form.
    pub fn form(&self) -> StreamForm {
        self.form
    }

    /// Waits until it is known where the room stands. Nothing that is said after that is missed.
    ///
    /// # Errors
    /// If it cannot be known, or the right has been taken back.
    pub async fn ready(&self) -> Result<(), Refused> {
        if self.rooms.are_shared() || self.rooms.is_guarded(&self.room) {
            let mut reader = self.rooms.catch_up(&self.room)?;
            reader.let_in(Visit::Look, &self.shown).await?;
            *self.reader.lock().unwrap_or_else(PoisonError::into_inner) = Some(reader);
        }
        Ok(())
    }

    /// Lets a connection hear the room until the result is dropped. Nothing that is said after this call is missed.
    ///
    /// # Errors
    /// If the right has been taken back, or the room's hosts have decided otherwise since it was looked at.
    pub fn open(&self, hub: &Hub, connection: ConnectionId) -> Result<Hearing, Refused> {
        let reader = self.reader.lock().unwrap_or_else(PoisonError::into_inner).take();
        let reader = match reader {
            Some(reader) => reader,
            None => self.rooms.catch_up(&self.room)?,
        };
        let seat = Arc::<Seat>::default();
        let follower = Follower::new(self, hub.clone(), connection);
        let is_now = self.begin == Begin::Now && reader.is_ready();
        let live = if is_now { follower.go_live(reader) } else { Err(NotLive::Behind(reader)) };
        let task = match live {
            Ok(place) => {
                seat.put(State::Taken { place });
                None
            }
            Err(NotLive::Refused(refused)) => return Err(refused),
            // Too much can have been said since the line above only if this thread was stopped in between.
            Err(NotLive::Behind(reader)) => Some(self.follow(follower, reader, Arc::clone(&seat))),
        };
        Ok(Hearing { seat, task })
    }

    fn follow(&self, follower: Follower, reader: CatchUp, seat: Arc<Seat>) -> AbortHandle {
        let task = async move {
            if let Some(place) = follower.run(reader).await {
                seat.put(State::Taken { place });
            }
        };
        self.rooms.0.runtime.spawn(task).abort_handle()
    }
}

impl Hearing {
    /// Tells, from then on, whether the place may still be held.
    pub fn watch(&self) -> impl Fn() -> bool + Send + use<> {
        let seat = Arc::clone(&self.seat);
        move || {
            let place = seat.0.lock().unwrap_or_else(PoisonError::into_inner);
            if let State::Taken { place } = &*place { place.may_stay().is_ok() } else { true }
        }
    }
}

impl Seat {
    /// Puts a state in, unless the place has been given up. What it replaces, or is not wanted, is dropped without the
    /// lock.
    fn put(&self, state: State) {
        let mut place = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let _unwanted =
            if matches!(*place, State::GivenUp) { state } else { mem::replace(&mut *place, state) };
        drop(place);
    }
}

impl Drop for Hearing {
    fn drop(&mut self) {
        if let Some(task) = &self.task {
            task.abort();
        }
        self.seat.put(State::GivenUp);
    }
}
