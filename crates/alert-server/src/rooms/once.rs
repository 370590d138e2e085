//! Messages that came with a key: one that is sent again with its key is not said again, and gets the first one's
//! answer, even across a restart, since the log keeps the keys too.

use super::OnSaid;
use super::{Refused, Said};
use crate::log::{KeyDigest, Log, Stored};
use crate::recent::Recent;
use alert_core::ApiToken;
use alert_core::access::Subject;
use alert_core::event::{RoomEvent, What};
use alert_core::names::{RoomCode, UserName};
use alert_core::position::Position;
use sha2::{Digest, Sha256};
use std::{
    hash::{BuildHasher, RandomState},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant, SystemTime},
};

/// How long a key means the same message.
const KEPT: Duration = Duration::from_secs(600);
/// Some 200 bytes each. Beyond that, the oldest is forgotten.
const MOST_KEYS: usize = 100_000;
/// Retries of one message that may wait for its fate. One more is told at once that it is not known to be stored.
const MOST_WAITING: usize = 64;

/// Whose keys they are: the same key from somebody else, or for another room, is another key.
#[derive(Clone, Copy, Debug)]
pub enum Sender<'a> {
    /// Whoever posts with this token, or without one.
    Token(Option<&'a ApiToken>),
    /// Whoever posts with a signed token of this subject.
    Subject(&'a Subject),
    /// Whoever is in the room under this name.
    Person(&'a UserName),
}

/// What became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// Where it stands in the room's log.
    pub position: Position,
    /// When it was said.
    pub at: SystemTime,
    /// How many connections it went to; `None` for a message from before the server's start.
    pub connections: Option<usize>,
    /// Whether it is stored.
    pub stored: Stored,
}

/// Called with what became of a message, from any thread.
pub type OnReceipt = Box<dyn FnOnce(Result<Receipt, Refused>) + Send>;

/// The key belongs to another message of the same sender to the same room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this key was used for another message to this room; use a new key for a new message")]
pub struct KeyReused;

/// The messages that came with a key in the last ten minutes.
pub(super) struct Keys {
    said: Recent<KeyDigest, Kept>,
    /// Only a keyed hash of a message is kept.
    hasher: RandomState,
}

struct Kept {
    message: u64,
    fate: Arc<Fate>,
}

/// What becomes of one message.
struct Fate(Mutex<State>);

enum State {
    /// Whoever waits for it; what is known so far.
    Open {
        said: Option<Said>,
        waiting: Vec<OnReceipt>,
    },
    Known(Result<Receipt, Refused>),
}

impl Receipt {
    /// Of a message whose fate is known.
    pub(super) fn of((said, stored): (Said, Stored)) -> Self {
        Self { position: said.position, at: said.at, connections: said.connections, stored }
    }
}

impl KeyDigest {
    /// The key of `sender` in `room`. It is the same after a restart.
    pub fn new(sender: Sender<'_>, room: &RoomCode, key: &str) -> Self {
        let (kind, name) = match sender {
            Sender::Token(None) => (0, ""),
            Sender::Token(Some(token)) => (1, token.as_str()),
            Sender::Person(name) => (2, name.as_str()),
            Sender::Subject(subject) => (3, subject.as_str()),
        };
        let mut hash = Sha256::new().chain_update([kind]);
        for part in [name, room.as_str(), key] {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part);
        }
        let mut digest = [0; 16];
        digest.copy_from_slice(&hash.finalize()[..16]);
        Self(digest)
    }
}

impl Keys {
    /// With the keys that `log` knows from before.
    pub(super) fn new(log: &Log) -> Self {
        let keys = Self { said: Recent::new(KEPT, MOST_KEYS), hasher: RandomState::new() };
        let now = SystemTime::now();
        let known = log.keys(now.checked_sub(KEPT).unwrap_or(SystemTime::UNIX_EPOCH));
        keys.remember(known, now, Instant::now());
        keys
    }

    fn remember(
        &self,
        mut known: Vec<(KeyDigest, RoomCode, Arc<RoomEvent>)>,
        now: SystemTime,
        start: Instant,
    ) {
        known.sort_by_key(|(_, _, message)| message.at);
        for (key, _, message) in known {
            let What::Said { name, text } = &message.what else { continue };
            let age = now.duration_since(message.at).unwrap_or_default();
            let (position, at) = (message.position, message.at);
            let receipt = Receipt { position, at, connections: None, stored: Stored::Durably };
            let fate = Arc::new(Fate(Mutex::new(State::Known(Ok(receipt)))));
            let message = self.hasher.hash_one((name, &**text));
            // A system that has run for less than ten minutes has no such instant.
            let since = start.checked_sub(age).unwrap_or(start);
            self.said.at(since).insert(key, Kept { message, fate });
        }
    }

    /// Calls `say` for a key's first message; whoever sends it again gets the same receipt, once it is known. Returns
    /// whether it was the first.
    pub(super) fn once(
        &self,
        key: Option<KeyDigest>,
        (name, text): (&UserName, &str),
        now: Instant,
        done: OnReceipt,
        say: impl FnOnce(OnSaid) -> Result<Option<Said>, Refused>,
    ) -> Result<bool, KeyReused> {
        let fate = Arc::new(Fate::of(done));
        if let Some(key) = key {
            let message = self.hasher.hash_one((name, text));
            let mut said = self.said.at(now);
            if let Some(kept) = said.get(&key) {
                if kept.message != message {
                    return Err(KeyReused);
                }
                let first = Arc::clone(&kept.fate);
                drop(said);
                if let Some(done) = fate.into_waiting() {
                    first.tell(done);
                }
                return Ok(false);
            }
            said.insert(key, Kept { message, fate: Arc::clone(&fate) });
        }
        // Without the table's lock: others must not wait for this room.
        let storing = Arc::clone(&fate);
        match say(Box::new(move |outcome| storing.settle(outcome))) {
            Ok(said) => fate.is_said(said),
            Err(refused) => {
                if let Some(key) = key {
                    self.said.at(now).remove(&key);
                }
                fate.settle(Err(refused));
            }
        }
        Ok(true)
    }
}

impl Fate {
    fn of(done: OnReceipt) -> Self {
        Self(Mutex::new(State::Open { said: None, waiting: vec![done] }))
    }

    /// Whoever waits, if nobody else holds this.
    fn into_waiting(self: Arc<Self>) -> Option<OnReceipt> {
        match Arc::into_inner(self)?.0.into_inner().unwrap_or_else(PoisonError::into_inner) {
            State::Open { mut waiting, .. } => waiting.pop(),
            State::Known(_) => None,
        }
    }

    /// It is on its way to the store.
    fn is_said(&self, now: Option<Said>) {
        if let State::Open { said, .. } = &mut *self.lock() {
            *said = now;
        }
    }

    /// Everybody is told, without the lock.
    fn settle(&self, outcome: Result<(Said, Stored), Refused>) {
        let mut state = self.lock();
        let State::Open { waiting, .. } = &mut *state else { return };
        let outcome = outcome.map(Receipt::of);
        let waiting = std::mem::take(waiting);
        *state = State::Known(outcome);
        drop(state);
        waiting.into_iter().for_each(|done| done(outcome));
    }

    fn tell(&self, done: OnReceipt) {
        let mut state = self.lock();
        let outcome = match &mut *state {
            State::Known(outcome) => *outcome,
            State::Open { said: Some(said), waiting, .. } if waiting.len() >= MOST_WAITING => {
                Ok(Receipt::of((*said, Stored::Failed)))
            }
            State::Open { waiting, .. } => return waiting.push(done),
        };
        drop(state);
        done(outcome);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // The state is whole between any two statements.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
