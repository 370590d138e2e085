//! Entering a room: at once, or behind what a client missed, with nothing between that and what is live.

use super::super::admission::Held;
use super::super::audience::{Published, publication};
use super::super::catch_up::Missed;
use super::{Announced, LiveRoom, Presence, State};
use alert_core::event::{RoomEvent, What};
use alert_core::names::UserName;
use alert_core::position::Position;
use alert_core::room::Entry;
use alert_core::wire::{self, Form};
use socketio_server::{ConnectionId, Hub};
use std::sync::{Arc, MutexGuard};

/// A connection that comes into a room under a name.
pub(in crate::rooms) struct Entrant<'a> {
    pub(in crate::rooms) connection: (&'a Hub, ConnectionId),
    pub(in crate::rooms) form: Form,
    pub(in crate::rooms) name: &'a UserName,
    /// It gets its place back, and hears of that only if the others do.
    pub(in crate::rooms) resumes: bool,
}

impl LiveRoom {
    /// Lets a connection in; `None` when the room has been forgotten meanwhile.
    pub(in crate::rooms) fn enter(
        self: &Arc<Self>,
        entrant: &Entrant<'_>,
        held: impl FnOnce() -> Held,
    ) -> Option<Presence> {
        let state = self.lock();
        (!state.is_retired).then(|| self.seat(state, entrant, held()))
    }

    /// Lets a connection in that has read the log up to `cursor`, after `greet` was given the rest; `None` if that is
    /// too much. The room must be held by a [`Reading`].
    pub(in crate::rooms) fn enter_after(
        self: &Arc<Self>,
        cursor: Position,
        entrant: &Entrant<'_>,
        held: Held,
        announced: Option<&mut Announced>,
        greet: impl FnOnce(Missed<'_>),
    ) -> Option<Presence> {
        let mut state = self.lock();
        let messages = state.tail.since(cursor)?;
        let Some(announced) = announced else {
            greet(Missed { messages: &messages, position: state.numbering.last() });
            return Some(self.seat(state, entrant, held));
        };
        let position = state.numbering.last();
        let greet = || greet(Missed { messages: &messages, position });
        let membership = self.seat_announced(&mut state, entrant, announced, Some(greet))?;
        Some(Presence::new(self, entrant, position, membership, held))
    }

    /// Lets a connection in whose person has been announced, and that wants nothing of what was before.
    pub(in crate::rooms) fn enter_announced(
        self: &Arc<Self>,
        entrant: &Entrant<'_>,
        held: Held,
        announced: &mut Announced,
    ) -> Option<Presence> {
        let mut state = self.lock();
        let entered = announced.arrival()?.placed.position;
        let membership = self.seat_announced(&mut state, entrant, announced, None::<fn()>)?;
        Some(Presence::new(self, entrant, entered, membership, held))
    }

    fn seat(
        self: &Arc<Self>,
        mut state: MutexGuard<'_, State>,
        entrant: &Entrant<'_>,
        held: Held,
    ) -> Presence {
        let Entrant { connection: (hub, connection), form, name, resumes } = *entrant;
        let size = wire::size(name, "");
        let membership = state.audience.join(hub, form, connection);
        let entry = state.room.enter(name);
        let what = What::Entered { name: name.clone(), count: state.room.count() };
        let published = match entry {
            Entry::Announced => state.publish(what, size).0,
            Entry::Quiet if resumes => Published::default(),
            Entry::Quiet => {
                hub.send(connection, publication(form, &self.code, &state.event(what), size));
                Published::default()
            }
        };
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
    ) -> Option<Presence> {
        let Entrant { connection: (hub, connection), form, name, .. } = *entrant;
        let size = wire::size(name, "");
        let mut state = self.lock();
        let messages = state.tail.since(cursor)?;
        if let Some(announced) = announced {
            let own = announced.entered(name)?;
            let position = state.numbering.last();
            let greet = || greet(own, Missed { messages: &messages, position });
            let entrant = Entrant { resumes: true, ..*entrant };
            announced.is_told();
            let membership = self.seat_announced(&mut state, &entrant, announced, Some(greet))?;
            drop(state);
            return Some(Presence::new(self, &entrant, heard, membership, held));
        }
        let entry = state.room.enter(name);
        let entered = state.event(What::Entered { name: name.clone(), count: state.room.count() });
        // Before it joins the audience: its own entering comes ahead of what it missed.
        let published = match entry {
            Entry::Announced => state.audience.publish(&entered, size).0,
            Entry::Quiet => Published::default(),
        };
        greet(entered, Missed { messages: &messages, position: state.numbering.last() });
        let membership = state.audience.join(hub, form, connection);
        drop(state);
        published.render();
        Some(Presence::new(self, entrant, heard, membership, held))
    }
}
