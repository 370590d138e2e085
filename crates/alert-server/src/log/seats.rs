//! Seats: the places of clients that can come back to them, and a table of them in memory.

use crate::recent::Recent;
use alert_core::names::{RoomCode, UserName};
use alert_core::position::Position;
use std::time::{Duration, Instant, SystemTime};

/// Beyond this many the oldest is forgotten. Some 300 bytes each.
pub(super) const MOST: usize = 100_000;
/// A seat is kept this much longer than messages, so that whoever comes back too late hears how much was missed.
pub(super) const LONGER: Duration = Duration::from_secs(24 * 60 * 60);

/// Names a seat: a secret between the server and the client whose seat it is.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct SeatId(pub [u8; 16]);

/// The place in a room of a client that can come back to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seat {
    /// Where.
    pub room: RoomCode,
    /// Under which name.
    pub name: UserName,
    /// Whether a login cookie fixed that name.
    pub by_login: bool,
    /// The Socket.IO id, which the client keeps.
    pub socket: Box<str>,
    /// The room's position when the client entered; of a seat that was taken up again, what the client had then.
    pub position: Position,
    /// It was taken up again: what the client has had since may be of any epoch of the room.
    pub resumed: bool,
    /// When it entered.
    pub at: SystemTime,
}

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
