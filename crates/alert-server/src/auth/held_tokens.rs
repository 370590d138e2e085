//! Tokens whose holders are connected, and those that have been taken back. When one ends, its holders' connections
//! hear of it.

use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use alert_core::access::{End, Revoked, SignedBy, Token};
use tokio::sync::Notify;

/// What is held, and what does not count any more. Cheap to clone.
#[derive(Clone, Default)]
pub(super) struct HeldTokens(Arc<Shared>);

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    /// One ends sooner than those before.
    sooner: Notify,
}

#[derive(Default)]
struct State {
    /// By when they expire. An entry leaves with its [`Holding`], or when the token ends.
    held: BTreeMap<Place, Entry>,
    next: u64,
    counts: Counts,
}

/// Which tokens count, of those that were signed well and have not expired.
#[derive(Default)]
struct Counts {
    revoked: HashSet<Revoked>,
    /// The keys, once they have changed: what was verified before may have been signed by another.
    keys: Option<HashSet<SignedBy>>,
}

/// When a token expires, and a number that tells it from others.
type Place = (SystemTime, u64);

/// Called when a token ends.
pub type OnEnd = Box<dyn FnOnce(End) + Send>;

struct Entry {
    token: Arc<Token>,
    on_end: OnEnd,
}

/// A connection of a token's holder.
pub struct Holding {
    held: HeldTokens,
    place: Place,
}

/// A clock that was set back or forward is noticed after this time.
const LONGEST_SLEEP: Duration = Duration::from_secs(60);

impl HeldTokens {
    pub(super) fn hold(&self, token: &Arc<Token>, on_end: OnEnd) -> Holding {
        let mut state = self.lock();
        state.next += 1;
        let place = (token.expires, state.next);
        let holding = Holding { held: self.clone(), place };
        if state.counts.is_out(token) {
            drop(state);
            end(Entry { token: Arc::clone(token), on_end }, End::Revoked);
            return holding;
        }
        let is_first = state.held.first_key_value().is_none_or(|(first, _)| place < *first);
        state.held.insert(place, Entry { token: Arc::clone(token), on_end });
        drop(state);
        if is_first {
            self.0.sooner.notify_one();
        }
        holding
    }

    pub(super) fn is_revoked(&self, token: &Token) -> bool {
        self.lock().counts.is_out(token)
    }

    /// Says what has been taken back by now. Whoever holds such a token hears of it.
    pub(super) fn revoke(&self, revoked: HashSet<Revoked>) {
        if self.lock().counts.revoked != revoked {
            self.change(|counts| counts.revoked = revoked);
        }
    }

    /// Says which keys count now. Whoever holds a token of another hears that it has been taken back.
    pub(super) fn keep_signed_by(&self, keys: HashSet<SignedBy>) {
        self.change(|counts| counts.keys = Some(keys));
    }

    fn change(&self, change: impl FnOnce(&mut Counts)) {
        let mut state = self.lock();
        change(&mut state.counts);
        let State { held, counts, .. } = &mut *state;
        let ended = held.extract_if(.., |_, entry| counts.is_out(&entry.token));
        let ended: Vec<Entry> = ended.map(|(_, entry)| entry).collect();
        drop(state);
        ended.into_iter().for_each(|entry| end(entry, End::Revoked));
    }

    /// Ends tokens when their time is over. Never returns.
    pub(super) async fn watch(&self) {
        loop {
            let next = self.expire(SystemTime::now());
            let wait = next.map_or(LONGEST_SLEEP, |next| next.min(LONGEST_SLEEP));
            let _ = tokio::time::timeout(wait, self.0.sooner.notified()).await;
        }
    }

    /// Ends those whose time is over, and says how long the next one has.
    fn expire(&self, now: SystemTime) -> Option<Duration> {
        let mut state = self.lock();
        let later = state.held.split_off(&(now, u64::MAX));
        let ended = std::mem::replace(&mut state.held, later);
        let next = state.held.first_key_value().map(|((expires, _), _)| *expires);
        drop(state);
        ended.into_values().for_each(|entry| end(entry, End::Expired));
        next.map(|next| next.duration_since(now).unwrap_or_default())
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Each change is one call of a map.
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Counts {
    fn is_out(&self, token: &Token) -> bool {
        if self.keys.as_ref().is_some_and(|keys| !keys.contains(&token.signed_by)) {
            return true;
        }
        let of = [Revoked::Subject(token.subject.clone()), Revoked::Token(token.id.clone())];
        !self.revoked.is_empty() && of.iter().any(|one| self.revoked.contains(one))
    }
}

/// Not under the lock: whoever hears of it may drop its [`Holding`].
fn end(entry: Entry, how: End) {
    entry.token.ended.set(how);
    (entry.on_end)(how);
}

impl Drop for Holding {
    fn drop(&mut self) {
        let entry = self.held.lock().held.remove(&self.place);
        drop(entry);
    }
}
