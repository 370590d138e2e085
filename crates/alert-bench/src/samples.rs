//! What is noted at certain moments of a run, for the report.

use super::process::Used;
use super::shared::Counts;

/// A moment, and what had happened by then.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sample {
    /// Nanoseconds from the start.
    pub(super) at: u64,
    pub(super) messages: u64,
    pub(super) deliveries: u64,
    pub(super) server: Used,
    pub(super) own: Used,
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
