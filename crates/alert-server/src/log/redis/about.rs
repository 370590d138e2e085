//! What each node says of itself in its lease, and what this one knows of the others. Whoever asks for a node that is
//! known does not wait for Redis.

use super::wire::{self, WIRE};
use super::{Shared, Unavailable, keys};
use alert_core::position::Run;
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeSet, HashMap},
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};
use tokio::{
    sync::{Semaphore, watch},
    time::sleep,
};

/// Between two questions for nodes that are not known: anybody can make up a session id that names one.
const PAUSE: Duration = Duration::from_millis(100);

/// What a node says of itself. A later version may say more; what an earlier one did not say is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct About {
    /// Of Alert.
    pub version: String,
    /// Its [`WIRE`].
    pub wire: u32,
    /// The library that it calls in Redis.
    pub library: String,
    /// Where other nodes reach it, as in `10.0.0.5:5000`.
    pub address: Option<String>,
    /// When it started, in milliseconds since 1970, by its own clock.
    pub started: u64,
    /// Connections to it: sockets, and sessions that poll.
    pub connections: usize,
    /// How long Redis took to answer when it renewed its lease last, in milliseconds, behind what it had called before with
    /// the same tag.
    pub lag: u64,
}

impl About {
    /// Reads it. What cannot be read is of no version that this one works with.
    pub(super) fn parse(said: &str) -> Self {
        serde_json::from_str(said).unwrap_or_default()
    }
}

/// What this node says of itself, and the nodes that are alive.
pub(super) struct Nodes {
    started: u64,
    library: String,
    address: OnceLock<Option<String>>,
    connections: OnceLock<Box<dyn Fn() -> usize + Send + Sync>>,
    lag: AtomicU64,
    known: watch::Sender<Known>,
    /// For whoever asks Redis for them.
    turn: Semaphore,
}

/// Those whose lease had not ended when Redis was asked.
#[derive(Default)]
struct Known {
    asked: Option<Instant>,
    nodes: HashMap<Run, Arc<About>>,
    /// Those that this one cannot work with, in words.
    strangers: Vec<String>,
}

impl Nodes {
    pub(super) fn new(library: &str) -> Self {
        let started = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self {
            started: started.as_millis() as u64,
            library: library.to_owned(),
            address: OnceLock::new(),
            connections: OnceLock::new(),
            lag: AtomicU64::new(0),
            known: watch::Sender::default(),
            turn: Semaphore::new(1),
        }
    }

    /// For the lease.
    pub(super) fn about_this(&self) -> Vec<u8> {
        let about = About {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            wire: WIRE,
            library: self.library.clone(),
            address: self.address.get().cloned().flatten(),
            started: self.started,
            connections: self.connections.get().map_or(0, |count| count()),
            lag: self.lag.load(Ordering::Relaxed),
        };
        serde_json::to_vec(&about).unwrap_or_default()
    }

    pub(super) fn known(&self) -> HashMap<Run, Arc<About>> {
        self.known.borrow().nodes.clone()
    }

    /// The libraries of all that are alive; nothing where one of them does not say which it calls.
    pub(super) fn libraries(&self) -> Option<BTreeSet<String>> {
        let known = self.known.borrow();
        let libraries: BTreeSet<_> = known.nodes.values().map(|about| about.library.clone()).collect();
        (known.strangers.is_empty() && !libraries.contains("")).then_some(libraries)
    }

    /// Those that this node cannot work with, in words.
    pub(super) fn strangers(&self) -> Vec<String> {
        self.known.borrow().strangers.clone()
    }

    /// Redis has answered what it was asked at `asked`.
    pub(super) fn answered(&self, asked: Instant) {
        let millis = u64::try_from(asked.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.lag.store(millis, Ordering::Relaxed);
    }

    /// Takes what Redis has said when it was asked at `asked`.
    pub(super) fn learn(&self, asked: Instant, said: &HashMap<String, String>) {
        let nodes =
            said.iter().filter_map(|(node, said)| Some((keys::node(node)?, About::parse(said).into())));
        let strangers = wire::strangers(said);
        let new = Known { asked: Some(asked), nodes: nodes.collect(), strangers: strangers.clone() };
        let mut are_new = false;
        self.known.send_if_modified(|known| {
            let is_newer = known.asked < new.asked;
            if is_newer {
                are_new = known.strangers != new.strangers;
                *known = new;
            }
            is_newer
        });
        if are_new {
            strangers.iter().for_each(|stranger| tracing::error!("{}", wire::beside(stranger)));
        }
    }
}

impl Shared {
    /// Says where other nodes reach this one, before anybody can be told to come here.
    ///
    /// # Errors
    /// If Redis does not answer. It is said again with the next renewal of the lease.
    pub async fn announce(&self, address: Option<String>) -> Result<(), Unavailable> {
        let _ = self.0.nodes.address.set(address);
        self.renew().await.map(drop)
    }

    /// How many connections this node has, for others to see.
    pub fn count_connections(&self, count: impl Fn() -> usize + Send + Sync + 'static) {
        let _ = self.0.nodes.connections.set(Box::new(count));
    }

    /// The nodes that were alive when the lease was renewed last, this one among them.
    pub fn nodes(&self) -> HashMap<Run, Arc<About>> {
        self.0.nodes.known()
    }

    /// A node that is alive, as far as is known here.
    pub fn about(&self, node: Run) -> Option<Arc<About>> {
        self.0.nodes.known.borrow().nodes.get(&node).cloned()
    }

    /// A node that is alive. Redis is asked where it is not known: it may have started just now.
    pub async fn find(&self, node: Run) -> Option<Arc<About>> {
        let (nodes, since) = (&self.0.nodes, Instant::now());
        if let Some(about) = self.about(node) {
            return Some(about);
        }
        let _turn = nodes.turn.acquire().await.ok()?;
        let asked = nodes.known.borrow().asked;
        // Another one may have asked meanwhile.
        if asked.is_none_or(|asked| asked < since) {
            sleep(asked.map_or(Duration::ZERO, |asked| PAUSE.saturating_sub(asked.elapsed()))).await;
            let asked = Instant::now();
            nodes.learn(asked, &self.ask("nodes", self.0.keys.nodes(), Vec::new()).await.ok()?);
        }
        self.about(node)
    }

    /// Returns when a node is not alive any more.
    pub async fn ended(&self, node: Run) {
        let mut known = self.0.nodes.known.subscribe();
        let _ = known.wait_for(|known| !known.nodes.contains_key(&node)).await;
    }
}
