//! Rooms in Redis or Valkey, shared by several nodes: it orders what is said and who comes and goes, keeps it, and tells
//! every node that hears the room. Each step of a room is a function in Redis (`library.lua`).

mod answer;
mod entry;
mod keys;
mod lease;
mod library;
mod link;
mod page;
mod seat;
mod server;
mod store;
mod subscriber;

use super::KeyDigest;
use crate::config::{RedisSettings, Retention, SessionKey};
use alert_core::members::Members;
use alert_core::names::{RoomCode, UserName};
use alert_core::position::{Epoch, Position, Run};
pub use answer::{Arrival, Fate, Going, Placed, State};
pub use entry::{Change, Entry};
use keys::{Keys, TAGS};
use library::Library;
pub use link::Unavailable;
use link::{Call, Link, Standing};
use page::parts;
use redis::{FromRedisValue, Value, from_redis_value};
pub use server::ConnectError;
use sha2::{Digest, Sha256};
use std::{
    collections::HashSet,
    io,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
        mpsc,
    },
    time::Duration,
};
use subscriber::Subscriber;
pub use subscriber::{Ear, Subscribed};
use tokio::{
    runtime::{Builder, Handle},
    sync::{Notify, watch},
};

/// For how long an idempotency key means the same message.
const KEY_AGE: Duration = Duration::from_secs(600);
/// Messages that are read with the state of a room.
const MOST_MISSED: usize = 1_000;

/// The rooms that several nodes share. Cheap to clone.
#[derive(Clone)]
pub struct Shared(Arc<Inner>);

struct Inner {
    /// Of the thread.
    runtime: Handle,
    /// The thread may end.
    ended: Arc<Notify>,
    link: Link,
    subscriber: Subscriber,
    standing: watch::Receiver<Standing>,
    keys: Keys,
    run: Run,
    parts: AtomicU64,
    tickets: AtomicU64,
    retention: Retention,
    /// Rooms that somebody has left here without Redis hearing of it. Emptied when it is back.
    unsaid: Mutex<HashSet<RoomCode>>,
}

impl Shared {
    /// Connects, and waits until that is done. What has to go on runs on a thread of its own.
    ///
    /// # Errors
    /// If Redis cannot be used.
    pub fn open(settings: RedisSettings, run: Run, retention: Retention) -> Result<Self, ConnectError> {
        let (tell, told) = mpsc::channel();
        let start = move || {
            let runtime = match Builder::new_current_thread().enable_all().build() {
                Ok(runtime) => runtime,
                Err(problem) => return drop(tell.send(Err(ConnectError::Thread(problem)))),
            };
            let shared = runtime.block_on(Self::connect(&settings, run, retention));
            let ended = shared.as_ref().ok().map(|shared| Arc::clone(&shared.0.ended));
            let _ = tell.send(shared);
            if let Some(ended) = ended {
                runtime.block_on(ended.notified());
            }
        };
        let thread = std::thread::Builder::new().name("redis".to_owned()).spawn(start);
        thread.map_err(ConnectError::Thread)?;
        told.recv().unwrap_or_else(|_| Err(ConnectError::Thread(io::ErrorKind::Other.into())))
    }

    async fn connect(settings: &RedisSettings, run: Run, retention: Retention) -> Result<Self, ConnectError> {
        let library = Arc::new(Library::new());
        // Once, before anything depends on it, so that what is wrong is said at the start.
        let connected = server::connect(&settings.address, &library).await?;
        connected.warnings.iter().for_each(|warning| tracing::warn!("{warning}"));
        let (link, standing) = Link::start(settings.address.clone(), library, settings.timeout);
        let subscriber = Subscriber::start(settings.address.clone());
        Ok(Self(Arc::new(Inner {
            runtime: Handle::current(),
            ended: Arc::default(),
            link,
            subscriber,
            standing,
            keys: Keys::new(&settings.prefix),
            run,
            parts: AtomicU64::new(0),
            tickets: AtomicU64::new(0),
            retention,
            unsaid: Mutex::default(),
        })))
    }

    /// Says something. The nodes that hear the room are told in the same step.
    pub fn say(
        &self,
        room: &RoomCode,
        (name, text): (&UserName, &str),
        key: Option<KeyDigest>,
        done: impl FnOnce(Result<Fate, Unavailable>) + Send + 'static,
    ) {
        let digest =
            Sha256::new().chain_update(name.as_str()).chain_update([0]).chain_update(text).finalize();
        let mut args = self.begin();
        args.push(self.node());
        // Its number, so that it is not said twice when the call is repeated.
        let numbered = Some(args.len());
        args.push(Vec::new());
        args.push(name.as_str().into());
        args.push(text.into());
        args.push(key.map(|key| hex(&key.0).into_bytes()).unwrap_or_default());
        args.push(hex(&digest[..8]).into_bytes());
        args.push(bytes(self.0.retention.messages));
        args.push(self.age());
        args.push(bytes(KEY_AGE.as_millis()));
        let call = Call { function: "say", keys: self.0.keys.of(room), args, numbered };
        self.0.link.call(call, Box::new(move |answer| done(answer.and_then(Fate::parse))));
    }

    /// A person has come to this node. `connections` is how many they have to the room here now.
    pub fn enter(
        &self,
        room: &RoomCode,
        name: &UserName,
        connections: u32,
        done: impl FnOnce(Result<Arrival, Unavailable>) + Send + 'static,
    ) {
        let args = self.presence(name, connections, "enter", Duration::ZERO);
        self.call("presence", self.0.keys.of(room), args, move |answer| {
            done(answer.and_then(Arrival::parse))
        });
    }

    /// A connection of a person has gone from this node; `connections` are left here. If Redis does not answer,
    /// [`Shared::declare`] has to follow.
    pub fn go(
        &self,
        room: &RoomCode,
        name: &UserName,
        connections: u32,
        how: Going,
        done: impl FnOnce(Result<Arrival, Unavailable>) + Send + 'static,
    ) {
        let (how, grace) = match how {
            Going::Leaves => ("leave", Duration::ZERO),
            Going::Lost(grace) => ("lose", grace),
        };
        let args = self.presence(name, connections, how, grace);
        let (shared, code) = (self.clone(), room.clone());
        self.call("presence", self.0.keys.of(room), args, move |answer| {
            let gone = answer.and_then(Arrival::parse);
            if gone.is_err() {
                shared.0.unsaid.lock().unwrap_or_else(PoisonError::into_inner).insert(code);
            }
            done(gone);
        });
    }

    /// Says who is in a room on this node, and that nobody else is.
    pub fn declare<'a>(&self, room: &RoomCode, people: impl IntoIterator<Item = (&'a UserName, u32)>) {
        self.declare_of(self.0.run, false, room, people);
    }

    fn declare_of<'a>(
        &self,
        node: Run,
        has_ended: bool,
        room: &RoomCode,
        people: impl IntoIterator<Item = (&'a UserName, u32)>,
    ) {
        let mut args = self.begin();
        args.push(keys::name(node).into_bytes());
        args.push(self.age());
        args.push(bytes(u8::from(has_ended)));
        for (name, connections) in people {
            args.push(name.as_str().into());
            args.push(bytes(connections));
        }
        self.call("declare", self.0.keys.of(room), args, |_| {});
    }

    /// Those whose time to come back is over leave. Returns the time until the next, if there is one.
    pub async fn expire(&self, room: &RoomCode) -> Result<Option<Duration>, Unavailable> {
        let mut args = self.begin();
        args.push(self.age());
        let millis: i64 = self.ask("expire", self.0.keys.of(room), args).await?;
        Ok(u64::try_from(millis).ok().map(Duration::from_millis))
    }

    /// Where a room stands, and what was said in it after a place.
    pub async fn state(&self, room: &RoomCode, after: Option<Position>) -> Result<State, Unavailable> {
        let mut args = self.begin();
        let (epoch, last) = after.map(parts).unwrap_or_default();
        args.extend([epoch.into_bytes(), last.into_bytes(), bytes(MOST_MISSED + 1)]);
        let value: Value = self.ask("state", self.0.keys.of(room), args).await?;
        State::parse(value, after, self.0.retention.age).ok_or(Unavailable)
    }

    /// The first people of a room.
    pub async fn members(&self, room: &RoomCode) -> Result<Members, Unavailable> {
        let keys = vec![self.0.keys.room(room)];
        let (names, count): (Vec<String>, usize) =
            self.ask("members", keys, vec![bytes(Members::MOST)]).await?;
        Ok(Members::new(Arc::new(names.iter().filter_map(|name| entry::name(name)).collect()), count))
    }

    /// All rooms in which somebody is, and how many people.
    pub async fn rooms(&self) -> Result<Vec<(RoomCode, usize)>, Unavailable> {
        let mut all = Vec::new();
        for tag in 0..TAGS {
            let found: Vec<(String, usize)> =
                self.ask("rooms", vec![self.0.keys.rooms(tag)], Vec::new()).await?;
            all.extend(found.into_iter().filter_map(|(base, count)| Some((self.0.keys.code(&base)?, count))));
        }
        Ok(all)
    }

    /// Hears what happens in a room, until what is returned is dropped.
    pub fn hear(&self, room: &RoomCode, ear: Arc<dyn Ear>) -> Subscribed {
        let ticket = self.0.tickets.fetch_add(1, Ordering::Relaxed);
        self.0.subscriber.hear(self.0.keys.events(room), ticket, ear)
    }

    /// The session key of all servers here: this one's, if it is the first.
    pub async fn session_key(&self) -> Result<SessionKey, Unavailable> {
        let proposal = SessionKey::random().to_text();
        let text: String =
            self.ask("agree", vec![self.0.keys.session_key()], vec![proposal.into_bytes()]).await?;
        SessionKey::parse(&text).map_err(|allowed| {
            tracing::error!(
                "the session key in Redis must be {allowed}: remove it there to have a new one made"
            );
            Unavailable
        })
    }

    /// The runtime of everything that has to do with Redis.
    pub fn runtime(&self) -> &Handle {
        &self.0.runtime
    }

    /// What whoever runs Redis should know.
    pub fn warnings(&self) -> Vec<String> {
        self.0.standing.borrow().warnings.clone()
    }

    fn presence(&self, name: &UserName, connections: u32, how: &str, grace: Duration) -> Vec<Vec<u8>> {
        let mut args = self.begin();
        args.push(self.node());
        args.push(name.as_str().into());
        args.push(bytes(connections));
        args.push(how.into());
        args.push(bytes(grace.as_millis()));
        args.push(self.age());
        args
    }

    /// What every function that changes a room takes first: an epoch that nobody has had, in case it begins one.
    fn begin(&self) -> Vec<Vec<u8>> {
        let epoch = Epoch { run: self.0.run, part: self.0.parts.fetch_add(1, Ordering::Relaxed) };
        vec![parts(epoch.start()).0.into_bytes()]
    }

    fn node(&self) -> Vec<u8> {
        keys::name(self.0.run).into_bytes()
    }

    fn age(&self) -> Vec<u8> {
        bytes(self.0.retention.age.as_millis())
    }

    fn call(
        &self,
        function: &'static str,
        keys: Vec<String>,
        args: Vec<Vec<u8>>,
        done: impl FnOnce(Result<Value, Unavailable>) + Send + 'static,
    ) {
        self.0.link.call(Call { function, keys, args, numbered: None }, Box::new(done));
    }

    async fn ask<T: FromRedisValue>(
        &self,
        function: &'static str,
        keys: Vec<String>,
        args: Vec<Vec<u8>>,
    ) -> Result<T, Unavailable> {
        let value = self.0.link.ask(Call { function, keys, args, numbered: None }).await?;
        from_redis_value(value).map_err(|error| {
            tracing::error!(function, "Redis answers something else than was expected: {error}");
            Unavailable
        })
    }
}

fn bytes(number: impl ToString) -> Vec<u8> {
    number.to_string().into_bytes()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests;
