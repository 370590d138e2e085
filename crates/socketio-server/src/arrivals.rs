//! New sockets on their way into a shard. When thousands connect at once, a shard is given no more of them than it can
//! begin with soon, so that they do not stand in line before those who are there already; the others wait at the
//! acceptor.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};
use tokio::sync::Notify;

/// Sockets that a shard has and has not looked at yet.
const AT_A_TIME: usize = 32;

/// How many there are of each shard. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Arrivals(Arc<Shared>);

struct Shared {
    counts: Box<[AtomicUsize]>,
    /// Told when a shard can take one more.
    free: Notify,
}

/// One socket, until its shard has looked at it.
pub(crate) struct Arrival {
    arrivals: Arrivals,
    pub(crate) shard: u16,
}

impl Arrivals {
    pub(crate) fn new(shards: u16) -> Self {
        let counts = (0..shards).map(|_| AtomicUsize::new(0)).collect();
        Self(Arc::new(Shared { counts, free: Notify::new() }))
    }

    /// Returns when a shard may have a place.
    pub(crate) async fn free(&self) {
        self.0.free.notified().await;
    }

    /// A place in the next shard after `last` that has one.
    pub(crate) fn take(&self, last: &mut u16) -> Option<Arrival> {
        let counts = &self.0.counts;
        // As many as were asked for.
        let shards = counts.len() as u16;
        let shard = (1..=shards).map(|step| (*last + step) % shards).find(|shard| {
            let count = &counts[usize::from(*shard)];
            let taken = count.fetch_add(1, Ordering::Relaxed) < AT_A_TIME;
            if !taken {
                count.fetch_sub(1, Ordering::Relaxed);
            }
            taken
        })?;
        *last = shard;
        Some(Arrival { arrivals: self.clone(), shard })
    }
}

impl Drop for Arrival {
    fn drop(&mut self) {
        let Shared { counts, free } = &*self.arrivals.0;
        counts[usize::from(self.shard)].fetch_sub(1, Ordering::Relaxed);
        free.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shards_are_given_sockets_in_turn_and_one_that_looks_at_none_gets_no_more() {
        let arrivals = Arrivals::new(3);
        let mut last = 2;
        let mut take = || arrivals.take(&mut last);
        let mut all: Vec<_> = (0..6).map_while(|_| take()).collect();
        assert_eq!(all.iter().map(|arrival| arrival.shard).collect::<Vec<_>>(), [0, 1, 2, 0, 1, 2]);
        all.extend(std::iter::from_fn(&mut take));
        assert_eq!(all.len(), 3 * AT_A_TIME);
        all.retain(|arrival| arrival.shard != 1);
        assert_eq!(take().map(|arrival| arrival.shard), Some(1), "it has room, the others have not");
        assert_eq!(take().map(|arrival| arrival.shard), Some(1), "that one is gone again");
    }
}
