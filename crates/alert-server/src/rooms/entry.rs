//! Who may name a room, enter it and hear it: every way in asks here first.

use super::admission::{Admitted, Wait, Way};
use super::door::known_as;
use super::live_room::LiveRoom;
use super::{Refused, Rooms};
use crate::auth::Origin;
use alert_core::access::{Denied, Principal, Right};
use alert_core::names::{RoomCode, UserName};
use std::sync::{Arc, atomic::Ordering};
use std::time::Instant;

impl Rooms {
    /// Lets somebody name a room, to do there what takes `right`. Whatever is done with a room begins here.
    ///
    /// # Errors
    /// If `who` may not do that there, which says nothing about whether somebody is there; or if the origin has named too
    /// many rooms.
    pub fn admit(
        &self,
        who: &Principal,
        right: Right,
        origin: &Origin,
        way: Way,
        code: RoomCode,
    ) -> Result<Admitted, Refused> {
        let standing = who.in_room(&code);
        standing.may(right)?;
        if standing.is_granted(right) {
            return Ok(self.0.admission.readmit(origin, code).with(standing, known_as(who)));
        }
        let admitted = self.0.admission.admit(origin, way, code, Instant::now());
        let admitted = self.counted(origin, admitted.map_err(|Wait(wait)| Refused::TooManyRooms(wait)))?;
        Ok(admitted.with(standing, known_as(who)))
    }

    /// Whether somebody may enter a room now. A connection leaves its present room only after that. Two who ask at the
    /// same time may both be given the last place.
    ///
    /// # Errors
    /// If too many have entered from the origin, or there is no space.
    pub fn check_entry(&self, origin: &Origin, room: &Admitted, name: &UserName) -> Result<(), Refused> {
        self.check_space(origin, room, name)?;
        let joined = self.0.admission.admit_join(origin, Instant::now());
        self.counted(origin, joined.map_err(|Wait(wait)| Refused::TooManyJoins(wait)))
    }

    /// Lets somebody name a room again, to enter it, who has shown that they were in it.
    ///
    /// # Errors
    /// If `who` may not any longer.
    pub fn readmit(&self, who: &Principal, origin: &Origin, code: RoomCode) -> Result<Admitted, Denied> {
        let standing = who.in_room(&code);
        standing.may(Right::Read)?;
        Ok(self.0.admission.readmit(origin, code).with(standing, known_as(who)))
    }

    /// As [`Rooms::check_entry`], for somebody who was in the room. It counts as entering only if others hear of it.
    ///
    /// # Errors
    /// As there. Whoever comes back too fast can wait.
    pub fn check_return(&self, origin: &Origin, room: &Admitted, name: &UserName) -> Result<(), Refused> {
        let is_there = self.check_space(origin, room, name)?.is_some_and(|room| room.has(name));
        if is_there {
            return Ok(());
        }
        let joined = self.0.admission.admit_join(origin, Instant::now());
        joined.map_err(|Wait(wait)| Refused::TooManyJoins(wait))
    }

    /// Whether somebody may hear a room now without being in it.
    ///
    /// # Errors
    /// If it would be one too many.
    pub fn check_hearing(&self, origin: &Origin, room: &Admitted) -> Result<(), Refused> {
        self.counted(origin, self.space_for(room.code())).map(drop)
    }

    fn check_space(
        &self,
        origin: &Origin,
        room: &Admitted,
        name: &UserName,
    ) -> Result<Option<Arc<LiveRoom>>, Refused> {
        let room = self.space_for(room.code()).and_then(|room| match room {
            Some(room) if !room.has_space(name, self.max_people()) => {
                Err(Refused::RoomFull(self.max_people()))
            }
            room => Ok(room),
        });
        self.counted(origin, room)
    }

    /// The room, if it exists; an error if it would be one too many.
    pub(super) fn space_for(&self, code: &RoomCode) -> Result<Option<Arc<LiveRoom>>, Refused> {
        let rooms = self.lock();
        match rooms.get(code) {
            None if rooms.len() >= self.0.max_rooms.load(Ordering::Relaxed) => Err(Refused::ServerFull),
            room => Ok(room.cloned()),
        }
    }

    /// Logs a refusal.
    pub(super) fn counted<T>(&self, origin: &Origin, result: Result<T, Refused>) -> Result<T, Refused> {
        result.inspect_err(|refused| {
            let (address, so_far) = (origin.to_string(), self.0.admission.count_refused());
            tracing::warn!(address, so_far, "no way into a room: {refused}");
        })
    }
}
