//! The connection that brings the events of rooms, and only of those that somebody on this node hears. Whoever hears a
//! room is told when events begin to come, and again after the connection was lost, so that it looks for what it missed.

use super::entry::Entry;
use super::link::{HEARTBEAT, ping};
use super::server;
use crate::config::RedisAddress;
use redis::aio::MultiplexedConnection;
use redis::{PushInfo, PushKind, Value};
use std::{collections::HashMap, sync::Arc, time::Duration};
use tokio::{sync::mpsc, time::sleep};

/// Between two attempts to connect.
const PAUSE: Duration = Duration::from_millis(200);
/// Channels that one command asks for.
const BATCH: usize = 256;

/// Whoever hears a room's events. None of the calls may wait.
pub trait Ear: Send + Sync {
    /// Something has happened.
    fn hear(&self, entry: Entry);

    /// From now on events come. Some may have been missed before.
    fn begins(&self);
}

/// Where rooms are asked for. Cheap to clone.
#[derive(Clone)]
pub(super) struct Subscriber(mpsc::UnboundedSender<Wish>);

/// What whoever hears a room keeps; dropping it ends that.
pub struct Subscribed {
    subscriber: Subscriber,
    channel: Arc<str>,
    ear: Ticket,
}

/// Tells one ear from a later one of the same room.
type Ticket = u64;

enum Wish {
    Hear { channel: Arc<str>, ticket: Ticket, ear: Arc<dyn Ear> },
    Stop { channel: Arc<str>, ticket: Ticket },
}

struct Listened {
    ticket: Ticket,
    ear: Arc<dyn Ear>,
}

/// There is nobody left who could ask.
struct Ended;

struct Worker {
    address: RedisAddress,
    wishes: mpsc::UnboundedReceiver<Wish>,
    /// Entries leave in `grant`, with the last of who hears the room.
    ears: HashMap<Arc<str>, Listened>,
}

impl Subscriber {
    /// Starts on this runtime. It ends with the last clone.
    pub(super) fn start(address: RedisAddress) -> Self {
        let (ask, wishes) = mpsc::unbounded_channel();
        tokio::spawn(Worker { address, wishes, ears: HashMap::new() }.run());
        Self(ask)
    }

    /// Hears a channel until what is returned is dropped.
    pub(super) fn hear(&self, channel: String, ticket: Ticket, ear: Arc<dyn Ear>) -> Subscribed {
        let channel: Arc<str> = channel.into();
        let _ = self.0.send(Wish::Hear { channel: Arc::clone(&channel), ticket, ear });
        Subscribed { subscriber: self.clone(), channel, ear: ticket }
    }
}

impl Drop for Subscribed {
    fn drop(&mut self) {
        let stop = Wish::Stop { channel: Arc::clone(&self.channel), ticket: self.ear };
        let _ = self.subscriber.0.send(stop);
    }
}

impl Worker {
    async fn run(mut self) {
        loop {
            match self.listen().await {
                Ok(why) => {
                    tracing::warn!(redis = self.address.shown(), "the events of Redis do not come: {why}");
                    sleep(PAUSE).await;
                }
                Err(Ended) => return,
            }
        }
    }

    /// Hears what is wished for until the connection is lost; gives why.
    async fn listen(&mut self) -> Result<String, Ended> {
        let (pushes, mut pushed) = mpsc::unbounded_channel();
        let mut connection = match server::subscriber(&self.address, pushes).await {
            Ok(connection) => connection,
            Err(error) => return Ok(error.to_string()),
        };
        let channels: Vec<Arc<str>> = self.ears.keys().cloned().collect();
        for channels in channels.chunks(BATCH) {
            if let Err(why) = subscribe(&mut connection, channels).await {
                return Ok(why);
            }
        }
        let mut heartbeat = tokio::time::interval(HEARTBEAT);
        loop {
            tokio::select! {
                biased;
                push = pushed.recv() => match push {
                    Some(push) if push.kind != PushKind::Disconnection => self.push(push),
                    _ => return Ok("the connection was closed".to_owned()),
                },
                wish = self.wishes.recv() => {
                    if let Err(why) = self.grant(wish.ok_or(Ended)?, &mut connection).await? {
                        return Ok(why);
                    }
                }
                _ = heartbeat.tick() => if let Err(why) = ping(&mut connection).await {
                    return Ok(why);
                },
            }
        }
    }

    /// Carries out a wish, and all others that are there.
    async fn grant(
        &mut self,
        first: Wish,
        connection: &mut MultiplexedConnection,
    ) -> Result<Result<(), String>, Ended> {
        let (mut new, mut old) = (Vec::new(), Vec::new());
        let mut next = Some(first);
        while let Some(wish) = next {
            match wish {
                Wish::Hear { channel, ticket, ear } => {
                    old.retain(|old| *old != channel);
                    new.push(Arc::clone(&channel));
                    self.ears.insert(channel, Listened { ticket, ear });
                }
                Wish::Stop { channel, ticket } => {
                    if self.ears.get(&channel).is_some_and(|listened| listened.ticket == ticket) {
                        self.ears.remove(&channel);
                        new.retain(|new| *new != channel);
                        old.push(channel);
                    }
                }
            }
            next = if new.len() + old.len() < BATCH { self.wishes.try_recv().ok() } else { None };
        }
        if !old.is_empty()
            && let Err(error) =
                connection.unsubscribe(old.iter().map(|channel| &**channel).collect::<Vec<_>>()).await
        {
            return Ok(Err(error.to_string()));
        }
        if new.is_empty() {
            return Ok(Ok(()));
        }
        Ok(subscribe(connection, &new).await)
    }

    fn push(&self, push: PushInfo) {
        let mut data = push.data.into_iter();
        let channel = match data.next() {
            Some(Value::BulkString(channel)) => channel,
            Some(Value::SimpleString(channel)) => channel.into_bytes(),
            _ => return,
        };
        let Some(listened) = str::from_utf8(&channel).ok().and_then(|channel| self.ears.get(channel)) else {
            return;
        };
        match (push.kind, data.next()) {
            (PushKind::Subscribe, _) => listened.ear.begins(),
            (PushKind::Message, Some(Value::BulkString(told))) => match Entry::parse(&told) {
                Ok(entry) => listened.ear.hear(entry),
                Err(why) => tracing::error!("{why}"),
            },
            _ => {}
        }
    }
}

/// The confirmations come as pushes, in order with the events.
async fn subscribe(connection: &mut MultiplexedConnection, channels: &[Arc<str>]) -> Result<(), String> {
    let channels: Vec<&str> = channels.iter().map(|channel| &**channel).collect();
    connection.subscribe(channels).await.map_err(|error| error.to_string())
}
