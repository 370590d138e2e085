//! A room that several servers share: Redis orders what happens in it, and this server follows. What people do here is
//! handed to Redis; what comes back, in its order, is what those here hear.

mod announced;
mod following;
mod going;

use super::super::audience::Published;
use super::super::{KeyReused, Refused, Rooms};
use super::{LiveRoom, OnSaid, Said, Speech};
use crate::log::Stored;
use crate::log::redis::{Ear, Entry, Fate, Shared};
use alert_core::names::RoomCode;
use alert_core::wire;
pub(in crate::rooms) use announced::Announced;
pub(super) use following::Following;
use following::{Afterwards, Phase, Wake};
use std::{
    mem,
    sync::{Arc, Weak},
    time::Duration,
};
use tokio::{sync::oneshot, time::timeout};

/// The pause before Redis is asked again.
const PAUSE: Duration = Duration::from_millis(200);
/// How long a room may take to be read, and what was done to come back.
const LONGEST: Duration = Duration::from_secs(5);

/// Hears a room for this server, as long as somebody else keeps the room.
struct RoomEar {
    room: Weak<LiveRoom>,
    rooms: Rooms,
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
