//! The way to one master: a connection, over which one batch of calls goes at a time.

use super::super::library::Library;
use super::super::server::{self, Connected};
use super::{Call, PAUSE, ping};
use crate::config::{Place, RedisAddress};
use redis::aio::MultiplexedConnection;
use redis::{Pipeline, RedisError, Value};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::time::{sleep, timeout};

/// Something that was begun for a lane has ended.
pub(super) enum Done {
    Connected(Result<Connected, String>),
    /// What each call of a batch came to, whose tags and counts these are; or why the connection is lost.
    Sent(Vec<(usize, usize)>, Result<Vec<Result<Value, RedisError>>, String>),
    Pinged(Result<(), String>),
}

/// What a lane is doing.
enum State {
    Connecting,
    Idle(Connected),
    Busy(Connected),
}

pub(super) struct Lane {
    state: State,
    /// In its state.
    since: Instant,
    /// When the connection was made.
    made: Instant,
    /// The tags whose calls are on the way.
    pub(super) sent: Vec<usize>,
    /// Tells what belongs to an earlier lane to the same place.
    pub(super) generation: u64,
    /// Tags that it may take calls of, and that are its own unless they have been moved.
    pub(super) ready: VecDeque<usize>,
    /// Why there is no connection.
    pub(super) trouble: Option<String>,
}

impl Lane {
    pub(super) fn new(generation: u64, now: Instant) -> Self {
        let (state, sent, ready) = (State::Connecting, Vec::new(), VecDeque::new());
        Self { state, since: now, made: now, sent, generation, ready, trouble: None }
    }

    pub(super) fn warnings(&self) -> &[String] {
        match &self.state {
            State::Connecting => &[],
            State::Idle(connected) | State::Busy(connected) => &connected.warnings,
        }
    }

    /// Its connection, if it has one.
    pub(super) fn connection(&self) -> Option<MultiplexedConnection> {
        match &self.state {
            State::Connecting => None,
            State::Idle(connected) | State::Busy(connected) => Some(connected.connection.clone()),
        }
    }

    pub(super) fn is_idle(&self) -> bool {
        matches!(self.state, State::Idle(_))
    }

    pub(super) fn idle_since(&self) -> Option<Instant> {
        self.is_idle().then_some(self.since)
    }

    pub(super) fn busy_since(&self) -> Option<Instant> {
        matches!(self.state, State::Busy(_)).then_some(self.since)
    }

    pub(super) fn connected(&mut self, connected: Connected, now: Instant) {
        self.set(State::Idle(connected), now);
        self.made = now;
        self.trouble = None;
    }

    /// It has done what it was doing.
    pub(super) fn rests(&mut self, now: Instant) {
        self.sent.clear();
        if let State::Busy(connected) = std::mem::replace(&mut self.state, State::Connecting) {
            self.set(State::Idle(connected), now);
        }
    }

    /// Its connection is closed. Gives whether the next one should wait, since this one was of use for a moment only.
    pub(super) fn lose(&mut self, why: String, now: Instant) -> bool {
        self.set(State::Connecting, now);
        self.trouble = Some(why);
        self.made + PAUSE > now
    }

    fn set(&mut self, state: State, now: Instant) {
        (self.state, self.since) = (state, now);
    }

    /// Begins something, where it is idle: the connection for it, and the name of this start of this Redis.
    pub(super) fn begin(&mut self, now: Instant) -> Option<(MultiplexedConnection, &str)> {
        match std::mem::replace(&mut self.state, State::Connecting) {
            State::Idle(connected) => self.set(State::Busy(connected), now),
            other => self.state = other,
        }
        match &self.state {
            State::Busy(connected) => Some((connected.connection.clone(), &connected.token)),
            _ => None,
        }
    }
}

pub(super) async fn connect(address: RedisAddress, place: Place, library: Arc<Library>, waits: bool) -> Done {
    if waits {
        sleep(PAUSE).await;
    }
    Done::Connected(server::connect(&address, &place, &library).await.map_err(|error| error.to_string()))
}

pub(super) async fn check(connection: MultiplexedConnection) -> Done {
    Done::Pinged(ping(connection).await)
}

pub(super) async fn send(
    mut connection: MultiplexedConnection,
    pipeline: Pipeline,
    parts: Vec<(usize, usize)>,
    limit: Duration,
) -> Done {
    let answers = match timeout(limit.max(PAUSE), pipeline.query_async(&mut connection)).await {
        Ok(Ok(answers)) => Ok(answers),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err("Redis does not answer".to_owned()),
    };
    Done::Sent(parts, answers)
}

/// `start` names this start of this Redis, and says how often what was sent has been lost; `before` is what a numbered
/// call has as its last argument.
pub(super) fn command(library: &Library, call: &Call, start: &str, before: Option<&[u8]>) -> redis::Cmd {
    let mut command = redis::cmd("FCALL");
    command.arg(library.function(call.function)).arg(call.keys.len()).arg(&call.keys).arg(start);
    for arg in &call.args {
        command.arg(arg.as_slice());
    }
    if let Some(before) = before {
        command.arg(before);
    }
    command
}
