//! What waits for push services, and what goes next. Of what a device is told of one alert only the newest waits, and it goes
//! when what is under way has ended, so nothing overtakes it. Emergencies go first, and first tries before others. Rooms take
//! turns, and in a room push services do; one that does not answer promptly has few places, so it holds up few others.
//! Without a clock: the time is passed in.

use super::{Notice, Urgency};
use alert_core::names::RoomCode;
use alert_core::room::push::{Device, DeviceId};
use hashlink::{LinkedHashMap, LinkedHashSet};
use http::HeaderValue;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Instant;

/// Messages that may wait or be under way.
const MOST: usize = 20_000;
/// Those under way: all; of one room, or to one service.
const AT_A_TIME: usize = 64;
const OF_ONE: usize = 32;
/// The same of services that have not answered promptly the last time, or were not asked yet. They are fewer than the names that
/// are looked up at a time.
const DOUBTFUL: usize = 12;
const DOUBTFUL_OF_ONE: usize = 4;
/// Services that are known to answer. There are a handful; all are forgotten when there are more.
const MOST_PROMPT: usize = 64;

/// A device, and which alert: the topic.
type Key = (DeviceId, HeaderValue);
/// The host of a push service.
type Service = Arc<str>;

/// What waits or is under way. Lanes leave when their newest message has gone or is given up; rooms and services with their
/// last one.
#[derive(Default)]
pub(super) struct Queue {
    lanes: HashMap<Key, Lane>,
    /// The next to have a turn is the first.
    rooms: LinkedHashMap<RoomCode, Room>,
    /// How many are under way to each.
    services: HashMap<Service, usize>,
    /// Those that answer.
    prompt: LinkedHashSet<Service>,
    under_way: usize,
    doubtful: usize,
    lanes_so_far: u64,
    has_keeper: bool,
}

/// The newest message for a device about an alert.
struct Lane {
    notice: Arc<Notice>,
    device: Device,
    service: Service,
    number: u64,
    tries: u32,
    state: State,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Waits(Rank),
    Pauses(Instant),
    /// This one, or one that is older.
    UnderWay {
        is_newest: bool,
    },
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Emergency,
    EmergencyAgain,
    Other,
    OtherAgain,
    Pausing,
}

#[derive(Default)]
struct Room {
    /// By service; the next to have a turn is the first.
    lines: LinkedHashMap<Service, BTreeMap<(Rank, u64), Key>>,
    waiting: usize,
    under_way: usize,
    doubtful: usize,
}

/// A message to be sent now.
pub(super) struct Job {
    pub notice: Arc<Notice>,
    pub device: Device,
    /// How often it has been tried.
    pub tries: u32,
    service: Service,
    is_doubtful: bool,
}

/// What follows when something is to be sent.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Put {
    /// It waits.
    Waits,
    /// The newer of two waits in the place of the other.
    Replaces,
    /// It waits, and one of this room does not any more.
    Drops(RoomCode),
}

/// What follows the end of a try.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// No other try.
    Over,
    /// Something newer goes in its place.
    Replaced,
    /// It is tried again. Somebody has to call [`Queue::wake`] again and again from now on, or does so already.
    Pauses { needs_keeper: bool },
}

impl Lane {
    fn key(&self) -> Key {
        key(&self.device, &self.notice)
    }

    fn waits(mut self) -> Self {
        self.state = State::Waits(match (self.notice.urgency, self.tries) {
            (Urgency::Emergency, 0) => Rank::Emergency,
            (Urgency::Emergency, _) => Rank::EmergencyAgain,
            (_, 0) => Rank::Other,
            (_, _) => Rank::OtherAgain,
        });
        self
    }

    fn place(&self) -> Option<(Rank, u64)> {
        match self.state {
            State::Waits(rank) => Some((rank, self.number)),
            State::Pauses(_) => Some((Rank::Pausing, self.number)),
            State::UnderWay { .. } => None,
        }
    }
}

impl Queue {
    /// How many wait or are under way.
    pub(super) fn len(&self) -> usize {
        self.lanes.len()
    }

    /// A device is to be told something by a service.
    pub(super) fn put(&mut self, notice: &Arc<Notice>, device: &Device, service: &str) -> Put {
        let (new, device) = (Arc::clone(notice), device.clone());
        let Some(mut lane) = self.take_out(&key(&device, notice)) else {
            self.lanes_so_far += 1;
            let (service, number, state) = (service.into(), self.lanes_so_far, State::Waits(Rank::Other));
            self.put_in(Lane { notice: new, device, service, number, tries: 0, state }.waits());
            return self.make_space();
        };
        if lane.notice.revision > new.revision {
            self.put_in(lane);
            return Put::Replaces;
        }
        (lane.notice, lane.device, lane.tries) = (new, device, 0);
        let put =
            if lane.state == (State::UnderWay { is_newest: true }) { Put::Waits } else { Put::Replaces };
        if lane.place().is_some() {
            lane = lane.waits();
        } else {
            lane.state = State::UnderWay { is_newest: false };
        }
        self.put_in(lane);
        put
    }

    /// What is to be sent now. Its end has to be said.
    pub(super) fn next(&mut self) -> Option<Job> {
        if self.under_way >= AT_A_TIME {
            return None;
        }
        let key = self.turn()?.clone();
        let mut lane = self.take_out(&key)?;
        let (notice, service) = (Arc::clone(&lane.notice), Arc::clone(&lane.service));
        let is_doubtful = !self.prompt.contains(&service);
        let room = self.rooms.entry(notice.room.clone()).or_insert_with(Room::default);
        room.lines.to_back(&service);
        self.prompt.to_back(&service);
        room.under_way += 1;
        room.doubtful += usize::from(is_doubtful);
        self.rooms.to_back(&notice.room);
        *self.services.entry(Arc::clone(&service)).or_default() += 1;
        self.under_way += 1;
        self.doubtful += usize::from(is_doubtful);
        let (device, tries) = (lane.device.clone(), lane.tries);
        lane.state = State::UnderWay { is_newest: true };
        self.put_in(lane);
        Some(Job { notice, device, tries, service, is_doubtful })
    }

    /// Something was tried, and is to be tried again from a moment on, or not.
    pub(super) fn ended(&mut self, job: &Job, again: Option<Instant>) -> Next {
        self.under_way -= 1;
        self.doubtful -= usize::from(job.is_doubtful);
        if let Some(count) = self.services.get_mut(&job.service) {
            *count -= 1;
        }
        self.services.retain(|_, count| *count > 0);
        if let Some(room) = self.rooms.get_mut(&job.notice.room) {
            room.under_way -= 1;
            room.doubtful -= usize::from(job.is_doubtful);
        }
        let lane = self.take_out(&key(&job.device, &job.notice));
        self.forget_idle(&job.notice.room);
        let Some(mut lane) = lane else { return Next::Over };
        match again {
            _ if lane.state == (State::UnderWay { is_newest: false }) => {
                self.put_in(lane.waits());
                if again.is_some() { Next::Replaced } else { Next::Over }
            }
            Some(until) => {
                (lane.tries, lane.state) = (lane.tries + 1, State::Pauses(until));
                self.put_in(lane);
                Next::Pauses { needs_keeper: !std::mem::replace(&mut self.has_keeper, true) }
            }
            None => Next::Over,
        }
    }

    /// Whether a service has answered promptly.
    pub(super) fn heard(&mut self, job: &Job, is_prompt: bool) {
        if !is_prompt {
            self.prompt.remove(&job.service);
        } else if !self.prompt.contains(&job.service) {
            if self.prompt.len() >= MOST_PROMPT {
                self.prompt.clear();
            }
            self.prompt.insert(Arc::clone(&job.service));
        }
    }

    /// What has paused for long enough waits for its turn again. Whether others still pause: if not, nobody has to call this.
    pub(super) fn wake(&mut self, now: Instant) -> bool {
        let is_due = |lane: &&Lane| matches!(lane.state, State::Pauses(until) if until <= now);
        let due: Vec<Key> = self.lanes.values().filter(is_due).map(Lane::key).collect();
        for key in due {
            if let Some(lane) = self.take_out(&key) {
                self.put_in(lane.waits());
            }
        }
        self.has_keeper = self.lanes.values().any(|lane| matches!(lane.state, State::Pauses(_)));
        self.has_keeper
    }

    /// Of what may go now, what has the highest rank; and of that, what is of the room and the service whose turn it is.
    fn turn(&self) -> Option<&Key> {
        let rooms = self.rooms.values().filter(|room| room.under_way < OF_ONE);
        let heads = rooms.flat_map(|room| {
            let is_full = self.doubtful >= DOUBTFUL || room.doubtful >= DOUBTFUL_OF_ONE;
            // Somebody may have made up thousands that do not answer.
            let few = is_full.then(|| self.prompt.iter().filter_map(|one| Some((one, room.lines.get(one)?))));
            let all = (!is_full).then(|| room.lines.iter());
            few.into_iter().flatten().chain(all.into_iter().flatten())
        });
        let heads = heads.filter(|(service, _)| self.has_place(service));
        let heads = heads.filter_map(|(_, line)| line.first_key_value());
        let heads = heads.filter(|((rank, _), _)| *rank < Rank::Pausing);
        heads.min_by_key(|((rank, _), _)| *rank).map(|(_, key)| key)
    }

    fn has_place(&self, service: &Service) -> bool {
        let most = if self.prompt.contains(service) { OF_ONE } else { DOUBTFUL_OF_ONE };
        self.services.get(service).is_none_or(|under_way| *under_way < most)
    }

    /// Where there are too many, the room with most gives up one: what has failed before anything else, then what is least
    /// urgent and came last.
    fn make_space(&mut self) -> Put {
        if self.lanes.len() <= MOST {
            return Put::Waits;
        }
        let fullest = self.rooms.iter().max_by_key(|(_, room)| room.waiting);
        let last = fullest.and_then(|(code, room)| {
            let lasts = room.lines.values().filter_map(BTreeMap::last_key_value);
            Some((code.clone(), lasts.max_by_key(|(place, _)| **place)?.1.clone()))
        });
        let Some((code, key)) = last else { return Put::Waits };
        self.take_out(&key);
        Put::Drops(code)
    }

    /// Every change of a lane is between this and [`Queue::put_in`].
    fn take_out(&mut self, key: &Key) -> Option<Lane> {
        let lane = self.lanes.remove(key)?;
        if let Some(place) = lane.place()
            && let Some(room) = self.rooms.get_mut(&lane.notice.room)
            && let Some(line) = room.lines.get_mut(&lane.service)
        {
            line.remove(&place);
            if line.is_empty() {
                room.lines.remove(&lane.service);
            }
            room.waiting -= 1;
            self.forget_idle(&lane.notice.room);
        }
        Some(lane)
    }

    fn put_in(&mut self, lane: Lane) {
        let key = lane.key();
        if let Some(place) = lane.place() {
            let room = self.rooms.entry(lane.notice.room.clone()).or_insert_with(Room::default);
            room.waiting += 1;
            let line = room.lines.entry(Arc::clone(&lane.service)).or_insert_with(BTreeMap::new);
            line.insert(place, key.clone());
        }
        self.lanes.insert(key, lane);
    }

    fn forget_idle(&mut self, code: &RoomCode) {
        if self.rooms.get(code).is_some_and(|room| room.waiting == 0 && room.under_way == 0) {
            self.rooms.remove(code);
        }
    }
}

fn key(device: &Device, notice: &Notice) -> Key {
    (device.subscription.id(), notice.topic.clone())
}

#[cfg(test)]
mod tests;
