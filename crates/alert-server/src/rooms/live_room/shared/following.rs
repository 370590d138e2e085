//! What a server knows of a shared room, and how it takes up what Redis tells: each event in its order, or, where
//! something was missed, where the room stands.

use super::super::super::audience::Published;
use super::super::{Listening, State};
use crate::log::redis::{Change, Entry, Shared, State as Standing, Subscribed};
use alert_core::event::{RoomEvent, What};
use alert_core::names::UserName;
use alert_core::room::Mirror;
use alert_core::wire;
use std::{
    collections::{BTreeMap, HashMap},
    mem,
    sync::Arc,
    time::Instant,
};

/// Events that are kept while it is asked where the room stands. The answer has what is dropped.
const MOST_KEPT: usize = 10_000;

/// What this server knows of a shared room.
#[derive(Default)]
pub(in crate::rooms) struct Following {
    pub(super) subscribed: Option<Subscribed>,
    pub(super) phase: Phase,
    /// Of the last event that was taken up.
    pub(super) seq: u64,
    pub(super) people: Mirror,
    /// Connections on this server. Entries leave with the last one of a person.
    pub(super) here: HashMap<UserName, u32>,
    /// Those who leave and have not gone yet. Taken out when Redis has answered.
    pub(super) leaving: HashMap<u64, (UserName, Listening)>,
    pub(super) leave_places: u64,
    /// What waits for an event. Taken out when the room has come so far, or is given up.
    pub(super) waiting: BTreeMap<u64, Vec<Wake>>,
}

pub(super) type Wake = Box<dyn FnOnce() + Send>;

pub(super) enum Phase {
    /// It is not known where the room stands. How often that was asked and answered, and what happened meanwhile.
    Asks { asked: u64, answered: u64, entries: Vec<Entry>, is_new: bool },
    /// Every event comes.
    Follows,
}

impl Default for Phase {
    fn default() -> Self {
        Self::Asks { asked: 0, answered: 0, entries: Vec::new(), is_new: true }
    }
}

/// What has to be done without the lock.
#[derive(Default)]
pub(super) struct Afterwards {
    pub(super) published: Vec<Published>,
    pub(super) wakes: Vec<Wake>,
    /// When somebody leaves who was lost.
    pub(super) deadline: Option<Instant>,
    pub(super) asks: bool,
}

impl Following {
    pub(in super::super) fn people(&self) -> &Mirror {
        &self.people
    }

    pub(in super::super) fn people_mut(&mut self) -> &mut Mirror {
        &mut self.people
    }

    pub(in super::super) fn seq(&self) -> u64 {
        self.seq
    }

    /// Nobody is in it on this server.
    pub(in super::super) fn is_empty(&self) -> bool {
        self.here.is_empty()
    }

    pub(super) fn is_known(&self) -> bool {
        matches!(self.phase, Phase::Follows | Phase::Asks { is_new: false, .. })
    }

    pub(super) fn count_in(&mut self, name: &UserName) -> u32 {
        let connections = self.here.entry(name.clone()).or_default();
        *connections += 1;
        *connections
    }

    pub(super) fn count_out(&mut self, name: &UserName) -> u32 {
        let Some(connections) = self.here.get_mut(name) else { return 0 };
        *connections -= 1;
        let left = *connections;
        if left == 0 {
            self.here.remove(name);
        }
        left
    }

    /// Ends following. Whoever waits goes on.
    pub(in super::super) fn end(&mut self, shared: &Shared) {
        self.subscribed = None;
        let waiting = mem::take(&mut self.waiting);
        if !waiting.is_empty() {
            // The room is locked, and those who wait may want to lock it.
            shared.runtime().spawn(async move { waiting.into_values().flatten().for_each(|wake| wake()) });
        }
    }
}

impl State {
    /// Takes up an event.
    pub(super) fn take_up(&mut self, entry: Entry, afterwards: &mut Afterwards) {
        let Some(following) = &mut self.following else { return };
        let is_of_this_epoch = entry.position.epoch == self.numbering.last().epoch;
        match &mut following.phase {
            Phase::Asks { entries, .. } => {
                if entries.len() == MOST_KEPT {
                    entries.clear();
                }
                entries.push(entry);
            }
            Phase::Follows if is_of_this_epoch && entry.seq <= following.seq => {}
            Phase::Follows if is_of_this_epoch && entry.seq == following.seq + 1 => {
                following.seq = entry.seq;
                self.carry_out(entry, afterwards);
            }
            // Something did not come, or it is another Redis, which may not have what this server has.
            Phase::Follows => {
                following.phase = Phase::Asks { asked: 0, answered: 0, entries: vec![entry], is_new: false };
                afterwards.asks = true;
            }
        }
    }

    fn carry_out(&mut self, entry: Entry, afterwards: &mut Afterwards) {
        let Some(following) = &mut self.following else { return };
        self.numbering.go_on_after(entry.position);
        match &entry.change {
            Change::Event(What::Said { .. }) => {}
            Change::Event(What::Entered { name, .. }) | Change::Again(name) => {
                following.people.enter(name);
            }
            Change::Event(What::Left { name, .. }) => {
                following.people.leave(name);
                for (_, hearing) in following.leaving.values_mut().filter(|(leaving, _)| leaving == name) {
                    // Whoever leaves hears nothing of it.
                    drop(hearing.membership.take());
                }
            }
            Change::Lost(name, grace) => {
                let deadline = Instant::now() + *grace;
                following.people.lose(name, deadline);
                afterwards.deadline = Some(deadline);
            }
        }
        if let Some(event) = entry.event() {
            self.tell(&event, afterwards);
        }
        self.wake(afterwards);
    }

    /// Tells everybody here.
    fn tell(&mut self, event: &Arc<RoomEvent>, afterwards: &mut Afterwards) {
        let size = match &event.what {
            What::Said { name, text } => wire::size(name, text),
            What::Entered { name, .. } | What::Left { name, .. } => wire::size(name, ""),
        };
        let seq = self.following.as_ref().map_or(0, |following| following.seq);
        afterwards.published.push(self.audience.publish(event, size).0);
        self.tail.push(event, size, seq);
    }

    fn wake(&mut self, afterwards: &mut Afterwards) {
        let Some(following) = &mut self.following else { return };
        if following.waiting.is_empty() {
            return;
        }
        let later = following.waiting.split_off(&(following.seq + 1));
        let due = mem::replace(&mut following.waiting, later);
        afterwards.wakes.extend(due.into_values().flatten());
    }

    /// Takes up where the room stands, unless that has been asked again since.
    pub(super) fn become_like(&mut self, found: Standing, afterwards: &mut Afterwards) {
        let Some(following) = &mut self.following else { return };
        let Phase::Asks { asked, answered, entries, is_new } = &mut following.phase else { return };
        *answered += 1;
        if *answered < *asked {
            // Events may have been missed since this answer was given.
            return;
        }
        let (entries, was_new) = (mem::take(entries), *is_new);
        let epoch = self.numbering.last().epoch;
        if was_new {
            self.numbering.go_on_after(found.position);
            drop(following.people.become_like(&found.people));
            following.seq = found.seq;
            self.tail.starts_over(found.position, found.seq);
        } else {
            following.seq = found.seq;
            if found.missed.gap.is_some() {
                tracing::warn!("messages of a room are missing: Redis does not have them any more");
            }
            let is_more = found.missed.more;
            for message in found.missed.messages.iter() {
                self.numbering.go_on_after(message.position);
                self.tell(message, afterwards);
            }
            if is_more {
                // The rest is asked for from there.
                if let Some(Following { phase: Phase::Asks { entries: kept, .. }, .. }) =
                    self.following.as_deref_mut()
                {
                    *kept = entries;
                }
                afterwards.asks = true;
                return;
            }
            self.numbering.go_on_after(found.position);
            self.notice_people(&found, afterwards);
            if epoch != found.position.epoch {
                self.tail.starts_over(found.position, found.seq);
            }
        }
        let Some(following) = &mut self.following else { return };
        for (name, left) in &found.lost {
            let deadline = Instant::now() + *left;
            following.people.lose(name, deadline);
            afterwards.deadline = Some(deadline);
        }
        following.phase = Phase::Follows;
        self.wake(afterwards);
        for entry in entries {
            self.take_up(entry, afterwards);
        }
    }

    /// Tells who has come and gone while nothing was heard.
    fn notice_people(&mut self, found: &Standing, afterwards: &mut Afterwards) {
        let Some(following) = &mut self.following else { return };
        let mut count = following.people.count();
        let difference = following.people.become_like(&found.people);
        for name in difference.left {
            count -= 1;
            let event = self.event(What::Left { name, count });
            self.tell(&event, afterwards);
        }
        for name in difference.entered {
            count += 1;
            let event = self.event(What::Entered { name, count });
            self.tell(&event, afterwards);
        }
    }
}
