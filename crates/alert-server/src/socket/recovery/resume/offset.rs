//! Where a client that comes back begins to read: behind what it says that it has.

use super::Seat;
use alert_core::position::Position;

/// What a client says that it has.
#[derive(Clone, Copy)]
pub(super) enum Offset {
    None,
    /// Perhaps of another room.
    Perhaps(Position),
    OfTheRoom(Position),
}

/// Behind what the client has. An offset that stems from another room, because none of this room came yet, does not
/// count.
pub(super) fn start(seat: &Seat, offset: Offset) -> Position {
    match offset {
        Offset::OfTheRoom(offset) => offset,
        Offset::Perhaps(offset) if offset.epoch == seat.position.epoch => later(seat, offset),
        Offset::Perhaps(offset) if seat.resumed => offset,
        Offset::Perhaps(_) | Offset::None => seat.position,
    }
}

/// The offset, of the seat's epoch, but nothing from before it joined.
pub(super) fn later(seat: &Seat, offset: Position) -> Position {
    if offset.number > seat.position.number { offset } else { seat.position }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alert_core::names::{RoomCode, UserName};
    use alert_core::position::{Epoch, Run};
    use std::time::SystemTime;

    fn at(part: u64, number: u64) -> Position {
        Position { epoch: Epoch { run: Run::new(7), part }, number }
    }

    #[test]
    fn reading_begins_behind_what_the_client_has_of_this_room() {
        let seat = |resumed| Seat {
            room: RoomCode::parse("r", 64).unwrap(),
            name: UserName::parse("Ada", 64).unwrap(),
            by_login: false,
            socket: "sid".into(),
            position: at(3, 50),
            resumed,
            at: SystemTime::UNIX_EPOCH,
        };
        for (resumed, offset, from) in [
            (false, None, at(3, 50)),
            (false, Some(at(3, 60)), at(3, 60)),
            // From before it joined.
            (false, Some(at(3, 40)), at(3, 50)),
            // From another room, whichever of the two was made first.
            (false, Some(at(2, 900)), at(3, 50)),
            (false, Some(at(9, 1)), at(3, 50)),
            // From this room, which was made again while the client was in it or away.
            (true, Some(at(9, 1)), at(9, 1)),
            (true, Some(at(3, 60)), at(3, 60)),
            (true, Some(at(3, 40)), at(3, 50)),
            (true, None, at(3, 50)),
        ] {
            let given = offset.map_or(Offset::None, Offset::Perhaps);
            assert_eq!(start(&seat(resumed), given), from, "{resumed} {offset:?}");
        }
    }
}
