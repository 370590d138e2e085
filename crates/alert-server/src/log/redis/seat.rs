//! A client's seat, as it is kept in Redis.

use crate::log::Seat;
use alert_core::names::{RoomCode, UserName};
use serde::{Deserialize, Serialize};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

#[derive(Serialize, Deserialize)]
struct Kept {
    room: String,
    name: String,
    by_login: bool,
    socket: String,
    position: String,
    resumed: bool,
    /// Milliseconds since 1970.
    at: u64,
}

pub(super) fn write(seat: &Seat) -> String {
    let at = seat.at.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
    let kept = Kept {
        room: seat.room.as_str().to_owned(),
        name: seat.name.as_str().to_owned(),
        by_login: seat.by_login,
        socket: seat.socket.to_string(),
        position: seat.position.to_string(),
        resumed: seat.resumed,
        at: u64::try_from(at).unwrap_or(u64::MAX),
    };
    // Texts and numbers only: there is always a JSON for them.
    serde_json::to_string(&kept).unwrap_or_default()
}

pub(super) fn read(text: &str) -> Option<Seat> {
    let kept: Kept = serde_json::from_str(text).ok()?;
    Some(Seat {
        room: RoomCode::parse(&kept.room, usize::MAX).ok()?,
        name: UserName::parse(&kept.name, usize::MAX).ok()?,
        by_login: kept.by_login,
        socket: kept.socket.into(),
        position: kept.position.parse().ok()?,
        resumed: kept.resumed,
        at: SystemTime::checked_add(&UNIX_EPOCH, Duration::from_millis(kept.at))?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_a_seat_then_it_is_read_as_it_was_written() {
        let seat = Seat {
            room: RoomCode::parse("K7Q-FM2-XD9", 64).unwrap(),
            name: UserName::parse("Ada \"é", 64).unwrap(),
            by_login: true,
            socket: "sid".into(),
            position: "8f3a1c20b7d41-57".parse().unwrap(),
            resumed: false,
            at: UNIX_EPOCH + Duration::from_millis(1_764_382_000_123),
        };
        assert_eq!(read(&write(&seat)), Some(seat));
        assert_eq!(read("{}"), None);
    }
}
