//! The connection that brings the events of one master's rooms. It asks for one batch of rooms at a time, in order.

use super::super::link::ping;
use super::super::server;
use crate::config::{Place, RedisAddress};
use redis::aio::MultiplexedConnection;
use redis::{Pipeline, PushInfo, RedisError, Value};
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

/// Rooms that are asked for together.
const BATCH: usize = 256;
/// How long Redis may take for them.
const LIMIT: Duration = Duration::from_secs(5);

/// Something that was begun has ended.
pub(super) enum Done {
    Connected(Result<MultiplexedConnection, String>),
    Asked(Result<(), String>),
}

pub(super) struct Line {
    /// Tells what belongs to an earlier line to the same place.
    pub(super) generation: u64,
    /// What was said last of why it does not work.
    pub(super) told: String,
    connection: Option<MultiplexedConnection>,
    /// Something is under way.
    is_busy: bool,
    /// What is to be asked for, in order: whether to subscribe, and the channel. What is under way is not among it.
    asks: VecDeque<(bool, Arc<str>)>,
    /// Subscriptions whose end was asked for, and how often.
    leaving: HashMap<Arc<str>, u32>,
}

impl Line {
    /// Begins to connect, perhaps after a while.
    pub(super) fn connect(
        (generation, pause): (u64, Option<Duration>),
        address: &RedisAddress,
        place: &Place,
        pushes: mpsc::UnboundedSender<(u64, PushInfo)>,
        work: &mut JoinSet<(Place, u64, Done)>,
    ) -> Self {
        let (address, place) = (address.clone(), place.clone());
        work.spawn(async move {
            sleep(pause.unwrap_or_default()).await;
            let push = move |push| pushes.send((generation, push)).map_err(drop);
            let connection = server::subscriber(&address, &place, push).await;
            (place, generation, Done::Connected(connection.map_err(|error| error.to_string())))
        });
        Self {
            generation,
            told: String::new(),
            connection: None,
            is_busy: false,
            asks: VecDeque::new(),
            leaving: HashMap::new(),
        }
    }

    pub(super) fn connected(&mut self, connection: MultiplexedConnection) {
        self.connection = Some(connection);
    }

    /// Asks for a channel. A line that is not connected will be asked for all of them when it is.
    pub(super) fn subscribe(&mut self, channel: &Arc<str>) {
        if self.connection.is_some() {
            self.asks.push_back((true, Arc::clone(channel)));
        }
    }

    pub(super) fn unsubscribe(&mut self, channel: &Arc<str>) {
        if self.connection.is_some() {
            self.asks.push_back((false, Arc::clone(channel)));
        }
    }

    /// Whether somebody has asked for the end of this subscription.
    pub(super) fn confirm(&mut self, channel: &str) -> bool {
        let Some(count) = self.leaving.get_mut(channel) else { return false };
        *count -= 1;
        if *count == 0 {
            self.leaving.remove(channel);
        }
        true
    }

    /// What was under way is done.
    pub(super) fn rests(&mut self) {
        self.is_busy = false;
    }

    /// Asks whether the connection is still there, unless something is under way.
    pub(super) fn check(&mut self, place: &Place, work: &mut JoinSet<(Place, u64, Done)>) {
        let Some(connection) = self.connection.clone().filter(|_| !self.is_busy) else { return };
        self.is_busy = true;
        let (place, generation) = (place.clone(), self.generation);
        work.spawn(async move { (place, generation, Done::Asked(ping(connection).await)) });
    }

    /// Asks for the next batch, unless something is under way.
    pub(super) fn go_on(&mut self, place: &Place, work: &mut JoinSet<(Place, u64, Done)>) {
        if self.is_busy || self.asks.is_empty() {
            return;
        }
        let Some(mut connection) = self.connection.clone() else { return };
        let count = self.asks.len().min(BATCH);
        let mut pipeline = Pipeline::with_capacity(count);
        pipeline.ignore_errors();
        for (subscribes, channel) in self.asks.drain(..count) {
            if !subscribes {
                *self.leaving.entry(Arc::clone(&channel)).or_default() += 1;
            }
            // One for each, since all channels of one command have to be in one slot.
            pipeline.cmd(if subscribes { "SSUBSCRIBE" } else { "SUNSUBSCRIBE" }).arg(&*channel);
        }
        self.is_busy = true;
        let (place, generation) = (place.clone(), self.generation);
        work.spawn(async move {
            // The confirmations come as pushes, in order with the events.
            let asked = timeout(LIMIT, pipeline.query_async(&mut connection)).await;
            let done = match asked {
                Ok(Ok(answers)) => {
                    let answers: Vec<Result<Value, RedisError>> = answers;
                    answers.into_iter().find_map(Result::err).map_or(Ok(()), |error| Err(error.to_string()))
                }
                Ok(Err(error)) => Err(error.to_string()),
                Err(_) => Err("Redis does not answer".to_owned()),
            };
            (place, generation, Done::Asked(done))
        });
    }
}
