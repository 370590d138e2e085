//! The last resort, when many sources together send more than the shards can deliver.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use tokio::sync::Notify;

/// How many inboxes are over their limit, or what else cannot take more. While one is, shards do not read from their
/// clients.
#[derive(Default)]
pub(crate) struct Congestion {
    inboxes: AtomicUsize,
    begun: AtomicU64,
    relief: Notify,
}

impl Congestion {
    pub(crate) fn begins(&self) {
        if self.inboxes.fetch_add(1, Ordering::Relaxed) == 0 {
            self.begun.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(crate) fn ends(&self) {
        if self.inboxes.fetch_sub(1, Ordering::Relaxed) == 1 {
            self.relief.notify_waiters();
        }
    }

    pub(crate) fn is_there(&self) -> bool {
        self.inboxes.load(Ordering::Relaxed) > 0
    }

    /// How often it has begun.
    pub(crate) fn times(&self) -> u64 {
        self.begun.load(Ordering::Relaxed)
    }

    /// Returns when no inbox is over its limit.
    pub(crate) async fn relief(&self) {
        loop {
            // Registered before the check, so that a relief in between is not missed.
            let notified = self.relief.notified();
            if !self.is_there() {
                return;
            }
            notified.await;
        }
    }
}
