//! What happens in the rooms, counted.

use super::Rooms;
use crate::counter::{Counter, Kinds};
use std::sync::Arc;

/// How an attempt to come back ended.
const RECOVERIES: [&str; 5] = ["recovered", "gap", "refused", "unknown", "gone"];
/// Who is given messages of the log again.
const REPLAYS: [&str; 3] = ["recovery", "rejoin", "stream"];

/// How an attempt to deliver for a webhook ended; `dead` is besides `failed`, for the last one.
const POSTS: [&str; 4] = ["delivered", "failed", "gone", "dead"];

/// What this server has counted in its rooms.
#[derive(Debug)]
pub struct Counts {
    /// Messages from connections in the room.
    pub(super) said_inside: Counter,
    /// Messages from elsewhere: over HTTP, or over a connection that is not in the room.
    pub(super) said_outside: Counter,
    pub(super) entered: Counter,
    /// Clients that showed what Socket.IO's connection state recovery gave them.
    pub recoveries: Kinds,
    /// Messages that were sent again.
    pub replayed: Kinds,
    /// What became of what was posted for webhooks.
    pub posts: Kinds,
    /// Events over Socket.IO that were refused, by code.
    pub refused_events: Kinds,
    /// Requests over HTTP that were refused, by code.
    pub refused_requests: Kinds,
}

impl Default for Counts {
    fn default() -> Self {
        Self {
            said_inside: Counter::default(),
            said_outside: Counter::default(),
            entered: Counter::default(),
            recoveries: Kinds::of(&RECOVERIES),
            replayed: Kinds::of(&REPLAYS),
            posts: Kinds::of(&POSTS),
            refused_events: Kinds::default(),
            refused_requests: Kinds::default(),
        }
    }
}

/// What there is in the rooms now, and what has happened so far.
#[derive(Clone, Debug, Default)]
pub struct Figures {
    /// Rooms that somebody is in, hears or reads, on this server.
    pub rooms: usize,
    /// People in them whose connections are on this server, or whose grace runs here.
    pub people: usize,
    /// Rooms whose speakers have to wait.
    pub under_pressure: usize,
    /// Messages that were said by connections in the room.
    pub said_inside: u64,
    /// Messages that were said from outside.
    pub said_outside: u64,
    /// How often somebody has entered a room.
    pub entered: u64,
}

impl Rooms {
    /// What is counted in the rooms.
    pub fn counts(&self) -> &Arc<Counts> {
        &self.0.counts
    }

    /// What there is now, and what was counted.
    pub fn figures(&self) -> Figures {
        let counts = self.counts();
        let mut figures = Figures {
            said_inside: counts.said_inside.read(),
            said_outside: counts.said_outside.read(),
            entered: counts.entered.read(),
            ..Figures::default()
        };
        let live: Vec<_> = self.lock().values().cloned().collect();
        for room in live {
            let (people, is_under_pressure) = room.standing();
            figures.rooms += 1;
            figures.people += people;
            figures.under_pressure += usize::from(is_under_pressure);
        }
        figures
    }
}
