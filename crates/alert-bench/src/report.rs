//! What a run found. Serialized it is the output of `--json`; its field names are a contract with scripts.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{
    latency::Latency,
    plan::{Avalanche, FanOut, Jitter, Mode, Pace, Plan},
    process::Used,
    samples::{Sample, Samples},
    shared::Shared,
};

mod comeback;
mod spoken;

pub use comeback::{Bystanders, Comeback, Returned};
pub use spoken::Spoken;

/// The rate at which Alert slows a sender down by default.
const DEFAULT_EVENT_RATE: f64 = 500.0;
/// Above this share of a core, the generator may be what is slow.
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
    /// Coming back after cuts; `null` without `--jitter` and `--avalanche`.
    pub comeback: Option<Comeback>,
    /// What the server used; `null` without `--pid`.
    pub server: Option<Usage>,
    /// What this generator used.
    pub generator: Usage,
    /// Connections that ended, by reason.
    pub died: BTreeMap<String, u64>,
    /// What to know when reading the figures.
    pub notes: Vec<String>,
}

impl Report {
    pub(super) fn new(
        plan: &Plan,
        shared: Shared,
        samples: &Samples,
        returned: Returned,
        interrupted: bool,
    ) -> Self {
        let settings = Settings::new(plan);
        let join = Joined::new(plan, &shared, samples);
        let server =
            (!plan.pids.is_empty()).then(|| Usage::new(samples, &join, &settings, |sample| sample.server));
        let generator = Usage::new(samples, &join, &settings, |sample| sample.own);
        let died = shared.deaths.clone();
        let cuts = plan.cuts().then(|| shared.comebacks.clone());
        let all_died = shared.counts.died;
        let fanout = plan.payload().map(|_| Spoken::new(shared, samples));
        let comeback = cuts.zip(fanout.as_ref()).map(|(cuts, spoken)| Comeback::new(&cuts, spoken, returned));
        // Whoever comes back may need more than one attempt.
        let ok = all_died == 0
            && comeback.as_ref().is_none_or(Comeback::is_faultless)
            && (interrupted || join.is_complete())
            && fanout.as_ref().is_none_or(Spoken::is_faultless);
        let mut report = Self {
            ok,
            interrupted,
            settings,
            join,
            fanout,
            comeback,
            server,
            generator,
            died,
            notes: Vec::new(),
        };
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

/// What was asked for.
#[derive(Clone, Debug, Serialize)]
pub struct Settings {
    /// The first server.
    pub url: String,
    /// All servers.
    pub urls: Vec<String>,
    /// `fanout`, `storm`, `hold`, `jitter` or `avalanche`.
    pub mode: &'static str,
    /// `websocket`, `polling` or `mixed`.
    pub transport: &'static str,
    /// Rooms.
    pub rooms: u32,
    /// Members of each room.
    pub members: u32,
    /// Members of each room that speak.
    pub senders: u32,
    /// Messages in flight per room; `null` at a fixed rate.
    pub window: Option<u32>,
    /// Messages a second over all rooms; `null` in a closed loop.
    pub rate: Option<f64>,
    /// Bytes of a message.
    pub payload: Option<usize>,
    /// Connections being opened side by side.
    pub concurrency: u32,
    /// Seconds from one cut of a member to its next; `null` where nobody is, or all at once.
    pub cut_every_s: Option<f64>,
    /// Seconds from a cut until the member connects again; `null` if nobody is cut off.
    pub cut_for_s: Option<f64>,
    /// Messages that are said in each room while its members are away; `null` without `--avalanche`.
    pub missed: Option<u32>,
    /// Whether members ask for connection state recovery; `null` if nobody is cut off.
    pub recovery: Option<bool>,
}

impl Settings {
    fn new(plan: &Plan) -> Self {
        let (mode, pace, cut_every, cut_for) = match &plan.mode {
            Mode::FanOut(FanOut { pace, .. }) => ("fanout", Some(*pace), None, None),
            Mode::Storm => ("storm", None, None, None),
            Mode::Hold(_) => ("hold", None, None, None),
            Mode::Jitter(Jitter { rate, cut_every, cut_for, .. }) => {
                ("jitter", Some(Pace::Rate(*rate)), *cut_every, Some(*cut_for))
            }
            Mode::Avalanche(Avalanche { cut_for, .. }) => ("avalanche", None, None, Some(*cut_for)),
        };
        let missed =
            if let Mode::Avalanche(Avalanche { missed, .. }) = plan.mode { Some(missed) } else { None };
        Self {
            url: plan.targets[0].url.clone(),
            urls: plan.targets.iter().map(|target| target.url.clone()).collect(),
            mode,
            transport: plan.transport.name(),
            rooms: plan.rooms,
            members: plan.members,
            senders: plan.senders(),
            window: if let Some(Pace::Window(window)) = pace { Some(window) } else { None },
            rate: if let Some(Pace::Rate(rate)) = pace { Some(rate) } else { None },
            payload: plan.payload(),
            concurrency: plan.concurrency,
            cut_every_s: cut_every.map(|time| time.as_secs_f64()),
            cut_for_s: cut_for.map(|time| time.as_secs_f64()),
            missed,
            recovery: plan.cuts().then(|| plan.recovers()),
        }
    }
}

/// Connecting and joining.
#[derive(Clone, Debug, Serialize)]
pub struct Joined {
    /// Members wanted.
    pub members: u32,
    /// Members that joined.
    pub joined: u32,
    /// Seconds until the last was connected.
    pub connected_s: f64,
    /// Seconds until the last had read that it entered.
    pub joined_s: f64,
    /// Seconds until the last status had arrived.
    pub statuses_s: f64,
    /// `status` events that arrived.
    pub statuses: u64,
    /// `status` events that should arrive: m (m + 1) / 2 for a room of m; none in other protocols.
    pub statuses_expected: u64,
    /// From the start of a connection to the server's CONNECT.
    pub connect_us: Option<Latency>,
    /// From `joined` to the member's own `status`.
    pub join_us: Option<Latency>,
}

impl Joined {
    fn new(plan: &Plan, shared: &Shared, samples: &Samples) -> Self {
        // Later statuses are about members that left.
        let counts = samples.join;
        let since_start = |at: u64| at.saturating_sub(samples.start.at) as f64 / 1e9;
        Self {
            members: plan.connections(),
            joined: counts.joined,
            connected_s: since_start(counts.connected_at),
            joined_s: since_start(counts.joined_at),
            statuses_s: since_start(counts.status_at),
            statuses: counts.statuses,
            statuses_expected: plan.statuses(),
            connect_us: shared.connect_times.summary(),
            join_us: shared.join_times.summary(),
        }
    }

    fn is_complete(&self) -> bool {
        self.joined == self.members && self.statuses == self.statuses_expected
    }
}

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
    /// Growth from before to when all had joined, per member; with `--hold`, to the end of the time.
    pub memory_per_connection: f64,
}

impl Usage {
    fn new(samples: &Samples, join: &Joined, settings: &Settings, of: fn(&Sample) -> Used) -> Self {
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
