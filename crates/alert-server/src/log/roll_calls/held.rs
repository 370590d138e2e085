//! Roll calls and rosters in memory, of a server that orders rooms itself. What a mark changes is handed out, for a store
//! that survives the process.

use super::{AGE, MOST_IN_ALL, MOST_LISTED, MOST_OF_ROOM, Marking, RollError};
use alert_core::names::{RoomCode, UserName};
use alert_core::room::alerts::AlertId;
use alert_core::room::roll_call::{Person, RollCall, Roster};
use std::collections::{BTreeMap, HashMap};
use std::time::SystemTime;

type Key = (RoomCode, AlertId);

/// All roll calls and rosters.
#[derive(Default)]
pub(in crate::log) struct Held {
    /// Entries leave in `forget`.
    calls: HashMap<Key, Call>,
    /// Those that changed longest ago come first.
    by_turn: BTreeMap<u64, Key>,
    turn: u64,
    /// In all roll calls.
    people: usize,
    /// Entries leave when they are empty, or were of no use for [`AGE`].
    rosters: HashMap<RoomCode, (Roster, SystemTime)>,
    listed: usize,
}

#[derive(Default)]
struct Call {
    roll: RollCall,
    turn: u64,
    changed: Option<SystemTime>,
}

/// What has to be stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::log) enum Change {
    /// A person has changed, at this time.
    Person(RoomCode, AlertId, UserName, Person),
    /// A roll call is forgotten.
    Forget(RoomCode, AlertId),
}

impl Held {
    /// Notes something. What has changed goes into `changes`.
    ///
    /// # Errors
    /// If nothing of any of them could be noted.
    pub(in crate::log) fn mark(
        &mut self,
        marking: &Marking,
        changes: &mut Vec<Change>,
    ) -> Result<(), RollError> {
        let Marking { room, alert, names, mark, at } = marking;
        let key = (room.clone(), *alert);
        self.make_space(&key, *at, changes);
        self.turn += 1;
        let call = self.calls.entry(key.clone()).or_default();
        let (mut full, before) = (0, call.roll.len());
        for name in names {
            match call.roll.mark(name, mark, *at) {
                Ok(Some(person)) => {
                    changes.push(Change::Person(room.clone(), *alert, name.clone(), person.clone()));
                }
                Ok(None) => {}
                Err(_) => full += 1,
            }
        }
        self.people += call.roll.len() - before;
        self.by_turn.remove(&call.turn);
        (call.turn, call.changed) = (self.turn, Some(*at));
        self.by_turn.insert(self.turn, key);
        while self.people > MOST_IN_ALL && self.by_turn.len() > 1 {
            self.forget_oldest(changes);
        }
        if full > 0 && full == names.len() { Err(RollError::Full) } else { Ok(()) }
    }

    /// A person as a store has kept them, of the roll call that changes last.
    pub(in crate::log) fn put(&mut self, key: Key, name: UserName, person: Person) {
        if !self.calls.contains_key(&key) {
            self.turn += 1;
            self.by_turn.insert(self.turn, key.clone());
        }
        let turn = self.turn;
        let call = self.calls.entry(key).or_insert_with(|| Call { turn, ..Call::default() });
        let before = call.roll.len();
        call.changed = call.changed.max(person.at);
        call.roll.put(name, person);
        self.people += call.roll.len() - before;
    }

    fn make_space(&mut self, key: &Key, now: SystemTime, changes: &mut Vec<Change>) {
        let is_over = |call: &Call| {
            let changed = call.changed.unwrap_or(now);
            now.duration_since(changed).is_ok_and(|age| age >= AGE)
        };
        while let Some((_, oldest)) = self.by_turn.first_key_value()
            && self.calls.get(oldest).is_none_or(is_over)
        {
            self.forget_oldest(changes);
        }
        if self.calls.contains_key(key) {
            return;
        }
        let of_room: Vec<_> = self.by_turn.iter().filter(|(_, (room, _))| *room == key.0).collect();
        if of_room.len() >= MOST_OF_ROOM
            && let Some((turn, _)) = of_room.first()
        {
            let turn = **turn;
            self.forget(turn, changes);
        }
    }

    fn forget_oldest(&mut self, changes: &mut Vec<Change>) {
        if let Some((turn, _)) = self.by_turn.first_key_value() {
            let turn = *turn;
            self.forget(turn, changes);
        }
    }

    fn forget(&mut self, turn: u64, changes: &mut Vec<Change>) {
        let Some(key) = self.by_turn.remove(&turn) else { return };
        if let Some(call) = self.calls.remove(&key) {
            self.people -= call.roll.len();
        }
        changes.push(Change::Forget(key.0, key.1));
    }

    pub(in crate::log) fn get(&self, room: &RoomCode, alert: AlertId) -> Option<&RollCall> {
        self.calls.get(&(room.clone(), alert)).map(|call| &call.roll)
    }

    /// Keeps a roster, or forgets it where it is empty.
    ///
    /// # Errors
    /// If there are too many names in all.
    pub(in crate::log) fn put_roster(
        &mut self,
        room: &RoomCode,
        roster: Roster,
        now: SystemTime,
    ) -> Result<(), RollError> {
        let before = self.rosters.get(room).map_or(0, |(roster, _)| roster.len());
        if roster.len() > before && self.listed - before + roster.len() > MOST_LISTED {
            self.drop_unused(now);
            let before = self.rosters.get(room).map_or(0, |(roster, _)| roster.len());
            if self.listed - before + roster.len() > MOST_LISTED {
                return Err(RollError::NoSpace);
            }
        }
        let gone = self.rosters.remove(room);
        self.listed -= gone.map_or(0, |(roster, _)| roster.len());
        if !roster.is_empty() {
            self.listed += roster.len();
            self.rosters.insert(room.clone(), (roster, now));
        }
        Ok(())
    }

    fn drop_unused(&mut self, now: SystemTime) {
        self.rosters.retain(|_, (_, used)| now.duration_since(*used).map_or(true, |age| age < AGE));
        self.listed = self.rosters.values().map(|(roster, _)| roster.len()).sum();
    }

    pub(in crate::log) fn roster(&mut self, room: &RoomCode, now: SystemTime) -> Roster {
        let kept = self.rosters.get_mut(room);
        kept.map(|(roster, used)| {
            *used = now;
            roster.clone()
        })
        .unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alert_core::room::roll_call::{self, MOST_PEOPLE, Mark};
    use std::time::Duration;

    fn marking(room: &str, alert: u32, names: std::ops::Range<usize>) -> Marking {
        let name = |number: usize| UserName::parse(&number.to_string(), 64).unwrap();
        let [a, b, c, d] = alert.to_le_bytes();
        let digits = [a % 32, a / 32, b % 32, b / 32, c % 32, c / 32, d % 32, d / 32];
        Marking {
            room: RoomCode::parse(room, 64).unwrap(),
            alert: AlertId::made_of(digits),
            names: names.map(name).collect(),
            mark: Mark::Expected,
            at: SystemTime::UNIX_EPOCH + Duration::from_secs(u64::from(alert)),
        }
    }

    fn has(held: &Held, Marking { room, alert, .. }: &Marking) -> bool {
        held.get(room, *alert).is_some()
    }

    #[test]
    fn the_roll_call_of_a_room_goes_that_has_changed_longest_ago() {
        let (mut held, mut changes) = (Held::default(), Vec::new());
        let all: Vec<_> = (0..MOST_OF_ROOM as u32 + 1).map(|alert| marking("one", alert, 0..2)).collect();
        let other = marking("two", 0, 0..1);
        held.mark(&other, &mut changes).unwrap();
        for marking in &all[..MOST_OF_ROOM] {
            held.mark(marking, &mut changes).unwrap();
        }
        held.mark(&all[0], &mut changes).unwrap();
        held.mark(&all[MOST_OF_ROOM], &mut changes).unwrap();
        assert!(has(&held, &other) && has(&held, &all[0]) && !has(&held, &all[1]) && has(&held, &all[2]));
        let gone = Change::Forget(all[1].room.clone(), all[1].alert);
        assert_eq!(
            changes.iter().filter(|change| matches!(change, Change::Forget(..))).collect::<Vec<_>>(),
            [&gone]
        );
        assert_eq!(held.people, 1 + 2 * MOST_OF_ROOM);
    }

    #[test]
    fn a_roll_call_that_has_not_changed_for_long_is_forgotten_and_all_together_are_bounded() {
        let (mut held, mut changes) = (Held::default(), Vec::new());
        let old = marking("old", 0, 0..1);
        held.mark(&old, &mut changes).unwrap();
        let late = AGE.as_secs() as u32;
        held.mark(&marking("one", late - 1, 0..1), &mut changes).unwrap();
        assert!(has(&held, &old));
        held.mark(&marking("one", late, 0..1), &mut changes).unwrap();
        assert!(!has(&held, &old));
        for room in 0..=MOST_IN_ALL / MOST_PEOPLE {
            held.mark(&marking(&room.to_string(), late, 0..MOST_PEOPLE), &mut changes).unwrap();
        }
        assert!(held.people <= MOST_IN_ALL && !has(&held, &marking("0", late, 0..0)));
        let full = held.mark(&marking("1", late, MOST_PEOPLE..MOST_PEOPLE + 1), &mut changes);
        assert_eq!(full, Err(RollError::Full));
        assert_eq!(held.calls.len(), held.by_turn.len());
    }

    #[test]
    fn rosters_are_bounded_and_leave_when_they_are_empty() {
        let (mut held, now) = (Held::default(), SystemTime::UNIX_EPOCH);
        let room = |code: usize| RoomCode::parse(&code.to_string(), 64).unwrap();
        let roster = |most: usize| {
            let names = (0..most).map(|number| UserName::parse(&number.to_string(), 64).unwrap());
            Roster::of(names).unwrap()
        };
        let long = roster(roll_call::MOST_LISTED);
        let most = MOST_LISTED / long.len();
        for code in 0..most {
            held.put_roster(&room(code), long.clone(), now).unwrap();
        }
        assert_eq!(held.put_roster(&room(most), roster(1), now), Err(RollError::NoSpace));
        held.put_roster(&room(0), roster(5), now).unwrap();
        held.put_roster(&room(1), Roster::default(), now).unwrap();
        held.put_roster(&room(most), roster(1), now).unwrap();
        assert_eq!((held.rosters.len(), held.roster(&room(0), now + AGE).len()), (most, 5));
        // Those of no use go when space is needed.
        held.put_roster(&room(most + 1), long.clone(), now + AGE).unwrap();
        held.put_roster(&room(most + 2), long, now + AGE).unwrap();
        assert_eq!((held.rosters.len(), held.listed), (3, 5 + 2 * roll_call::MOST_LISTED));
    }
}
