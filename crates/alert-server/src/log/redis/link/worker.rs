//! Sends each call to the master that has its tag, follows the masters, and keeps the connections: one for each.

mod following;

use super::super::keys::TAGS;
use super::super::library::Library;
use super::super::masters::Masters;
use super::super::server::{self, ConnectError};
use super::lane::{self, Done, Lane};
use super::queue::{Outcome, Queue};
use super::{Counts, HEARTBEAT, Message, Standing, Watched};
use crate::config::{Place, RedisAddress};
use redis::{Pipeline, RedisError, Value};
use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, atomic::Ordering},
    time::{Duration, Instant},
};
use tokio::{
    sync::{Notify, mpsc, mpsc::error::TryRecvError, oneshot, watch},
    task::JoinSet,
    time::sleep_until,
};

/// Calls that are sent together to one master. The next ones are sent when these are answered.
const BATCH: usize = 256;
/// How often calls are looked at whose time may be over, or that wait for a slot.
const TICK: Duration = Duration::from_millis(20);
/// Between two looks for the masters, and between two when nothing calls for one: a cluster may have grown.
const LOOK: Duration = Duration::from_millis(100);
const LOOK_ANYWAY: Duration = Duration::from_secs(5);

/// Something that was begun has ended.
enum Event {
    /// At the lane to this place, of this generation.
    Lane(Place, u64, Done),
    Found(Result<Masters, ConnectError>),
}

pub(super) struct Worker {
    address: RedisAddress,
    library: Arc<Library>,
    calls: mpsc::UnboundedReceiver<Message>,
    /// There are calls.
    wake: Arc<Notify>,
    queues: [Queue; TAGS],
    lanes: HashMap<Place, Lane>,
    work: JoinSet<Event>,
    masters: watch::Sender<Masters>,
    standing: watch::Sender<Standing>,
    look: Arc<Notify>,
    is_looking: bool,
    looked: Instant,
    /// What was said last of why no masters are found.
    told: String,
    /// Of the last lane, call, and call that has a number.
    generation: u64,
    ticket: u64,
    number: u64,
    settling: Vec<(u64, oneshot::Sender<()>)>,
    counts: Arc<Counts>,
}

impl Worker {
    /// Finds the masters, and connects to each.
    pub(super) async fn connect(
        address: RedisAddress,
        library: Arc<Library>,
        (calls, wake): (mpsc::UnboundedReceiver<Message>, Arc<Notify>),
    ) -> Result<(Self, Watched), ConnectError> {
        let found = Masters::find(&address, None).await?;
        let (masters, are_masters) = watch::channel(found.clone());
        let (standing, stands) = watch::channel(Standing::default());
        let now = Instant::now();
        let mut worker = Self {
            address,
            library,
            calls,
            wake,
            queues: std::array::from_fn(|_| Queue::default()),
            lanes: HashMap::new(),
            work: JoinSet::new(),
            masters,
            standing,
            look: Arc::default(),
            is_looking: false,
            looked: now,
            told: String::new(),
            generation: 0,
            ticket: 0,
            number: 0,
            settling: Vec::new(),
            counts: Arc::default(),
        };
        for place in found.places() {
            let connected = server::connect(&worker.address, place, &worker.library).await?;
            let mut lane = Lane::new(worker.generation, now);
            lane.connected(connected, now);
            worker.lanes.insert(place.clone(), lane);
            worker.standing.send_modify(|standing| standing.connections += 1);
        }
        worker.tell();
        let watched = Watched { standing: stands, masters: are_masters, look: Arc::clone(&worker.look) };
        Ok((worker, watched))
    }

    /// What it will have done.
    pub(super) fn counts(&self) -> Arc<Counts> {
        Arc::clone(&self.counts)
    }

    /// Ends when there is nobody left who could call.
    pub(super) async fn run(mut self) {
        let mut tick = Instant::now();
        loop {
            let look = Arc::clone(&self.look);
            tokio::select! {
                biased;
                Some(event) = self.work.join_next() => match event {
                    // What is answered together is passed on together.
                    Ok(Event::Lane(place, generation, done)) => {
                        socketio_server::batch(|| self.done(&place, generation, done));
                    }
                    Ok(Event::Found(found)) => self.found(found),
                    Err(error) => tracing::error!("the link to Redis has failed: {error}"),
                },
                () = self.wake.notified() => {}
                () = look.notified() => self.look(LOOK),
                () = sleep_until(tick.into()) => {}
            }
            loop {
                match self.calls.try_recv() {
                    Ok(message) => self.take(message),
                    Err(TryRecvError::Empty) => break,
                    Err(TryRecvError::Disconnected) => return,
                }
            }
            let now = Instant::now();
            if tick <= now {
                let is_waiting = self.tick(now);
                tick = now + if is_waiting { TICK } else { HEARTBEAT / 4 };
            } else if tick > now + TICK && self.queues.iter().any(|queue| !queue.is_empty()) {
                tick = now + TICK;
            }
            self.dispatch(now);
        }
    }

    fn take(&mut self, message: Message) {
        self.ticket += 1;
        match message {
            Message::Call(mut waiting) => {
                if let Some(place) = waiting.call.numbered {
                    self.number += 1;
                    waiting.call.args[place] = self.number.to_string().into_bytes();
                }
                let tag = waiting.call.tag();
                self.queues[tag].push(self.ticket, waiting);
                self.make_ready(tag, Instant::now());
            }
            Message::Settle(tell) => {
                self.settling.push((self.ticket, tell));
                self.settle();
            }
            Message::Remove(used) => self.remove_libraries(&used),
        }
    }

    fn remove_libraries(&self, used: &BTreeSet<String>) {
        for mut connection in self.lanes.values().filter_map(Lane::connection) {
            let (library, used) = (Arc::clone(&self.library), used.clone());
            tokio::spawn(async move {
                if let Err(why) = library.remove_others(&mut connection, &used).await {
                    tracing::warn!("functions of other versions stay in Redis: {why}");
                }
            });
        }
    }

    /// Has the lane of its master take calls of a tag.
    fn make_ready(&mut self, tag: usize, now: Instant) {
        let queue = &mut self.queues[tag];
        if queue.is_ready || !queue.has_work(now) {
            return;
        }
        if let Some(lane) = self.lanes.get_mut(self.masters.borrow().of(tag)) {
            queue.is_ready = true;
            lane.ready.push_back(tag);
        }
    }

    /// Sends what can be sent.
    fn dispatch(&mut self, now: Instant) {
        let masters = self.masters.borrow().clone();
        for (place, lane) in &mut self.lanes {
            if !lane.is_idle() || lane.ready.is_empty() {
                continue;
            }
            let mut tags = std::mem::take(&mut lane.ready);
            let Some((connection, token)) = lane.begin(now) else { continue };
            let (mut parts, mut count, mut limit) = (Vec::new(), 0, Duration::ZERO);
            let mut pipeline = Pipeline::with_capacity(BATCH);
            pipeline.ignore_errors();
            while count < BATCH
                && let Some(tag) = tags.pop_front()
            {
                let queue = &mut self.queues[tag];
                queue.is_ready = false;
                // Otherwise it has been moved since, and another lane has it from the next tick on.
                if masters.of(tag) == place && queue.has_work(now) {
                    let start = format!("{token} {}", queue.turn);
                    let (taken, last) = queue.take(BATCH - count, |call, before| {
                        pipeline.add_command(lane::command(&self.library, call, &start, before));
                    });
                    limit =
                        limit.max(last.map_or(Duration::ZERO, |last| last.saturating_duration_since(now)));
                    count += taken;
                    parts.extend((taken > 0).then_some((tag, taken)));
                }
            }
            lane.ready = tags;
            if count == 0 {
                lane.rests(now);
                continue;
            }
            lane.sent = parts.iter().map(|(tag, _)| *tag).collect();
            let (place, generation) = (place.clone(), lane.generation);
            self.work.spawn(async move {
                Event::Lane(place, generation, lane::send(connection, pipeline, parts, limit).await)
            });
        }
    }

    fn done(&mut self, place: &Place, generation: u64, done: Done) {
        let now = Instant::now();
        let lane = self.lanes.get_mut(place).filter(|lane| lane.generation == generation);
        match (done, lane) {
            // What such a lane had sent is sent again already.
            (_, None) => {}
            (Done::Sent(parts, Ok(answers)), Some(lane)) => {
                if let Some(since) = lane.busy_since() {
                    self.counts.calls.observe(now.saturating_duration_since(since));
                }
                lane.rests(now);
                self.answered(place, generation, parts, answers, now);
            }
            (Done::Sent(_, Err(why)), Some(_)) => self.lose(place, generation, why),
            (Done::Pinged(Ok(())), Some(lane)) => lane.rests(now),
            (Done::Pinged(Err(why)), Some(_)) => self.lose(place, generation, why),
            (Done::Connected(Ok(connected)), Some(lane)) => {
                if lane.trouble.is_some() {
                    tracing::info!(redis = &*place.to_string(), "connected to Redis again");
                }
                lane.connected(connected, now);
                self.standing.send_modify(|standing| standing.connections += 1);
                self.tell();
            }
            (Done::Connected(Err(why)), Some(lane)) => {
                if lane.trouble.as_ref() != Some(&why) {
                    tracing::error!("{why}");
                }
                lane.trouble = Some(why);
                self.tell();
                self.begin_to_connect(place.clone(), generation, true);
                self.look(LOOK);
            }
        }
    }

    fn answered(
        &mut self,
        place: &Place,
        generation: u64,
        parts: Vec<(usize, usize)>,
        answers: Vec<Result<Value, RedisError>>,
        now: Instant,
    ) {
        let mut lost = None;
        let mut answers = answers.into_iter();
        for (tag, count) in &parts {
            // All of them are taken, whether it looks at them or not.
            let own: Vec<_> = answers.by_ref().take(*count).collect();
            match self.queues[*tag].answer(now, own.into_iter()) {
                Outcome::Answered | Outcome::Waits => {}
                Outcome::Moved(to) => self.moved(*tag, &to),
                Outcome::Lost(why) => lost = Some(why),
            }
        }
        for (tag, _) in parts {
            self.make_ready(tag, now);
        }
        if let Some(why) = lost {
            self.lose(place, generation, why);
        }
        self.settle();
    }

    /// A connection is of no use any more.
    fn lose(&mut self, place: &Place, generation: u64, why: String) {
        let Some(lane) = self.lanes.get_mut(place).filter(|lane| lane.generation == generation) else {
            return;
        };
        self.counts.losses.fetch_add(1, Ordering::Relaxed);
        tracing::warn!(redis = &*place.to_string(), "the connection to Redis is lost: {why}");
        let (now, sent) = (Instant::now(), std::mem::take(&mut lane.sent));
        let waits = lane.lose(why, now);
        self.give_back(&sent, now);
        self.tell();
        self.begin_to_connect(place.clone(), generation, waits);
        self.look(LOOK);
    }

    /// What was sent for these tags may have been carried out or not.
    fn give_back(&mut self, tags: &[usize], now: Instant) {
        for tag in tags {
            self.queues[*tag].lose();
            self.make_ready(*tag, now);
        }
    }

    /// Whether calls wait.
    fn tick(&mut self, now: Instant) -> bool {
        for tag in 0..TAGS {
            self.queues[tag].expire(now);
            self.make_ready(tag, now);
        }
        // One that hangs may have been replaced.
        let hangs = |lane: &Lane| lane.busy_since().is_some_and(|since| since + HEARTBEAT <= now);
        if self.lanes.values().any(hangs) {
            self.look(LOOK);
        }
        for (place, lane) in &mut self.lanes {
            if lane.idle_since().is_some_and(|since| since + HEARTBEAT <= now)
                && let Some((connection, _)) = lane.begin(now)
            {
                let (place, generation) = (place.clone(), lane.generation);
                self.work.spawn(async move { Event::Lane(place, generation, lane::check(connection).await) });
            }
        }
        if self.looked + LOOK_ANYWAY <= now && self.masters.borrow().may_change() {
            self.look(LOOK);
        }
        self.settle();
        self.queues.iter().any(|queue| !queue.is_empty())
    }

    /// Tells those who wait for it that what was called before is answered.
    fn settle(&mut self) {
        if self.settling.is_empty() {
            return;
        }
        let oldest = self.queues.iter().filter_map(Queue::oldest).min().unwrap_or(u64::MAX);
        self.settling.extract_if(.., |(ticket, _)| *ticket < oldest).for_each(|(_, tell)| _ = tell.send(()));
    }

    /// Says how things stand.
    fn tell(&self) {
        let trouble = self.lanes.values().find_map(|lane| lane.trouble.clone());
        let mut warnings: Vec<String> =
            self.lanes.values().flat_map(|lane| lane.warnings()).cloned().collect();
        warnings.sort();
        self.standing.send_modify(|standing| {
            standing.trouble = trouble;
            // Those of a master that is away stay until it is back.
            if standing.trouble.is_none() {
                standing.warnings = warnings;
            }
        });
    }
}
