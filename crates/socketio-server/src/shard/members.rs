//! The shard's lists of room members. Joining and leaving take constant time: each connection knows its place.

use super::{ConnectionOf, Shard};
use crate::{
    connection::{CloseReason, ConnectionKey, Left, Seat},
    engine::Engine,
    room::{Room, RoomId},
    shard::behind::Pace,
};
use std::{
    rc::Rc,
    time::{Duration, Instant},
};

/// The longest that a connection waits for a room that it has left: it may be in another one, which is not under
/// pressure.
const WAIT_FOR_LEFT: Duration = Duration::from_secs(1);

impl<E: Engine> Shard<E> {
    pub(crate) fn seat(&self, room: Room, connection: ConnectionKey) {
        let Some(connection) = self.connection(connection) else {
            return;
        };
        let mut rooms = self.rooms.borrow_mut();
        let members = rooms.entry(room.id()).or_default();
        if let Pace::Behind(_) = connection.pace.get() {
            room.pressure().falls_behind();
        }
        connection.rooms.borrow_mut().push(Seat { room, index: members.len() });
        members.push(connection);
    }

    pub(super) fn leave(&self, room: RoomId, connection: ConnectionKey) {
        let Some(connection) = self.connection(connection) else {
            return;
        };
        let seat = {
            let mut seats = connection.rooms.borrow_mut();
            let Some(position) = seats.iter().position(|seat| seat.room.id() == room) else {
                return;
            };
            seats.swap_remove(position)
        };
        let left = Left { room: seat.room.clone(), until: Instant::now() + WAIT_FOR_LEFT };
        connection.left.replace(Some(Box::new(left)));
        self.unseat(&connection, seat);
    }

    /// Has each member look whether it may stay. A subscriber has nobody who could: it is closed, and comes back if it may.
    pub(super) fn rouse(self: &Rc<Self>, room: RoomId) {
        let members = self.rooms.borrow().get(&room).cloned().unwrap_or_default();
        for connection in members {
            if connection.session.borrow().is_some() {
                self.rouse_engine(&connection);
            } else {
                self.close(&connection, CloseReason::ServerDisconnect);
            }
        }
    }

    /// Removes a connection from a room's list. The last member takes its place.
    pub(super) fn unseat(&self, connection: &ConnectionOf<E>, seat: Seat) {
        if let Pace::Behind(_) = connection.pace.get() {
            seat.room.pressure().no_longer_behind();
        }
        let room = seat.room.id();
        let mut rooms = self.rooms.borrow_mut();
        let Some(members) = rooms.get_mut(&room) else {
            return;
        };
        debug_assert!(Rc::ptr_eq(&members[seat.index], connection));
        members.swap_remove(seat.index);
        match members.get(seat.index) {
            Some(moved) => {
                let mut seats = moved.rooms.borrow_mut();
                if let Some(moved_seat) = seats.iter_mut().find(|other| other.room.id() == room) {
                    moved_seat.index = seat.index;
                }
            }
            None if members.is_empty() => {
                rooms.remove(&room);
            }
            None => {}
        }
    }
}
