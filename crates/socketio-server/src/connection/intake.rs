//! What a connection has sent in lately. Everything that comes in costs something, whatever it is.
//!
//! Messages and bytes above their rates are read more slowly, and none are lost. So are frames that say nothing (pings
//! and pongs that nobody asked for, noops, fragments of next to no bytes), but whoever keeps sending those is closed.

use crate::{
    config::Config,
    connection::CloseReason,
    rate::{Meter, Rate},
};
use std::{
    num::NonZeroU32,
    time::{Duration, Instant},
};

/// The rate for frames that say nothing. A client that keeps to the protocol sends one every 25 seconds.
const IDLE_FRAMES: Rate = rate(20, 1000);
/// How often a connection may be held back for them before it is closed: after some 10 seconds of them.
const MOST_HOLDS: u8 = 200;
/// The same, for frames that came in one burst.
const LONGEST_HOLD: Duration = Duration::from_secs(10);

const fn rate(per_second: u32, burst: u32) -> Rate {
    match (NonZeroU32::new(per_second), NonZeroU32::new(burst)) {
        (Some(per_second), Some(burst)) => Rate { per_second, burst },
        _ => panic!("a rate is not zero"),
    }
}

#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Intake {
    messages: Meter,
    bytes: Meter,
    idle_frames: Meter,
    holds: u8,
}

impl Intake {
    pub(crate) fn take_message(&mut self, now: Instant, config: &Config) {
        if let Some(rate) = config.event_rate {
            self.messages.take(now, rate, 1);
        }
    }

    pub(crate) fn take_bytes(&mut self, now: Instant, config: &Config, count: usize) {
        if let Some(rate) = config.byte_rate {
            self.bytes.take(now, rate, count as u64);
        }
    }

    pub(crate) fn take_idle_frames(&mut self, now: Instant, count: usize) {
        self.idle_frames.take(now, IDLE_FRAMES, count as u64);
    }

    /// How long the connection has to wait before it may send in more.
    pub(crate) fn wait(&self, now: Instant, config: &Config) -> Option<Duration> {
        let messages = config.event_rate.and_then(|rate| self.messages.wait(now, rate));
        let bytes = config.byte_rate.and_then(|rate| self.bytes.wait(now, rate));
        messages.max(bytes).max(self.idle_frames.wait(now, IDLE_FRAMES))
    }

    /// Counts that the connection is held back.
    ///
    /// # Errors
    /// If frames that say nothing are the cause, and that has happened too often or would take too long.
    pub(crate) fn hold(&mut self, now: Instant) -> Result<(), CloseReason> {
        let Some(wait) = self.idle_frames.wait(now, IDLE_FRAMES) else { return Ok(()) };
        self.holds = self.holds.saturating_add(1);
        if self.holds >= MOST_HOLDS || wait > LONGEST_HOLD { Err(CloseReason::Flooding) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_that_say_nothing_are_held_back_after_a_burst_and_end_the_connection_after_a_while() {
        let (mut intake, config, start) = (Intake::default(), Config::default(), Instant::now());
        for _ in 0..1000 {
            assert_eq!(intake.wait(start, &config), None);
            intake.take_idle_frames(start, 1);
        }
        let mut now = start;
        for _ in 1..MOST_HOLDS {
            let wait = intake.wait(now, &config).expect("over the rate");
            assert_eq!(intake.hold(now), Ok(()));
            now += wait;
            intake.take_idle_frames(now, 1);
        }
        assert_eq!(intake.hold(now), Err(CloseReason::Flooding));
        assert!(now - start > Duration::from_secs(9), "{:?}", now - start);
    }

    #[test]
    fn thousands_of_idle_frames_at_once_end_the_connection_at_once() {
        let (mut intake, now) = (Intake::default(), Instant::now());
        intake.take_idle_frames(now, 10_000);
        assert_eq!(intake.hold(now), Err(CloseReason::Flooding));
    }

    #[test]
    fn bytes_and_messages_above_their_rates_wait_and_never_end_the_connection() {
        let config =
            Config { event_rate: Some(rate(10, 10)), byte_rate: Some(rate(1000, 1000)), ..Config::default() };
        let (mut intake, now) = (Intake::default(), Instant::now());
        intake.take_bytes(now, &config, 3000);
        assert_eq!(intake.wait(now, &config), Some(Duration::from_millis(2001)));
        (0..100).for_each(|_| intake.take_message(now, &config));
        assert_eq!(intake.wait(now, &config), Some(Duration::from_millis(9100)));
        (0..10_000).for_each(|_| assert_eq!(intake.hold(now), Ok(())));
    }
}
