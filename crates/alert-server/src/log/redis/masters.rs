//! Which master has the keys of each tag: a single Redis, the one that the sentinels name, or those of a cluster.

use super::keys::{self, TAGS};
use super::server::{self, ConnectError, Dialled};
use crate::config::{Place, RedisAddress};
use redis::aio::MultiplexedConnection;
use redis::{RedisError, Value, from_redis_value};
use std::collections::HashSet;
use std::sync::Arc;

/// The master of each tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Masters {
    of: Arc<[Place]>,
    is_cluster: bool,
}

impl Masters {
    /// Finds them. `known` are places where some were.
    pub(super) async fn find(address: &RedisAddress, known: Option<&Self>) -> Result<Self, ConnectError> {
        let mut why = None;
        let asked = address.places();
        let others = known.into_iter().flat_map(Self::places).filter(|place| !asked.contains(place));
        for place in asked.iter().chain(others) {
            let found = match address.service() {
                Some(service) => match ask_sentinel(address, place, service).await {
                    Ok(master) => Self::at(address, &master).await,
                    Err(error) => Err(error),
                },
                None => Self::at(address, place).await,
            };
            match found {
                Ok(masters) => return Ok(masters),
                // Others may know better: a sentinel that was cut off names the old master.
                Err(error) => why = why.or(Some(error)),
            }
        }
        Err(why.unwrap_or_else(|| ConnectError::Away(address.shown().to_owned(), "no address".to_owned())))
    }

    /// As a Redis there sees it.
    async fn at(address: &RedisAddress, place: &Place) -> Result<Self, ConnectError> {
        let Dialled { mut connection, is_master, is_in_cluster, .. } =
            server::dial(address, place, &server::config()).await?;
        if is_in_cluster {
            return Self::of_cluster(&mut connection, place).await;
        }
        if address.service().is_none() && address.places().len() > 1 {
            return Err(ConnectError::NotACluster(place.to_string()));
        }
        if !is_master {
            return Err(ConnectError::Replica(place.to_string()));
        }
        Ok(Self { of: vec![place.clone(); TAGS].into(), is_cluster: false })
    }

    /// As a member of a cluster sees it, which is at `place`.
    async fn of_cluster(connection: &mut MultiplexedConnection, place: &Place) -> Result<Self, ConnectError> {
        let shown = place.to_string();
        let failed = |error: RedisError| ConnectError::Away(shown.clone(), error.to_string());
        let state: String =
            redis::cmd("CLUSTER").arg("INFO").query_async(connection).await.map_err(failed)?;
        // One that is cut off from the others sees what was.
        if !state.contains("cluster_state:ok") {
            return Err(ConnectError::Cluster(shown));
        }
        let slots: Vec<Vec<Value>> =
            redis::cmd("CLUSTER").arg("SLOTS").query_async(connection).await.map_err(failed)?;
        let ranges: Vec<_> = slots.into_iter().filter_map(|range| self::range(range, place)).collect();
        let owner = |tag| {
            let slot = keys::slot_of(tag);
            let range = ranges.iter().find(|(first, last, _)| (*first..=*last).contains(&slot));
            range.map(|(_, _, master)| master.clone())
        };
        let owners = (0..TAGS).map(owner).collect::<Option<Vec<_>>>();
        owners.map(|owners| Self { of: owners.into(), is_cluster: true }).ok_or(ConnectError::Cluster(shown))
    }

    /// Each once.
    pub(super) fn places(&self) -> impl Iterator<Item = &Place> {
        let mut seen = HashSet::new();
        self.of.iter().filter(move |place| seen.insert(*place))
    }

    /// Whether there may be others without any connection being lost.
    pub(super) fn may_change(&self) -> bool {
        self.is_cluster
    }

    pub(super) fn of(&self, tag: usize) -> &Place {
        &self.of[tag]
    }

    /// With another master for a tag, of which the one that had it has said so: `HOST:PORT`, or `:PORT` for its own host.
    pub(super) fn moved(&self, tag: usize, to: &str) -> Option<Self> {
        let (host, port) = to.rsplit_once(':')?;
        let master = place(host, port.parse().ok()?, self.of(tag))?;
        let mut all = self.of.to_vec();
        all[tag] = master;
        Some(Self { of: all.into(), is_cluster: true })
    }
}

/// What a sentinel, or a member of a cluster, calls a place; an empty host is that of whoever says it.
fn place(host: &str, port: u16, who: &Place) -> Option<Place> {
    let host = match (host.trim_start_matches('[').trim_end_matches(']'), who) {
        ("" | "?", Place::Host(own, _)) => own,
        ("" | "?", Place::Socket(_)) => return None,
        (host, _) => host,
    };
    Some(Place::Host(host.to_owned(), port))
}

/// The first and the last slot, and their master.
fn range(range: Vec<Value>, who: &Place) -> Option<(usize, usize, Place)> {
    let mut parts = range.into_iter();
    let first = from_redis_value(parts.next()?).ok()?;
    let last = from_redis_value(parts.next()?).ok()?;
    let mut master = from_redis_value::<Vec<Value>>(parts.next()?).ok()?.into_iter();
    let host: Option<String> = from_redis_value(master.next()?).ok()?;
    let port = from_redis_value(master.next()?).ok()?;
    Some((first, last, place(&host.unwrap_or_default(), port, who)?))
}

/// Where a sentinel says that the master is.
async fn ask_sentinel(
    address: &RedisAddress,
    sentinel: &Place,
    service: &str,
) -> Result<Place, ConnectError> {
    let shown = sentinel.to_string();
    let refused = |error: RedisError| ConnectError::of_sentinel(&shown, &error, address.is_tls());
    let client = address.sentinel(sentinel).map_err(refused)?;
    let connection = client.get_multiplexed_async_connection_with_config(&server::config()).await;
    let mut ask = redis::cmd("SENTINEL");
    ask.arg("GET-MASTER-ADDR-BY-NAME").arg(service);
    match ask.query_async::<Option<(String, u16)>>(&mut connection.map_err(refused)?).await {
        Ok(Some((host, port))) => Ok(Place::Host(host, port)),
        Ok(None) => Err(ConnectError::UnknownService(shown, service.to_owned())),
        Err(error) if error.to_string().to_lowercase().contains("unknown command") => {
            Err(ConnectError::NotASentinel(shown))
        }
        Err(error) => Err(refused(error)),
    }
}
