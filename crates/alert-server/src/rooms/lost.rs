//! Who was lost lately and may come back, whatever has become of the room, and of the server.

use super::{Admitted, Rooms};
use crate::log::{ALIVE, FormerStays, Gone, Log, Stay, StayId};
use crate::recent::Recent;
use alert_core::names::{RoomCode, UserName};
use alert_core::position::{Position, Run};
use alert_core::room::{ClientKey, Doubt, Lost};
use std::{
    sync::atomic::{AtomicI64, Ordering},
    time::{Duration, Instant, SystemTime},
};

/// Some 300 bytes each. Beyond that, whoever was lost first is forgotten.
const MOST_PEOPLE: usize = 100_000;

/// The people who were lost, each kept for the window. Entries leave when the last connection comes back, and, once the
/// window is over, at the next loss or join. Their stays leave the log with `left`, or at their own time.
pub(super) struct LostPeople {
    window: Duration,
    /// How long it may take until the server notices that a client is gone.
    unnoticed: Duration,
    log: Log,
    next_stay: AtomicI64,
    people: Recent<(RoomCode, UserName), Lost<StayId>>,
}

/// A connection that ends without `left`, and whose client may come back.
#[derive(Clone, Copy, Debug)]
pub struct Unreceived {
    /// Whose connection it was.
    pub client: ClientKey,
    /// Bytes that were sent to it and may not have arrived.
    pub bytes: u64,
}

/// Somebody who comes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Returning {
    client: ClientKey,
    /// What the lost connection has not received.
    pub doubt: Doubt,
    stay: Option<StayId>,
}

impl Returning {
    /// Whose old connection has not ended yet.
    pub(super) fn new(client: ClientKey, doubt: Doubt) -> Self {
        Self { client, doubt, stay: None }
    }
}

impl LostPeople {
    /// Those whom an earlier run has left in `log`. With a window of zero, nobody ever.
    pub(super) fn new(window: Duration, unnoticed: Duration, log: &Log) -> Self {
        let people = Recent::new(window, MOST_PEOPLE);
        let lost = Self { window, unnoticed, log: log.clone(), next_stay: AtomicI64::new(1), people };
        if let Some(former) = log.former_stays() {
            lost.take_over(former);
        }
        lost
    }

    fn take_over(&self, FormerStays { died, stays }: FormerStays) {
        let (now, instant) = (SystemTime::now(), Instant::now());
        let last_id = stays.last().map_or(0, |(id, ..)| id.0);
        self.next_stay.store(last_id + 1, Ordering::Relaxed);
        let mut lost: Vec<(Gone, StayId, Stay)> = Vec::new();
        for (id, mut stay, last) in stays {
            let killed = || self.killed(&stay, died.max(stay.at), last.unwrap_or(stay.entered), now);
            let mut gone = stay.gone.clone().unwrap_or_else(killed);
            // The clock may have gone back.
            gone.until = gone.until.min(now + self.window);
            if self.window.is_zero() || gone.until <= now {
                self.log.put_stay(id, None);
                continue;
            }
            if stay.gone.replace(gone.clone()).is_none() {
                self.log.put_stay(id, Some(stay.clone()));
            }
            lost.push((gone, id, stay));
        }
        lost.sort_by_key(|(gone, ..)| gone.until);
        let ago = |time: Duration| instant.checked_sub(time).unwrap_or(instant);
        for (gone, id, stay) in lost {
            let left = gone.until.duration_since(now).unwrap_or_default();
            let last = ago(self.window.saturating_sub(left));
            let at = ago(now.duration_since(gone.at).unwrap_or_default()).min(last);
            let Gone { upto, unconfirmed, since, .. } = gone;
            let doubt = Doubt { entered: stay.entered, upto, unconfirmed, since, at };
            self.insert(&stay.room, &stay.name, stay.client, doubt, last, Some(id));
        }
    }

    /// What is in doubt for a connection that was in its room when the server was killed: what was said while it may
    /// have been dead without being noticed, and, if it entered in that time, what it was given then.
    fn killed(&self, stay: &Stay, died: SystemTime, upto: Position, now: SystemTime) -> Gone {
        let since = died.checked_sub(self.unnoticed).unwrap_or(SystemTime::UNIX_EPOCH);
        let since = if stay.at >= since { since.min(stay.given) } else { since };
        let until = (died + ALIVE).min(now).max(died) + self.window;
        Gone { at: died, until, upto, unconfirmed: 0, since: Some(since) }
    }

    /// Somebody is in a room who may be lost, if only because the server is killed. `given` is when the oldest message
    /// was said that they have been given there.
    pub(super) fn enters(
        &self,
        (room, name): (&RoomCode, &UserName),
        client: ClientKey,
        entered: Position,
        given: Option<SystemTime>,
        back: Option<&Returning>,
    ) -> Option<StayId> {
        let id = back.and_then(|returning| returning.stay).or_else(|| self.new_stay())?;
        let at = SystemTime::now();
        let (room, name, given) = (room.clone(), name.clone(), given.unwrap_or(at));
        self.log.put_stay(id, Some(Stay { room, name, client, entered, at, given, gone: None }));
        Some(id)
    }

    /// Names a connection that may be lost; nothing, if nobody is waited for.
    pub(super) fn new_stay(&self) -> Option<StayId> {
        (!self.window.is_zero()).then(|| StayId(self.next_stay.fetch_add(1, Ordering::Relaxed)))
    }

    /// Somebody has left.
    pub(super) fn leaves(&self, stay: StayId) {
        self.log.put_stay(stay, None);
    }

    /// Somebody was lost.
    pub(super) fn add(
        &self,
        room: &RoomCode,
        name: &UserName,
        client: ClientKey,
        doubt: Doubt,
        stay: Option<StayId>,
    ) {
        self.note(room, name, client, &doubt, stay);
        self.insert(room, name, client, doubt, doubt.at, stay);
    }

    /// Notes for the next run that somebody was lost.
    pub(super) fn note(
        &self,
        room: &RoomCode,
        name: &UserName,
        client: ClientKey,
        doubt: &Doubt,
        stay: Option<StayId>,
    ) {
        let Some(id) = stay else { return };
        let at = SystemTime::now();
        let Doubt { entered, upto, unconfirmed, since, .. } = *doubt;
        let gone = Gone { at, until: at + self.window, upto, unconfirmed, since };
        let (room, name) = (room.clone(), name.clone());
        self.log.put_stay(id, Some(Stay { room, name, client, entered, at, given: at, gone: Some(gone) }));
    }

    fn insert(
        &self,
        room: &RoomCode,
        name: &UserName,
        client: ClientKey,
        doubt: Doubt,
        last: Instant,
        stay: Option<StayId>,
    ) {
        if !self.window.is_zero() {
            let mut people = self.people.at(last);
            let person = people.touch((room.clone(), name.clone()), Lost::default);
            person.add(client, doubt, last, stay, &|run| self.order(run));
        }
    }

    fn take(&self, room: &RoomCode, name: &UserName, client: ClientKey) -> Option<Returning> {
        let now = Instant::now();
        let mut people = self.people.at(now);
        if people.is_empty() {
            return None;
        }
        let person = (room.clone(), name.clone());
        let lost = people.get_mut(&person)?;
        lost.expire(now, self.window);
        let taken = lost.take(client);
        if lost.is_empty() {
            people.remove(&person);
        }
        taken.map(|(doubt, stay)| Returning { client, doubt, stay })
    }

    fn has(&self, room: &RoomCode, name: &UserName, client: ClientKey) -> bool {
        let people = self.people.at(Instant::now());
        !people.is_empty() && people.get(&(room.clone(), name.clone())).is_some_and(|lost| lost.has(client))
    }

    /// Which of two runs of the server is the later one.
    pub(super) fn order(&self, run: Run) -> u64 {
        self.log.order(run)
    }
}

impl Rooms {
    /// Somebody comes who may have been lost before: what they have not received, if so. It has to be given back with
    /// [`Rooms::still_away`] if they do not come in after all.
    pub fn been_away(&self, room: &Admitted, name: &UserName, client: ClientKey) -> Option<Returning> {
        self.0.lost.take(room.code(), name, client)
    }

    /// Whether a connection of this client has been lost, and not only others of the name.
    pub fn has_lost(&self, room: &Admitted, name: &UserName, client: ClientKey) -> bool {
        self.0.lost.has(room.code(), name, client)
    }

    /// Whoever was lost has not come back yet. In a room that several servers share that is undone where it is known, when
    /// the person who was announced is given up.
    pub fn still_away(&self, room: &Admitted, name: &UserName, returning: Returning) {
        if self.are_shared() {
            return;
        }
        let Returning { client, doubt, stay } = returning;
        self.0.lost.insert(room.code(), name, client, doubt, Instant::now(), stay);
    }
}

#[cfg(test)]
mod tests;
