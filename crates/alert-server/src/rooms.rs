//! All rooms by their code, and the one place that says who may do what in them. A room exists while somebody is in
//! it: the first to enter makes it, and `Rooms::forget` removes it with the last.

mod admission;
mod alerts;
mod allowance;
mod audience;
mod bells;
mod catch_up;
mod clock;
mod counts;
mod door;
mod entry;
mod escalations;
mod half_open;
mod history;
mod hooks;
mod live_room;
mod lost;
mod moderation;
mod once;
mod overview;
mod passwords;
mod policies;
mod push;
mod refused;
mod replay;
mod roll_calls;
mod subscription;
mod tail;
mod turns;

use crate::config::Config;
use crate::log::redis::Absence;
use crate::log::{KeyDigest, Log, Stored};
use crate::outbound::Outbound;
use crate::push::Push;
use crate::recent::Recent;
use admission::Admission;
pub use admission::{Admitted, Way};
use alert_core::access::Right;
use alert_core::names::{RoomCode, UserName};
use alert_core::position::{Numbering, Position};
use alert_core::room::alerts::AlertId;
use alert_core::wire::Form;
use alert_core::wire::v2::Rolled;
pub use alerts::{Alerted, in_force};
use allowance::Allowances;
pub use audience::{replay, replay_all, replayed_size};
use bells::Bells;
pub use bells::Listed;
pub use catch_up::{CatchUp, Missed, NotLive};
pub use counts::{Counts, Figures};
pub use door::Visit;
pub use escalations::Elsewhere;
pub use half_open::Suspect;
pub use history::{History, HistoryError, Wanted};
use hooks::Hooks;
pub use hooks::{Dead, Resent};
use live_room::{Entrant, LiveRoom, Speaker, keep_in_step, say_shared};
pub use live_room::{Listening, OnSaid, Presence, Said, Speech};
use lost::LostPeople;
pub use lost::{Returning, Unreceived};
pub use moderation::{Actor, Made, random_key};
use once::Keys;
pub use once::{KeyReused, OnReceipt, Receipt, Sender};
pub use overview::Overview;
use passwords::Passwords;
use policies::Policies;
pub use refused::Refused;
pub use replay::Replay;
use socketio_server::{ConnectionId, Hub};
use std::{
    collections::{HashMap, HashSet},
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
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
    max_rooms: AtomicUsize,
    max_people: AtomicUsize,
    /// Runs the tasks that wait for the end of a grace: one for each room that somebody was lost from.
    runtime: Handle,
    /// Bytes of a replay that may wait for one connection while more is read.
    most_replayed: usize,
    log: Log,
    counts: Arc<Counts>,
    keys: Keys,
    lost: LostPeople,
    policies: Policies,
    allowances: Allowances,
    bells: Bells,
    /// Who is missing, as whoever hears a room was told just now.
    missing: Recent<(RoomCode, AlertId), Arc<Rolled>>,
    hooks: Hooks,
    passwords: Passwords,
    /// Set at the start, where devices are told.
    push: OnceLock<Push>,
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
            max_rooms: AtomicUsize::new(config.max_rooms),
            max_people: AtomicUsize::new(config.max_people),
            policies: Policies::read(&log),
            allowances: Allowances::new(),
            bells: Bells::new(),
            missing: Recent::new(roll_calls::ANSWERED, roll_calls::MOST_ANSWERED),
            hooks: Hooks::new(Outbound::new(config.outbound_networks.clone())),
            passwords: Passwords::new(runtime.clone()),
            push: OnceLock::new(),
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
            counts: Arc::default(),
        }));
        if let Some(shared) = rooms.log().shared() {
            let unnoticed = config.ping_interval + config.ping_timeout;
            shared.wait_for_lost(Absence { window: config.replay_window, unnoticed });
        }
        rooms.stay_alive();
        rooms.look_after_policies();
        rooms.watch_clock();
        rooms
    }

    /// Sets other limits for everybody who comes from now on: on rooms, on people in one, and on how fast they come.
    pub fn limit(&self, config: &Config) {
        self.0.max_rooms.store(config.max_rooms, Ordering::Relaxed);
        self.0.max_people.store(config.max_people, Ordering::Relaxed);
        self.0.admission.limit(config.room_tries, config.join_rate);
    }

    fn max_people(&self) -> usize {
        self.0.max_people.load(Ordering::Relaxed)
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
            gone.for_each(|code| declared.declare(code, [], &[]));
        };
        let runtime = shared.runtime().clone();
        runtime.spawn(keep_in_step(self.clone(), shared.clone()));
        runtime.spawn(shared.stay_alive(back));
    }

    /// Whether several servers share the rooms: whoever enters has to be announced first.
    pub fn are_shared(&self) -> bool {
        self.log().shared().is_some()
    }

    /// The room, if it exists.
    fn known(&self, room: &Admitted) -> Option<Arc<LiveRoom>> {
        self.lock().get(room.code()).cloned()
    }

    /// Waits until a room can take more. Whoever speaks from outside waits for this first.
    pub async fn relief(&self, room: &Admitted) {
        let room = self.lock().get(room.code()).cloned();
        if let Some(room) = room {
            room.relief().await;
        }
        if let Some(shared) = self.log().shared() {
            let _ = shared.strain().wait_for(|is_strained| !is_strained).await;
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
    /// Where the right is missing, or the room would be one too many.
    pub fn say(&self, room: &Admitted, speech: Speech<'_>) -> Result<Option<Said>, Refused> {
        room.may(Right::Speak)?;
        let speaker = Speaker { name: None, standing: room.standing(), badge: &room.badge };
        self.0.counts.said_outside.count();
        if let Some(shared) = self.log().shared() {
            let live = self.lock().get(room.code()).cloned();
            say_shared(shared, room.code(), live, speaker, speech)?;
            return Ok(None);
        }
        let mut speech = Some(speech);
        if self.log().is_on() {
            self.space_for(room.code())?;
            let said = self.in_room(room.code(), |room| room.say_from_outside(self, speaker, &mut speech));
            return Ok(Some(said?));
        }
        let live = self.lock().get(room.code()).cloned();
        let said = live.and_then(|live| live.say_from_outside(self, speaker, &mut speech)).transpose()?;
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

    /// Lets a connection into a room, under a name, after [`Self::check_entry`]. It hears the room in `form`.
    ///
    /// # Errors
    /// If the right is missing, or the room's hosts have decided otherwise since it was looked at.
    pub fn enter(
        &self,
        connection: (&Hub, ConnectionId),
        form: Form,
        room: &Admitted,
        name: &UserName,
    ) -> Result<Presence, Refused> {
        room.may(Right::Read)?;
        let entrant = Entrant {
            connection,
            form,
            name,
            standing: room.standing(),
            badge: &room.badge,
            resumes: false,
            away_since: None,
        };
        let held = || self.0.admission.hold(room);
        Ok(self.in_room(room.code(), |live| live.enter(self, &entrant, held))?)
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
                    let policy = self.0.policies.of_use(code, &self.0.log);
                    let counted = (&self.0.log, &self.0.counts);
                    LiveRoom::new(code.clone(), self.0.grace, counted, numbering, policy)
                };
                Arc::clone(room.or_insert_with(make))
            };
            if is_new {
                room.follow(self);
                self.time_alerts(&room);
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
        self.0.policies.of_use(code, self.log());
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
