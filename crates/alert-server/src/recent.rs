//! A table that forgets what is older than its time and, when it is full, the oldest entry. It has no clock.

use std::hash::Hash;
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock};
use std::time::{Duration, Instant};

use hashlink::LinkedHashMap;

/// A table whose entries are kept for a time.
pub(crate) struct Recent<K, V> {
    kept: RwLock<Duration>,
    most: usize,
    /// The oldest first.
    entries: Mutex<LinkedHashMap<K, (Instant, V)>>,
}

/// The table at one moment, locked. Nothing may wait while it is held.
pub(crate) struct Table<'a, K, V> {
    now: Instant,
    most: usize,
    entries: MutexGuard<'a, LinkedHashMap<K, (Instant, V)>>,
}

impl<K: Eq + Hash, V> Recent<K, V> {
    pub(crate) fn new(kept: Duration, most: usize) -> Self {
        Self { kept: RwLock::new(kept), most, entries: Mutex::default() }
    }

    /// From now on, entries are kept for another time.
    pub(crate) fn keep_for(&self, kept: Duration) {
        *self.kept.write().unwrap_or_else(PoisonError::into_inner) = kept;
    }

    /// The table at `now`, without what is too old.
    pub(crate) fn at(&self, now: Instant) -> Table<'_, K, V> {
        let kept = *self.kept.read().unwrap_or_else(PoisonError::into_inner);
        let mut entries = self.lock();
        while entries.front().is_some_and(|(_, (since, _))| now.saturating_duration_since(*since) >= kept) {
            entries.pop_front();
        }
        Table { now, most: self.most, entries }
    }

    fn lock(&self) -> MutexGuard<'_, LinkedHashMap<K, (Instant, V)>> {
        // The map is whole between any two calls.
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Eq + Hash, V> Table<'_, K, V> {
    pub(crate) fn get(&self, key: &K) -> Option<&V> {
        self.entries.get(key).map(|(_, value)| value)
    }

    /// Adds an entry as the newest.
    pub(crate) fn insert(&mut self, key: K, value: V) {
        self.make_room();
        self.entries.insert(key, (self.now, value));
    }

    pub(crate) fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        self.entries.get_mut(key).map(|(_, value)| value)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Takes an entry out before its time.
    pub(crate) fn remove(&mut self, key: &K) -> Option<V> {
        self.entries.remove(key).map(|(_, value)| value)
    }

    /// The entry of `key`, made if it is missing; it becomes the newest.
    pub(crate) fn touch(&mut self, key: K, make: impl FnOnce() -> V) -> &mut V {
        let value = match self.entries.remove(&key) {
            Some((_, value)) => value,
            None => {
                self.make_room();
                make()
            }
        };
        &mut self.entries.entry(key).or_insert((self.now, value)).1
    }

    fn make_room(&mut self) {
        while self.entries.len() >= self.most {
            self.entries.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    #[test]
    fn an_entry_goes_when_its_time_is_over_and_not_before() {
        let (recent, start) = (Recent::new(MINUTE, 10), Instant::now());
        recent.at(start).insert("a", 1);
        assert_eq!(recent.at(start + MINUTE - Duration::from_nanos(1)).get(&"a"), Some(&1));
        assert_eq!(recent.at(start + MINUTE).get(&"a"), None);
        assert!(recent.lock().is_empty(), "it is gone, not hidden");
    }

    #[test]
    fn a_touched_entry_stays_for_its_time_again() {
        let (recent, start) = (Recent::new(MINUTE, 10), Instant::now());
        *recent.at(start).touch("a", || 1) += 1;
        recent.at(start).insert("b", 0);
        *recent.at(start + MINUTE / 2).touch("a", || 1) += 1;
        let table = recent.at(start + MINUTE);
        assert_eq!((table.get(&"a"), table.get(&"b")), (Some(&3), None));
    }

    #[test]
    fn a_full_table_gives_up_its_oldest_entry() {
        let (recent, start) = (Recent::new(MINUTE, 3), Instant::now());
        for key in ["a", "b", "c"] {
            recent.at(start).insert(key, ());
        }
        recent.at(start).touch("a", || ());
        recent.at(start).insert("d", ());
        let table = recent.at(start);
        let left = ["a", "b", "c", "d"].map(|key| table.get(&key).is_some());
        assert_eq!(left, [true, false, true, true]);
    }
}
