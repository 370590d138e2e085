//! The alerts of a room, where everything that happens in it is ordered: what is said of them, who is told of them on coming,
//! and when something becomes of them by itself.

use super::super::audience::{Published, publication};
use super::{LiveRoom, State};
use crate::log::{Append, OnStored, Stored};
use alert_core::event::What;
use alert_core::names::{RoomCode, UserName};
use alert_core::room::alerts::{Change, Ended, Fate};
use alert_core::wire::{self, Form};
use socketio_server::{ConnectionId, Hub};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};
use tokio::sync::oneshot;

impl State {
    /// A connection that comes is told which alerts are in force, in a form whose answer does not say so.
    pub(super) fn tell_alerts(&self, hub: &Hub, connection: ConnectionId, form: Form, code: &RoomCode) {
        let Some(ruling) = &self.ruling else { return };
        for alert in ruling.policy.alerts.in_force(SystemTime::now()) {
            let what = What::Alert(Arc::new(Change { alert: alert.clone(), fate: Fate::Stands }));
            if form.tells(&what) {
                let size = wire::size_of(&what);
                hub.send(connection, publication(form, code, &self.event(what), size));
            }
        }
    }
}

impl State {
    /// A connection that was away since then is told which alerts have ended meanwhile. It may have heard that of the last.
    pub(super) fn tell_ended(
        &self,
        (hub, connection): (&Hub, ConnectionId),
        form: Form,
        code: &RoomCode,
        since: Option<SystemTime>,
    ) {
        let (Some(ruling), Some(since)) = (&self.ruling, since) else { return };
        for Ended { alert, by, all_clear, mistake, .. } in ruling.policy.alerts.ended_since(since) {
            let fate = Fate::Ended { by: by.clone(), all_clear: all_clear.clone(), mistake: *mistake };
            let what = What::Alert(Arc::new(Change { alert: alert.clone(), fate }));
            let size = wire::size_of(&what);
            hub.send(connection, publication(form, code, &self.event(what), size));
        }
    }
}

impl LiveRoom {
    /// Says the words of an alert, whatever the room's rules for those who speak. The log has them.
    pub(super) fn speak(
        &self,
        state: &mut State,
        name: UserName,
        text: Box<str>,
    ) -> (Published, Append, oneshot::Receiver<Stored>) {
        let what = What::Said { name, text };
        let size = wire::size_of(&what);
        state.numbering.advance();
        let message = state.event(what);
        let (published, _) = state.audience.publish(&message, size);
        state.tail.push(&message, size, 0);
        let (tell, told) = oneshot::channel();
        let stored = Some(Box::new(move |stored| _ = tell.send(stored)) as OnStored);
        (published, Append { room: self.code.clone(), message, key: None, stored }, told)
    }

    /// Whether a task has to begin that ends alerts at their time, and reminds of them. It goes on until
    /// [`Self::next_of_alerts`] says so.
    pub(in crate::rooms) fn begins_to_time(&self) -> bool {
        let mut state = self.lock();
        let begins = !state.is_timing && !state.is_retired && state.next_of_alerts().is_some();
        state.is_timing |= begins;
        begins
    }

    /// In what time the next alert ends by itself, or people are reminded of one; and whether it is the first. Where there is
    /// nothing of that, or nobody hears the room any more, the task that asks ends.
    pub(in crate::rooms) fn next_of_alerts(&self) -> Option<(Duration, Timed)> {
        let mut state = self.lock();
        let next = state.next_of_alerts().filter(|_| !state.is_retired);
        state.is_timing = next.is_some();
        next
    }
}

/// What becomes of alerts by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::rooms) enum Timed {
    Ends,
    Reminds,
}

impl State {
    fn next_of_alerts(&self) -> Option<(Duration, Timed)> {
        let end = self.ruling.as_ref().and_then(|ruling| ruling.policy.alerts.next_end());
        let end = end.map(|at| (at.duration_since(SystemTime::now()).unwrap_or_default(), Timed::Ends));
        let reminder = self.calling.reminding.next();
        let reminder = reminder.map(|at| (at.saturating_duration_since(Instant::now()), Timed::Reminds));
        end.into_iter().chain(reminder).min()
    }
}
