//! How speaking and listening went.

use serde::Serialize;

use crate::{
    latency::Latency,
    room::{Room, Tally},
    samples::Samples,
    shared::Shared,
};

/// Speaking and listening. Rates and latency are for the time after the warm-up, counts of faults for the whole run.
#[derive(Clone, Debug, Serialize)]
pub struct Spoken {
    /// Seconds measured.
    pub duration_s: f64,
    /// Messages sent in that time.
    pub messages: u64,
    /// The same, a second.
    pub messages_per_s: f64,
    /// Deliveries that arrived in that time.
    pub deliveries: u64,
    /// The same, a second.
    pub deliveries_per_s: f64,
    /// From sending to delivery; at a fixed rate, from when the message was to be sent.
    pub latency_us: Option<Latency>,
    /// The same, of deliveries by another server than the sender's; `null` with one server.
    pub latency_across_us: Option<Latency>,
    /// Deliveries that arrived in the whole run.
    pub arrived: u64,
    /// Deliveries that never came.
    pub lost: u64,
    /// Deliveries that came again.
    pub duplicates: u64,
    /// Deliveries that came after a later message of the same sender.
    pub out_of_order: u64,
    /// Members that heard everything, but in a different order from the others in their room.
    pub other_order: u64,
    /// Deliveries of another room's messages.
    pub leaked: u64,
    /// Messages that nobody of this run sent.
    pub unknown: u64,
}

impl Spoken {
    pub(super) fn new(shared: Shared, samples: &Samples) -> Self {
        let Samples { begin, end, .. } = samples;
        let duration_s = (end.at - begin.at) as f64 / 1e9;
        let a_second = |count: u64| if duration_s > 0.0 { count as f64 / duration_s } else { 0.0 };
        let messages = end.messages - begin.messages;
        let deliveries = end.deliveries - begin.deliveries;
        let latency_us = shared.latency.summary();
        let latency_across_us = shared.latency_across.summary();
        let tallies: Vec<Tally> = shared.rooms.into_iter().map(Room::close).collect();
        let sum = |count: fn(&Tally) -> u64| tallies.iter().map(count).sum();
        Self {
            duration_s,
            messages,
            messages_per_s: a_second(messages),
            deliveries,
            deliveries_per_s: a_second(deliveries),
            latency_us,
            latency_across_us,
            arrived: sum(|tally| tally.deliveries),
            lost: sum(|tally| tally.lost),
            duplicates: sum(|tally| tally.duplicates),
            out_of_order: sum(|tally| tally.out_of_order),
            other_order: sum(|tally| tally.other_order),
            leaked: shared.counts.leaks,
            unknown: shared.counts.unknown,
        }
    }

    pub(super) fn is_faultless(&self) -> bool {
        self.faults().iter().all(|(_, count)| *count == 0)
    }

    /// What can go wrong with deliveries, and how often it did.
    pub(crate) fn faults(&self) -> [(&'static str, u64); 6] {
        [
            ("lost", self.lost),
            ("twice", self.duplicates),
            ("out of order", self.out_of_order),
            ("members with another order", self.other_order),
            ("from another room", self.leaked),
            ("unknown", self.unknown),
        ]
    }
}
