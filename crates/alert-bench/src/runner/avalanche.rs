//! `--avalanche`: members are cut off together, miss something, and come back together, while two others in a room of
//! their own show what that does to those who have nothing to do with it.

use super::{RETURN_PATIENCE, Runner};
use crate::{
    churn::Churn,
    error::BenchError,
    load::Load,
    plan::{Avalanche, FanOut, Mode, Pace, Plan, Transport},
    progress::Progress,
    report::{Bystanders, Returned},
    samples::Samples,
};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// The share of the time away in which the missed messages are said.
const SPEAKING: f64 = 0.7;
/// How long the bystanders speak before they are measured; it ends when all come back.
const WARMUP: Duration = Duration::from_millis(300);
/// What they say a second.
const RATE: f64 = 50.0;

/// The bystanders, on a thread of their own, so that their latency is not the generator's.
struct Quiet {
    thread: JoinHandle<Option<Bystanders>>,
    stop: Arc<AtomicBool>,
}

impl Runner<'_> {
    pub(super) fn avalanche(
        &mut self,
        avalanche: &Avalanche,
        samples: &mut Samples,
    ) -> Result<Returned, BenchError> {
        let messages = u64::from(avalanche.missed) * u64::from(self.plan.rooms);
        let cut_for = avalanche.cut_for;
        let mut churn = Churn::new(self.plan, cut_for);
        samples.begin = self.sample();
        self.fleet.shared.measured_from = samples.begin.at;
        churn.cut_all(&mut self.fleet);
        let cut = self.fleet.shared.now;
        let rate = messages as f64 / (cut_for.as_secs_f64() * SPEAKING);
        let mut load = Load::of(messages, rate, &mut self.fleet);
        let back = cut + cut_for.as_nanos() as u64;
        let mut quiet = None;
        while (self.fleet.shared.now < back || load.is_under_way()) && !self.is_stopped() {
            let next = load.send_due(&mut self.fleet).min(back);
            self.wait_until(next)?;
            if quiet.is_none() && self.fleet.shared.now + WARMUP.as_nanos() as u64 >= back {
                quiet = Some(Quiet::begin(self.plan));
            }
            self.progress.show("everybody is away", &self.fleet);
        }
        samples.half = self.sample();
        churn.end_cut(samples.half.at);
        self.wait_for_all_back(&mut churn, RETURN_PATIENCE)?;
        samples.end = self.sample();
        let all_back = self.fleet.shared.counts.progress_at.saturating_sub(samples.half.at);
        Ok(Returned {
            all_back_s: Some(all_back as f64 / 1e9),
            all_back_cpu_s: Some(samples.end.server.cpu - samples.half.server.cpu)
                .filter(|_| !self.servers.is_empty()),
            bystanders: quiet.and_then(Quiet::end),
        })
    }
}

impl Quiet {
    fn begin(plan: &Plan) -> Self {
        let plan = Plan {
            targets: plan.targets.clone(),
            rooms: 1,
            members: 2,
            protocol: plan.protocol,
            transport: Transport::WebSocket,
            mode: Mode::FanOut(FanOut {
                pace: Pace::Rate(RATE),
                senders: 2,
                payload: 64,
                warmup: WARMUP,
                // They are told to stop before that.
                duration: Duration::from_secs(3600),
            }),
            concurrency: 2,
            pids: Vec::new(),
        };
        let stop = Arc::new(AtomicBool::new(false));
        let until = Arc::clone(&stop);
        let thread = thread::spawn(move || {
            let report = super::run_with(&plan, &until, Progress::hidden()).ok()?;
            report.fanout.map(|spoken| Bystanders {
                messages: spoken.messages,
                lost: spoken.lost,
                latency_us: spoken.latency_us,
            })
        });
        Self { thread, stop }
    }

    fn end(self) -> Option<Bystanders> {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().ok().flatten()
    }
}
