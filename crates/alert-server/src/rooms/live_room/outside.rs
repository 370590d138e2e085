//! What keeps a room without being in it: those who hear it from outside, and those who read its log.

use super::super::Rooms;
use super::super::admission::Held;
use super::LiveRoom;
use alert_core::members::Members;
use alert_core::names::RoomCode;
use socketio_server::Membership;
use std::sync::Arc;

/// A subscriber's place; dropping it gives it up.
pub struct Listening {
    pub(super) room: Arc<LiveRoom>,
    pub(super) rooms: Rooms,
    pub(super) membership: Option<Membership>,
    pub(super) _held: Held,
}

impl Listening {
    /// Where.
    pub fn room(&self) -> &RoomCode {
        &self.room.code
    }

    /// Who is in the room.
    pub fn members(&self) -> Arc<Members> {
        self.room.members()
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        let mut state = self.room.lock();
        drop(self.membership.take());
        state.subscribers -= 1;
        self.room.retire_if_empty(&mut state, &self.rooms);
    }
}

/// Keeps a room for somebody who reads its log; see [`LiveRoom::read_along`].
pub(in crate::rooms) struct Reading {
    pub(in crate::rooms) room: Arc<LiveRoom>,
    pub(super) rooms: Rooms,
    pub(super) _held: Held,
}

impl Drop for Reading {
    fn drop(&mut self) {
        let mut state = self.room.lock();
        state.tail.ends();
        state.subscribers -= 1;
        self.room.retire_if_empty(&mut state, &self.rooms);
    }
}
