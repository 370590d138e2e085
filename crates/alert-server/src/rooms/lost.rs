//! Who was lost lately and may come back, whatever has become of the room.

use super::{Admitted, Rooms};
use crate::recent::Recent;
use alert_core::names::{RoomCode, UserName};
use alert_core::room::{ClientKey, Doubt, Lost};
use std::time::{Duration, Instant};

/// Some 300 bytes each. Beyond that, whoever was lost first is forgotten.
const MOST_PEOPLE: usize = 100_000;

/// The people who were lost, each kept for the window. Entries leave when the last connection comes back, and, once the
/// window is over, at the next loss or join.
pub(super) struct LostPeople {
    window: Duration,
    people: Recent<(RoomCode, UserName), Lost>,
}

/// A connection that ends without `left`, and whose client may come back.
#[derive(Clone, Copy, Debug)]
pub struct Unreceived {
    /// Whose connection it was.
    pub client: ClientKey,
    /// Bytes that were sent to it and may not have arrived.
    pub bytes: u64,
}

impl LostPeople {
    /// Nobody yet. With a window of zero, nobody ever.
    pub(super) fn new(window: Duration) -> Self {
        Self { window, people: Recent::new(window, MOST_PEOPLE) }
    }

    pub(super) fn add(&self, room: &RoomCode, name: &UserName, client: ClientKey, doubt: Doubt) {
        if !self.window.is_zero() {
            let mut people = self.people.at(Instant::now());
            people.touch((room.clone(), name.clone()), Lost::default).add(client, doubt);
        }
    }

    fn take(&self, room: &RoomCode, name: &UserName, client: ClientKey) -> Option<Doubt> {
        let now = Instant::now();
        let mut people = self.people.at(now);
        if people.is_empty() {
            return None;
        }
        let person = (room.clone(), name.clone());
        let lost = people.get_mut(&person)?;
        lost.expire(now, self.window);
        let doubt = lost.take(client);
        if lost.is_empty() {
            people.remove(&person);
        }
        doubt
    }
}

impl Rooms {
    /// Somebody comes who may have been lost before: takes what they have not received, if so. It must be put back with
    /// [`Rooms::still_away`] if they do not come in after all.
    pub fn been_away(&self, room: &Admitted, name: &UserName, client: ClientKey) -> Option<Doubt> {
        self.0.lost.take(room.code(), name, client)
    }

    /// Whoever was lost has not come back yet.
    pub fn still_away(&self, room: &Admitted, name: &UserName, client: ClientKey, doubt: Doubt) {
        self.0.lost.add(room.code(), name, client, doubt);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alert_core::position::{Epoch, Run};

    #[test]
    fn a_person_is_found_once_in_the_room_that_they_were_lost_in_and_never_without_a_window() {
        let [one, two] = ["one", "two"].map(|code| RoomCode::parse(code, 64).unwrap());
        let [ada, bob] = ["Ada", "Bob"].map(|name| UserName::parse(name, 64).unwrap());
        let start = Epoch { run: Run::new(1), part: 0 }.start();
        let doubt = Doubt { entered: start, upto: start, unconfirmed: 7, at: Instant::now() };
        let client = ClientKey(1);
        for window in [Duration::from_secs(120), Duration::ZERO] {
            let lost = LostPeople::new(window);
            assert_eq!(lost.take(&one, &ada, client), None);
            lost.add(&one, &ada, client, doubt);
            assert_eq!(lost.take(&two, &ada, client), None);
            assert_eq!(lost.take(&one, &bob, client), None);
            let expected = (!window.is_zero()).then_some(doubt);
            assert_eq!(lost.take(&one, &ada, client), expected);
            assert_eq!(lost.take(&one, &ada, client), None);
            assert!(lost.people.at(Instant::now()).is_empty());
        }
    }
}
