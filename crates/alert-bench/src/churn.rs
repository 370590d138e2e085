//! Who is cut off and comes back, and when.

use std::collections::VecDeque;
use std::time::Duration;

use super::{fleet::Fleet, plan::Plan};

/// Connections that are begun before the sockets are looked at again.
const BURST: usize = 32;
/// From one failed attempt to come back to the next: the shortest that the official client waits.
const RETRY: Duration = Duration::from_millis(500);

/// The members that are cut off: all except the senders.
#[derive(Debug)]
pub(super) struct Churn {
    rooms: u32,
    members: u32,
    senders: u32,
    cut_for: u64,
    /// Cuts so far.
    cuts: u64,
    /// Who is away, and when they connect again, in that order.
    away: VecDeque<(u64, u32)>,
    /// The same, after a failed attempt.
    retries: VecDeque<(u64, u32)>,
}

impl Churn {
    pub(super) fn new(plan: &Plan, cut_for: Duration) -> Self {
        Self {
            rooms: plan.rooms,
            members: plan.members,
            senders: plan.senders(),
            cut_for: cut_for.as_nanos() as u64,
            cuts: 0,
            away: VecDeque::new(),
            retries: VecDeque::new(),
        }
    }

    /// Cuts off everybody.
    pub(super) fn cut_all(&mut self, fleet: &mut Fleet) {
        for _ in 0..self.size() {
            self.cut_next(fleet);
        }
    }

    /// Cuts off whoever is due: everybody once in `every`, one after the other. Returns the moment of the next cut.
    pub(super) fn cut_due(&mut self, fleet: &mut Fleet, begin: u64, every: Option<Duration>) -> u64 {
        let Some(every) = every else { return u64::MAX };
        loop {
            let due = begin + (self.cuts as f64 * every.as_nanos() as f64 / self.size() as f64) as u64;
            if due > fleet.shared.now {
                return due;
            }
            self.cut_next(fleet);
        }
    }

    /// Lets those connect again whose time has come. Returns the moment of the next.
    pub(super) fn reconnect_due(&mut self, fleet: &mut Fleet) -> u64 {
        let now = fleet.shared.now;
        for (room, seat) in std::mem::take(&mut fleet.shared.comebacks.dropped) {
            self.retries.push_back((now + RETRY.as_nanos() as u64, room * self.members + seat));
        }
        for waiting in [&mut self.away, &mut self.retries] {
            for _ in 0..BURST {
                let Some(&(due, member)) = waiting.front() else { break };
                if due > now {
                    break;
                }
                waiting.pop_front();
                fleet.reconnect(member);
            }
        }
        let next = [&self.away, &self.retries].map(|waiting| waiting.front().map(|(due, _)| *due));
        next.into_iter().flatten().min().unwrap_or(u64::MAX)
    }

    /// Everybody who is away may come back now.
    pub(super) fn end_cut(&mut self, now: u64) {
        self.away.iter_mut().for_each(|(due, _)| *due = now);
    }

    fn cut_next(&mut self, fleet: &mut Fleet) {
        // One of each room in turn, so that all rooms are treated alike.
        let place = self.cuts % self.size();
        let (room, seat) =
            (place % u64::from(self.rooms), u64::from(self.senders) + place / u64::from(self.rooms));
        let member = (room * u64::from(self.members) + seat) as u32;
        self.cuts += 1;
        // Whoever is not back yet is not cut off again.
        if fleet.cut(member) {
            self.away.push_back((fleet.shared.now + self.cut_for, member));
        }
    }

    fn size(&self) -> u64 {
        u64::from(self.rooms) * u64::from(self.members - self.senders)
    }
}
