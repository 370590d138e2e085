//! The last resort, when many sources together send more than the shards can deliver.

use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::Notify;

/// How many inboxes are over their limit. While one is, shards do not read from their clients.
#[derive(Default)]
pub(crate) struct Congestion {
    inboxes: AtomicUsize,
    relief: Notify,
}

impl Congestion {
    pub(super) fn begins(&self) {
        self.inboxes.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn ends(&self) {
        if self.inboxes.fetch_sub(1, Ordering::Relaxed) == 1 {
            self.relief.notify_waiters();
        }
    }

    pub(crate) fn is_there(&self) -> bool {
        self.inboxes.load(Ordering::Relaxed) > 0
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
