//! Seats in memory: the places of clients that can come back to them.

use super::{Seat, SeatId};
use crate::recent::Recent;
use std::time::{Duration, Instant};

/// Beyond this many the oldest is forgotten. Some 300 bytes each.
pub(super) const MOST: usize = 100_000;
/// A seat is kept this much longer than messages, so that whoever comes back too late hears how much was missed.
pub(super) const LONGER: Duration = Duration::from_secs(24 * 60 * 60);

/// A table of seats.
pub(super) struct Seats(Recent<SeatId, Seat>);

impl Seats {
    /// For messages that are kept for `age`.
    pub(super) fn new(age: Duration) -> Self {
        Self(Recent::new(age.saturating_add(LONGER), MOST))
    }

    pub(super) fn put(&self, id: SeatId, seat: Option<Seat>) {
        let mut seats = self.0.at(Instant::now());
        seats.remove(&id);
        if let Some(seat) = seat {
            seats.insert(id, seat);
        }
    }

    pub(super) fn get(&self, id: &SeatId) -> Option<Seat> {
        self.0.at(Instant::now()).get(id).cloned()
    }
}
