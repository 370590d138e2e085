//! The server's heartbeat: a ping every interval, and the end of a client that does not answer in time.

use std::time::{Duration, Instant};

/// The two times of the heartbeat, as the handshake tells them to the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    /// Time from the handshake, or a pong, to the next ping.
    pub interval: Duration,
    /// Time from when a ping was due to the end of the connection.
    pub timeout: Duration,
}

/// What [`Heartbeat::poll`] asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beat {
    /// Nothing to do before [`Heartbeat::deadline`].
    Idle,
    /// Send a ping now.
    SendPing,
    /// The client is gone: close the connection.
    TimedOut,
}

/// The heartbeat of one connection.
///
/// The timeout counts from when a ping was due, not from when it was sent: that is when the client began to wait too.
/// Time while the client's input is held back ([`hold`](Self::hold), [`release`](Self::release)) does not count.
#[derive(Clone, Copy, Debug)]
pub struct Heartbeat {
    state: State,
    /// Held back, and the held time up to this instant has been credited.
    held: Option<Instant>,
}

#[derive(Clone, Copy, Debug)]
enum State {
    /// The next ping is due then.
    Waiting { due: Instant },
    /// A ping was due at `due` and has been sent; its pong must come before `deadline`.
    Pinged { due: Instant, deadline: Instant, again: Again },
}

/// The next ping before the pong to the last one. That pong may be in what is held back, and a client closes when it
/// hears no ping for an interval and a timeout.
#[derive(Clone, Copy, Debug)]
struct Again {
    at: Instant,
    /// The client has been held back since the last ping.
    is_needed: bool,
}

impl Heartbeat {
    /// A connection whose handshake was at `now`: the first ping is due one interval later.
    #[must_use]
    pub fn new(now: Instant, timing: &Timing) -> Self {
        Self { state: State::Waiting { due: now + timing.interval }, held: None }
    }

    /// What to do at `now`. A ping is asked for once, or once an interval from a client that was held back.
    pub fn poll(&mut self, now: Instant, timing: &Timing) -> Beat {
        if self.held.is_some() {
            self.credit(now);
            self.held = Some(now);
        }
        let (due, deadline, ping_at) = match self.state {
            State::Waiting { due } => (due, due + timing.timeout, Some(due)),
            State::Pinged { due, deadline, .. } => (due, deadline, self.again()),
        };
        if now >= deadline {
            return Beat::TimedOut;
        }
        if ping_at.is_some_and(|ping_at| now >= ping_at) {
            let again = Again { at: now + timing.interval, is_needed: self.held.is_some() };
            self.state = State::Pinged { due, deadline, again };
            return Beat::SendPing;
        }
        Beat::Idle
    }

    /// When to call [`poll`](Self::poll) next.
    ///
    /// [`pong`](Self::pong) and [`hold`](Self::hold) can move it closer. While the client is held back it is a lower
    /// bound: poll then, and ask again.
    #[must_use]
    pub fn deadline(&self) -> Instant {
        match self.state {
            State::Waiting { due } => due,
            State::Pinged { deadline, .. } => self.again().map_or(deadline, |again| again.min(deadline)),
        }
    }

    /// The next ping is due at `now`, so that it is known soon whether the client is there; nothing changes where it owes a
    /// pong already.
    pub fn hasten(&mut self, now: Instant) {
        if let State::Waiting { due } = &mut self.state {
            *due = now.min(*due);
        }
    }

    /// A pong came: the next ping is due one interval later. A pong that nobody asked for changes nothing, so that no
    /// client can put off its pings.
    pub fn pong(&mut self, now: Instant, timing: &Timing) {
        if matches!(self.state, State::Pinged { .. }) {
            self.state = State::Waiting { due: now + timing.interval };
        }
    }

    /// The server stops reading from the client at `now`: from then on the ping timeout stands still.
    pub fn hold(&mut self, now: Instant) {
        self.held.get_or_insert(now);
        if let State::Pinged { again, .. } = &mut self.state {
            again.is_needed = true;
        }
    }

    /// The server reads from the client again: the ping timeout runs again.
    pub fn release(&mut self, now: Instant) {
        self.credit(now);
        self.held = None;
    }

    fn again(&self) -> Option<Instant> {
        match self.state {
            State::Pinged { again, .. } if again.is_needed => Some(again.at),
            _ => None,
        }
    }

    /// Postpones the timeout by the held time since the ping was due.
    fn credit(&mut self, now: Instant) {
        let Some(held) = self.held else { return };
        let (State::Waiting { due } | State::Pinged { due, .. }) = &mut self.state;
        let credit = now.saturating_duration_since(held.max(*due));
        *due += credit;
        if let State::Pinged { deadline, .. } = &mut self.state {
            *deadline += credit;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIMING: Timing = Timing { interval: Duration::from_secs(25), timeout: Duration::from_secs(20) };

    /// A heartbeat from second 0, and seconds as instants.
    fn start() -> (Heartbeat, impl Fn(u64) -> Instant) {
        let zero = Instant::now();
        (Heartbeat::new(zero, &TIMING), move |seconds| zero + Duration::from_secs(seconds))
    }

    #[test]
    fn the_first_ping_comes_after_the_interval_and_once() {
        let (mut heart, at) = start();
        assert_eq!(heart.deadline(), at(25));
        assert_eq!(heart.poll(at(0), &TIMING), Beat::Idle);
        assert_eq!(heart.poll(at(25) - Duration::from_millis(1), &TIMING), Beat::Idle);
        assert_eq!(heart.poll(at(25), &TIMING), Beat::SendPing);
        assert_eq!(heart.poll(at(25), &TIMING), Beat::Idle);
    }

    #[test]
    fn the_next_ping_is_due_an_interval_after_the_pong() {
        let (mut heart, at) = start();
        assert_eq!(heart.poll(at(25), &TIMING), Beat::SendPing);
        heart.pong(at(30), &TIMING);
        assert_eq!(heart.deadline(), at(55));
        assert_eq!(heart.poll(at(54), &TIMING), Beat::Idle);
        assert_eq!(heart.poll(at(55), &TIMING), Beat::SendPing);
    }

    #[test]
    fn without_a_pong_the_connection_ends_a_timeout_after_the_ping_was_due() {
        let (mut heart, at) = start();
        assert_eq!(heart.poll(at(30), &TIMING), Beat::SendPing, "five seconds late");
        assert_eq!(heart.deadline(), at(45));
        assert_eq!(heart.poll(at(44), &TIMING), Beat::Idle);
        assert_eq!(heart.poll(at(45), &TIMING), Beat::TimedOut);
    }

    #[test]
    fn a_poll_that_comes_after_the_whole_timeout_ends_it_at_once() {
        let (mut heart, at) = start();
        assert_eq!(heart.poll(at(45), &TIMING), Beat::TimedOut);
    }

    #[test]
    fn a_hastened_ping_comes_at_once_and_its_timeout_counts_from_then() {
        let (mut heart, at) = start();
        heart.hasten(at(3));
        assert_eq!(heart.poll(at(3), &TIMING), Beat::SendPing);
        heart.hasten(at(10));
        assert_eq!(heart.poll(at(10), &TIMING), Beat::Idle, "one is on its way");
        assert_eq!(heart.deadline(), at(23));
        heart.pong(at(11), &TIMING);
        assert_eq!(heart.deadline(), at(36));
        assert_eq!(heart.poll(at(36), &TIMING), Beat::SendPing);
        heart.hasten(at(40));
        assert_eq!(heart.poll(at(56), &TIMING), Beat::TimedOut, "nobody is put off");
    }

    #[test]
    fn an_unasked_pong_changes_nothing() {
        let (mut heart, at) = start();
        heart.pong(at(20), &TIMING);
        assert_eq!(heart.deadline(), at(25));
        assert_eq!(heart.poll(at(25), &TIMING), Beat::SendPing);
        heart.pong(at(26), &TIMING);
        heart.pong(at(40), &TIMING);
        assert_eq!(heart.deadline(), at(51));
    }

    #[test]
    fn a_client_that_is_held_back_gets_its_pings_though_no_pong_can_be_read() {
        let (mut heart, at) = start();
        assert_eq!(heart.poll(at(25), &TIMING), Beat::SendPing);
        heart.hold(at(30));
        assert_eq!(heart.poll(at(49), &TIMING), Beat::Idle);
        assert_eq!(heart.deadline(), at(50));
        assert_eq!(heart.poll(at(50), &TIMING), Beat::SendPing);
        heart.release(at(60));
        assert_eq!(heart.deadline(), at(75), "held from 30 to 60: 45 + 30");
        heart.pong(at(61), &TIMING);
        assert_eq!(heart.deadline(), at(86));
    }

    #[test]
    fn held_time_does_not_count_towards_the_timeout() {
        let (mut heart, at) = start();
        assert_eq!(heart.poll(at(25), &TIMING), Beat::SendPing);
        heart.hold(at(35));
        heart.hold(at(40));
        assert_eq!(heart.poll(at(100), &TIMING), Beat::SendPing);
        heart.release(at(135));
        assert_eq!(heart.poll(at(135), &TIMING), Beat::SendPing, "an interval after the last");
        assert_eq!(heart.deadline(), at(145));
        assert_eq!(heart.poll(at(144), &TIMING), Beat::Idle);
        assert_eq!(heart.poll(at(145), &TIMING), Beat::TimedOut);
    }

    #[test]
    fn a_ping_that_falls_due_while_held_is_sent_and_its_timeout_starts_at_the_release() {
        let (mut heart, at) = start();
        heart.hold(at(20));
        assert_eq!(heart.poll(at(25), &TIMING), Beat::SendPing);
        heart.release(at(60));
        assert_eq!(heart.poll(at(60), &TIMING), Beat::SendPing, "an interval after the last");
        assert_eq!(heart.deadline(), at(80));
    }

    #[test]
    fn held_time_before_a_ping_is_due_puts_nothing_off() {
        let (mut heart, at) = start();
        heart.hold(at(5));
        heart.release(at(15));
        assert_eq!(heart.deadline(), at(25));
        heart.release(at(16));
        assert_eq!(heart.deadline(), at(25));
    }

    #[test]
    fn while_held_the_deadline_that_a_poll_leaves_lies_ahead() {
        let (mut heart, at) = start();
        assert_eq!(heart.poll(at(25), &TIMING), Beat::SendPing);
        heart.hold(at(40));
        assert_eq!(heart.deadline(), at(45));
        assert_eq!(heart.poll(at(45), &TIMING), Beat::Idle);
        assert_eq!(heart.deadline(), at(50));
    }

    #[test]
    fn a_timeout_that_came_before_the_hold_stands() {
        let (mut heart, at) = start();
        assert_eq!(heart.poll(at(25), &TIMING), Beat::SendPing);
        heart.hold(at(46));
        assert_eq!(heart.poll(at(50), &TIMING), Beat::TimedOut);
    }
}
