//! A room that several servers share: Redis orders what happens in it, and this server follows. What people do here is
//! handed to Redis; what comes back, in its order, is what those here hear.

mod announced;
mod asking;
mod checking;
mod following;
mod going;
mod slowing;

use super::super::audience::Published;
use super::super::{KeyReused, Refused, Rooms};
use super::{LiveRoom, OnSaid, Said, Speaker, Speech};
use crate::log::Stored;
use crate::log::redis::{Change, Ear, Entry, Fate, Placed, Shared, State as Standing, Unavailable};
use alert_core::names::RoomCode;
use alert_core::position::{Gap, Position};
use alert_core::room::policy::Forbidden;
use alert_core::wire;
pub(in crate::rooms) use announced::Announced;
pub(in crate::rooms) use checking::keep_in_step;
pub(super) use following::Following;
use following::{Afterwards, Phase, Wake};
use std::{
    collections::HashSet,
    mem,
    sync::{Arc, Weak},
    time::Duration,
};
use tokio::{
    sync::oneshot,
    time::{sleep, timeout},
};

/// The pause before Redis is asked again.
const PAUSE: Duration = Duration::from_millis(200);
/// How often it is looked whether an event has come, which is on its way.
const TAKING_UP: Duration = Duration::from_millis(2);
/// How long a room may take to be read, and what was done to come back.
const LONGEST: Duration = Duration::from_secs(5);

/// Hears a room for this server, as long as somebody else keeps the room.
struct RoomEar {
    room: Weak<LiveRoom>,
    rooms: Rooms,
}

impl Ear for RoomEar {
    fn hear(&self, entry: Entry) {
        let Some(room) = self.room.upgrade() else { return };
        match entry.change {
            Change::Slow(time) => room.hold(time),
            Change::Roll(alert, person) => room.hear_roll_call(&self.rooms, alert, person),
            _ => room.hear(&self.rooms, entry),
        }
    }

    fn begins(&self) {
        let Some(room) = self.room.upgrade() else { return };
        room.ask(&self.rooms);
        if let Some(following) = &room.lock().following {
            following.begun.send_replace(true);
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
        // At once: whoever enters does that behind it.
        let Some(mut asked) = self.ask_once(&shared, false) else { return };
        let (room, rooms) = (Arc::clone(self), rooms.clone());
        shared.runtime().clone().spawn(async move {
            let mut has_declared = false;
            loop {
                match asked.await {
                    Ok(found) if has_declared || !room.has_people_unknown_to(&found) => {
                        let mut afterwards = Afterwards::default();
                        room.lock().become_like(found, &mut afterwards);
                        room.do_afterwards(&rooms, afterwards);
                        room.tell_all_roll_calls(&rooms);
                        return;
                    }
                    Ok(_) => has_declared = true,
                    Err(_) => tokio::time::sleep(PAUSE).await,
                }
                asked = match room.ask_once(&shared, has_declared) {
                    Some(asked) => asked,
                    None => return,
                };
            }
        });
    }

    /// Whether Redis has forgotten people who are here, or others have given them up: they have not left.
    fn has_people_unknown_to(&self, found: &Standing) -> bool {
        let state = self.lock();
        let following = state.following.as_ref().filter(|following| following.is_known());
        let Some(following) = following.filter(|following| !following.is_empty()) else { return false };
        let people: HashSet<_> = found.people.iter().collect();
        !found.knows_us || following.here.keys().any(|name| !people.contains(name))
    }

    /// Asks once where the room stands, perhaps behind what is said of those who are here; nothing where nobody hears it
    /// any more.
    fn ask_once(
        &self,
        shared: &Shared,
        declares: bool,
    ) -> Option<impl Future<Output = Result<Standing, Unavailable>> + Send + use<>> {
        let state = self.lock();
        if state.is_retired {
            return None;
        }
        let following = state.following.as_ref().filter(|following| following.is_known());
        if let Some(following) = following.filter(|_| declares) {
            self.declare_all(shared, following);
        }
        Some(shared.state(&self.code, following.map(|_| state.numbering.last())))
    }

    fn do_afterwards(self: &Arc<Self>, rooms: &Rooms, afterwards: Afterwards) {
        afterwards.published.iter().for_each(Published::render);
        for Gap { missed } in afterwards.gaps {
            let room = self.code.as_str();
            tracing::warn!(room, missed, "messages of a room are missing: Redis does not have them any more");
        }
        if afterwards.times {
            rooms.time_alerts(self);
        }
        if afterwards.rouses {
            // Before those come in who wait for this, and have been asked by then.
            self.lock().audience.rouse();
        }
        afterwards.wakes.into_iter().for_each(|(wake, has_come)| wake(has_come));
        if let Some(deadline) = afterwards.deadline {
            let is_sweeping = mem::replace(&mut self.lock().is_sweeping, true);
            if !is_sweeping {
                rooms.sweep_later(Arc::clone(self), deadline);
            }
        }
        if afterwards.is_behind {
            self.slow_others();
        }
        for (name, client, nodes) in afterwards.asked {
            if self.log.shared().is_some_and(|shared| nodes.iter().any(|node| shared.is(node))) {
                self.probe(rooms, name, client);
            }
        }
        if afterwards.asks {
            self.ask(rooms);
        }
    }

    /// Calls `wake` once an event has been taken up, or Redis has lost it.
    fn after(&self, placed: Placed, wake: Wake) {
        let mut state = self.lock();
        if let Some(following) = &mut state.following
            && following.seq < placed.seq
            && following.subscribed.is_some()
        {
            let waiting = following.waiting.entry(placed.seq).or_default();
            return waiting.push((Some(placed.position), wake));
        }
        drop(state);
        wake(true);
    }

    /// Waits until an event has been taken up.
    pub(in crate::rooms) async fn comes(&self, placed: Placed) {
        let (tell, told) = oneshot::channel();
        self.after(placed, Box::new(|_| _ = tell.send(())));
        // Redis may be away just now.
        let _ = timeout(LONGEST, told).await;
    }

    /// Waits until the events of the room come.
    async fn has_begun(&self) -> Result<(), Refused> {
        let begun = self.lock().following.as_ref().map(|following| following.begun.subscribe());
        let Some(mut begun) = begun else { return Ok(()) };
        let has_begun = timeout(LONGEST, begun.wait_for(|has_begun| *has_begun)).await;
        has_begun.ok().and_then(Result::ok).map(drop).ok_or(Refused::Unavailable)
    }

    /// Waits until this server, which was at `before`, has taken up the newest message that Redis has given: otherwise
    /// whoever was given it, and then hears the room, would hear it again.
    pub(in crate::rooms) async fn takes_up(&self, newest: Position, before: Position) {
        let has_come = || {
            let last = self.position();
            match newest.epoch == before.epoch {
                true => last.epoch != newest.epoch || last.number >= newest.number,
                // Where nothing was said in the epoch of this server, it may be the later one.
                false => before.number == 0 || last.epoch != before.epoch && last.number >= newest.number,
            }
        };
        let come = async {
            while !has_come() {
                sleep(TAKING_UP).await;
            }
        };
        // Redis may be away just now.
        let _ = timeout(LONGEST, come).await;
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
            following.waiting.entry(0).or_default().push((None, Box::new(|_| _ = tell.send(()))));
        }
        timeout(LONGEST, told).await.ok().and_then(Result::ok).ok_or(Refused::Unavailable)
    }

    /// Says to Redis who is here.
    pub(in crate::rooms) fn declare(&self, shared: &Shared) {
        if let Some(following) = &self.lock().following {
            self.declare_all(shared, following);
        }
    }

    /// The same, of a room that is locked.
    fn declare_all(&self, shared: &Shared, following: &Following) {
        let stays: Vec<_> = following.stays.values().cloned().collect();
        let people = following.here.iter().map(|(name, connections)| (name, *connections));
        shared.declare(&self.code, people, &stays);
    }
}

/// Says something in a shared room; `live` is the room, where somebody hears it on this server.
pub(in crate::rooms) fn say(
    shared: &Shared,
    code: &RoomCode,
    live: Option<Arc<LiveRoom>>,
    speaker: Speaker<'_>,
    speech: Speech<'_>,
) -> Result<(), Forbidden> {
    let Speech { name, text, key, done } = speech;
    let (turn, on_the_way) = match &live {
        Some(room) => {
            let size = wire::size(name, text);
            let state = room.lock();
            let turn = state.may_speak(speaker, name)?;
            (turn, state.audience.room().map(|room| room.on_the_way(size)))
        }
        None => (speaker.turn_from_outside(name), None),
    };
    shared.say(code, (name, text), key, turn, move |fate| {
        drop(on_the_way);
        let placed = match fate {
            Ok(Fate::Said(placed) | Fate::Again(placed)) => placed,
            Ok(Fate::KeyReused) => return answer(done, Err(Refused::KeyReused(KeyReused))),
            Ok(Fate::TooFast(wait)) => return answer(done, Err(Forbidden::TooFast(wait).into())),
            Err(unavailable) => return answer(done, Err(unavailable.into())),
        };
        let said = Said { position: placed.position, at: placed.at, connections: None };
        let Some(done) = done else { return };
        // Whoever hears the room has the message before its answer.
        match live {
            Some(room) => {
                let outcome = move |has_come| {
                    if has_come { Ok((said, Stored::Durably)) } else { Err(Refused::Unavailable) }
                };
                room.after(placed, Box::new(move |has_come| done(outcome(has_come))));
            }
            None => done(Ok((said, Stored::Durably))),
        }
    });
    Ok(())
}

fn answer(done: Option<OnSaid>, outcome: Result<(Said, Stored), Refused>) {
    if let Some(done) = done {
        done(outcome);
    }
}
