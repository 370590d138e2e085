//! The policies of rooms that this server orders: all of them in memory, so that whoever comes is looked at without a read.
//! Those of rooms that several servers share are in their store, and with each room that is heard here.
//!
//! A policy protects people, so none is forgotten to make space for another: where there are too many, the new one is
//! refused.

use super::{Refused, Rooms};
use crate::log::{Decision, KeptPolicy, Log, MOST_POLICIES, MOST_POLICY_BYTES, UNUSED};
use alert_core::names::RoomCode;
use alert_core::room::policy::Policy;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

/// The date of use is written this often.
const USE: Duration = Duration::from_secs(24 * 3600);
/// Rooms that are in use are noted, and policies that nobody needs forgotten, this often.
const LOOK: Duration = Duration::from_secs(600);

/// Entries leave in `forget_unused` when nobody has used them for [`UNUSED`].
pub(super) struct Policies(Mutex<Table>);

#[derive(Default)]
struct Table {
    by_room: HashMap<RoomCode, KeptPolicy>,
    /// Those of them where something happens at its time, whoever hears it.
    timed: HashSet<RoomCode>,
    /// Those that have webhooks.
    with_hooks: HashSet<RoomCode>,
    /// Of all together.
    bytes: usize,
    most: usize,
    most_bytes: usize,
}

impl Table {
    fn put(&mut self, room: &RoomCode, kept: KeptPolicy) {
        self.bytes += size(room, &kept.policy);
        match kept.policy.is_timed() {
            false => _ = self.timed.remove(room),
            true => _ = self.timed.insert(room.clone()),
        }
        match kept.policy.hooks.all() {
            [] => _ = self.with_hooks.remove(room),
            _ => _ = self.with_hooks.insert(room.clone()),
        }
        if let Some(before) = self.by_room.insert(room.clone(), kept) {
            self.bytes -= size(room, &before.policy);
        }
    }

    fn policies_of(&self, rooms: &HashSet<RoomCode>) -> Vec<(RoomCode, Arc<Policy>)> {
        let kept = rooms.iter().filter_map(|room| self.by_room.get_key_value(room));
        kept.map(|(room, kept)| (room.clone(), Arc::clone(&kept.policy))).collect()
    }

    /// A policy that is there may go on growing where a new one is refused: a host goes on banning and muting.
    fn has_space(&self, room: &RoomCode, policy: &Policy) -> bool {
        let more = size(room, policy);
        match self.by_room.get(room) {
            None => self.by_room.len() < self.most && self.bytes + more <= self.most_bytes / 4 * 3,
            Some(before) => {
                let before = size(room, &before.policy);
                more <= before || self.bytes + more - before <= self.most_bytes
            }
        }
    }

    /// Notes that somebody uses a room. Gives what is to be written, once a day.
    fn used(&mut self, room: &RoomCode, now: SystemTime) -> Option<Decision> {
        let kept = self.by_room.get_mut(room)?;
        if now.duration_since(kept.used).is_ok_and(|age| age < USE) {
            return None;
        }
        kept.used = now;
        Some(Decision { kept: Some(kept.clone()), ..Decision::forget(room.clone()) })
    }

    fn forget_unused(&mut self, now: SystemTime) -> Vec<RoomCode> {
        let horizon = now.checked_sub(UNUSED).unwrap_or(SystemTime::UNIX_EPOCH);
        // What rings is of use, whoever hears it; so is what programs are told.
        let is_old = |kept: &KeptPolicy| {
            kept.used < horizon && !kept.policy.is_timed() && kept.policy.hooks.all().is_empty()
        };
        let old = self.by_room.extract_if(|_, kept| is_old(kept));
        let old: Vec<_> = old.collect();
        self.bytes -= old.iter().map(|(room, kept)| size(room, &kept.policy)).sum::<usize>();
        old.into_iter().map(|(room, _)| room).collect()
    }
}

/// About as much as it takes in memory.
fn size(room: &RoomCode, policy: &Policy) -> usize {
    2 * room.as_str().len() + policy.size()
}

impl Policies {
    /// Those of earlier runs, as far as anybody may still need them.
    pub(super) fn read(log: &Log) -> Self {
        let policies = Self::holding(MOST_POLICIES, MOST_POLICY_BYTES);
        let mut table = policies.lock();
        log.policies().into_iter().for_each(|(room, kept)| table.put(&room, kept));
        drop(table);
        policies.forget_unused(SystemTime::now(), log);
        policies
    }

    fn holding(most: usize, most_bytes: usize) -> Self {
        Self(Mutex::new(Table { most, most_bytes, ..Table::default() }))
    }

    fn lock(&self) -> MutexGuard<'_, Table> {
        // The table is whole between any two calls.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Those of rooms in which somebody is banned.
    pub(super) fn with_bans(&self) -> Vec<(RoomCode, Arc<Policy>)> {
        let table = self.lock();
        let banning = table.by_room.iter().filter(|(_, kept)| !kept.policy.bans.is_empty());
        banning.map(|(room, kept)| (room.clone(), Arc::clone(&kept.policy))).collect()
    }

    /// Those of rooms where something happens at its time, whoever hears it.
    pub(super) fn timed(&self) -> Vec<(RoomCode, Arc<Policy>)> {
        let table = self.lock();
        table.policies_of(&table.timed)
    }

    /// Those of rooms that have webhooks.
    pub(super) fn with_hooks(&self) -> Vec<(RoomCode, Arc<Policy>)> {
        let table = self.lock();
        table.policies_of(&table.with_hooks)
    }

    /// The policy of a room.
    pub(super) fn get(&self, room: &RoomCode) -> Option<Arc<Policy>> {
        self.lock().by_room.get(room).map(|kept| Arc::clone(&kept.policy))
    }

    /// The policy of a room that somebody comes into, or goes from. That it is of use is noted once a day.
    pub(super) fn of_use(&self, room: &RoomCode, log: &Log) -> Option<Arc<Policy>> {
        let mut table = self.lock();
        table.used(room, SystemTime::now()).into_iter().for_each(|used| drop(log.put_decision(used)));
        table.by_room.get(room).map(|kept| Arc::clone(&kept.policy))
    }

    /// Keeps a policy.
    ///
    /// # Errors
    /// If there are too many, or they are too large.
    pub(super) fn keep(&self, room: &RoomCode, policy: &Arc<Policy>) -> Result<KeptPolicy, Refused> {
        let kept = KeptPolicy { policy: Arc::clone(policy), used: SystemTime::now() };
        let mut table = self.lock();
        if !table.has_space(room, policy) {
            return Err(Refused::TooManyPolicies);
        }
        table.put(room, kept.clone());
        Ok(kept)
    }

    /// Notes that somebody is in these rooms.
    fn are_in_use(&self, rooms: &[RoomCode], now: SystemTime, log: &Log) {
        let mut table = self.lock();
        let used = rooms.iter().filter_map(|room| table.used(room, now));
        used.for_each(|used| drop(log.put_decision(used)));
    }

    fn forget_unused(&self, now: SystemTime, log: &Log) {
        let mut table = self.lock();
        let old = table.forget_unused(now);
        old.into_iter().for_each(|room| drop(log.put_decision(Decision::forget(room))));
    }
}

impl Rooms {
    /// Keeps the policies of rooms that somebody is in, however long they stay, and forgets those that nobody needs.
    pub(super) fn look_after_policies(&self) {
        let rooms = Arc::downgrade(&self.0);
        self.runtime().spawn(async move {
            loop {
                tokio::time::sleep(LOOK).await;
                let Some(rooms) = rooms.upgrade().map(Self) else { return };
                let live: Vec<_> = rooms.lock().keys().cloned().collect();
                let (policies, now) = (&rooms.0.policies, SystemTime::now());
                policies.are_in_use(&live, now, rooms.log());
                policies.forget_unused(now, rooms.log());
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alert_core::names::UserName;
    use alert_core::room::policy::{Action, Change, HostKey};

    fn room(number: usize) -> RoomCode {
        RoomCode::parse(&format!("room {number}"), 64).unwrap()
    }

    fn policy() -> Arc<Policy> {
        let action = Action::Key(HostKey::new([7; 16]).hash());
        Arc::new(Policy::default().after(&action, &[], SystemTime::now()).unwrap())
    }

    fn longer(policy: &Policy, names: usize) -> Arc<Policy> {
        let name = |number| UserName::parse(&format!("name {number}"), 64).unwrap();
        let reserved = Some((0..names).map(name).collect());
        let action = Action::Set(Box::new(Change { reserved, ..Change::default() }));
        Arc::new(policy.after(&action, &[], SystemTime::now()).unwrap())
    }

    #[test]
    fn given_too_many_policies_then_a_new_one_is_refused_and_none_is_forgotten() {
        let policies = Policies::holding(3, 1 << 20);
        let kept = |number| policies.keep(&room(number), &policy()).map(drop);
        let all = [kept(0), kept(1), kept(2), kept(3), kept(0)];
        assert_eq!(all, [Ok(()), Ok(()), Ok(()), Err(Refused::TooManyPolicies), Ok(())]);
        assert_eq!(
            [0, 1, 2, 3].map(|number| policies.get(&room(number)).is_some()),
            [true, true, true, false]
        );
    }

    #[test]
    fn given_too_many_bytes_then_new_policies_are_refused_first_and_those_that_grow_later() {
        let long = longer(&policy(), 100);
        let policies = Policies::holding(1000, 8 * size(&room(0), &long));
        let kept = |number, policy: &Arc<Policy>| policies.keep(&room(number), policy).map(drop);
        let many = (0..100).take_while(|number| kept(*number, &long).is_ok()).count();
        assert_eq!(many, 6);
        assert_eq!(kept(100, &policy()), Err(Refused::TooManyPolicies), "however short");
        let longest = longer(&policy(), 1000);
        assert_eq!(kept(0, &longer(&policy(), 150)), Ok(()), "a host goes on");
        assert_eq!(kept(1, &longest), Err(Refused::TooManyPolicies));
        assert_eq!((0..6).map(|number| kept(number, &policy())).collect::<Vec<_>>(), vec![Ok(()); 6]);
        assert_eq!(kept(7, &long), Ok(()), "what has become shorter makes space");
    }

    #[test]
    fn given_a_room_that_somebody_is_in_then_its_policy_is_kept_however_long_that_is() {
        let policies = Policies::holding(9, 1 << 20);
        for number in [0, 1] {
            policies.keep(&room(number), &policy()).unwrap();
        }
        let start = SystemTime::now();
        for day in 1..=200 {
            let now = start + day * USE;
            let used = [0, 5].map(|number| policies.lock().used(&room(number), now).map(|used| used.room));
            assert_eq!(used, [Some(room(0)), None], "what is to be written on day {day}");
            assert!(policies.lock().used(&room(0), now).is_none(), "once a day");
            let old = policies.lock().forget_unused(now);
            assert_eq!(old, if day == 90 { vec![room(1)] } else { vec![] }, "on day {day}");
            assert!(policies.get(&room(0)).is_some(), "on day {day}");
        }
        assert_eq!(policies.lock().bytes, size(&room(0), &policy()));
    }
}
