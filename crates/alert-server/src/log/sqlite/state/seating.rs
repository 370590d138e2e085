//! What the writer has to write besides messages. Of each thing the last state counts, so there are no more of them than things.

use crate::log::sqlite::devices::Changed;
use crate::log::sqlite::hooks;
use crate::log::sqlite::policies::Rulings;
use crate::log::sqlite::roll_calls::Rolls;
use crate::log::{Seat, SeatId, Stay, StayId};
use std::collections::HashMap;

pub(in crate::log::sqlite) type Seats = HashMap<SeatId, Option<Seat>>;
pub(in crate::log::sqlite) type Stays = HashMap<StayId, Option<Stay>>;

/// Seats and stays, a bounded number of new ones of each, where `None` is one that was given up; and what hosts do.
#[derive(Default)]
pub(in crate::log::sqlite) struct Seating {
    pub(in crate::log::sqlite) seats: Seats,
    pub(in crate::log::sqlite) stays: Stays,
    pub(in crate::log::sqlite) rulings: Rulings,
    /// Bounded by what there is in memory.
    pub(in crate::log::sqlite) rolls: Rolls,
    /// Bounded by what there is in memory, and those that were forgotten since the last batch.
    pub(in crate::log::sqlite) devices: Changed,
    /// The same.
    pub(in crate::log::sqlite) hooks: hooks::Rows,
}

impl Seating {
    pub(in crate::log::sqlite) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(in crate::log::sqlite) fn len(&self) -> usize {
        self.seats.len()
            + self.stays.len()
            + self.rulings.len()
            + self.rolls.len()
            + self.devices.len()
            + self.hooks.len()
    }

    /// What could not be written comes before what has come since.
    pub(in crate::log::sqlite) fn go_before(&mut self, earlier: &Self) {
        let Self { seats, stays, rulings, rolls, devices, hooks } = self;
        rulings.go_before(earlier.rulings.clone());
        rolls.go_before(earlier.rolls.clone());
        for (id, seat) in &earlier.seats {
            seats.entry(*id).or_insert_with(|| seat.clone());
        }
        for (id, stay) in &earlier.stays {
            stays.entry(*id).or_insert_with(|| stay.clone());
        }
        for (device, kept) in &earlier.devices {
            devices.entry(device.clone()).or_insert_with(|| kept.clone());
        }
        for (id, row) in &earlier.hooks {
            hooks.entry(id.clone()).or_insert_with(|| row.clone());
        }
    }
}
