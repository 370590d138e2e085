//! A log in memory: nothing survives the process, and it says so. Every call is short, so one lock serves them all.

use super::devices::{self, Devices};
use super::hooks::{self, HookStore};
use super::policies::{Audits, is_removed, removed};
use super::roll_calls::{InMemory, RollCalls};
use super::seats::Seats;
use super::{
    Append, Backend, Decision, Gap, KeptPolicy, KeyDigest, OnAudits, OnRead, OnRemoved, OnStored, Page,
    Query, Recorder, Seat, SeatId, Start, Stored,
};
use crate::config::Retention;
use alert_core::event::{RoomEvent, What};
use alert_core::names::RoomCode;
use alert_core::position::{Position, Run};
use alert_core::room::policy::Audit;
use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::SystemTime,
};

/// The log of a server that keeps its history in memory.
pub(super) struct Memory {
    run: Run,
    retention: Retention,
    kept: Mutex<Kept>,
    audits: Mutex<Audits>,
    seats: Seats,
    roll_calls: InMemory,
    devices: devices::InMemory,
    hooks: hooks::InMemory,
}

#[derive(Default)]
struct Kept {
    /// Entries leave in `drop_oldest`, with their last message.
    rooms: HashMap<RoomCode, Messages>,
    /// Each room, by its oldest message.
    by_age: BTreeMap<u64, RoomCode>,
    /// Counts messages, in all rooms.
    appended: u64,
    bytes: u64,
    /// The latest epoch from which a message was dropped that was the last of its room.
    forgotten: Option<u64>,
}

#[derive(Default)]
struct Messages {
    kept: VecDeque<Entry>,
    /// The last message that was dropped: the room is complete after it.
    dropped: Option<Position>,
}

struct Entry {
    age: u64,
    /// When it was said; of one that a wrong clock dated in the future, when that was seen.
    at: SystemTime,
    message: Arc<RoomEvent>,
}

impl Memory {
    pub(super) fn new(run: Run, retention: Retention) -> Self {
        let seats = Seats::new(retention.age);
        let roll_calls = InMemory::default();
        Self {
            run,
            retention,
            kept: Mutex::default(),
            audits: Mutex::default(),
            seats,
            roll_calls,
            devices: devices::InMemory::default(),
            hooks: hooks::InMemory::default(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        // A panic halfway leaves at most one message too many or too few in one room.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock_audits(&self) -> MutexGuard<'_, Audits> {
        // The same with lines.
        self.audits.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Recorder for Memory {
    fn append(&self, Append { room, message, key: _, stored }: Append) -> Option<(OnStored, Stored)> {
        let mut kept = self.lock();
        kept.push(room.clone(), message);
        while kept.rooms.get(&room).is_some_and(|room| room.kept.len() > self.retention.messages) {
            kept.drop_oldest(&room);
        }
        kept.prune(&self.retention, SystemTime::now());
        stored.map(|stored| (stored, Stored::NotMeant))
    }

    fn put_decision(&self, Decision { room, audit, said, stored, .. }: Decision) -> Vec<(OnStored, Stored)> {
        audit.into_iter().for_each(|audit| self.lock_audits().add(room.clone(), audit));
        let said = said.into_iter().filter_map(|append| self.append(append));
        said.chain(stored.map(|stored| (stored, Stored::NotMeant))).collect()
    }

    fn policies(&self) -> Vec<(RoomCode, KeptPolicy)> {
        // Called at the start, when there is nothing. From then on, the rooms have them.
        Vec::new()
    }

    fn remove(&self, room: &RoomCode, position: Position, audit: Audit, done: OnRemoved) {
        let was_there = self.lock().remove(room, position);
        if was_there {
            self.lock_audits().add(room.clone(), audit);
        }
        done(Some(was_there));
    }
}

impl Backend for Memory {
    fn read(&self, room: RoomCode, query: Query, done: OnRead) {
        let mut kept = self.lock();
        kept.prune(&self.retention, SystemTime::now());
        let page = kept.page(self.run, &room, query);
        drop(kept);
        done(Ok(page));
    }

    fn keys(&self, _since: SystemTime) -> Vec<(KeyDigest, RoomCode, Arc<RoomEvent>)> {
        // Called at the start, when there is nothing.
        Vec::new()
    }

    fn put_seat(&self, id: SeatId, seat: Option<Seat>) {
        self.seats.put(id, seat);
    }

    fn seat(&self, id: SeatId, done: Box<dyn FnOnce(Option<Seat>) + Send>) {
        done(self.seats.get(&id));
    }

    fn audits(&self, room: &RoomCode, most: usize, done: OnAudits) {
        let newest = self.lock_audits().newest(room, most);
        done(Some(newest));
    }

    fn roll_calls(&self) -> &dyn RollCalls {
        &self.roll_calls
    }

    fn devices(&self) -> &dyn Devices {
        &self.devices
    }

    fn hooks(&self) -> &dyn HookStore {
        &self.hooks
    }
}

impl Kept {
    fn push(&mut self, room: RoomCode, message: Arc<RoomEvent>) {
        let age = self.appended;
        self.appended += 1;
        self.bytes += size(&message);
        let messages = self.rooms.entry(room.clone()).or_default();
        if messages.kept.is_empty() {
            self.by_age.insert(age, room);
        }
        messages.kept.push_back(Entry { age, at: message.at, message });
    }

    fn remove(&mut self, room: &RoomCode, position: Position) -> bool {
        let entries = self.rooms.get_mut(room).map(|room| &mut room.kept);
        let entry = entries.and_then(|kept| kept.iter_mut().find(|entry| entry.message.position == position));
        let Some((entry, rest)) = entry.and_then(|entry| removed(&entry.message).map(|rest| (entry, rest)))
        else {
            return false;
        };
        self.bytes = self.bytes - size(&entry.message) + size(&rest);
        entry.message = rest;
        true
    }

    fn prune(&mut self, retention: &Retention, now: SystemTime) {
        while let Some((_, room)) = self.by_age.first_key_value() {
            let oldest = self.rooms.get(room).and_then(|room| room.kept.front());
            let age = oldest.map(|entry| now.duration_since(entry.at));
            let is_old = age.as_ref().is_some_and(|age| age.as_ref().is_ok_and(|age| *age > retention.age));
            if age.is_some_and(|age| age.is_err()) {
                // The clock went back.
                let all = self.rooms.values_mut().flat_map(|room| &mut room.kept);
                all.for_each(|entry| entry.at = entry.at.min(now));
            }
            if !is_old && self.bytes <= retention.bytes {
                break;
            }
            let room = room.clone();
            self.drop_oldest(&room);
        }
    }

    fn drop_oldest(&mut self, code: &RoomCode) {
        let Some(room) = self.rooms.get_mut(code) else { return };
        let Some(entry) = room.kept.pop_front() else { return };
        self.by_age.remove(&entry.age);
        self.bytes -= size(&entry.message);
        room.dropped = Some(entry.message.position);
        if let Some(next) = room.kept.front() {
            self.by_age.insert(next.age, code.clone());
        } else {
            self.rooms.remove(code);
            self.forgotten = self.forgotten.max(Some(entry.message.position.epoch.part));
        }
    }

    fn page(&self, run: Run, code: &RoomCode, Query { start, limit }: Query) -> Page {
        let nothing = Messages::default();
        let room = self.rooms.get(code);
        let Messages { kept, dropped } = room.unwrap_or(&nothing);
        let place = |position: Position| {
            kept.partition_point(|entry| order(entry.message.position) < order(position))
        };
        let is_seen = |place: &usize| !is_removed(&kept[*place].message);
        let from_here =
            |start: usize| start..(start..kept.len()).filter(is_seen).nth(limit).unwrap_or(kept.len());
        let to_here =
            |end: usize| (0..end).rev().filter(is_seen).nth(limit).map_or(0, |before| before + 1)..end;
        let is_other = |position: Position| position.epoch.run != run;
        let (range, gap) = match start {
            Start::Oldest => (from_here(0), None),
            Start::Newest => (to_here(kept.len()), None),
            Start::Time(time) => {
                let first = kept.iter().position(|entry| entry.message.at >= time);
                (from_here(first.unwrap_or(kept.len())), None)
            }
            Start::Before(position) if is_other(position) => (0..0, Some(Gap { missed: None })),
            Start::Before(position) => (to_here(place(position)), None),
            Start::After(position) if is_other(position) => (from_here(0), Some(Gap { missed: None })),
            Start::After(position) => {
                let mut first = place(position);
                let next = kept.get(first).map(|entry| entry.message.position);
                let is_known = next == Some(position)
                    || position.number == 0
                    || dropped.is_some_and(|dropped| order(dropped) >= order(position));
                if !is_known {
                    return Page {
                        gap: Some(Gap { missed: None }),
                        ..self.page(run, code, Query { start: Start::Oldest, limit })
                    };
                }
                first += usize::from(next == Some(position));
                // If the room was forgotten and made again, nothing is known of it before its first message.
                let follows = next
                    .is_some_and(|next| next.epoch == position.epoch && next.number <= position.number + 1);
                let is_before_all = first == 0 && !follows;
                let gap = match dropped {
                    Some(dropped) if order(*dropped) > order(position) => {
                        let known = dropped.epoch == position.epoch;
                        Some(Gap { missed: known.then(|| dropped.number - position.number) })
                    }
                    None if is_before_all && self.forgotten >= Some(position.epoch.part) => {
                        Some(Gap { missed: None })
                    }
                    _ => None,
                };
                (from_here(first), gap)
            }
        };
        let more = if start.is_backwards() { range.start > 0 } else { range.end < kept.len() };
        let messages = kept.range(range).map(|entry| &entry.message).filter(|message| !is_removed(message));
        let messages = messages.cloned().collect();
        Page { messages, gap, more }
    }
}

/// Positions of one run, in the order in which they were given.
fn order(position: Position) -> (u64, u64) {
    (position.epoch.part, position.number)
}

/// About how many bytes a message takes.
fn size(message: &RoomEvent) -> u64 {
    const AROUND: usize = 64;
    let What::Said { name, text } = &message.what else { return 0 };
    (AROUND + mem::size_of::<RoomEvent>() + name.as_str().len() + text.len()) as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::contract::{Desk, contract};
    use std::time::Duration;

    fn open(retention: Retention) -> Desk {
        let run = Run::new(7);
        Desk::new(Box::new(Memory::new(run, retention)), run)
    }

    contract!(open);

    #[test]
    fn messages_that_a_wrong_clock_dated_in_the_future_grow_old_like_others() {
        let retention = Retention { messages: 9, age: Duration::from_secs(60), bytes: 1 << 20 };
        let mut desk = open(retention);
        let mut room = desk.room("one");
        let now = SystemTime::now();
        let mut kept = Kept::default();
        for ahead in [3600, 0] {
            let append = desk.message(&mut room, "x", now + Duration::from_secs(ahead), None);
            kept.push(append.room, append.message);
        }
        for (after, count) in [(0, 2), (59, 2), (61, 0)] {
            kept.prune(&retention, now + Duration::from_secs(after));
            assert_eq!(
                kept.rooms.values().map(|room| room.kept.len()).sum::<usize>(),
                count,
                "{after} s later"
            );
        }
    }
}
