//! A room and the connections in it, behind one short lock: whoever holds it numbers and publishes events, joins and
//! leaves, so that everybody sees one order. Nothing is rendered or logged under it, and nothing waits.

mod entering;
mod outside;
mod presence;
mod shared;

use super::admission::Held;
use super::audience::{Audience, Published};
use super::catch_up::Missed;
use super::half_open::{Simple, Suspect};
use super::tail::Tail;
use super::{Refused, Rooms};
use crate::log::{Append, KeyDigest, Log, OnStored, Stored};
use alert_core::event::{RoomEvent, What};
use alert_core::members::Members;
use alert_core::names::{RoomCode, UserName};
use alert_core::position::{Numbering, Position};
use alert_core::room::{ClientKey, Room};
use alert_core::wire::{self, Form};
pub(super) use entering::Entrant;
pub use outside::Listening;
pub(super) use outside::Reading;
pub use presence::Presence;
use shared::Following;
pub(super) use shared::{Announced, say as say_shared};
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
    /// Who hears it without being in it.
    subscribers: usize,
    /// A task waits for the end of somebody's grace.
    is_sweeping: bool,
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

    /// Among all events of a shared room.
    fn seq(&self) -> u64 {
        self.following.as_ref().map_or(0, |following| following.seq())
    }

    fn publish_departure(&mut self, name: UserName, size: usize) -> Published {
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
    pub(super) fn new(code: RoomCode, grace: Duration, log: &Log, numbering: Numbering) -> Arc<Self> {
        let state = State {
            room: Room::new(grace, Members::MOST),
            audience: Audience::new(code.clone()),
            numbering,
            tail: Tail::default(),
            following: log.shared().map(|_| Box::default()),
            simple: Simple::default(),
            subscribers: 0,
            is_sweeping: false,
            is_retired: false,
        };
        Arc::new(Self { code, log: log.clone(), state: Mutex::new(state) })
    }

    /// Says something to everybody who hears the room. The log takes it in the same order.
    pub(super) fn say(&self, speech: Speech<'_>) -> Said {
        self.say_in(self.lock(), speech)
    }

    /// Says something from outside; `None` when the room has been forgotten meanwhile.
    pub(super) fn say_from_outside(&self, rooms: &Rooms, speech: &mut Option<Speech<'_>>) -> Option<Said> {
        let state = self.lock();
        if state.is_retired {
            return None;
        }
        let said = self.say_in(state, speech.take()?);
        self.retire_if_empty(&mut self.lock(), rooms);
        Some(said)
    }

    fn say_in(&self, mut state: MutexGuard<'_, State>, speech: Speech<'_>) -> Said {
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
        said
    }

    /// See [`Rooms::suspects`].
    pub(super) fn suspects(&self, name: &UserName, client: ClientKey) -> Vec<Suspect> {
        let state = self.lock();
        state.simple.suspects(name, client, state.numbering.last())
    }

    /// Notes that another has been given what a connection has not received, or that it needs none to be. Says whether
    /// that is news.
    pub(super) fn succeed(&self, name: &UserName, connection: ConnectionId, is_succeeded: bool) -> bool {
        self.lock().simple.succeed(name, connection, is_succeeded)
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

    /// Lets a connection that has read the room's log up to `cursor` hear it, after `greet` was given the rest; `None`
    /// if that is too much.
    pub(super) fn listen_after(
        self: &Arc<Self>,
        cursor: Position,
        rooms: &Rooms,
        (hub, connection): (&Hub, ConnectionId),
        form: Form,
        held: Held,
        greet: impl FnOnce(Missed<'_>),
    ) -> Option<Listening> {
        let mut state = self.lock();
        let messages = state.tail.since(cursor)?;
        greet(Missed { messages: &messages, position: state.numbering.last() });
        state.subscribers += 1;
        let membership = state.audience.join(hub, form, connection);
        drop(state);
        let (room, rooms) = (Arc::clone(self), rooms.clone());
        Some(Listening { room, rooms, membership: Some(membership), _held: held })
    }

    /// Removes those whose grace has ended, [`DEPARTURES`] at most. Returns when to come again: now, if there are more.
    pub(super) fn sweep(&self, rooms: &Rooms) -> Option<Instant> {
        let mut state = self.lock();
        let gone = state.room.expire(Instant::now(), DEPARTURES);
        let left = state.room.count() + gone.len();
        let published: Vec<Published> = (1..)
            .zip(&gone)
            .map(|(place, name)| {
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
