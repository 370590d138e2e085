//! `--jitter`: members are cut off one after the other, all the time, and come back.

use super::{RETURN_PATIENCE, Runner, WAIT};
use crate::{
    churn::Churn,
    error::BenchError,
    load::Load,
    plan::{Jitter, Pace},
    samples::Samples,
};
use std::time::Duration;

impl Runner<'_> {
    pub(super) fn jitter(&mut self, jitter: &Jitter, samples: &mut Samples) -> Result<(), BenchError> {
        let begin = self.fleet.shared.now;
        let duration = jitter.duration.as_nanos() as u64;
        self.fleet.shared.measured_from = begin;
        let mut load = Load::begin(Pace::Rate(jitter.rate), &mut self.fleet);
        let mut churn = Churn::new(self.plan, jitter.cut_for);
        for (sample, until) in
            [(&mut samples.half, begin + duration / 2), (&mut samples.end, begin + duration)]
        {
            while self.fleet.shared.now < until && !self.is_stopped() {
                let next = load
                    .send_due(&mut self.fleet)
                    .min(churn.cut_due(&mut self.fleet, begin, jitter.cut_every))
                    .min(churn.reconnect_due(&mut self.fleet));
                self.wait_until(next)?;
                self.progress.show("speaking and cutting off", &self.fleet);
            }
            *sample = self.sample();
        }
        self.wait_for_all_back(&mut churn, jitter.cut_for + RETURN_PATIENCE)
    }

    /// Lets all who are away come back, until everything has arrived or nothing comes for too long.
    pub(super) fn wait_for_all_back(
        &mut self,
        churn: &mut Churn,
        patience: Duration,
    ) -> Result<(), BenchError> {
        self.fleet.shared.counts.progress_at = self.fleet.shared.now;
        while (self.fleet.shared.comebacks.away() > 0 || self.due() > 0)
            && self.fleet.shared.quiet() < patience
        {
            let next = churn.reconnect_due(&mut self.fleet);
            self.wait_until(next)?;
            self.progress.show("waiting for all to be back", &self.fleet);
        }
        Ok(())
    }

    pub(super) fn wait_until(&mut self, next: u64) -> Result<(), BenchError> {
        let wait = Duration::from_nanos(next.saturating_sub(self.fleet.shared.now));
        self.fleet.timer.set(wait.min(WAIT))?;
        self.fleet.turn(WAIT)
    }
}
