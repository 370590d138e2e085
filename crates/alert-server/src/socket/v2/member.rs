//! A client of v2: its places in rooms.

use super::Pending;
use crate::rooms::{Listening, Presence, Rooms};
use alert_core::access::Principal;
use alert_core::members::Members;
use alert_core::names::{RoomCode, UserName};
use socketio_server::CloseReason;
use std::sync::Arc;

/// A client: the rooms that it is in or hears, [`alert_core::wire::v2::MOST_ROOMS`] at most.
#[derive(Default)]
pub struct Member {
    places: Vec<Place>,
    /// The event that is being carried out.
    pub(super) pending: Option<Pending>,
}

/// A place in a room.
pub(super) struct Place {
    /// Fixed at `join`.
    pub(super) who: Principal,
    pub(super) seat: Seat,
}

/// What a place is.
pub(super) enum Seat {
    /// It is in the room.
    In(Presence),
    /// It hears the room without being in it.
    Hears(Listening),
}

impl Member {
    /// Its place in a room.
    pub(super) fn place(&self, room: &RoomCode) -> Option<&Place> {
        self.places.iter().find(|place| place.room() == room)
    }

    /// Takes its place in a room away.
    pub(super) fn take(&mut self, room: &RoomCode) -> Option<Place> {
        let index = self.places.iter().position(|place| place.room() == room)?;
        Some(self.places.swap_remove(index))
    }

    pub(super) fn put(&mut self, place: Place) {
        self.places.push(place);
    }

    pub(super) fn rooms(&self) -> usize {
        self.places.len()
    }

    /// The connection has ended. On shutdown everybody leaves at once: nobody would hear of it, and all come back to
    /// the next server.
    pub(in crate::socket) fn end(self, rooms: &Rooms, reason: &CloseReason) {
        if *reason == CloseReason::Shutdown {
            return;
        }
        for place in self.places {
            if let Seat::In(presence) = place.seat {
                let (room, name) = (presence.room().as_str(), presence.name().as_str());
                tracing::info!(room, name, %reason, "lost");
                presence.lose(rooms, None);
            }
        }
    }
}

impl Place {
    pub(super) fn room(&self) -> &RoomCode {
        match &self.seat {
            Seat::In(presence) => presence.room(),
            Seat::Hears(listening) => listening.room(),
        }
    }

    /// Under which name it is in the room.
    pub(super) fn name(&self) -> Option<&UserName> {
        match &self.seat {
            Seat::In(presence) => Some(presence.name()),
            Seat::Hears(_) => None,
        }
    }

    pub(super) fn members(&self) -> Arc<Members> {
        match &self.seat {
            Seat::In(presence) => presence.members(),
            Seat::Hears(listening) => listening.members(),
        }
    }

    /// Gives the place up because the client asks for that.
    pub(super) fn leave(self, rooms: &Rooms) {
        match self.seat {
            Seat::In(presence) => {
                tracing::info!(room = presence.room().as_str(), name = presence.name().as_str(), "left");
                presence.leave(rooms);
            }
            Seat::Hears(listening) => drop(listening),
        }
    }
}
