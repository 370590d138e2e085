//! A room that several servers share: Redis orders what happens in it, and this server follows. What people do here is
//! handed to Redis; what comes back, in its order, is what those here hear.

use super::super::audience::{Published, publication, replay};
use super::super::{KeyReused, Refused, Rooms};
use super::{Entrant, Listening, LiveRoom, OnSaid, Said, Speech, State};
use crate::log::Stored;
use crate::log::redis::{Arrival, Change, Ear, Entry, Fate, Going, Shared, State as Standing, Subscribed};
use alert_core::event::{RoomEvent, What};
use alert_core::names::{RoomCode, UserName};
use alert_core::room::Mirror;
use alert_core::wire;
use socketio_server::Membership;
use std::{
    collections::{BTreeMap, HashMap},
    mem,
    sync::{Arc, MutexGuard, Weak},
    time::{Duration, Instant},
};
use tokio::{sync::oneshot, time::timeout};

/// The pause before Redis is asked again.
const PAUSE: Duration = Duration::from_millis(200);
/// Events that are kept while it is asked where the room stands. The answer has what is dropped.
const MOST_KEPT: usize = 10_000;
/// How long a room may take to be read, and what was done to come back.
const LONGEST: Duration = Duration::from_secs(5);

/// What this server knows of a shared room.
#[derive(Default)]
pub(in crate::rooms) struct Following {
    subscribed: Option<Subscribed>,
    phase: Phase,
    /// Of the last event that was taken up.
    seq: u64,
    people: Mirror,
    /// Connections on this server. Entries leave with the last one of a person.
    here: HashMap<UserName, u32>,
    /// Those who leave and have not gone yet. Taken out when Redis has answered.
    leaving: HashMap<u64, (UserName, Listening)>,
    leave_places: u64,
    /// What waits for an event. Taken out when the room has come so far, or is given up.
    waiting: BTreeMap<u64, Vec<Wake>>,
}

type Wake = Box<dyn FnOnce() + Send>;

enum Phase {
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
struct Afterwards {
    published: Vec<Published>,
    wakes: Vec<Wake>,
    /// When somebody leaves who was lost.
    deadline: Option<Instant>,
    asks: bool,
}

/// Hears a room for this server, as long as somebody else keeps the room.
struct RoomEar {
    room: Weak<LiveRoom>,
    rooms: Rooms,
}

/// A person who has come into a shared room, by a connection that does not hear it yet. Dropping it takes that back.
pub(in crate::rooms) struct Announced {
    room: Arc<LiveRoom>,
    rooms: Rooms,
    name: UserName,
    arrival: Option<Arrival>,
    /// Its client has heard of its entering.
    is_told: bool,
    is_taken: bool,
}

impl Ear for RoomEar {
    fn hear(&self, entry: Entry) {
        if let Some(room) = self.room.upgrade() {
            room.hear(&self.rooms, entry);
        }
    }

    fn begins(&self) {
        if let Some(room) = self.room.upgrade() {
            room.ask(&self.rooms);
        }
    }
}

impl Following {
    pub(super) fn people(&self) -> &Mirror {
        &self.people
    }

    pub(super) fn people_mut(&mut self) -> &mut Mirror {
        &mut self.people
    }

    pub(super) fn seq(&self) -> u64 {
        self.seq
    }

    /// Nobody is in it on this server.
    pub(super) fn is_empty(&self) -> bool {
        self.here.is_empty()
    }

    fn is_known(&self) -> bool {
        matches!(self.phase, Phase::Follows | Phase::Asks { is_new: false, .. })
    }

    fn count_in(&mut self, name: &UserName) -> u32 {
        let connections = self.here.entry(name.clone()).or_default();
        *connections += 1;
        *connections
    }

    fn count_out(&mut self, name: &UserName) -> u32 {
        let Some(connections) = self.here.get_mut(name) else { return 0 };
        *connections -= 1;
        let left = *connections;
        if left == 0 {
            self.here.remove(name);
        }
        left
    }

    /// Ends following. Whoever waits goes on.
    pub(super) fn end(&mut self, shared: &Shared) {
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
    fn take_up(&mut self, entry: Entry, afterwards: &mut Afterwards) {
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
    fn become_like(&mut self, found: Standing, afterwards: &mut Afterwards) {
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

impl LiveRoom {
    /// Begins to follow a room that is shared.
    pub(in crate::rooms) fn follow(self: &Arc<Self>, rooms: &Rooms) {
        let Some(shared) = self.log.shared() else { return };
        let ear = RoomEar { room: Arc::downgrade(self), rooms: rooms.clone() };
        let subscribed = shared.hear(&self.code, Arc::new(ear));
        if let Some(following) = &mut self.lock().following {
            following.subscribed = Some(subscribed);
        }
    }

    fn hear(self: &Arc<Self>, rooms: &Rooms, entry: Entry) {
        let mut afterwards = Afterwards::default();
        self.lock().take_up(entry, &mut afterwards);
        self.do_afterwards(rooms, afterwards);
    }

    /// Asks Redis where the room stands.
    pub(in crate::rooms) fn ask(self: &Arc<Self>, rooms: &Rooms) {
        let Some(shared) = self.log.shared().cloned() else { return };
        if let Some(following) = &mut self.lock().following {
            match &mut following.phase {
                Phase::Asks { asked, .. } => *asked += 1,
                phase @ Phase::Follows => {
                    *phase = Phase::Asks { asked: 1, answered: 0, entries: Vec::new(), is_new: false };
                }
            }
        }
        let (room, rooms) = (Arc::clone(self), rooms.clone());
        shared.runtime().clone().spawn(async move {
            loop {
                let after = {
                    let state = room.lock();
                    if state.is_retired {
                        return;
                    }
                    let is_known = state.following.as_ref().is_some_and(|following| following.is_known());
                    is_known.then(|| state.numbering.last())
                };
                if let Ok(found) = shared.state(&room.code, after).await {
                    let mut afterwards = Afterwards::default();
                    room.lock().become_like(found, &mut afterwards);
                    room.do_afterwards(&rooms, afterwards);
                    return;
                }
                tokio::time::sleep(PAUSE).await;
            }
        });
    }

    fn do_afterwards(self: &Arc<Self>, rooms: &Rooms, afterwards: Afterwards) {
        afterwards.published.iter().for_each(Published::render);
        afterwards.wakes.into_iter().for_each(|wake| wake());
        if let Some(deadline) = afterwards.deadline {
            let is_sweeping = mem::replace(&mut self.lock().is_sweeping, true);
            if !is_sweeping {
                rooms.sweep_later(Arc::clone(self), deadline);
            }
        }
        if afterwards.asks {
            self.ask(rooms);
        }
    }

    /// Calls `wake` once an event has been taken up.
    fn after(&self, seq: u64, wake: Wake) {
        let mut state = self.lock();
        if let Some(following) = &mut state.following
            && following.seq < seq
            && following.subscribed.is_some()
        {
            following.waiting.entry(seq).or_default().push(wake);
            return;
        }
        drop(state);
        wake();
    }

    /// Waits until it is known where the room stands.
    pub(in crate::rooms) async fn is_known(&self) -> Result<(), Refused> {
        let (tell, told) = oneshot::channel();
        {
            let mut state = self.lock();
            let Some(following) = &mut state.following else { return Ok(()) };
            if following.is_known() {
                return Ok(());
            }
            following.waiting.entry(0).or_default().push(Box::new(|| _ = tell.send(())));
        }
        timeout(LONGEST, told).await.ok().and_then(Result::ok).ok_or(Refused::Unavailable)
    }

    /// A person comes, by a connection that hears the room later.
    pub(in crate::rooms) async fn announce(
        self: &Arc<Self>,
        rooms: &Rooms,
        name: &UserName,
    ) -> Result<Option<Announced>, Refused> {
        let Some(shared) = self.log.shared() else { return Ok(None) };
        let (tell, told) = oneshot::channel();
        {
            let mut state = self.lock();
            let Some(following) = &mut state.following else { return Ok(None) };
            let connections = following.count_in(name);
            shared.enter(&self.code, name, connections, |arrival| _ = tell.send(arrival));
        }
        let (room, rooms, name) = (Arc::clone(self), rooms.clone(), name.clone());
        let mut announced = Announced { room, rooms, name, arrival: None, is_told: false, is_taken: false };
        let arrival = told.await.map_err(|_| Refused::Unavailable)??;
        let (tell, told) = oneshot::channel();
        self.after(arrival.placed.seq, Box::new(|| _ = tell.send(())));
        timeout(LONGEST, told).await.ok().and_then(Result::ok).ok_or(Refused::Unavailable)?;
        announced.arrival = Some(arrival);
        Ok(Some(announced))
    }

    /// Lets a connection hear the room whose person has been announced, and gives it what has happened since: all of it,
    /// or what `greet` does not. `None` where that is too much.
    pub(super) fn seat_announced(
        self: &Arc<Self>,
        state: &mut MutexGuard<'_, State>,
        entrant: &Entrant<'_>,
        announced: &mut Announced,
        greet: Option<impl FnOnce()>,
    ) -> Option<Membership> {
        let Arrival { is_new, placed, .. } = announced.arrival?;
        let Entrant { connection: (hub, connection), form, name, resumes } = *entrant;
        let events = state.tail.events_since(placed.seq)?;
        let has_messages = greet.is_some();
        if let Some(greet) = greet {
            greet();
        }
        if !announced.is_told && (is_new || !resumes) {
            let own = announced.entered(name)?;
            hub.send(connection, publication(form, &self.code, &own, wire::size(name, "")));
        }
        for event in events {
            if !(has_messages && matches!(event.what, What::Said { .. })) {
                hub.send(connection, replay(form, &self.code, &event));
            }
        }
        announced.is_taken = true;
        Some(state.audience.join(hub, form, connection))
    }

    /// A connection of a person has gone.
    pub(super) fn goes(self: &Arc<Self>, state: &mut State, rooms: &Rooms, name: &UserName, how: Going) {
        let (Some(shared), Some(following)) = (self.log.shared(), &mut state.following) else { return };
        let connections = following.count_out(name);
        shared.go(&self.code, name, connections, how, |_| {});
        if let Going::Lost(grace) = how
            && connections == 0
            && !mem::replace(&mut state.is_sweeping, true)
        {
            rooms.sweep_later(Arc::clone(self), Instant::now() + grace);
        }
    }

    /// A person leaves by a connection that hears the room until everything has come that was said before, but not that
    /// it has left. `done` is called then, from any thread.
    pub(super) fn leaves_later(
        self: &Arc<Self>,
        name: &UserName,
        hearing: Listening,
        done: impl FnOnce() + Send + 'static,
    ) {
        let mut state = self.lock();
        let (Some(shared), Some(following)) = (self.log.shared(), &mut state.following) else { return };
        let connections = following.count_out(name);
        let place = following.leave_places;
        following.leave_places += 1;
        following.leaving.insert(place, (name.clone(), hearing));
        let room = Arc::clone(self);
        shared.go(&self.code, name, connections, Going::Leaves, move |gone| {
            let leaver = Arc::clone(&room);
            let end = move || {
                let left =
                    leaver.lock().following.as_mut().and_then(|following| following.leaving.remove(&place));
                drop(left);
                done();
            };
            match gone {
                Ok(gone) => room.after(gone.placed.seq, Box::new(end)),
                Err(_) => end(),
            }
        });
    }

    /// Has those leave whose grace has ended. Says when to come again.
    pub(in crate::rooms) async fn sweep_shared(&self, shared: &Shared) -> Option<Instant> {
        let next = match shared.expire(&self.code).await {
            Ok(Some(left)) => Some(Instant::now() + left),
            Ok(None) => None,
            Err(_) => Some(Instant::now() + PAUSE),
        };
        if next.is_none() {
            self.lock().is_sweeping = false;
        }
        next
    }

    /// Says to Redis who is here.
    pub(in crate::rooms) fn declare(&self, shared: &Shared) {
        let state = self.lock();
        if let Some(following) = &state.following {
            shared.declare(&self.code, following.here.iter().map(|(name, connections)| (name, *connections)));
        }
    }
}

/// Says something in a shared room; `live` is the room, where somebody hears it on this server.
pub(in crate::rooms) fn say(
    shared: &Shared,
    code: &RoomCode,
    live: Option<Arc<LiveRoom>>,
    speech: Speech<'_>,
) {
    let Speech { name, text, key, done } = speech;
    let on_the_way = live.as_ref().and_then(|room| {
        let size = wire::size(name, text);
        room.lock().audience.room().map(|room| room.on_the_way(size))
    });
    shared.say(code, (name, text), key, move |fate| {
        drop(on_the_way);
        let placed = match fate {
            Ok(Fate::Said(placed) | Fate::Again(placed)) => placed,
            Ok(Fate::KeyReused) => return answer(done, Err(Refused::KeyReused(KeyReused))),
            Err(unavailable) => return answer(done, Err(unavailable.into())),
        };
        let said = Said { position: placed.position, at: placed.at, connections: None };
        let Some(done) = done else { return };
        // Whoever hears the room has the message before its answer.
        match live {
            Some(room) => room.after(placed.seq, Box::new(move || done(Ok((said, Stored::Durably))))),
            None => done(Ok((said, Stored::Durably))),
        }
    });
}

fn answer(done: Option<OnSaid>, outcome: Result<(Said, Stored), Refused>) {
    if let Some(done) = done {
        done(outcome);
    }
}

impl Announced {
    /// Where the room stood then.
    pub(in crate::rooms) fn arrival(&self) -> Option<Arrival> {
        self.arrival
    }

    /// Its entering, as the others heard of it if it is new.
    pub(super) fn entered(&self, name: &UserName) -> Option<Arc<RoomEvent>> {
        let Arrival { placed, count, .. } = self.arrival?;
        let what = What::Entered { name: name.clone(), count };
        Some(Arc::new(RoomEvent { at: placed.at, position: placed.position, what }))
    }

    pub(super) fn is_told(&mut self) {
        self.is_told = true;
    }
}

impl Drop for Announced {
    fn drop(&mut self) {
        if self.is_taken {
            return;
        }
        let mut state = self.room.lock();
        self.room.goes(&mut state, &self.rooms, &self.name, Going::Leaves);
        self.room.retire_if_empty(&mut state, &self.rooms);
    }
}
