//! How coming back went.

use serde::Serialize;

use super::Spoken;
use crate::{comeback::Comebacks, latency::Latency};

/// Members that were cut off and came back.
#[derive(Clone, Debug, Serialize)]
pub struct Comeback {
    /// Connections that were cut.
    pub cuts: u64,
    /// Cuts after which the server gave the member its place back (connection state recovery).
    pub recovered: u64,
    /// Cuts after which the member had to join again.
    pub joined_again: u64,
    /// Cuts after which the member was still not back in its room at the end.
    pub not_back: u64,
    /// Attempts to come back that failed and were repeated; `died` says why.
    pub failed_attempts: u64,
    /// The share of deliveries that came, out of each message to each member.
    pub delivered_share: f64,
    /// Deliveries of messages that members had missed.
    pub replayed: u64,
    /// From connecting again to being in the room.
    pub back_us: Option<Latency>,
    /// From connecting again to a message that was missed; what comes before the CONNECT counts as coming with it.
    pub replay_us: Option<Latency>,
    /// From sending to the delivery of such a message, including the time away.
    pub replay_since_sent_us: Option<Latency>,
    /// What only an avalanche has; all of it `null` with `--jitter`.
    #[serde(flatten)]
    pub returned: Returned,
}

/// How all of them came back together.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Returned {
    /// Seconds from connecting again until all were back and had what they missed.
    pub all_back_s: Option<f64>,
    /// The server's CPU seconds in this time.
    pub all_back_cpu_s: Option<f64>,
    /// Two members in another room meanwhile.
    pub bystanders: Option<Bystanders>,
}

/// Two members who say 50 messages a second, in a room that nothing happens in.
#[derive(Clone, Debug, Serialize)]
pub struct Bystanders {
    /// Messages that they said.
    pub messages: u64,
    /// Deliveries that never came.
    pub lost: u64,
    /// From when a message was to be sent to its delivery.
    pub latency_us: Option<Latency>,
}

impl Comeback {
    pub(super) fn new(all: &Comebacks, spoken: &Spoken, returned: Returned) -> Self {
        let Spoken { arrived, lost, .. } = *spoken;
        Self {
            cuts: all.cuts,
            recovered: all.recovered,
            joined_again: all.joined_again,
            not_back: all.away(),
            failed_attempts: all.failed,
            delivered_share: arrived as f64 / (arrived + lost).max(1) as f64,
            replayed: all.replayed,
            back_us: all.back.summary(),
            replay_us: all.replay.summary(),
            replay_since_sent_us: all.since_sent.summary(),
            returned,
        }
    }

    pub(super) fn is_faultless(&self) -> bool {
        self.not_back == 0 && self.returned.bystanders.as_ref().is_none_or(|bystanders| bystanders.lost == 0)
    }
}
