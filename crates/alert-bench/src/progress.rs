//! The line that a person at a terminal watches, once a second.

use std::io::{self, IsTerminal, Write};

use super::{fleet::Fleet, table};

const SECOND: u64 = 1_000_000_000;
const CLEAR: &str = "\r\x1B[K";

#[derive(Debug)]
pub(super) struct Progress {
    terminal: bool,
    shown_at: u64,
    deliveries: u64,
}

impl Progress {
    pub(super) fn new() -> Self {
        Self { terminal: io::stderr().is_terminal(), shown_at: 0, deliveries: 0 }
    }

    /// Shows nothing.
    pub(super) fn hidden() -> Self {
        Self { terminal: false, shown_at: 0, deliveries: 0 }
    }

    /// Shows where the run stands, if a second has passed.
    pub(super) fn show(&mut self, phase: &str, fleet: &Fleet) {
        let shared = &fleet.shared;
        let passed = shared.now.saturating_sub(self.shown_at);
        if !self.terminal || passed < SECOND {
            return;
        }
        let counts = shared.counts;
        let rate = (counts.deliveries - self.deliveries) as f64 / (passed as f64 / SECOND as f64);
        let mut line = format!(
            "{CLEAR}{:>3} s  {phase}: {} of {} joined, {} statuses",
            shared.now / SECOND,
            table::number(u64::from(counts.joined)),
            table::number(u64::from(fleet.size())),
            table::number(counts.statuses)
        );
        if counts.deliveries > 0 {
            line += &format!(", {} deliveries/s", table::number(rate as u64));
        }
        if let Some(latency) = shared.latency.summary() {
            line += &format!(", p99 {}", table::time(latency.p99));
        }
        if counts.died > 0 {
            line += &format!(", {} connections ended", table::number(u64::from(counts.died)));
        }
        self.shown_at = shared.now;
        self.deliveries = counts.deliveries;
        write(&line);
    }

    /// Removes the line.
    pub(super) fn clear(&self) {
        if self.terminal {
            write(CLEAR);
        }
    }
}

fn write(text: &str) {
    let mut out = io::stderr().lock();
    // Perhaps nobody is there to read it.
    let _ = out.write_all(text.as_bytes());
    let _ = out.flush();
}
