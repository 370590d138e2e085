//! All rooms by their code. A room is there while somebody is in it: the first to enter makes it, and
//! [`Rooms::forget`] removes it with the last.

use super::{
    audience::ListenForm,
    live_room::{LiveRoom, Presence},
};
use alert_core::names::{RoomCode, UserName};
use socketio_server::{ConnectionId, Hub};
use std::{
    any::Any,
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};
use tokio::runtime::Handle;

/// The rooms of this server. Cheap to clone.
#[derive(Clone)]
pub struct Rooms(Arc<Shared>);

struct Shared {
    by_code: Mutex<HashMap<RoomCode, Arc<LiveRoom>>>,
    grace: Duration,
    /// Where the tasks run that wait for the end of a grace: one for each room in which somebody is missing.
    runtime: Handle,
}

impl Rooms {
    /// No rooms yet. A person whose connections are lost has `grace` to come back.
    pub fn new(grace: Duration, runtime: Handle) -> Self {
        Self(Arc::new(Shared { by_code: Mutex::default(), grace, runtime }))
    }

    /// Waits until a room can take more. Whoever speaks from outside it waits for this first.
    pub async fn relief(&self, code: &RoomCode) {
        let room = self.lock().get(code).cloned();
        if let Some(room) = room {
            room.relief().await;
        }
    }

    /// Says something to a room from outside it. Says how many connections it is on its way to.
    pub fn say(&self, code: &RoomCode, name: &UserName, msg: &str) -> usize {
        let room = self.lock().get(code).cloned();
        room.map_or(0, |room| room.say(name, msg))
    }

    /// The first `limit` people in a room, and how many there are. A room that does not exist has nobody in it.
    pub fn members(&self, code: &RoomCode, limit: usize) -> (Vec<UserName>, usize) {
        let room = self.lock().get(code).cloned();
        room.map_or((Vec::new(), 0), |room| room.members(limit))
    }

    /// All rooms in which somebody is, and how many people.
    pub fn all(&self) -> Vec<(RoomCode, usize)> {
        let rooms: Vec<_> = self.lock().values().cloned().collect();
        let counted = rooms.iter().map(|room| (room.code.clone(), room.members(0).1));
        counted.filter(|(_, count)| *count > 0).collect()
    }

    /// Lets a connection hear a room without being in it, until what is returned is dropped.
    pub fn listen(
        &self,
        hub: &Hub,
        connection: ConnectionId,
        code: &RoomCode,
        form: ListenForm,
    ) -> Box<dyn Any> {
        Box::new(self.in_room(hub, code, |room| room.listen(self, connection, form)))
    }

    pub(super) fn enter(
        &self,
        hub: &Hub,
        connection: ConnectionId,
        code: &RoomCode,
        name: &UserName,
    ) -> Presence {
        self.in_room(hub, code, |room| room.enter(hub, connection, name))
    }

    /// Does something in a room, which is made where it is missing. `act` gives nothing where the room has just been
    /// forgotten; then there is a new one.
    fn in_room<T>(&self, hub: &Hub, code: &RoomCode, act: impl Fn(&Arc<LiveRoom>) -> Option<T>) -> T {
        loop {
            let room = {
                let mut rooms = self.lock();
                let room = rooms.entry(code.clone());
                Arc::clone(room.or_insert_with(|| LiveRoom::new(code.clone(), self.0.grace, hub)))
            };
            // Not under the registry's lock: rooms lock themselves first and the registry second.
            if let Some(done) = act(&room) {
                return done;
            }
        }
    }

    /// Removes a room that has retired. To be called with the room's lock held, so that no other room of this code
    /// can have been made.
    pub(super) fn forget(&self, code: &RoomCode) {
        let mut rooms = self.lock();
        rooms.remove(code);
        if rooms.capacity() > 1024 && rooms.capacity() > 8 * rooms.len() {
            let room_for = 2 * rooms.len();
            rooms.shrink_to(room_for);
        }
    }

    pub(super) fn sweep_later(&self, room: Arc<LiveRoom>, deadline: Instant) {
        let rooms = self.clone();
        self.0.runtime.spawn(async move {
            let mut next = Some(deadline);
            while let Some(deadline) = next {
                tokio::time::sleep_until(deadline.into()).await;
                next = room.sweep(&rooms);
            }
        });
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<RoomCode, Arc<LiveRoom>>> {
        // The map is whole between any two calls.
        self.0.by_code.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
