//! What a run found. Serialized it is the output of `--json`; its field names are a contract with scripts.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{
    plan::{Mode, Plan},
    runner::Sample,
    shared::{Counts, Shared},
};

mod joined;
mod settings;
mod spoken;
mod usage;

pub use joined::Joined;
pub use settings::Settings;
pub use spoken::Spoken;
pub use usage::Usage;

/// Where Alert slows a sender down, unless it is told otherwise.
const DEFAULT_EVENT_RATE: f64 = 500.0;
/// Above this share of a core the generator may be what is slow.
const BUSY: f64 = 90.0;

/// The result of a run.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// Whether every member joined and stayed, and everything arrived once and in order.
    pub ok: bool,
    /// Whether the run was ended early.
    pub interrupted: bool,
    /// What was asked for.
    pub settings: Settings,
    /// Connecting and joining.
    pub join: Joined,
    /// Speaking and listening; `null` with `--storm` and `--hold`.
    pub fanout: Option<Spoken>,
    /// What the server used; `null` without `--pid`.
    pub server: Option<Usage>,
    /// What this generator used.
    pub generator: Usage,
    /// Connections that ended, by reason.
    pub died: BTreeMap<String, u64>,
    /// What to know when reading the figures.
    pub notes: Vec<String>,
}

/// Times in microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Latency {
    /// The median.
    pub p50: u64,
    /// Of 100, one is slower.
    pub p99: u64,
    /// Of 1,000, one is slower.
    pub p999: u64,
    /// The slowest.
    pub max: u64,
}

/// The moments of a run.
#[derive(Debug)]
pub(super) struct Samples {
    pub(super) start: Sample,
    pub(super) joined: Sample,
    /// What had been counted then.
    pub(super) join: Counts,
    /// Measuring begins.
    pub(super) begin: Sample,
    pub(super) half: Sample,
    /// Measuring ends.
    pub(super) end: Sample,
}

impl Report {
    pub(super) fn new(plan: &Plan, shared: Shared, samples: &Samples, interrupted: bool) -> Self {
        let settings = Settings::new(plan);
        let join = Joined::new(plan, &shared, samples);
        let server = plan.pid.map(|_| Usage::new(samples, &join, &settings, |sample| sample.server));
        let generator = Usage::new(samples, &join, &settings, |sample| sample.own);
        let died = shared.deaths.clone();
        let fanout = matches!(plan.mode, Mode::FanOut(_)).then(|| Spoken::new(shared, samples));
        let ok = died.is_empty()
            && (interrupted || join.is_complete())
            && fanout.as_ref().is_none_or(Spoken::is_faultless);
        let mut report =
            Self { ok, interrupted, settings, join, fanout, server, generator, died, notes: Vec::new() };
        report.notes = report.remarks(samples);
        report
    }

    fn remarks(&self, samples: &Samples) -> Vec<String> {
        let mut notes = Vec::new();
        let Some(fanout) = &self.fanout else { return notes };
        let senders = f64::from(self.settings.senders * self.settings.rooms);
        let half = (samples.end.at - samples.half.at) as f64 / 1e9;
        let for_each = (samples.end.messages - samples.half.messages) as f64 / half / senders;
        let at_the_limit = (0.95..1.01).contains(&(for_each / DEFAULT_EVENT_RATE));
        let slow = fanout.latency_us.is_some_and(|latency| latency.p99 > 100_000);
        if self.settings.window.is_some() && at_the_limit {
            notes.push(
                "each sender got through 500 messages a second, which is where Alert slows a sender down unless it was \
                 started with --event-rate 0 --byte-rate 0 --room-byte-rate 0: start it so for a closed loop"
                    .to_owned(),
            );
        } else if self.settings.rate.is_some_and(|rate| rate > senders * DEFAULT_EVENT_RATE) && slow {
            notes.push(
                "more than 500 messages a second from each sender, and Alert slows a sender down there: spread them \
                 over more --senders, or start the server with --event-rate 0 --byte-rate 0 --room-byte-rate 0"
                    .to_owned(),
            );
        }
        if self.generator.cpu_percent > BUSY {
            notes.push(format!(
                "the generator was busy ({:.0} % of a core): the server may be capable of more, and latency may be the \
                 generator's",
                self.generator.cpu_percent
            ));
        }
        notes
    }
}
