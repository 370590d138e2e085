//! Hearing a room over plain HTTP without being in it: from now on, or from a place in its history.

mod follow;

use super::live_room::Listening;
use super::{Admitted, CatchUp, Refused, Rooms};
use crate::auth::Origin;
use alert_core::access::{Denied, Principal};
use alert_core::names::RoomCode;
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
    who: Principal,
    room: Admitted,
    form: StreamForm,
    begin: Begin,
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
        _place: Listening,
    },
    GivenUp,
}

impl Rooms {
    /// The right to hear a room without being in it.
    ///
    /// # Errors
    /// If `who` may not, or the room would be one too many.
    pub fn subscribe(
        &self,
        who: &Principal,
        origin: &Origin,
        room: Admitted,
        form: StreamForm,
        begin: Begin,
    ) -> Result<Subscription, Refused> {
        who.may(|rights| rights.read)?;
        self.check_hearing(origin, &room)?;
        Ok(Subscription { rooms: self.clone(), who: who.clone(), room, form, begin })
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

    /// Lets a connection hear the room until the result is dropped. Nothing that is said after this call is missed.
    ///
    /// # Errors
    /// If the right has been taken back.
    pub fn open(&self, hub: &Hub, connection: ConnectionId) -> Result<Hearing, Denied> {
        let reader = self.rooms.catch_up(&self.who, &self.room)?;
        let seat = Arc::<Seat>::default();
        let follower = Follower::new(self, hub.clone(), connection);
        let reader = if self.begin == Begin::Now { follower.go_live(reader) } else { Err(reader) };
        let task = match reader {
            Ok(place) => {
                seat.put(State::Taken { _place: place });
                None
            }
            // Too much can have been said since the line above only if this thread was stopped in between.
            Err(reader) => Some(self.follow(follower, reader, Arc::clone(&seat))),
        };
        Ok(Hearing { seat, task })
    }

    fn follow(&self, follower: Follower, reader: CatchUp, seat: Arc<Seat>) -> AbortHandle {
        let task = async move {
            if let Some(place) = follower.run(reader).await {
                seat.put(State::Taken { _place: place });
            }
        };
        self.rooms.0.runtime.spawn(task).abort_handle()
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
