//! What all members of a run have in common: the clock, the rooms, and what is counted.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::{
    comeback::{Comebacks, Return},
    dialer::Dialer,
    error::{BenchError, Death},
    latency::Times,
    packet::Names,
    plan::{FanOut, Mode, Pace, Plan},
    protocol::Protocol,
    room::Room,
    tag::Found,
    target::Target,
};

#[derive(Debug)]
pub(super) struct Shared {
    pub(super) servers: Vec<Server>,
    /// What is added to the query of handshakes.
    pub(super) query: &'static str,
    pub(super) protocol: Protocol,
    pub(super) names: Names,
    pub(super) rooms: Vec<Room>,
    pub(super) counts: Counts,
    pub(super) connect_times: Times,
    pub(super) join_times: Times,
    pub(super) latency: Times,
    /// The same, of deliveries by another server than the sender's.
    pub(super) latency_across: Times,
    pub(super) comebacks: Comebacks,
    /// Messages sent from this moment on are measured.
    pub(super) measured_from: u64,
    /// Why connections ended, and how many each.
    pub(super) deaths: BTreeMap<String, u64>,
    /// The first of them.
    pub(super) first_death: Option<Death>,
    /// Rooms that may have space in their window.
    pub(super) wake: Vec<u32>,
    /// The moment of what is being handled, in nanoseconds from the start.
    pub(super) now: u64,
    window: Option<u32>,
    start: Instant,
}

/// A server, and what connects to it.
#[derive(Debug)]
pub(super) struct Server {
    pub(super) target: Target,
    pub(super) dialer: Dialer,
}

/// How far a member got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// Until the server's CONNECT.
    Connecting,
    /// Until the member's own entering `status`.
    Joining,
    Joined,
}

/// What happened up to now.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counts {
    /// Connections begun.
    pub(super) started: u32,
    /// Members that the server let in (Socket.IO CONNECT).
    pub(super) connected: u32,
    /// Members that have read of their own entering.
    pub(super) joined: u32,
    /// Connections that ended.
    pub(super) died: u32,
    /// Connections that ended before the server let the member in.
    pub(super) failed: u32,
    /// Connections that ended before the member had joined.
    pub(super) absent: u32,
    /// `status` events.
    pub(super) statuses: u64,
    /// Deliveries that count.
    pub(super) deliveries: u64,
    /// Messages of another room.
    pub(super) leaks: u64,
    /// Messages that do not belong to this run.
    pub(super) unknown: u64,
    /// The moment when the last member was connected.
    pub(super) connected_at: u64,
    /// The moment when the last member had joined.
    pub(super) joined_at: u64,
    /// The moment of the last status.
    pub(super) status_at: u64,
    /// The moment of the last of all of these.
    pub(super) progress_at: u64,
}

impl Shared {
    pub(super) fn new(plan: &Plan, run: u32, servers: Vec<Server>) -> Result<Self, BenchError> {
        let names = Names::new(run);
        let window = match plan.mode {
            Mode::FanOut(FanOut { pace: Pace::Window(window), .. }) => Some(window),
            _ => None,
        };
        Ok(Self {
            servers,
            query: if plan.recovers() { "&recovery=1" } else { "" },
            protocol: plan.protocol,
            names,
            rooms: (0..plan.rooms)
                .map(|room| Room::new(names.tag(room), plan.members, plan.senders()))
                .collect(),
            counts: Counts::default(),
            connect_times: Times::new()?,
            join_times: Times::new()?,
            latency: Times::new()?,
            latency_across: Times::new()?,
            comebacks: Comebacks::new()?,
            measured_from: u64::MAX,
            deaths: BTreeMap::new(),
            first_death: None,
            wake: Vec::new(),
            now: 0,
            window,
            start: Instant::now(),
        })
    }

    /// Reads the clock: once for each read of a socket, since it costs as much as a delivery.
    #[inline]
    pub(super) fn tick(&mut self) {
        self.now = u64::try_from(self.start.elapsed().as_nanos()).unwrap_or(u64::MAX);
    }

    /// The server with this number, counted round.
    pub(super) fn server(&mut self, number: usize) -> &mut Server {
        let count = self.servers.len();
        &mut self.servers[number % count]
    }

    /// Time without any progress.
    pub(super) fn quiet(&self) -> Duration {
        Duration::from_nanos(self.now.saturating_sub(self.counts.progress_at))
    }

    /// The server let in a member that had begun at `since`.
    pub(super) fn connected(&mut self, since: u64) {
        self.counts.connected += 1;
        self.counts.connected_at = self.now;
        self.counts.progress_at = self.now;
        self.connect_times.record(self.now - since);
    }

    /// A member that had asked to enter at `since` read that it has.
    pub(super) fn joined(&mut self, room: u32, seat: u32, since: u64) {
        self.rooms[room as usize].enter(seat);
        self.counts.joined += 1;
        self.counts.joined_at = self.now;
        self.join_times.record(self.now - since);
    }

    /// A `status` arrived.
    pub(super) fn status(&mut self) {
        self.counts.statuses += 1;
        self.counts.status_at = self.now;
        self.counts.progress_at = self.now;
    }

    /// A `message` arrived.
    #[inline]
    pub(super) fn heard(&mut self, in_room: u32, seat: u32, text: &[u8]) {
        if let Some(at) = self.count(in_room, seat, text) {
            self.measure(at);
        }
    }

    /// A `message` arrived at a member that is cut off at times.
    pub(super) fn heard_by(
        &mut self,
        in_room: u32,
        seat: u32,
        text: &[u8],
        returns: &mut Return,
        phase: Phase,
    ) {
        if let Some(at) = self.count(in_room, seat, text)
            && !returns.heard(at, phase != Phase::Connecting, &mut self.comebacks, self.now)
        {
            self.measure(at);
        }
    }

    /// Counts a `message`. Returns when it was sent, unless this delivery does not count.
    #[inline]
    fn count(&mut self, in_room: u32, seat: u32, text: &[u8]) -> Option<u64> {
        let room = &mut self.rooms[in_room as usize];
        let number = match room.tag.find(text) {
            Found::Here(number) => number,
            Found::Elsewhere => {
                self.counts.leaks += 1;
                return None;
            }
            Found::Nothing => {
                self.counts.unknown += 1;
                return None;
            }
        };
        // Only where there are several: it costs a look at the message for each delivery.
        let sender = if self.servers.len() > 1 { room.sender_of(number) } else { None };
        let at = room.hear(seat, number)?;
        if let Some(sender) = sender
            && !sender.abs_diff(seat).is_multiple_of(self.servers.len() as u32)
            && at >= self.measured_from
        {
            self.latency_across.record(self.now.saturating_sub(at));
        }
        self.counts.deliveries += 1;
        self.counts.progress_at = self.now;
        if self.window.is_some_and(|window| room.has_place(window)) && self.wake.last() != Some(&in_room) {
            self.wake.push(in_room);
        }
        Some(at)
    }

    #[inline]
    fn measure(&mut self, at: u64) {
        if at >= self.measured_from {
            self.latency.record(self.now.saturating_sub(at));
        }
    }

    /// The connection of a member that will come back ended.
    pub(super) fn dropped(&mut self, room: u32, seat: u32, phase: Phase, death: &Death) {
        if phase == Phase::Joined {
            self.comebacks.cuts += 1;
        } else {
            self.comebacks.failed += 1;
        }
        self.comebacks.dropped.push((room, seat));
        *self.deaths.entry(death.to_string()).or_default() += 1;
    }

    /// A member has its place back.
    pub(super) fn recovered(&mut self, room: u32) {
        // Nobody may have been there who could speak.
        if self.window.is_some() {
            self.wake.push(room);
        }
    }

    /// A member's connection ended, in this phase.
    pub(super) fn died(&mut self, room: u32, seat: u32, phase: Phase, death: &Death) {
        self.rooms[room as usize].leave(seat);
        // The room may have been waiting only for what it still had to hear.
        self.wake.push(room);
        self.counts.died += 1;
        self.counts.failed += u32::from(phase == Phase::Connecting);
        self.counts.absent += u32::from(phase != Phase::Joined);
        *self.deaths.entry(death.to_string()).or_default() += 1;
        self.first_death.get_or_insert_with(|| death.clone());
    }
}
