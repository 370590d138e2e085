//! All rooms by their code, and the one place that says who may do what in them. A room exists while somebody is in
//! it: the first to enter makes it, and `Rooms::forget` removes it with the last.

mod admission;
mod audience;
mod catch_up;
mod half_open;
mod history;
mod live_room;
mod lost;
mod once;
mod refused;
mod replay;
mod subscription;
mod tail;

use crate::auth::Origin;
use crate::config::Config;
use crate::log::{KeyDigest, Log, Stored};
use crate::recent::Recent;
use admission::{Admission, Wait};
pub use admission::{Admitted, Way};
use alert_core::access::{Denied, Principal};
use alert_core::members::Members;
use alert_core::names::{RoomCode, UserName};
use alert_core::position::{Numbering, Position};
use alert_core::wire::Form;
pub use audience::{replay, replay_all, replayed_size};
pub use catch_up::{CatchUp, Missed};
pub use half_open::Suspect;
pub use history::{History, HistoryError, Wanted};
use live_room::{Entrant, LiveRoom, say_shared};
pub use live_room::{Listening, OnSaid, Presence, Said, Speech};
use lost::LostPeople;
pub use lost::{Returning, Unreceived};
use once::Keys;
pub use once::{KeyReused, OnReceipt, Receipt, Sender};
pub use refused::Refused;
pub use replay::Replay;
use socketio_server::{ConnectionId, Hub};
use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant, SystemTime},
};
pub use subscription::{Begin, Hearing, Subscription};
use tokio::{runtime::Handle, sync::Semaphore};

/// How long departures wait for a room under pressure; speakers who never pause must not hold them back.
const LONGEST_RELIEF: Duration = Duration::from_secs(1);

/// A room that is made again goes on in its epoch, so that a gap there has a number: as long and for as many as that.
/// A POST to a room that nobody is in makes it and forgets it.
const NUMBERED: Duration = Duration::from_secs(24 * 60 * 60);
const MOST_NUMBERED: usize = 10_000;

/// Enough for a fast connection, and far less than `queue_limit` allows.
const MOST_REPLAYED: usize = 64 << 10;

/// The rooms of this server. Cheap to clone.
#[derive(Clone)]
pub struct Rooms(Arc<Shared>);

struct Shared {
    by_code: Mutex<HashMap<RoomCode, Arc<LiveRoom>>>,
    /// Of rooms that were there lately. A numbering is here or in its room, so that no position is given twice.
    numberings: Recent<RoomCode, Numbering>,
    admission: Arc<Admission>,
    grace: Duration,
    max_rooms: usize,
    max_people: usize,
    /// Runs the tasks that wait for the end of a grace: one for each room that somebody was lost from.
    runtime: Handle,
    /// Bytes of a replay that may wait for one connection while more is read.
    most_replayed: usize,
    log: Log,
    keys: Keys,
    lost: LostPeople,
    /// Permits to read what was missed.
    readers: Semaphore,
    /// The most bytes replayed to whoever comes back: fewer than make a member count as behind.
    most_given: usize,
}

impl Rooms {
    /// No rooms yet, with the grace and the bounds of `config`. What is said goes to `log`.
    pub fn new(config: &Config, log: Log, runtime: Handle) -> Self {
        let rooms = Self(Arc::new(Shared {
            by_code: Mutex::default(),
            numberings: Recent::new(NUMBERED, MOST_NUMBERED),
            admission: Admission::new(config.room_tries, config.join_rate),
            grace: config.leave_grace,
            max_rooms: config.max_rooms,
            max_people: config.max_people,
            runtime,
            most_replayed: MOST_REPLAYED.min(config.queue_limit / 8),
            keys: Keys::new(&log),
            lost: LostPeople::new(
                if log.is_on() { config.replay_window } else { Duration::ZERO },
                config.ping_interval + config.ping_timeout,
                &log,
            ),
            readers: Semaphore::new(replay::READERS),
            most_given: config.queue_limit / 5,
            log,
        }));
        rooms.stay_alive();
        rooms
    }

    /// With Redis: says to the other servers that this one is alive, and who is in its rooms when they may think that it
    /// was not.
    fn stay_alive(&self) {
        let Some(shared) = self.log().shared().cloned() else { return };
        let (rooms, declared) = (self.clone(), shared.clone());
        let back = move |unsaid: HashSet<RoomCode>| {
            let live: Vec<_> = rooms.lock().values().cloned().collect();
            live.iter().for_each(|room| room.declare(&declared));
            let gone = unsaid.iter().filter(|code| live.iter().all(|room| room.code != **code));
            gone.for_each(|code| declared.declare(code, []));
        };
        shared.runtime().clone().spawn(shared.stay_alive(back));
    }

    /// Whether several servers share the rooms: whoever enters has to be announced first.
    pub fn are_shared(&self) -> bool {
        self.log().shared().is_some()
    }

    /// Lets somebody name a room. Whatever is done with a room begins here.
    ///
    /// # Errors
    /// If the origin has named too many rooms.
    pub fn admit(&self, origin: &Origin, way: Way, code: RoomCode) -> Result<Admitted, Refused> {
        let admitted = self.0.admission.admit(origin, way, code, Instant::now());
        self.counted(origin, admitted.map_err(|Wait(wait)| Refused::TooManyRooms(wait)))
    }

    /// Whether somebody may enter a room now. A connection leaves its present room only after that. Two who ask at the
    /// same time may both be given the last place.
    ///
    /// # Errors
    /// If too many have entered from the origin, or there is no space.
    pub fn check_entry(&self, origin: &Origin, room: &Admitted, name: &UserName) -> Result<(), Refused> {
        self.check_space(origin, room, name)?;
        let joined = self.0.admission.admit_join(origin, Instant::now());
        self.counted(origin, joined.map_err(|Wait(wait)| Refused::TooManyJoins(wait)))
    }

    /// Lets somebody name a room again who has shown that they were in it.
    pub fn readmit(&self, origin: &Origin, code: RoomCode) -> Admitted {
        self.0.admission.readmit(origin, code)
    }

    /// As [`Rooms::check_entry`], for somebody who was in the room. It counts as entering only if others hear of it.
    ///
    /// # Errors
    /// As there. Whoever comes back too fast can wait.
    pub fn check_return(&self, origin: &Origin, room: &Admitted, name: &UserName) -> Result<(), Refused> {
        let is_there = self.check_space(origin, room, name)?.is_some_and(|room| room.has(name));
        if is_there {
            return Ok(());
        }
        let joined = self.0.admission.admit_join(origin, Instant::now());
        joined.map_err(|Wait(wait)| Refused::TooManyJoins(wait))
    }

    /// Whether somebody may hear a room now without being in it.
    ///
    /// # Errors
    /// If it would be one too many.
    pub fn check_hearing(&self, origin: &Origin, room: &Admitted) -> Result<(), Refused> {
        self.counted(origin, self.space_for(room.code())).map(drop)
    }

    fn check_space(
        &self,
        origin: &Origin,
        room: &Admitted,
        name: &UserName,
    ) -> Result<Option<Arc<LiveRoom>>, Refused> {
        let room = self.space_for(room.code()).and_then(|room| match room {
            Some(room) if !room.has_space(name, self.0.max_people) => {
                Err(Refused::RoomFull(self.0.max_people))
            }
            room => Ok(room),
        });
        self.counted(origin, room)
    }

    /// The room, if it exists; an error if it would be one too many.
    fn space_for(&self, code: &RoomCode) -> Result<Option<Arc<LiveRoom>>, Refused> {
        let rooms = self.lock();
        match rooms.get(code) {
            None if rooms.len() >= self.0.max_rooms => Err(Refused::ServerFull),
            room => Ok(room.cloned()),
        }
    }

    /// The room, if it exists.
    fn known(&self, room: &Admitted) -> Option<Arc<LiveRoom>> {
        self.lock().get(room.code()).cloned()
    }

    /// Logs a refusal.
    fn counted<T>(&self, origin: &Origin, result: Result<T, Refused>) -> Result<T, Refused> {
        result.inspect_err(|refused| {
            let (address, so_far) = (origin.to_string(), self.0.admission.count_refused());
            tracing::warn!(address, so_far, "no way into a room: {refused}");
        })
    }

    /// Waits until a room can take more. Whoever speaks from outside waits for this first.
    pub async fn relief(&self, room: &Admitted) {
        let room = self.lock().get(room.code()).cloned();
        if let Some(room) = room {
            room.relief().await;
        }
    }

    /// Runs the tasks that wait for rooms.
    pub fn runtime(&self) -> &Handle {
        &self.0.runtime
    }

    /// The log of the rooms.
    pub fn log(&self) -> &Log {
        &self.0.log
    }

    /// Says something to a room from outside it. If nobody hears the room, the log still takes it.
    ///
    /// # Errors
    /// Where `who` may not, or the room would be one too many.
    pub fn say(&self, who: &Principal, room: &Admitted, speech: Speech<'_>) -> Result<Option<Said>, Refused> {
        who.may(|rights| rights.speak)?;
        if let Some(shared) = self.log().shared() {
            let live = self.lock().get(room.code()).cloned();
            say_shared(shared, room.code(), live, speech);
            return Ok(None);
        }
        let mut speech = Some(speech);
        if self.log().is_on() {
            self.space_for(room.code())?;
            return Ok(Some(self.in_room(room.code(), |room| room.say_from_outside(self, &mut speech))));
        }
        let room = self.lock().get(room.code()).cloned();
        let said = room.and_then(|room| room.say_from_outside(self, &mut speech));
        Ok(Some(said.unwrap_or_else(|| {
            let position = self.log().next_epoch().start();
            let said = Said { position, at: SystemTime::now(), connections: Some(0) };
            if let Some(done) = speech.and_then(|speech| speech.done) {
                done(Ok((said, Stored::NotMeant)));
            }
            said
        })))
    }

    /// Calls `say` for a message, with what it must hand on to the log, unless the message came before with this key.
    /// `done` is told what became of it. True if it is said for the first time.
    ///
    /// # Errors
    /// If the key belongs to another message.
    pub fn once(
        &self,
        key: Option<KeyDigest>,
        message: (&UserName, &str),
        done: OnReceipt,
        say: impl FnOnce(OnSaid) -> Result<Option<Said>, Refused>,
    ) -> Result<bool, KeyReused> {
        if self.are_shared() {
            // Where the rooms are ordered, keys are known too.
            let done = Arc::new(Mutex::new(Some(done)));
            let later = Arc::clone(&done);
            let outcome = say(Box::new(move |outcome| settle(&later, outcome.map(Receipt::of))));
            if let Err(refused) = outcome {
                settle(&done, Err(refused));
            }
            return Ok(true);
        }
        self.0.keys.once(key, message, Instant::now(), done, say)
    }

    /// Who is in a room. A room that does not exist is empty.
    ///
    /// # Errors
    /// Where `who` may not see it.
    pub async fn members(&self, who: &Principal, room: &Admitted) -> Result<Arc<Members>, Refused> {
        who.may(|rights| rights.read)?;
        if let Some(shared) = self.log().shared() {
            return Ok(Arc::new(shared.members(room.code()).await?));
        }
        let room = self.lock().get(room.code()).cloned();
        Ok(room.map(|room| room.members()).unwrap_or_default())
    }

    /// All rooms in which somebody is, and how many people.
    ///
    /// # Errors
    /// Where `who` may not see them.
    pub async fn all(&self, who: &Principal) -> Result<Vec<(RoomCode, usize)>, Refused> {
        who.may(|rights| rights.list)?;
        if let Some(shared) = self.log().shared() {
            return Ok(shared.rooms().await?);
        }
        let rooms: Vec<_> = self.lock().values().cloned().collect();
        let counted = rooms.iter().map(|room| (room.code.clone(), room.count()));
        Ok(counted.filter(|(_, count)| *count > 0).collect())
    }

    /// Lets a connection into a room, under a name, after [`Self::check_entry`]. It hears the room in `form`.
    ///
    /// # Errors
    /// If `who` may not.
    pub fn enter(
        &self,
        who: &Principal,
        connection: (&Hub, ConnectionId),
        form: Form,
        room: &Admitted,
        name: &UserName,
    ) -> Result<Presence, Denied> {
        who.may(|rights| rights.read)?;
        let entrant = Entrant { connection, form, name, resumes: false };
        Ok(self.in_room(room.code(), |live| live.enter(&entrant, || self.0.admission.hold(room))))
    }

    /// Does something in a room, which is made if it is missing. `act` returns `None` if the room has just been
    /// forgotten; then it is tried again in a new one.
    fn in_room<T>(&self, code: &RoomCode, mut act: impl FnMut(&Arc<LiveRoom>) -> Option<T>) -> T {
        loop {
            let mut is_new = false;
            let room = {
                let mut rooms = self.lock();
                let room = rooms.entry(code.clone());
                let make = || {
                    is_new = true;
                    let numbering = self.0.numberings.at(Instant::now()).remove(code);
                    let numbering = numbering.unwrap_or_else(|| Numbering::new(self.0.log.next_epoch()));
                    LiveRoom::new(code.clone(), self.0.grace, &self.0.log, numbering)
                };
                Arc::clone(room.or_insert_with(make))
            };
            if is_new {
                room.follow(self);
            }
            // Not under the registry's lock: rooms lock themselves first and the registry second.
            if let Some(done) = act(&room) {
                return done;
            }
        }
    }

    /// Removes a room that has retired and stood here. To be called with the room's lock held, so that no other room of
    /// this code can have been made.
    fn forget(&self, code: &RoomCode, last: Position) {
        let mut rooms = self.lock();
        rooms.remove(code);
        self.0.numberings.at(Instant::now()).insert(code.clone(), Numbering::after(last));
        if rooms.capacity() > 1024 && rooms.capacity() > 8 * rooms.len() {
            let room_for = 2 * rooms.len();
            rooms.shrink_to(room_for);
        }
    }

    fn sweep_later(&self, room: Arc<LiveRoom>, deadline: Instant) {
        let rooms = self.clone();
        self.0.runtime.spawn(async move {
            let mut next = Some(deadline);
            while let Some(deadline) = next {
                tokio::time::sleep_until(deadline.into()).await;
                let _ = tokio::time::timeout(LONGEST_RELIEF, room.relief()).await;
                next = match rooms.log().shared() {
                    Some(shared) => room.sweep_shared(shared).await,
                    None => room.sweep(&rooms),
                };
                tokio::task::yield_now().await;
            }
        });
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<RoomCode, Arc<LiveRoom>>> {
        // The map is whole between any two calls.
        self.0.by_code.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Answers whoever has not been answered.
fn settle(done: &Mutex<Option<OnReceipt>>, outcome: Result<Receipt, Refused>) {
    let done = done.lock().unwrap_or_else(PoisonError::into_inner).take();
    if let Some(done) = done {
        done(outcome);
    }
}
