//! The course of a run: join, speak or stay silent, wait for what is still under way, report.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

mod avalanche;
mod jitter;

use super::{
    error::{BenchError, Death},
    fleet::Fleet,
    load::Load,
    plan::{FanOut, Mode, Plan},
    process::Processes,
    progress::Progress,
    report::{Report, Returned},
    samples::{Sample, Samples},
};

/// Longest time without progress while members join.
const JOIN_PATIENCE: Duration = Duration::from_secs(10);
/// The same, when all have joined and only statuses are missing.
const STATUS_PATIENCE: Duration = Duration::from_secs(3);
/// Longest time without a delivery, after the last message.
const DRAIN_PATIENCE: Duration = Duration::from_secs(5);
/// The same, while some are on their way back.
const RETURN_PATIENCE: Duration = Duration::from_secs(15);
/// Longest wait of a turn while nothing is sent.
const WAIT: Duration = Duration::from_millis(50);

struct Runner<'a> {
    plan: &'a Plan,
    fleet: Fleet,
    servers: Vec<Processes>,
    progress: Progress,
    stop: &'a AtomicBool,
}

/// Does what the plan says. `stop` ends it early, with a report of what there is.
///
/// # Errors
/// If there is nothing to report, because the server cannot be reached or this machine lacks something.
pub fn run(plan: &Plan, stop: &AtomicBool) -> Result<Report, BenchError> {
    run_with(plan, stop, Progress::new())
}

fn run_with(plan: &Plan, stop: &AtomicBool, progress: Progress) -> Result<Report, BenchError> {
    allow_open_files(plan.open_files())?;
    let mut addresses = Vec::new();
    for target in &plan.targets {
        let address = target.look_up();
        addresses
            .push(address.map_err(|problem| BenchError::Unknown { host: target.host.clone(), problem })?);
    }
    let run = getrandom::u32().map_err(|error| BenchError::System(error.into()))?;
    let mut runner = Runner {
        plan,
        fleet: Fleet::new(plan, &addresses, run)?,
        servers: plan.pids.iter().copied().map(Processes::of).collect::<Result<_, _>>()?,
        progress,
        stop,
    };
    let (samples, returned) = runner.all()?;
    runner.progress.clear();
    let stopped = runner.is_stopped();
    Ok(Report::new(plan, runner.fleet.shared, &samples, returned, stopped))
}

impl Runner<'_> {
    fn all(&mut self) -> Result<(Samples, Returned), BenchError> {
        let start = self.sample();
        self.join()?;
        let joined = self.sample();
        let join = self.fleet.shared.counts;
        let mut samples = Samples { start, joined, join, begin: joined, half: joined, end: joined };
        let mut returned = Returned::default();
        match &self.plan.mode {
            Mode::Storm => {}
            Mode::Hold(time) => {
                let end = joined.at + time.as_nanos() as u64;
                while self.fleet.shared.now < end && !self.is_stopped() {
                    self.turn("holding")?;
                }
                samples.end = self.sample();
            }
            Mode::FanOut(fan_out) => self.fan_out(fan_out, &mut samples)?,
            Mode::Jitter(jitter) => self.jitter(jitter, &mut samples)?,
            Mode::Avalanche(avalanche) => returned = self.avalanche(avalanche, &mut samples)?,
        }
        Ok((samples, returned))
    }

    fn join(&mut self) -> Result<(), BenchError> {
        let size = self.fleet.size();
        let statuses = self.plan.statuses();
        self.fleet.shared.tick();
        self.fleet.shared.counts.progress_at = self.fleet.shared.now;
        loop {
            let counts = self.fleet.shared.counts;
            // One tries first: if it fails, all would.
            let at_once = if counts.joined == 0 { 1 } else { self.plan.concurrency };
            let under_way = counts.started - counts.connected - counts.failed;
            for _ in under_way..at_once.min(under_way + size - counts.started) {
                self.fleet.start_next();
            }
            self.turn("joining")?;
            let counts = self.fleet.shared.counts;
            if counts.joined == 0 && counts.died > 0 {
                return Err(self.unreachable());
            }
            let all_in = counts.joined + counts.absent == size;
            if (all_in && counts.statuses >= statuses) || self.is_stopped() {
                return Ok(());
            }
            let patience = if all_in { STATUS_PATIENCE } else { JOIN_PATIENCE };
            if self.fleet.shared.quiet() > patience {
                let what = if counts.connected < counts.started { "connecting" } else { "joining" };
                self.fleet.give_up(&Death::Silent { seconds: patience.as_secs(), what });
                return if counts.joined == 0 { Err(self.unreachable()) } else { Ok(()) };
            }
        }
    }

    fn fan_out(&mut self, fan_out: &FanOut, samples: &mut Samples) -> Result<(), BenchError> {
        let begin = self.fleet.shared.now + fan_out.warmup.as_nanos() as u64;
        let duration = fan_out.duration.as_nanos() as u64;
        self.fleet.shared.measured_from = begin;
        let mut load = Load::begin(fan_out.pace, &mut self.fleet);
        for (sample, until) in [
            (&mut samples.begin, begin),
            (&mut samples.half, begin + duration / 2),
            (&mut samples.end, begin + duration),
        ] {
            while self.fleet.shared.now < until && !self.is_stopped() {
                load.turn(&mut self.fleet)?;
                self.progress.show("speaking", &self.fleet);
            }
            *sample = self.sample();
        }
        self.fleet.shared.counts.progress_at = self.fleet.shared.now;
        while self.due() > 0 && self.fleet.shared.quiet() < DRAIN_PATIENCE {
            self.turn("waiting for the last")?;
        }
        Ok(())
    }

    fn turn(&mut self, phase: &'static str) -> Result<(), BenchError> {
        self.fleet.turn(WAIT)?;
        self.progress.show(phase, &self.fleet);
        Ok(())
    }

    fn due(&self) -> u64 {
        self.fleet.shared.rooms.iter().map(super::room::Room::due).sum()
    }

    fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    fn unreachable(&self) -> BenchError {
        let death = self.fleet.shared.first_death.clone().unwrap_or(Death::Closed);
        BenchError::Unreachable { target: self.plan.targets[0].clone(), death }
    }

    fn sample(&mut self) -> Sample {
        self.fleet.shared.tick();
        let shared = &self.fleet.shared;
        Sample {
            at: shared.now,
            messages: shared.rooms.iter().map(|room| room.tally().messages).sum(),
            deliveries: shared.counts.deliveries,
            server: self.servers.iter().copied().map(Processes::used).sum(),
            own: Processes::this().used(),
        }
    }
}

/// Raises the limit of open files as far as this process may, and says when that is not enough.
fn allow_open_files(needed: u64) -> Result<(), BenchError> {
    let allowed = rlimit::increase_nofile_limit(u64::MAX)?;
    if allowed < needed { Err(BenchError::OpenFiles { needed, allowed }) } else { Ok(()) }
}
