//! A client of v2: its places in rooms.

use super::Pending;
use crate::rooms::{Admitted, Listening, Presence, Rooms};
use crate::socket::credential::Credential;
use alert_core::access::{Denied, Principal, Rights};
use alert_core::members::Members;
use alert_core::names::{RoomCode, UserName};
use alert_core::room::policy::{Forbidden, HostKey, Policy, Shown};
use socketio_server::CloseReason;
use std::net::IpAddr;
use std::sync::Arc;

/// A client: the rooms that it is in or hears, [`alert_core::wire::v2::MOST_ROOMS`] at most.
#[derive(Default)]
pub struct Member {
    /// What it showed when it connected.
    credential: Option<Box<Credential>>,
    places: Vec<Place>,
    /// What it has shown on connecting.
    shown: Shown,
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
    /// A client that has connected with this, and shows this to whichever room it comes into.
    pub(in crate::socket) fn new(credential: Option<Box<Credential>>, shown: Shown) -> Self {
        Self { credential, shown, ..Self::default() }
    }

    pub(super) fn credential(&self) -> Option<&Credential> {
        self.credential.as_deref()
    }

    /// What it shows, with what it has shown on connecting.
    pub(super) fn shows(&self, shown: &Shown) -> Shown {
        shown.clone().or(&self.shown)
    }

    /// Takes the places away in which it may not stay, each with the reason.
    pub(super) fn put_out(&mut self) -> Vec<(Place, Forbidden)> {
        let mut out = Vec::new();
        let mut index = 0;
        while let Some(place) = self.places.get(index) {
            match place.may_stay() {
                Ok(()) => index += 1,
                Err(why) => out.push((self.places.swap_remove(index), why)),
            }
        }
        out
    }

    /// The first of its places as a person.
    pub(in crate::socket) fn presence(&self) -> Option<&Presence> {
        self.places.iter().find_map(|place| match &place.seat {
            Seat::In(presence) => Some(presence),
            Seat::Hears(_) => None,
        })
    }

    /// Its place in a room as a person.
    pub(super) fn presence_in(&self, room: &RoomCode) -> Option<&Presence> {
        match &self.place(room)?.seat {
            Seat::In(presence) => Some(presence),
            Seat::Hears(_) => None,
        }
    }

    /// Its place in a room.
    pub(super) fn place(&self, room: &RoomCode) -> Option<&Place> {
        self.places.iter().find(|place| place.room() == room)
    }

    /// The same, to be changed.
    pub(super) fn place_mut(&mut self, room: &RoomCode) -> Option<&mut Place> {
        self.places.iter_mut().find(|place| place.room() == room)
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

    /// The connection has ended. On shutdown everybody leaves, and all come back to the next server; nobody is left to hear
    /// of it, unless others share the room.
    pub(in crate::socket) fn end(self, rooms: &Rooms, reason: &CloseReason) {
        if *reason == CloseReason::Shutdown && !rooms.are_shared() {
            return;
        }
        for place in self.places {
            if let Seat::In(presence) = place.seat {
                let (room, name) = (presence.room().as_str(), presence.name().as_str());
                tracing::info!(room, name, code = reason.kind(), %reason, "lost");
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

    fn may_stay(&self) -> Result<(), Forbidden> {
        match &self.seat {
            Seat::In(presence) => presence.may_stay(),
            Seat::Hears(listening) => listening.may_stay(),
        }
    }

    /// Gives the place up, because a host wants that.
    pub(super) fn put_out(self, rooms: &Rooms, why: Forbidden, address: Option<IpAddr>) {
        match self.seat {
            Seat::In(presence) => presence.put_out(rooms, why, address),
            Seat::Hears(listening) => drop(listening),
        }
    }

    /// What the room's hosts have decided.
    pub(super) fn policy(&self) -> Option<Arc<Policy>> {
        match &self.seat {
            Seat::In(presence) => presence.policy(),
            Seat::Hears(listening) => listening.policy(),
        }
    }

    /// What the client may do there now.
    pub(super) fn rights(&self) -> Rights {
        match &self.seat {
            Seat::In(presence) => presence.rights(),
            Seat::Hears(listening) => listening.rights(),
        }
    }

    /// Its client makes the room's hosts another key, and stays one.
    pub(super) fn makes_key(&mut self, key: &HostKey) {
        match &mut self.seat {
            Seat::In(presence) => presence.makes_key(key),
            Seat::Hears(listening) => listening.makes_key(key),
        }
    }

    /// The room, named by whoever has this place.
    pub(super) fn wearing(&self, room: Admitted) -> Admitted {
        match &self.seat {
            Seat::In(presence) => presence.wearing(room),
            Seat::Hears(listening) => listening.wearing(room),
        }
    }

    pub(super) fn members(&self) -> Result<Arc<Members>, Denied> {
        match &self.seat {
            Seat::In(presence) => presence.members(),
            Seat::Hears(listening) => listening.members(),
        }
    }

    /// As [`Place::leave`], in a room that several servers share; see [`Presence::leave_later`].
    pub(super) fn leave_later(self, rooms: &Rooms, done: impl FnOnce() + Send + 'static) {
        match self.seat {
            Seat::In(presence) => {
                tracing::info!(room = presence.room().as_str(), name = presence.name().as_str(), "left");
                presence.leave_later(rooms, done);
            }
            Seat::Hears(listening) => {
                drop(listening);
                done();
            }
        }
    }

    /// Gives the place up, because the client says so.
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
