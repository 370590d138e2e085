//! What keeps a room without being in it: those who hear it from outside, and those who read its log.

use super::super::Rooms;
use super::super::admission::{Admitted, Held};
use super::super::door::Badge;
use super::LiveRoom;
use alert_core::access::{Denied, Right, Rights, Standing};
use alert_core::members::Members;
use alert_core::names::RoomCode;
use alert_core::room::policy::{Forbidden, HostKey, Policy};
use socketio_server::Membership;
use std::sync::Arc;

/// A subscriber's place; dropping it gives it up.
pub struct Listening {
    pub(super) room: Arc<LiveRoom>,
    pub(super) rooms: Rooms,
    pub(super) standing: Standing,
    pub(super) badge: Box<Badge>,
    pub(super) membership: Option<Membership>,
    pub(super) _held: Held,
}

impl Listening {
    /// Where.
    pub fn room(&self) -> &RoomCode {
        &self.room.code
    }

    /// What may be done from this place.
    pub fn standing(&self) -> &Standing {
        &self.standing
    }

    /// What the room's hosts have decided.
    pub fn policy(&self) -> Option<Arc<Policy>> {
        self.room.policy()
    }

    /// As [`super::Presence::rights`].
    pub fn rights(&self) -> Rights {
        self.room.rights(None, &self.standing, &self.badge)
    }

    /// As [`super::Presence::makes_key`].
    pub fn makes_key(&mut self, key: &HostKey) {
        self.badge.makes_key(key.hash(), self.room.policy().as_deref());
    }

    /// As [`super::Presence::wearing`].
    pub fn wearing(&self, room: Admitted) -> Admitted {
        room.wearing(&self.badge, None)
    }

    /// Whether it may go on hearing the room.
    ///
    /// # Errors
    /// Why not.
    pub fn may_stay(&self) -> Result<(), Forbidden> {
        self.room.may_stay(None, &self.standing, &self.badge)
    }

    /// Who is in the room.
    ///
    /// # Errors
    /// Where the right is missing.
    pub fn members(&self) -> Result<Arc<Members>, Denied> {
        self.standing.may(Right::Read)?;
        Ok(self.room.members())
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
