//! When messages are sent: as places in the windows become free, or on a schedule.

use std::time::Duration;

use super::{error::BenchError, fleet::Fleet, plan::Pace};

/// Messages that are sent before the sockets are looked at again.
const BURST: u32 = 1_000;
/// Longest wait of a turn.
const WAIT: Duration = Duration::from_millis(50);
/// Time without a delivery after which a closed loop no longer waits for what is missing in a room.
const PATIENCE: Duration = Duration::from_secs(5);

/// The pace, and how far it is.
#[derive(Debug)]
pub(super) struct Load {
    pace: Pace,
    begin: u64,
    /// Messages sent on the schedule.
    sent: u64,
    /// How many there are at most.
    most: u64,
    /// Deliveries of each room at the last look, and when that was.
    seen: Vec<u64>,
    looked_at: u64,
}

impl Load {
    /// Begins now; in a closed loop with the first messages of every room.
    pub(super) fn begin(pace: Pace, fleet: &mut Fleet) -> Self {
        let rooms = fleet.shared.rooms.len();
        fleet.shared.wake = (0..rooms as u32).collect();
        let now = fleet.shared.now;
        Self { pace, begin: now, sent: 0, most: u64::MAX, seen: vec![0; rooms], looked_at: now }
    }

    /// Begins at this rate, with this many messages in all.
    pub(super) fn of(messages: u64, rate: f64, fleet: &mut Fleet) -> Self {
        Self { most: messages, ..Self::begin(Pace::Rate(rate), fleet) }
    }

    /// Sends what is due, then serves the sockets until more may be due.
    pub(super) fn turn(&mut self, fleet: &mut Fleet) -> Result<(), BenchError> {
        match self.pace {
            Pace::Window(window) => {
                self.write_off_stalled(fleet);
                fill_windows(window, fleet);
                fleet.turn(WAIT)
            }
            Pace::Rate(rate) => {
                let next = self.send_scheduled(rate, fleet);
                fleet.timer.set(Duration::from_nanos(next.saturating_sub(fleet.shared.now)))?;
                fleet.turn(WAIT)
            }
        }
    }

    /// Sends what is due at a fixed rate. Returns the moment of the next message.
    pub(super) fn send_due(&mut self, fleet: &mut Fleet) -> u64 {
        if let Pace::Rate(rate) = self.pace { self.send_scheduled(rate, fleet) } else { u64::MAX }
    }

    /// Whether there is more to send.
    pub(super) fn is_under_way(&self) -> bool {
        self.sent < self.most
    }

    /// Sends what is due by the schedule, to one room after the other. Returns the moment of the next message.
    fn send_scheduled(&mut self, rate: f64, fleet: &mut Fleet) -> u64 {
        let rooms = fleet.shared.rooms.len() as u64;
        for _ in 0..BURST {
            if self.sent == self.most {
                return u64::MAX;
            }
            // Counted from the beginning each time, so that rounding does not add up.
            let due = self.begin + (self.sent as f64 * 1e9 / rate) as u64;
            fleet.shared.tick();
            if due > fleet.shared.now {
                return due;
            }
            // What nobody could say is not said later.
            let _ = fleet.say((self.sent % rooms) as u32, due);
            self.sent += 1;
        }
        fleet.shared.now
    }

    /// Lets rooms go on in which a message got lost.
    fn write_off_stalled(&mut self, fleet: &mut Fleet) {
        let shared = &mut fleet.shared;
        if shared.now < self.looked_at + PATIENCE.as_nanos() as u64 {
            return;
        }
        self.looked_at = shared.now;
        for (number, (room, seen)) in (0..).zip(shared.rooms.iter_mut().zip(&mut self.seen)) {
            let deliveries = room.tally().deliveries;
            if *seen == deliveries && room.due() > 0 {
                room.write_off();
                shared.wake.push(number);
            }
            *seen = deliveries;
        }
    }
}

fn fill_windows(window: u32, fleet: &mut Fleet) {
    while let Some(room) = fleet.shared.wake.pop() {
        while fleet.shared.rooms[room as usize].has_place(window) {
            let now = fleet.shared.now;
            if !fleet.say(room, now) {
                break;
            }
        }
    }
}
