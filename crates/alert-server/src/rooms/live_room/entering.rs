//! Entering a room: at once, or behind what a client missed, with nothing between that and what is live.

use super::super::Rooms;
use super::super::admission::Held;
use super::super::audience::{Published, publication};
use super::super::catch_up::Missed;
use super::super::door::Badge;
use super::{Announced, LiveRoom, Presence, State};
use alert_core::access::Standing;
use alert_core::event::{RoomEvent, What};
use alert_core::names::UserName;
use alert_core::position::Position;
use alert_core::room::Entry;
use alert_core::room::policy::Forbidden;
use alert_core::wire::{self, Form};
use socketio_server::{ConnectionId, Hub};
use std::sync::{Arc, MutexGuard};
use std::time::SystemTime;

/// A connection that comes into a room under a name.
pub(in crate::rooms) struct Entrant<'a> {
    pub(in crate::rooms) connection: (&'a Hub, ConnectionId),
    pub(in crate::rooms) form: Form,
    pub(in crate::rooms) name: &'a UserName,
    pub(in crate::rooms) standing: &'a Standing,
    pub(in crate::rooms) badge: &'a Badge,
    /// It gets its place back, and hears of that only if the others do.
    pub(in crate::rooms) resumes: bool,
    /// Since when it has been away, if it comes back: at the latest.
    pub(in crate::rooms) away_since: Option<SystemTime>,
}

/// Why a connection does not go live.
#[derive(Clone, Copy, Debug)]
pub(in crate::rooms) enum NotYet {
    /// Too much was said since it read the log.
    Behind,
    /// The room's hosts do not allow it any more.
    Forbidden(Forbidden),
}

impl From<Forbidden> for NotYet {
    fn from(forbidden: Forbidden) -> Self {
        Self::Forbidden(forbidden)
    }
}

impl Entrant<'_> {
    /// Whether it may come in now, under the lock under which it does.
    fn may_enter(&self, state: &State, announced: Option<&Announced>) -> Result<(), Forbidden> {
        let arrival = announced.and_then(Announced::arrival);
        state.lets_in(Some(self.name), self.standing, self.badge, arrival)
    }
}

impl LiveRoom {
    /// Lets a connection in; `None` when the room has been forgotten meanwhile.
    pub(in crate::rooms) fn enter(
        self: &Arc<Self>,
        rooms: &Rooms,
        entrant: &Entrant<'_>,
        held: impl FnOnce() -> Held,
    ) -> Option<Result<Presence, Forbidden>> {
        let mut state = self.lock();
        if state.is_retired {
            return None;
        }
        if let Err(forbidden) = entrant.may_enter(&state, None) {
            self.retire_if_empty(&mut state, rooms);
            return Some(Err(forbidden));
        }
        Some(Ok(self.seat(state, entrant, held())))
    }

    /// Lets a connection in that has read the log up to `cursor`, after `greet` was given the rest. The room must be held by
    /// a [`Reading`].
    pub(in crate::rooms) fn enter_after(
        self: &Arc<Self>,
        cursor: Position,
        entrant: &Entrant<'_>,
        held: Held,
        announced: Option<&mut Announced>,
        greet: impl FnOnce(Missed<'_>),
    ) -> Result<Presence, NotYet> {
        let mut state = self.lock();
        entrant.may_enter(&state, announced.as_deref())?;
        let messages = state.tail.since(cursor).ok_or(NotYet::Behind)?;
        let Some(announced) = announced else {
            greet(Missed { messages: &messages, position: state.numbering.last() });
            return Ok(self.seat(state, entrant, held));
        };
        let position = state.numbering.last();
        let greet = || greet(Missed { messages: &messages, position });
        let membership = self.seat_announced(&mut state, entrant, announced, Some(greet));
        Ok(Presence::new(self, entrant, position, membership.ok_or(NotYet::Behind)?, held))
    }

    /// Lets a connection in whose person has been announced, and that wants nothing of what was before.
    pub(in crate::rooms) fn enter_announced(
        self: &Arc<Self>,
        entrant: &Entrant<'_>,
        held: Held,
        announced: &mut Announced,
    ) -> Result<Presence, NotYet> {
        let mut state = self.lock();
        entrant.may_enter(&state, Some(announced))?;
        let entered = announced.arrival().ok_or(NotYet::Behind)?.placed.position;
        let membership = self.seat_announced(&mut state, entrant, announced, None::<fn()>);
        let membership = membership.ok_or(NotYet::Behind)?;
        let stay = state.settle(announced, entered);
        Ok(Presence { stay, ..Presence::new(self, entrant, entered, membership, held) })
    }

    fn seat(
        self: &Arc<Self>,
        mut state: MutexGuard<'_, State>,
        entrant: &Entrant<'_>,
        held: Held,
    ) -> Presence {
        let Entrant { connection: (hub, connection), form, name, resumes, away_since, .. } = *entrant;
        let size = wire::size(name, "");
        let membership = state.audience.join(hub, form, connection);
        let entry = state.room.enter(name);
        let what = What::Entered { name: name.clone(), count: state.room.count() };
        state.note_entered(name);
        let published = match entry {
            Entry::Announced => state.publish(what, size).0,
            Entry::Quiet if resumes => Published::default(),
            Entry::Quiet => {
                hub.send(connection, publication(form, &self.code, &state.event(what), size));
                Published::default()
            }
        };
        state.tell_removals(hub, connection, form, &self.code);
        state.tell_ended((hub, connection), form, &self.code, away_since);
        if !resumes {
            state.tell_alerts(hub, connection, form, &self.code);
        }
        state.is_here((hub, connection), form, name);
        let entered = state.numbering.last();
        drop(state);
        published.render();
        Presence::new(self, entrant, entered, membership, held)
    }

    /// See [`super::CatchUp::come_back`].
    pub(in crate::rooms) fn come_back(
        self: &Arc<Self>,
        cursor: Position,
        entrant: &Entrant<'_>,
        held: Held,
        heard: Position,
        announced: Option<&mut Announced>,
        greet: impl FnOnce(Arc<RoomEvent>, Missed<'_>),
    ) -> Result<Presence, NotYet> {
        let Entrant { connection: (hub, connection), form, name, .. } = *entrant;
        let size = wire::size(name, "");
        let mut state = self.lock();
        entrant.may_enter(&state, announced.as_deref())?;
        let messages = state.tail.since(cursor).ok_or(NotYet::Behind)?;
        if let Some(announced) = announced {
            let own = announced.entered(name).ok_or(NotYet::Behind)?;
            let position = state.numbering.last();
            let greet = || greet(own, Missed { messages: &messages, position });
            let entrant = Entrant { resumes: true, ..*entrant };
            announced.is_told();
            let membership = self.seat_announced(&mut state, &entrant, announced, Some(greet));
            let membership = membership.ok_or(NotYet::Behind)?;
            let stay = state.settle(announced, heard);
            drop(state);
            return Ok(Presence { stay, ..Presence::new(self, &entrant, heard, membership, held) });
        }
        let entry = state.room.enter(name);
        state.note_entered(name);
        let entered = state.event(What::Entered { name: name.clone(), count: state.room.count() });
        // Before it joins the audience: its own entering comes ahead of what it missed.
        let published = match entry {
            Entry::Announced => state.audience.publish(&entered, size).0,
            Entry::Quiet => Published::default(),
        };
        greet(entered, Missed { messages: &messages, position: state.numbering.last() });
        state.tell_ended((hub, connection), form, &self.code, entrant.away_since);
        state.tell_alerts(hub, connection, form, &self.code);
        let membership = state.audience.join(hub, form, connection);
        state.is_here((hub, connection), form, name);
        drop(state);
        published.render();
        Ok(Presence::new(self, entrant, heard, membership, held))
    }
}
