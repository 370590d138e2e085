//! Which connection has which seat at the moment, so that a new connection can take it from one that is half open.

use crate::log::SeatId;
use socketio_server::ConnectionId;
use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// The seats that are taken. Entries leave in `remove_if`, when their connection ends or gives its place up, and in
/// `remove`, so there are never more of them than connections.
#[derive(Default)]
pub(super) struct Live(Mutex<HashMap<SeatId, ConnectionId>>);

impl Live {
    /// Gives a seat to a connection, and returns another one that had it.
    pub(super) fn insert(&self, id: SeatId, connection: ConnectionId) -> Option<ConnectionId> {
        self.lock().insert(id, connection).filter(|old| *old != connection)
    }

    /// Frees a seat, and returns the connection that had it.
    pub(super) fn remove(&self, id: SeatId) -> Option<ConnectionId> {
        self.lock().remove(&id)
    }

    /// Frees a seat if this connection has it, and returns whether it had.
    pub(super) fn remove_if(&self, id: SeatId, connection: ConnectionId) -> bool {
        let mut seats = self.lock();
        let is_mine = seats.get(&id) == Some(&connection);
        if is_mine {
            seats.remove(&id);
            if seats.capacity() > 1024 && seats.capacity() > 8 * seats.len() {
                let space = 2 * seats.len();
                seats.shrink_to(space);
            }
        }
        is_mine
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<SeatId, ConnectionId>> {
        // The map is whole between any two calls.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
