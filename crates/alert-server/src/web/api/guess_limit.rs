//! Room codes are not to be guessed: how many different rooms one caller may name in a minute.

use std::collections::VecDeque;
use std::hash::{BuildHasher, RandomState};
use std::time::{Duration, Instant};

use super::caller::Origin;
use super::recent::Recent;
use alert_core::names::RoomCode;

/// The rooms that callers without a token named in the last minute.
pub(super) struct GuessLimit {
    named: Recent<Origin, VecDeque<(u64, Instant)>>,
    /// Of rooms only a keyed hash is kept: a long code costs no more than a short one.
    hasher: RandomState,
}

const MINUTE: Duration = Duration::from_secs(60);
const MOST_ROOMS: usize = 60;
/// At most 60 rooms for each: 15 MB. Then whoever was quiet for longest starts anew.
const MOST_CALLERS: usize = 10_000;

impl GuessLimit {
    pub(super) fn new() -> Self {
        Self { named: Recent::new(MINUTE, MOST_CALLERS), hasher: RandomState::new() }
    }

    /// Lets `caller` name `room`, or says how long it has to wait. A room that it named in the last minute is no new
    /// one.
    pub(super) fn admit(&self, caller: Origin, room: &RoomCode, now: Instant) -> Result<(), Duration> {
        let room = self.hasher.hash_one(room);
        let mut table = self.named.at(now);
        let named = table.touch(caller, VecDeque::new);
        named.retain(|(other, at)| *other != room && now.saturating_duration_since(*at) < MINUTE);
        match named.front() {
            Some((_, oldest)) if named.len() >= MOST_ROOMS => {
                Err(MINUTE.saturating_sub(now.saturating_duration_since(*oldest)))
            }
            _ => {
                named.push_back((room, now));
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caller(last: u8) -> Origin {
        Origin::Network([192, 0, 2, last].into())
    }

    fn room(number: usize) -> RoomCode {
        RoomCode::parse(&format!("room {number}"), 64).unwrap()
    }

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn sixty_rooms_a_minute_and_no_more_however_often_each() {
        let (limit, start) = (GuessLimit::new(), Instant::now());
        for round in 0..3 {
            for number in 0..60 {
                assert_eq!(limit.admit(caller(1), &room(number), start + round * SECOND), Ok(()));
            }
        }
        assert_eq!(limit.admit(caller(1), &room(60), start + 10 * SECOND), Err(52 * SECOND));
        assert_eq!(limit.admit(caller(1), &room(0), start + 10 * SECOND), Ok(()), "not a new one");
        assert_eq!(limit.admit(caller(2), &room(60), start + 10 * SECOND), Ok(()), "another caller");
    }

    #[test]
    fn a_room_counts_for_a_minute_after_it_was_last_named() {
        let (limit, start) = (GuessLimit::new(), Instant::now());
        for number in 0..60 {
            let at = start + SECOND / 2 * u32::try_from(number).unwrap();
            assert_eq!(limit.admit(caller(1), &room(number), at), Ok(()));
        }
        // The first was named at 0 s, the next at 0.5 s: one falls out at each half second after a minute.
        assert!(limit.admit(caller(1), &room(100), start + 60 * SECOND - SECOND / 4).is_err());
        assert_eq!(limit.admit(caller(1), &room(100), start + 60 * SECOND), Ok(()));
        assert_eq!(limit.admit(caller(1), &room(101), start + 60 * SECOND), Err(SECOND / 2));
        assert_eq!(limit.admit(caller(1), &room(101), start + 60 * SECOND + SECOND / 2), Ok(()));
    }
}
