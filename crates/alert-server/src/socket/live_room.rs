//! A room and the connections in it, behind one short lock: who holds it publishes, joins and leaves, so that
//! everybody sees one order. Nothing waits under it.

use super::{
    audience::{Audience, ListenForm},
    publication,
    rooms::Rooms,
};
use alert_core::names::{RoomCode, UserName};
use alert_core::room::{Departure, Entry, Loss, Room};
use alert_core::wire::v1::{ACK_MEMBERS_MAX, AckBody, Notice};
use socketio_server::{ConnectionId, Hub, Membership};
use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// A room with its fan-out.
pub(super) struct LiveRoom {
    pub(super) code: RoomCode,
    state: Mutex<State>,
}

struct State {
    room: Room,
    audience: Audience,
    /// Who hears it without being in it.
    listeners: usize,
    /// A task waits for the end of somebody's grace.
    is_sweeping: bool,
    /// It was empty and has been forgotten: who finds it like this looks for a new one.
    is_retired: bool,
}

impl State {
    fn publish(&self, notice: &Notice) {
        self.audience.publish(notice, &publication(notice));
    }
}

/// A connection's place in a room. To be given up with [`Presence::leave`] or [`Presence::lose`].
pub(super) struct Presence {
    room: Arc<LiveRoom>,
    name: UserName,
    membership: Membership,
}

impl LiveRoom {
    pub(super) fn new(code: RoomCode, grace: Duration, hub: &Hub) -> Arc<Self> {
        let state = State {
            room: Room::new(grace),
            audience: Audience::new(hub),
            listeners: 0,
            is_sweeping: false,
            is_retired: false,
        };
        Arc::new(Self { code, state: Mutex::new(state) })
    }

    /// Lets a connection in; `None` when the room has been forgotten meanwhile.
    pub(super) fn enter(
        self: &Arc<Self>,
        hub: &Hub,
        connection: ConnectionId,
        name: &UserName,
    ) -> Option<Presence> {
        let mut state = self.lock();
        if state.is_retired {
            return None;
        }
        let membership = state.audience.join(connection);
        let notice = Notice::entered(name);
        match state.room.enter(name) {
            Entry::Announced => state.publish(&notice),
            Entry::Quiet => hub.send(connection, publication(&notice)),
        }
        drop(state);
        Some(Presence { room: Arc::clone(self), name: name.clone(), membership })
    }

    /// Says something to everybody who hears the room, and says how many they are.
    pub(super) fn say(&self, name: &UserName, msg: &str) -> usize {
        let notice = Notice::message(name, msg);
        // Rendered before the lock is taken.
        let rendered = publication(&notice);
        self.lock().audience.publish(&notice, &rendered)
    }

    /// Waits until all who hear the room can take more.
    pub(super) async fn relief(&self) {
        let room = self.lock().audience.room();
        room.relief().await;
    }

    /// The first `limit` people in the room, and how many there are.
    pub(super) fn members(&self, limit: usize) -> (Vec<UserName>, usize) {
        let state = self.lock();
        (state.room.members(limit), state.room.count())
    }

    /// Lets a connection hear the room without being in it; `None` when the room has been forgotten meanwhile.
    pub(super) fn listen(
        self: &Arc<Self>,
        rooms: &Rooms,
        connection: ConnectionId,
        form: ListenForm,
    ) -> Option<Listening> {
        let mut state = self.lock();
        if state.is_retired {
            return None;
        }
        state.listeners += 1;
        let membership = state.audience.listen(form, connection);
        drop(state);
        Some(Listening { room: Arc::clone(self), rooms: rooms.clone(), membership: Some(membership) })
    }

    /// Lets those go whose grace has ended. Says when to come again.
    pub(super) fn sweep(&self, rooms: &Rooms) -> Option<Instant> {
        let mut state = self.lock();
        let left = state.room.expire(Instant::now());
        for name in &left {
            state.publish(&Notice::left(name));
        }
        let next = state.room.next_deadline();
        state.is_sweeping = next.is_some();
        self.retire_if_empty(&mut state, rooms);
        drop(state);
        for name in left {
            tracing::info!(room = self.code.as_str(), name = name.as_str(), "left after the grace");
        }
        next
    }

    fn retire_if_empty(&self, state: &mut State, rooms: &Rooms) {
        if state.room.is_empty() && state.listeners == 0 && !state.is_retired {
            state.is_retired = true;
            rooms.forget(&self.code);
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // A panic under the lock cannot leave the state half changed: each change is one call.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Presence {
    pub(super) fn room(&self) -> &RoomCode {
        &self.room.code
    }

    pub(super) fn name(&self) -> &UserName {
        &self.name
    }

    /// Says something to everybody in the room, in the name of `name`.
    pub(super) fn say(&self, name: &UserName, msg: &str) {
        self.room.say(name, msg);
    }

    /// What `joined` is acknowledged with.
    pub(super) fn joined_ack(&self) -> AckBody {
        let (members, count) = self.room.members(ACK_MEMBERS_MAX);
        AckBody::Joined { room: self.room.code.clone(), members, count }
    }

    /// The person said `left`: those who remain hear of it, if it was the person's last connection.
    pub(super) fn leave(self, rooms: &Rooms) {
        let mut state = self.room.lock();
        drop(self.membership);
        if state.room.leave(&self.name) == Departure::Announced {
            state.publish(&Notice::left(&self.name));
        }
        self.room.retire_if_empty(&mut state, rooms);
    }

    /// The connection ended without `left`.
    pub(super) fn lose(self, rooms: &Rooms) {
        let mut state = self.room.lock();
        drop(self.membership);
        match state.room.lose(&self.name, Instant::now()) {
            Loss::Quiet => {}
            Loss::Announced => state.publish(&Notice::left(&self.name)),
            Loss::Grace(deadline) => {
                if !std::mem::replace(&mut state.is_sweeping, true) {
                    rooms.sweep_later(Arc::clone(&self.room), deadline);
                }
            }
        }
        self.room.retire_if_empty(&mut state, rooms);
    }
}

/// A listener's place; dropping it gives it up.
pub(super) struct Listening {
    room: Arc<LiveRoom>,
    rooms: Rooms,
    membership: Option<Membership>,
}

impl Drop for Listening {
    fn drop(&mut self) {
        let mut state = self.room.lock();
        drop(self.membership.take());
        state.listeners -= 1;
        self.room.retire_if_empty(&mut state, &self.rooms);
    }
}
