//! All rooms by their code. A room is there while somebody is in it: the first to enter makes it, and
//! [`Rooms::forget`] removes it with the last.

use super::live_room::{LiveRoom, Presence};
use crate::names::{RoomCode, UserName};
use socketio_server::{ConnectionId, Hub};
use std::{
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

    pub(super) fn enter(
        &self,
        hub: &Hub,
        connection: ConnectionId,
        code: RoomCode,
        name: UserName,
    ) -> Presence {
        loop {
            let room = {
                let mut rooms = self.lock();
                let room = rooms.entry(code.clone());
                Arc::clone(room.or_insert_with(|| LiveRoom::new(code.clone(), self.0.grace, hub)))
            };
            // Not under the registry's lock: rooms lock themselves first and the registry second.
            if let Some(presence) = room.enter(hub, connection, &name) {
                return presence;
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
