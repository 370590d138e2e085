//! How connecting and joining went.

use serde::Serialize;

use super::{Latency, Samples};
use crate::{plan::Plan, shared::Shared};

/// Connecting and joining.
#[derive(Clone, Debug, Serialize)]
pub struct Joined {
    /// Members wanted.
    pub members: u32,
    /// Members that joined.
    pub joined: u32,
    /// Seconds until the last was connected.
    pub connected_s: f64,
    /// Seconds until the last had read of its own entering.
    pub joined_s: f64,
    /// Seconds until the last status had arrived.
    pub statuses_s: f64,
    /// `status` events that arrived.
    pub statuses: u64,
    /// `status` events that had to arrive: m (m + 1) / 2 for a room of m.
    pub statuses_expected: u64,
    /// From the start of a connection to the server's CONNECT.
    pub connect_us: Option<Latency>,
    /// From `joined` to the member's own `status`.
    pub join_us: Option<Latency>,
}

impl Joined {
    pub(super) fn new(plan: &Plan, shared: &Shared, samples: &Samples) -> Self {
        // Later statuses are about members that left.
        let counts = samples.join;
        let members = u64::from(plan.members);
        let since_start = |at: u64| at.saturating_sub(samples.start.at) as f64 / 1e9;
        Self {
            members: plan.connections(),
            joined: counts.joined,
            connected_s: since_start(counts.connected_at),
            joined_s: since_start(counts.joined_at),
            statuses_s: since_start(counts.status_at),
            statuses: counts.statuses,
            statuses_expected: u64::from(plan.rooms) * members * (members + 1) / 2,
            connect_us: shared.connect_times.summary(),
            join_us: shared.join_times.summary(),
        }
    }

    pub(super) fn is_complete(&self) -> bool {
        self.joined == self.members && self.statuses == self.statuses_expected
    }
}
