//! Rooms in Redis or Valkey, shared by several nodes: it orders what is said and who comes and goes, keeps it, and tells
//! every node that hears the room. Each step of a room is a function in Redis (`library/`).

mod about;
mod agreed;
mod answer;
mod archive;
mod devices;
mod entry;
mod fault;
mod hooks;
mod keys;
mod lease;
mod library;
mod link;
mod masters;
mod page;
mod people;
mod revocations;
mod roll_calls;
mod ruling;
mod seat;
mod server;
mod space;
mod standing;
mod status;
mod stay;
mod store;
mod subscriber;
mod turn;
mod wire;

use super::{KeyDigest, StayId};
use crate::config::{RedisSettings, Retention};
pub use about::About;
use about::Nodes;
use alert_core::names::{RoomCode, UserName};
use alert_core::position::{Epoch, Run};
pub use answer::{Arrival, Entering, Fate, Going, Placed, RoomFull, State};
pub use archive::{Archive, ArchiveError};
pub use entry::{Change, Entry};
use keys::Keys;
use library::Library;
pub use link::Unavailable;
use link::{Call, Link, Standing, Watched};
use page::parts;
use redis::{FromRedisValue, Value, from_redis_value};
pub use ruling::{Of, Ruled};
pub use server::ConnectError;
use sha2::{Digest, Sha256};
pub use standing::LastEntered;
pub use status::{Facts, Finding, Node, Status};
pub use stay::{Absence, LostStay, StayEnd, StayHere, Taken};
use std::{
    collections::{HashMap, HashSet},
    io,
    sync::{
        Arc, Mutex, OnceLock,
        atomic::{AtomicBool, AtomicU64, Ordering},
        mpsc,
    },
    time::Duration,
};
use subscriber::Subscriber;
pub use subscriber::{Ear, Subscribed};
use tokio::{
    runtime::{Builder, Handle},
    sync::{Notify, oneshot, watch},
};
pub use turn::{Turn, Who};
pub use wire::{WIRE, WireError};

/// For how long an idempotency key means the same message.
const KEY_AGE: Duration = Duration::from_secs(600);

/// Why rooms in Redis cannot be shared.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// It cannot be used.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// Others use it in another way.
    #[error(transparent)]
    Wire(#[from] WireError),
}

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
    nodes: Nodes,
    parts: AtomicU64,
    tickets: AtomicU64,
    retention: Retention,
    absence: OnceLock<Absence>,
    /// What Redis has not heard. Emptied when it is back.
    unsaid: Mutex<Unsaid>,
    /// Redis is there, and has not taken what this node says of itself.
    is_refused: AtomicBool,
}

/// What has happened here without Redis hearing of it.
#[derive(Default)]
struct Unsaid {
    /// Somebody has left these rooms.
    rooms: HashSet<RoomCode>,
    /// Stays that have ended: [`stays::MOST`] at most, then later ones are taken for connections that were cut off.
    ends: HashMap<StayId, (RoomCode, UserName, StayEnd)>,
}

impl Shared {
    /// Connects, and waits until that is done. What has to go on runs on a thread of its own.
    ///
    /// # Errors
    /// If Redis cannot be used, or not by this version of Alert.
    pub fn open(settings: RedisSettings, run: Run, retention: Retention) -> Result<Self, OpenError> {
        let (tell, told) = mpsc::channel();
        let start = move || {
            let runtime = match Builder::new_current_thread().enable_all().build() {
                Ok(runtime) => runtime,
                Err(problem) => return drop(tell.send(Err(ConnectError::Thread(problem).into()))),
            };
            let shared = runtime.block_on(async {
                let shared = Self::connect(&settings, run, retention).await?;
                shared.fits().await?;
                Ok(shared)
            });
            let ended = shared.as_ref().ok().map(|shared| Arc::clone(&shared.0.ended));
            let _ = tell.send(shared);
            if let Some(ended) = ended {
                runtime.block_on(ended.notified());
            }
        };
        let thread = std::thread::Builder::new().name("redis".to_owned()).spawn(start);
        thread.map_err(ConnectError::Thread)?;
        told.recv().unwrap_or_else(|_| Err(ConnectError::Thread(io::ErrorKind::Other.into()).into()))
    }

    async fn connect(settings: &RedisSettings, run: Run, retention: Retention) -> Result<Self, ConnectError> {
        let library = Arc::new(Library::new(&settings.prefix, settings.address.database()));
        let nodes = Nodes::new(library.name());
        let (link, watched) = Link::start(settings.address.clone(), library, settings.timeout).await?;
        let Watched { standing, masters, look } = watched;
        standing.borrow().warnings.iter().for_each(|warning| tracing::warn!("{warning}"));
        let subscriber = Subscriber::start(settings.address.clone(), masters, look);
        Ok(Self(Arc::new(Inner {
            runtime: Handle::current(),
            ended: Arc::default(),
            link,
            subscriber,
            standing,
            keys: Keys::new(&settings.prefix),
            run,
            nodes,
            parts: AtomicU64::new(0),
            tickets: AtomicU64::new(0),
            retention,
            absence: OnceLock::new(),
            unsaid: Mutex::default(),
            is_refused: AtomicBool::new(false),
        })))
    }

    /// Says something, in slow mode if it is somebody's turn. The nodes that hear the room are told in the same step.
    pub fn say(
        &self,
        room: &RoomCode,
        (name, text): (&UserName, &str),
        key: Option<KeyDigest>,
        turn: Option<Turn>,
        done: impl FnOnce(Result<Fate, Unavailable>) + Send + 'static,
    ) {
        let mut args = self.begin();
        args.push(self.node());
        // Its number, so that it is not said twice when the call is repeated.
        let numbered = Some(args.len());
        args.push(Vec::new());
        args.push(name.as_str().into());
        args.push(text.into());
        args.push(key.map(|key| hex(&key.0).into_bytes()).unwrap_or_default());
        // Nothing is compared with what has no key.
        args.push(key.map(|_| digest(name, text)).unwrap_or_default());
        args.push(bytes(self.0.retention.messages));
        args.push(self.age());
        args.push(bytes(KEY_AGE.as_millis()));
        args.push(turn.as_ref().map(Turn::write).unwrap_or_default());
        let call = Call { function: "say", keys: self.0.keys.of(room), args, numbered };
        self.0.link.call(call, Box::new(move |answer| done(answer.and_then(Fate::parse))));
    }

    /// Hears what happens in a room, until what is returned is dropped.
    pub fn hear(&self, room: &RoomCode, ear: Arc<dyn Ear>) -> Subscribed {
        let ticket = self.0.tickets.fetch_add(1, Ordering::Relaxed);
        self.0.subscriber.hear(self.0.keys.events(room), ticket, ear)
    }

    /// Whether so much waits for Redis that those who speak should wait too.
    pub fn strain(&self) -> watch::Receiver<bool> {
        self.0.link.strain()
    }

    /// Members of a room on this node are behind: those who speak on others wait for so long.
    pub fn slow_down(&self, room: &RoomCode, time: Duration) {
        self.call("slow", vec![self.0.keys.room(room)], vec![bytes(time.as_millis())], |_| {});
    }

    /// The runtime of everything that has to do with Redis.
    pub fn runtime(&self) -> &Handle {
        &self.0.runtime
    }

    /// What whoever runs Redis should know.
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings = self.0.standing.borrow().warnings.clone();
        warnings.extend(self.0.nodes.strangers().iter().map(|stranger| wire::beside(stranger)));
        warnings
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

    /// As [`Shared::ask`], for several that are asked together.
    fn begin_to_ask(&self, function: &'static str, keys: Vec<String>, args: Vec<Vec<u8>>) -> Told {
        let (tell, told) = oneshot::channel();
        self.call(function, keys, args, |answer| _ = tell.send(answer));
        told
    }

    async fn ask<T: FromRedisValue>(
        &self,
        function: &'static str,
        keys: Vec<String>,
        args: Vec<Vec<u8>>,
    ) -> Result<T, Unavailable> {
        answer(self.begin_to_ask(function, keys, args)).await
    }
}

/// An answer that will come.
type Told = oneshot::Receiver<Result<Value, Unavailable>>;

async fn answer<T: FromRedisValue>(told: Told) -> Result<T, Unavailable> {
    let value = told.await.unwrap_or(Err(Unavailable))?;
    from_redis_value(value).map_err(|error| {
        tracing::error!("Redis answers something else than was expected: {error}");
        Unavailable
    })
}

fn bytes(number: impl ToString) -> Vec<u8> {
    number.to_string().into_bytes()
}

/// Tells a message from another one with the same key.
fn digest(name: &UserName, text: &str) -> Vec<u8> {
    let digest = Sha256::new().chain_update(name.as_str()).chain_update([0]).chain_update(text).finalize();
    hex(&digest[..8]).into_bytes()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests;
