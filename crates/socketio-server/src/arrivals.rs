//! New sockets on their way into a shard. When thousands connect at once, a shard is given no more of them than it can
//! begin with soon, so that they do not stand in line before those who are there already; the others wait at the
//! acceptor.

use crate::hub::Hub;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::Notify;

/// Sockets that a shard has and has not looked at yet.
const AT_A_TIME: usize = 32;

/// How many there are of each shard.
pub(crate) struct Arrivals {
    counts: Box<[AtomicUsize]>,
    /// Told when a shard can take one more.
    free: Notify,
}

/// One socket, until its shard has looked at it.
pub(crate) struct Arrival {
    hub: Hub,
    pub(crate) shard: u16,
}

impl Arrivals {
    pub(crate) fn new(shards: usize) -> Self {
        Self { counts: (0..shards).map(|_| AtomicUsize::new(0)).collect(), free: Notify::new() }
    }

    /// Returns when a shard may have a place.
    pub(crate) async fn free(&self) {
        self.free.notified().await;
    }
}

impl Arrival {
    /// A place in the next shard after `last` that has one.
    pub(crate) fn take(hub: &Hub, last: &mut u16) -> Option<Self> {
        let shards = hub.shards();
        let shard = (1..=shards).map(|step| (*last + step) % shards).find(|shard| {
            let count = &hub.arrivals().counts[usize::from(*shard)];
            let taken = count.fetch_add(1, Ordering::Relaxed) < AT_A_TIME;
            if !taken {
                count.fetch_sub(1, Ordering::Relaxed);
            }
            taken
        })?;
        *last = shard;
        Some(Self { hub: hub.clone(), shard })
    }
}

impl Drop for Arrival {
    fn drop(&mut self) {
        let arrivals = self.hub.arrivals();
        arrivals.counts[usize::from(self.shard)].fetch_sub(1, Ordering::Relaxed);
        arrivals.free.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    #[test]
    fn shards_are_given_sockets_in_turn_and_one_that_looks_at_none_gets_no_more() {
        let hub = Hub::new(&Config { workers: 3, ..Config::default() });
        let mut last = 2;
        let mut take = || Arrival::take(&hub, &mut last);
        let mut all: Vec<_> = (0..6).map_while(|_| take()).collect();
        assert_eq!(all.iter().map(|arrival| arrival.shard).collect::<Vec<_>>(), [0, 1, 2, 0, 1, 2]);
        all.extend(std::iter::from_fn(&mut take));
        assert_eq!(all.len(), 3 * AT_A_TIME);
        all.retain(|arrival| arrival.shard != 1);
        assert_eq!(take().map(|arrival| arrival.shard), Some(1), "it has room, the others have not");
        assert_eq!(take().map(|arrival| arrival.shard), Some(1), "that one is gone again");
    }
}
