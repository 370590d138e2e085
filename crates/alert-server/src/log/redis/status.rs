//! How servers that share rooms are, for whoever runs them: the nodes, their Redis, and what is wrong.

use super::about::About;
use super::archive::ArchiveError;
use super::lease::LEASE;
use super::masters::Masters;
pub use super::server::Facts;
use super::{ConnectError, OpenError, Shared, Unavailable, keys, server};
use crate::config::{History, HistoryKind};
use crate::log::random_run;
use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, UNIX_EPOCH};
use tokio::runtime::Builder;
use tokio::time::timeout;

mod findings;

pub use findings::Finding;

/// How things are.
#[derive(Clone, Debug)]
pub struct Status {
    /// Where Redis is, without its password.
    pub address: String,
    /// What its keys begin with.
    pub prefix: String,
    /// What each master says of itself; the first has the leases.
    pub masters: Vec<Facts>,
    /// Those whose lease has not ended, by name.
    pub nodes: Vec<Node>,
    /// Rooms in which somebody is.
    pub rooms: usize,
    /// People in them; whoever is in two rooms counts twice.
    pub people: usize,
}

/// A server that is alive, as far as Redis knows.
#[derive(Clone, Debug)]
pub struct Node {
    /// A random one, for each start.
    pub name: String,
    /// What it says of itself.
    pub about: About,
    /// Time until the others give it up, unless it gives a sign of life.
    pub lease: Duration,
}

impl Status {
    /// Asks Redis. Nothing that the servers use is changed.
    ///
    /// # Errors
    /// If Redis cannot be used.
    pub fn ask(history: &History) -> Result<Self, ArchiveError> {
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|problem| OpenError::from(ConnectError::Thread(problem)))?;
        runtime.block_on(Self::gather(history))
    }

    async fn gather(history: &History) -> Result<Self, ArchiveError> {
        let settings = history.redis.as_ref().ok_or(ArchiveError::NoRedis)?;
        let address = &settings.address;
        let retention = history.retention(HistoryKind::Redis);
        let shared = Shared::connect(settings, random_run(), retention).await.map_err(OpenError::from)?;
        let nodes = shared.0.keys.nodes();
        let leases = nodes[0].clone();
        let said: HashMap<String, String> = shared.ask("nodes", nodes, Vec::new()).await?;
        let said: BTreeMap<_, _> = said.into_iter().collect();
        let rooms = shared.rooms().await?;
        let masters = Masters::find(address, None).await.map_err(OpenError::from)?;
        let of_leases = masters.of(keys::tag_of(&leases));
        let (mut facts, mut places) = (Vec::new(), masters.places().collect::<Vec<_>>());
        places.sort_by_key(|place| *place != of_leases);
        let mut ends: Vec<(String, f64)> = Vec::new();
        for place in places {
            let dialled = server::dial(address, place, &server::config()).await.map_err(OpenError::from)?;
            if place == of_leases {
                let mut list = redis::cmd("ZRANGE");
                list.arg(&leases).arg(0).arg(-1).arg("WITHSCORES");
                let mut connection = dialled.connection.clone();
                let found = timeout(settings.timeout, list.query_async(&mut connection)).await;
                ends = found.ok().and_then(Result::ok).ok_or(Unavailable)?;
            }
            let told = timeout(settings.timeout, dialled.facts(place)).await;
            facts.push(told.ok().and_then(Result::ok).ok_or(Unavailable)?);
        }
        let at = facts.first().and_then(|first| first.at.duration_since(UNIX_EPOCH).ok()).unwrap_or_default();
        let nodes = said.into_iter().map(|(name, said)| {
            // In milliseconds since 1970, by the clock of the master that has it.
            let end = ends.iter().find(|(node, _)| *node == name).map_or(0.0, |(_, end)| end / 1000.0);
            let end = Duration::try_from_secs_f64(end);
            let lease = end.unwrap_or_default().saturating_sub(at).min(LEASE);
            Node { name, about: About::parse(&said), lease }
        });
        Ok(Self {
            address: address.shown().to_owned(),
            prefix: settings.prefix.clone(),
            masters: facts,
            nodes: nodes.collect(),
            rooms: rooms.len(),
            people: rooms.iter().map(|(_, people)| people).sum(),
        })
    }
}
