//! Roll calls of alerts and the rosters of rooms, as every store keeps them: each passes `log/contract`.

mod held;

use super::{Backend as _, Log, Store, Stored};
use alert_core::names::{RoomCode, UserName};
use alert_core::room::alerts::AlertId;
use alert_core::room::roll_call::{Counts, MOST_PEOPLE, Mark, Person, RollCall, Roster};
pub(super) use held::{Change, Held};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};
use tokio::sync::oneshot;

/// A roll call is kept for so long after it has changed last, and a roster after it was of use.
pub(super) const AGE: Duration = Duration::from_secs(90 * 24 * 3600);
/// The roll calls of a room. The one that has changed longest ago goes.
pub(super) const MOST_OF_ROOM: usize = 64;
/// The people of all roll calls of a server that orders rooms itself, as the roll calls that have changed longest ago go.
/// Some 200 bytes each.
pub(super) const MOST_IN_ALL: usize = 300_000;
/// The names of all rosters of such a server.
pub(super) const MOST_LISTED: usize = 300_000;

/// Something that is noted of people in a roll call, which is begun if there is none.
#[derive(Clone, Debug)]
pub struct Marking {
    /// The room.
    pub room: RoomCode,
    /// Of which alert.
    pub alert: AlertId,
    /// Of whom.
    pub names: Vec<UserName>,
    /// What.
    pub mark: Mark,
    /// When; a store that several servers share goes by its own clock.
    pub at: SystemTime,
}

/// Why nothing was noted or read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RollError {
    /// There are too many people already.
    #[error("there are {MOST_PEOPLE} people in this roll call, and no more can be added")]
    Full,
    /// The rosters of all rooms together are as long as they may be.
    #[error("this server keeps as many names in rosters as it may: make another roster shorter first")]
    NoSpace,
    /// The store does not answer.
    #[error("the store cannot be reached at the moment: try again in a few seconds")]
    Unavailable,
}

/// Called with what became of something that is to be kept, from any thread.
pub type OnKept = Box<dyn FnOnce(Result<Stored, RollError>) + Send>;
/// Called with a roll call, if there is one.
pub type OnRollCall = Box<dyn FnOnce(Result<Option<RollCall>, RollError>) + Send>;
/// Called with a person of it, if they are in it.
pub type OnPerson = Box<dyn FnOnce(Result<Option<Person>, RollError>) + Send>;
/// Called with its counts.
pub type OnCounts = Box<dyn FnOnce(Result<Option<Counts>, RollError>) + Send>;
/// Called with a room's roster, which is empty where it has none.
pub type OnRoster = Box<dyn FnOnce(Result<Roster, RollError>) + Send>;

/// What a store does with roll calls. Nothing here waits.
pub trait RollCalls {
    /// Notes something of people. Of those who are one too many, nothing is noted. `done` hears when it is stored.
    fn mark(&self, marking: Marking, done: OnKept);

    /// Reads a roll call, with all that was noted before.
    fn roll_call(&self, room: &RoomCode, alert: AlertId, done: OnRollCall);

    /// Reads what is noted of one person.
    fn roll_person(&self, room: &RoomCode, alert: AlertId, name: &UserName, done: OnPerson);

    /// Reads how many people of each kind there are.
    fn roll_counts(&self, room: &RoomCode, alert: AlertId, done: OnCounts);

    /// Keeps a room's roster; an empty one is none.
    fn put_roster(&self, room: &RoomCode, roster: Roster, done: OnKept);

    /// Reads a room's roster, which is of use then.
    fn roster(&self, room: &RoomCode, done: OnRoster);
}

/// Those in memory: of a server that keeps nothing which survives it, or as its file has them.
impl Log {
    fn roll_calls(&self) -> &dyn RollCalls {
        match &self.0.store {
            Store::None => &self.0.roll_calls,
            Store::Own(recorder) => recorder.roll_calls(),
            Store::Shared(shared) => shared.roll_calls(),
        }
    }

    /// Notes something of people in a roll call; see [`RollCalls::mark`]. Says what became of it in the store.
    ///
    /// # Errors
    /// If nothing of any of them could be noted.
    pub async fn mark(&self, marking: Marking) -> Result<Stored, RollError> {
        let (tell, told) = oneshot::channel();
        self.roll_calls().mark(marking, Box::new(|kept| _ = tell.send(kept)));
        told.await.unwrap_or(Err(RollError::Unavailable))
    }

    /// Reads a roll call, if there is one.
    ///
    /// # Errors
    /// If the store does not answer.
    pub async fn roll_call(&self, room: &RoomCode, alert: AlertId) -> Result<Option<RollCall>, RollError> {
        let (tell, told) = oneshot::channel();
        self.roll_calls().roll_call(room, alert, Box::new(|found| drop(tell.send(found))));
        told.await.unwrap_or(Err(RollError::Unavailable))
    }

    /// Reads what is noted of one person in a roll call.
    ///
    /// # Errors
    /// If the store does not answer.
    pub async fn roll_person(
        &self,
        room: &RoomCode,
        alert: AlertId,
        name: &UserName,
    ) -> Result<Option<Person>, RollError> {
        let (tell, told) = oneshot::channel();
        self.roll_calls().roll_person(room, alert, name, Box::new(|found| drop(tell.send(found))));
        told.await.unwrap_or(Err(RollError::Unavailable))
    }

    /// Reads how many people of each kind are in a roll call, if there is one.
    ///
    /// # Errors
    /// If the store does not answer.
    pub async fn roll_counts(&self, room: &RoomCode, alert: AlertId) -> Result<Option<Counts>, RollError> {
        let (tell, told) = oneshot::channel();
        self.roll_calls().roll_counts(room, alert, Box::new(|found| drop(tell.send(found))));
        told.await.unwrap_or(Err(RollError::Unavailable))
    }

    /// Keeps a room's roster; an empty one is none. Says what became of it in the store.
    ///
    /// # Errors
    /// If there are too many names, or the store does not answer.
    pub async fn put_roster(&self, room: &RoomCode, roster: Roster) -> Result<Stored, RollError> {
        let (tell, told) = oneshot::channel();
        self.roll_calls().put_roster(room, roster, Box::new(|kept| _ = tell.send(kept)));
        told.await.unwrap_or(Err(RollError::Unavailable))
    }

    /// Reads a room's roster, which is empty where it has none.
    ///
    /// # Errors
    /// If the store does not answer.
    pub async fn roster(&self, room: &RoomCode) -> Result<Roster, RollError> {
        let (tell, told) = oneshot::channel();
        self.roll_calls().roster(room, Box::new(|found| drop(tell.send(found))));
        told.await.unwrap_or(Err(RollError::Unavailable))
    }
}

#[derive(Default)]
pub(super) struct InMemory(Mutex<Held>);

impl InMemory {
    pub(super) fn of(held: Held) -> Self {
        Self(Mutex::new(held))
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Held> {
        // A panic halfway leaves at most one person too many or too few.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl RollCalls for InMemory {
    fn mark(&self, marking: Marking, done: OnKept) {
        let marked = self.lock().mark(&marking, &mut Vec::new());
        done(marked.map(|()| Stored::NotMeant));
    }

    fn roll_call(&self, room: &RoomCode, alert: AlertId, done: OnRollCall) {
        let found = self.lock().get(room, alert).cloned();
        done(Ok(found));
    }

    fn roll_person(&self, room: &RoomCode, alert: AlertId, name: &UserName, done: OnPerson) {
        let found = self.lock().get(room, alert).and_then(|roll| roll.get(name)).cloned();
        done(Ok(found));
    }

    fn roll_counts(&self, room: &RoomCode, alert: AlertId, done: OnCounts) {
        let found = self.lock().get(room, alert).map(|roll| roll.counts().clone());
        done(Ok(found));
    }

    fn put_roster(&self, room: &RoomCode, roster: Roster, done: OnKept) {
        let kept = self.lock().put_roster(room, roster, SystemTime::now());
        done(kept.map(|()| Stored::NotMeant));
    }

    fn roster(&self, room: &RoomCode, done: OnRoster) {
        let roster = self.lock().roster(room, SystemTime::now());
        done(Ok(roster));
    }
}
