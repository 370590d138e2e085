//! What a process used.

use serde::Serialize;

use super::{Joined, Samples, Settings};
use crate::{process::Used, runner::Sample};

/// CPU and memory of a process and its children.
#[derive(Clone, Debug, Serialize)]
pub struct Usage {
    /// CPU seconds while members joined.
    pub join_cpu_s: f64,
    /// CPU seconds in the time measured (or held).
    pub cpu_s: f64,
    /// The same, in percent of one core.
    pub cpu_percent: f64,
    /// CPU microseconds per delivery; `null` without deliveries.
    pub cpu_us_per_delivery: Option<f64>,
    /// Resident bytes before the first connection.
    pub memory_before: u64,
    /// Resident bytes when all had joined.
    pub memory_joined: u64,
    /// Resident bytes at the end.
    pub memory_end: u64,
    /// Growth from before to when all had joined, for each of them; at the end of the time with `--hold`.
    pub memory_per_connection: f64,
}

impl Usage {
    pub(super) fn new(
        samples: &Samples,
        join: &Joined,
        settings: &Settings,
        of: fn(&Sample) -> Used,
    ) -> Self {
        let Samples { start, joined, begin, end, .. } = samples;
        let cpu_s = of(end).cpu - of(begin).cpu;
        let seconds = (end.at - begin.at) as f64 / 1e9;
        let deliveries = end.deliveries - begin.deliveries;
        let settled = if settings.mode == "hold" { of(end).memory } else { of(joined).memory };
        let growth = settled as f64 - of(start).memory as f64;
        Self {
            join_cpu_s: of(joined).cpu - of(start).cpu,
            cpu_s,
            cpu_percent: if seconds > 0.0 { cpu_s / seconds * 100.0 } else { 0.0 },
            cpu_us_per_delivery: (deliveries > 0).then(|| cpu_s * 1e6 / deliveries as f64),
            memory_before: of(start).memory,
            memory_joined: of(joined).memory,
            memory_end: of(end).memory,
            memory_per_connection: growth / f64::from(join.joined.max(1)),
        }
    }
}
