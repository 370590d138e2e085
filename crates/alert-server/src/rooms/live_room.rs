//! A room and the connections in it, behind one short lock: whoever holds it numbers and publishes events, joins and
//! leaves, so that everybody sees one order. Nothing is rendered or logged under it, and nothing waits.

mod alerting;
mod entering;
mod outside;
mod presence;
mod reminding;
mod roll_calling;
mod ruling;
mod shared;
mod spoken;

use super::admission::{Admitted, Held};
use super::audience::{Audience, Published};
use super::catch_up::Missed;
use super::half_open::{Simple, Suspect};
use super::tail::Tail;
use super::{Counts, Overview, Refused, Rooms};
use crate::log::{Append, KeyDigest, Log, OnStored, Stored};
use alert_core::event::{RoomEvent, What};
use alert_core::members::Members;
use alert_core::names::{RoomCode, UserName};
use alert_core::position::{Numbering, Position};
use alert_core::room::policy::{Forbidden, Policy};
use alert_core::room::{ClientKey, Room};
use alert_core::wire::{self, Form};
pub(super) use alerting::Timed;
pub(super) use entering::{Entrant, NotYet};
pub use outside::Listening;
pub(super) use outside::Reading;
pub use presence::Presence;
use roll_calling::RollCalling;
use ruling::Ruling;
pub(super) use ruling::Speaker;
use shared::Following;
pub(super) use shared::{Announced, keep_in_step, say as say_shared};
use socketio_server::{ConnectionId, Hub};
use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant, SystemTime},
};

/// Departures that one sweep publishes. Before the next, the room's members take what is waiting.
const DEPARTURES: usize = 64;

/// A room with its fan-out.
pub(super) struct LiveRoom {
    pub(super) code: RoomCode,
    pub(super) log: Log,
    counts: Arc<Counts>,
    state: Mutex<State>,
}

struct State {
    room: Room,
    audience: Audience,
    numbering: Numbering,
    tail: Tail,
    /// What is known of a room that several servers share; `room` is not used then.
    following: Option<Box<Following>>,
    simple: Simple,
    calling: RollCalling,
    /// What its hosts have decided, if it has any.
    ruling: Option<Box<Ruling>>,
    /// Who keeps it without being in it: see [`State::listeners`].
    subscribers: usize,
    /// A task waits for the end of somebody's grace.
    is_sweeping: bool,
    /// A task waits for the next moment at which something becomes of an alert.
    is_timing: bool,
    /// It was empty and has been forgotten: whoever still finds it looks for a new one.
    is_retired: bool,
}

impl State {
    /// `size` is that of the event, computed before the lock was taken.
    fn publish(&mut self, what: What, size: usize) -> (Published, usize) {
        self.audience.publish(&self.event(what), size)
    }

    fn count(&self) -> usize {
        self.following.as_ref().map_or_else(|| self.room.count(), |following| following.people().count())
    }

    fn contains(&self, name: &UserName) -> bool {
        match &self.following {
            Some(following) => following.people().contains(name),
            None => self.room.contains(name),
        }
    }

    /// Nobody is in it, on this server.
    fn is_empty(&self) -> bool {
        self.following.as_ref().map_or_else(|| self.room.is_empty(), |following| following.is_empty())
    }

    /// Who hears it without being in it. Those who read its log, and those who are leaving, keep it too.
    fn listeners(&self) -> usize {
        let leaving = self.following.as_ref().map_or(0, |following| following.leaving());
        self.subscribers.saturating_sub(self.tail.readers() + leaving)
    }

    /// Among all events of a shared room.
    fn seq(&self) -> u64 {
        self.following.as_ref().map_or(0, |following| following.seq())
    }

    fn publish_departure(&mut self, name: UserName, size: usize) -> Published {
        self.note_left(&name);
        let count = self.room.count();
        self.publish(What::Left { name, count }, size).0
    }

    /// An event at the room's present position.
    fn event(&self, what: What) -> Arc<RoomEvent> {
        Arc::new(RoomEvent { at: SystemTime::now(), position: self.numbering.last(), what })
    }
}

/// What somebody wants to say.
pub struct Speech<'a> {
    /// Who speaks.
    pub name: &'a UserName,
    /// What they say.
    pub text: &'a str,
    /// Identifies a retry.
    pub key: Option<KeyDigest>,
    /// Whoever waits until it is stored.
    pub done: Option<OnSaid>,
}

/// Called with what became of a message, from any thread.
pub type OnSaid = Box<dyn FnOnce(Result<(Said, Stored), Refused>) + Send>;

/// A message that is on its way.
#[derive(Clone, Copy, Debug)]
pub struct Said {
    /// Where it stands in the room's log.
    pub position: Position,
    /// When it was said.
    pub at: SystemTime,
    /// How many connections it is on its way to, where that is known.
    pub connections: Option<usize>,
}

impl LiveRoom {
    /// An empty room. What is said in it goes to `log`.
    pub(super) fn new(
        code: RoomCode,
        grace: Duration,
        (log, counts): (&Log, &Arc<Counts>),
        numbering: Numbering,
        policy: Option<Arc<Policy>>,
    ) -> Arc<Self> {
        let state = State {
            room: Room::new(grace, Members::MOST),
            audience: Audience::new(code.clone()),
            numbering,
            tail: Tail::default(),
            following: log.shared().map(|_| Box::default()),
            simple: Simple::default(),
            calling: RollCalling::default(),
            ruling: policy.map(Ruling::new),
            subscribers: 0,
            is_sweeping: false,
            is_timing: false,
            is_retired: false,
        };
        Arc::new(Self { code, log: log.clone(), counts: Arc::clone(counts), state: Mutex::new(state) })
    }

    /// Says something to everybody who hears the room. The log takes it in the same order.
    pub(super) fn say(&self, speaker: Speaker<'_>, speech: Speech<'_>) -> Result<Said, Forbidden> {
        self.say_in(self.lock(), speaker, speech)
    }

    /// Says something from outside; `None` when the room has been forgotten meanwhile.
    pub(super) fn say_from_outside(
        &self,
        rooms: &Rooms,
        speaker: Speaker<'_>,
        speech: &mut Option<Speech<'_>>,
    ) -> Option<Result<Said, Forbidden>> {
        let state = self.lock();
        if state.is_retired {
            return None;
        }
        let said = self.say_in(state, speaker, speech.take()?);
        self.retire_if_empty(&mut self.lock(), rooms);
        Some(said)
    }

    fn say_in(
        &self,
        mut state: MutexGuard<'_, State>,
        speaker: Speaker<'_>,
        speech: Speech<'_>,
    ) -> Result<Said, Forbidden> {
        state.speaks(speaker, speech.name)?;
        let Speech { name, text, key, done } = speech;
        let (size, name, text) = (wire::size(name, text), name.clone(), text.into());
        let position = state.numbering.advance();
        let message = state.event(What::Said { name, text });
        let at = message.at;
        let (published, connections) = state.audience.publish(&message, size);
        state.tail.push(&message, size, 0);
        let said = Said { position, at, connections: Some(connections) };
        let stored = done.map(|done| Box::new(move |stored| done(Ok((said, stored)))) as OnStored);
        let untold = self.log.append(Append { room: self.code.clone(), message, key, stored });
        drop(state);
        published.render();
        if let Some((on_stored, stored)) = untold {
            on_stored(stored);
        }
        Ok(said)
    }

    /// See [`Rooms::suspects`].
    pub(super) fn suspects(&self, name: &UserName, client: ClientKey) -> Vec<Suspect> {
        let state = self.lock();
        state.simple.suspects(name, client, state.numbering.last())
    }

    /// Whether the end of a connection has not been taken up.
    pub(in crate::rooms) fn still_has(&self, name: &UserName, connection: ConnectionId) -> bool {
        self.lock().simple.has(name, connection)
    }

    /// Notes that another has been given what a connection has not received, or that it needs none to be. Says whether
    /// that is news.
    pub(super) fn succeed(&self, name: &UserName, connection: ConnectionId, is_succeeded: bool) -> bool {
        self.lock().simple.succeed(name, connection, is_succeeded)
    }

    /// Tells those who hear the room on this server.
    pub(super) fn publish_here(&self, what: What, size: usize) -> Published {
        self.lock().publish(what, size).0
    }

    /// The position of its last message.
    pub(super) fn position(&self) -> Position {
        self.lock().numbering.last()
    }

    /// Waits until all who hear the room can take more.
    pub(super) async fn relief(&self) {
        let room = self.lock().audience.room().cloned();
        if let Some(room) = room {
            room.relief().await;
        }
    }

    /// Whether `name` is in the room, or one more person may be.
    pub(super) fn has_space(&self, name: &UserName, max_people: usize) -> bool {
        let state = self.lock();
        state.count() < max_people || state.contains(name)
    }

    /// Whether `name` is in the room, which those are whose grace has not ended.
    pub(super) fn has(&self, name: &UserName) -> bool {
        self.lock().contains(name)
    }

    /// Who is in the room: the first [`Members::MOST`].
    pub(super) fn members(&self) -> Arc<Members> {
        let mut state = self.lock();
        match &mut state.following {
            Some(following) => following.people_mut().members(),
            None => state.room.members(),
        }
    }

    /// How many hear it on this server without being in it.
    pub(super) fn listeners(&self) -> usize {
        self.lock().listeners()
    }

    /// For whoever runs the server.
    pub(super) fn overview(&self) -> Overview {
        let (here, is_under_pressure) = self.standing();
        let state = self.lock();
        let (people, listeners, position) = (state.count(), state.listeners(), state.numbering.last());
        drop(state);
        Overview { room: self.code.clone(), people, here, listeners, position, is_under_pressure }
    }

    /// How many people are in it on this server, and whether its speakers have to wait.
    pub(super) fn standing(&self) -> (usize, bool) {
        let state = self.lock();
        let people = match &state.following {
            Some(following) => following.count_here(),
            None => state.room.count(),
        };
        (people, state.audience.room().is_some_and(|room| room.is_under_pressure()))
    }

    /// How many people are in the room.
    pub(super) fn count(&self) -> usize {
        self.lock().count()
    }

    /// Keeps the room for somebody who reads its log; from now on it remembers what is said. `None` if the room has
    /// been forgotten meanwhile.
    pub(super) fn read_along(
        self: &Arc<Self>,
        rooms: &Rooms,
        held: impl FnOnce() -> Held,
    ) -> Option<Reading> {
        let mut state = self.lock();
        if state.is_retired {
            return None;
        }
        state.subscribers += 1;
        let (last, seq) = (state.numbering.last(), state.seq());
        state.tail.begins(last, seq);
        drop(state);
        Some(Reading { room: Arc::clone(self), rooms: rooms.clone(), _held: held() })
    }

    /// Whether somebody who has been let in may still hear the room.
    pub(super) fn lets_hear(&self, admitted: &Admitted, name: Option<&UserName>) -> Result<(), Forbidden> {
        self.lock().lets_in(name, admitted.standing(), &admitted.badge, None)
    }

    /// Lets a connection that has read the room's log up to `cursor` hear it, after `greet` was given the rest.
    pub(super) fn listen_after(
        self: &Arc<Self>,
        cursor: Position,
        rooms: &Rooms,
        (hub, connection): (&Hub, ConnectionId),
        form: Form,
        admitted: &Admitted,
        greet: impl FnOnce(Missed<'_>),
    ) -> Result<Listening, NotYet> {
        let held = rooms.0.admission.hold(admitted);
        let mut state = self.lock();
        state.lets_in(None, admitted.standing(), &admitted.badge, None)?;
        let messages = state.tail.since(cursor).ok_or(NotYet::Behind)?;
        greet(Missed { messages: &messages, position: state.numbering.last() });
        state.subscribers += 1;
        let membership = state.audience.join(hub, form, connection);
        state.tell_removals(hub, connection, form, &self.code);
        state.tell_alerts(hub, connection, form, &self.code);
        drop(state);
        let (room, rooms, standing) = (Arc::clone(self), rooms.clone(), admitted.standing().clone());
        let badge = Box::new(admitted.badge.clone());
        Ok(Listening { room, rooms, standing, badge, membership: Some(membership), _held: held })
    }

    /// Removes those whose grace has ended, [`DEPARTURES`] at most. Returns when to come again: now, if there are more.
    pub(super) fn sweep(&self, rooms: &Rooms) -> Option<Instant> {
        let mut state = self.lock();
        let gone = state.room.expire(Instant::now(), DEPARTURES);
        let left = state.room.count() + gone.len();
        let published: Vec<Published> = (1..)
            .zip(&gone)
            .map(|(place, name)| {
                state.note_left(name);
                let what = What::Left { name: name.clone(), count: left - place };
                state.publish(what, wire::size(name, "")).0
            })
            .collect();
        let next = state.room.next_deadline();
        state.is_sweeping = next.is_some();
        self.retire_if_empty(&mut state, rooms);
        drop(state);
        for (name, published) in gone.iter().zip(published) {
            published.render();
            tracing::info!(room = self.code.as_str(), name = name.as_str(), "left after the grace");
        }
        next
    }

    fn retire_if_empty(&self, state: &mut State, rooms: &Rooms) {
        if state.is_empty() && state.subscribers == 0 && !state.is_retired {
            state.is_retired = true;
            if let (Some(following), Some(shared)) = (&mut state.following, self.log.shared()) {
                following.end(shared);
            }
            rooms.forget(&self.code, state.numbering.last());
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // A panic under the lock cannot leave the state half changed: each change is one call.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
