//! What a server knows of a shared room, and how it takes up what Redis tells: each event in its order, or, where
//! something was missed, where the room stands.

use super::super::super::audience::Published;
use super::super::{Listening, State};
use super::asking::Asking;
use crate::log::StayId;
use crate::log::redis::{Change, Entry, Shared, State as Standing, StayHere, Subscribed};
use alert_core::event::{RoomEvent, What};
use alert_core::names::UserName;
use alert_core::position::{Gap, Position};
use alert_core::room::policy::Policy;
use alert_core::room::{ClientKey, Mirror};
use alert_core::wire;
use socketio_server::Hub;
use std::{
    collections::{BTreeMap, HashMap},
    mem,
    sync::Arc,
    time::{Instant, SystemTime},
};
use tokio::sync::watch;

/// Events that are kept while it is asked where the room stands. The answer has what is dropped.
const MOST_KEPT: usize = 10_000;

/// Epochs that are remembered. A Redis that went back may have any of the last ones.
const MOST_ENDED: usize = 16;

/// What this server knows of a shared room.
#[derive(Default)]
pub(in crate::rooms) struct Following {
    pub(super) subscribed: Option<Subscribed>,
    /// Events come, and it has been asked where the room stands.
    pub(super) begun: watch::Sender<bool>,
    pub(super) phase: Phase,
    /// Of the last event that was taken up.
    pub(super) seq: u64,
    pub(super) people: Mirror,
    /// Connections on this server. Entries leave with the last one of a person.
    pub(super) here: HashMap<UserName, u32>,
    /// The stays of connections on this server, from entering to going.
    pub(super) stays: HashMap<StayId, StayHere>,
    /// Who waits until nodes have asked the connections that they have of a person.
    pub(super) asking: Asking,
    /// Where connections are asked; set with the first.
    pub(super) hub: Option<Hub>,
    /// Those who leave and have not gone yet. Taken out when Redis has answered.
    pub(super) leaving: HashMap<u64, (UserName, Listening)>,
    pub(super) leave_places: u64,
    /// What waits for an event. Taken out when the room has come so far, or is given up.
    pub(super) waiting: BTreeMap<u64, Vec<(Option<Position>, Wake)>>,
    /// When the other servers were told last that members here are behind.
    pub(super) slowed: Option<Instant>,
    /// The last positions that were heard of the epochs before this one, the latest at the end: [`MOST_ENDED`] at most.
    pub(super) ended: Vec<Position>,
}

/// Called when an event has come, or with `false`: Redis has lost it.
pub(super) type Wake = Box<dyn FnOnce(bool) + Send>;

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
    pub(super) wakes: Vec<(Wake, bool)>,
    /// When somebody leaves who was lost.
    pub(super) deadline: Option<Instant>,
    pub(super) asks: bool,
    /// Members may have to go.
    pub(super) rouses: bool,
    /// Alerts may end by themselves.
    pub(super) times: bool,
    /// Members who read have too much waiting for them.
    pub(super) is_behind: bool,
    /// What is missing, and was told: to be logged.
    pub(super) gaps: Vec<Gap>,
    /// Whose connections are to be asked whether they are there.
    pub(super) asked: Vec<(UserName, ClientKey, Vec<Box<str>>)>,
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

    /// Those who leave and have not gone yet.
    pub(in super::super) fn leaving(&self) -> usize {
        self.leaving.len()
    }

    /// People who are in it on this server.
    pub(in super::super) fn count_here(&self) -> usize {
        self.here.len()
    }

    /// An epoch has ended, or is heard no more.
    fn ends(&mut self, last: Position) {
        if let Some(known) = self.ended.iter_mut().find(|ended| ended.epoch == last.epoch) {
            known.number = known.number.max(last.number);
            return;
        }
        if self.ended.len() == MOST_ENDED {
            self.ended.remove(0);
        }
        self.ended.push(last);
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

    /// When the oldest message was said that a connection has been given on entering.
    pub(in super::super) fn was_given(&mut self, stay: StayId, oldest: SystemTime) {
        if let Some(StayHere { entered: Some((_, _, given)), .. }) = self.stays.get_mut(&stay) {
            *given = oldest;
        }
    }

    /// A connection has gone.
    pub(in super::super) fn forget(&mut self, stay: StayId) {
        self.stays.remove(&stay);
    }

    /// Ends following. Whoever waits goes on.
    pub(in super::super) fn end(&mut self, shared: &Shared) {
        self.subscribed = None;
        let waiting = mem::take(&mut self.waiting);
        if !waiting.is_empty() {
            // The room is locked, and those who wait may want to lock it.
            shared
                .runtime()
                .spawn(async move { waiting.into_values().flatten().for_each(|(_, wake)| wake(true)) });
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
        self.goes_on(entry.position);
        let Some(following) = &mut self.following else { return };
        match &entry.change {
            Change::Event(What::Removed(position)) => self.tail.remove(*position),
            Change::Event(
                What::Said { .. } | What::Policy(_) | What::Alert(_) | What::Missing(_) | What::ClockSet,
            ) => {}
            Change::Policy(policy) => self.rule(policy, afterwards),
            Change::Event(What::Entered { name, .. }) | Change::Again(name) => {
                following.people.enter(name);
                self.note_entered(name);
            }
            Change::Event(What::Left { name, .. }) => {
                following.people.leave(name);
                for (_, hearing) in following.leaving.values_mut().filter(|(leaving, _)| leaving == name) {
                    // Whoever leaves hears nothing of it.
                    drop(hearing.membership.take());
                }
                self.note_left(name);
            }
            Change::Lost(name, grace) => {
                let deadline = Instant::now() + *grace;
                following.people.lose(name, deadline);
                afterwards.deadline = Some(deadline);
            }
            Change::Asked { name, client, nodes } => {
                afterwards.asked.push((name.clone(), *client, nodes.clone()));
            }
            Change::Probed(name, node) => following.asking.answered(name, node),
            Change::Lacks(upto) => self.notice_lack(*upto, afterwards),
            // They have no place among the events, and are not among them.
            Change::Slow(_) | Change::Roll(..) => {}
        }
        if let Some(event) = entry.event() {
            self.tell(&event, afterwards);
        }
        self.wake(afterwards);
    }

    /// Hosts have decided something.
    fn rule(&mut self, policy: &Arc<Policy>, afterwards: &mut Afterwards) {
        let before = self.ruling.as_ref().map(|ruling| Arc::clone(&ruling.policy)).unwrap_or_default();
        afterwards.rouses |= self.take_policy(Arc::clone(policy));
        afterwards.times = true;
        let rules = (!policy.has_rules_of(&before)).then(|| What::Policy(Arc::clone(policy)));
        let changes = policy.alerts.changes_since(&before.alerts);
        let changes = changes.into_iter().map(|change| What::Alert(Arc::new(change)));
        for what in rules.into_iter().chain(changes) {
            let event = self.event(what);
            self.tell(&event, afterwards);
        }
    }

    /// The last position is this one from now on.
    fn goes_on(&mut self, position: Position) {
        let last = self.numbering.last();
        if let Some(following) = &mut self.following
            && last.epoch != position.epoch
        {
            following.ends(last);
        }
        self.numbering.go_on_after(position);
    }

    /// Whether a message of an epoch that has ended here was heard.
    fn has_heard(&self, position: Position) -> bool {
        self.following.as_ref().is_some_and(|following| {
            following.ended.iter().any(|end| end.epoch == position.epoch && position.number <= end.number)
        })
    }

    /// Redis has lost messages up to there, which others may have heard.
    fn notice_lack(&mut self, upto: Position, afterwards: &mut Afterwards) {
        let Some(following) = &mut self.following else { return };
        let ended = following.ended.iter_mut().find(|ended| ended.epoch == upto.epoch);
        let Some(ended) = ended.filter(|ended| ended.number < upto.number) else { return };
        let missed = Some(upto.number - ended.number);
        *ended = upto;
        self.tell_missing(Gap { missed }, afterwards);
    }

    fn tell_missing(&mut self, gap: Gap, afterwards: &mut Afterwards) {
        let event = self.event(What::Missing(gap));
        self.tell(&event, afterwards);
        afterwards.gaps.push(gap);
    }

    /// Tells everybody here.
    fn tell(&mut self, event: &Arc<RoomEvent>, afterwards: &mut Afterwards) {
        let size = wire::size_of(&event.what);
        let seq = self.following.as_ref().map_or(0, |following| following.seq);
        afterwards.is_behind |= self.audience.room().is_some_and(socketio_server::Room::members_are_behind);
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
        afterwards.wakes.extend(due.into_values().flatten().map(|(_, wake)| (wake, true)));
    }

    /// Answers those who wait for an event of an epoch that has ended: it has come, or never will.
    fn wake_of_former(&mut self, afterwards: &mut Afterwards) {
        let now = self.numbering.last().epoch;
        let Some(following) = &mut self.following else { return };
        let ended = &following.ended;
        let has_come =
            |of: Position| ended.iter().any(|end| end.epoch == of.epoch && of.number <= end.number);
        for waiting in following.waiting.values_mut() {
            let former = waiting.extract_if(.., |(of, _)| of.is_some_and(|of| of.epoch != now));
            let former = former.map(|(of, wake)| (wake, of.is_none_or(has_come)));
            afterwards.wakes.extend(former);
        }
        following.waiting.retain(|_, waiting| !waiting.is_empty());
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
            if let Some(gap) = found.missed.gap {
                self.tell_missing(gap, afterwards);
            }
            let is_more = found.missed.more;
            for message in found.missed.messages.iter() {
                // Redis does not know the last epoch, and gives all that it has.
                let is_known = self.has_heard(message.position);
                self.goes_on(message.position);
                if !is_known {
                    self.tell(message, afterwards);
                }
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
            self.goes_on(found.position);
            self.notice_people(&found, afterwards);
            if epoch != found.position.epoch {
                self.tail.starts_over(found.position, found.seq);
                self.wake_of_former(afterwards);
            }
        }
        match &found.policy {
            // Nobody hears the room yet.
            Some(policy) if was_new => {
                self.take_policy(Arc::clone(policy));
                afterwards.times = true;
            }
            Some(policy)
                if self.ruling.as_ref().is_none_or(|ruling| ruling.policy.revision != policy.revision) =>
            {
                self.rule(policy, afterwards);
            }
            _ => {}
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
