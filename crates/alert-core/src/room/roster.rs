//! The people of a room: found by name, listed in the order in which they entered, and, for those in grace, in the
//! order in which it ends. About 100 bytes a person besides the name.

use std::collections::hash_map;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Instant;

use super::front::Front;
use crate::members::Members;
use crate::names::UserName;

/// The number of an entry into the room; never given twice.
pub(super) type Seat = u64;

#[derive(Debug)]
pub(super) struct Roster {
    people: HashMap<UserName, Person>,
    /// Exactly the people, in the order in which they entered.
    seats: BTreeMap<Seat, UserName>,
    /// Exactly the people in grace, by the end of it. A set and not a queue, so that those who come back are taken
    /// out: whoever reconnects over and over leaves nothing behind.
    graces: BTreeSet<(Instant, Seat)>,
    front: Front,
    next_seat: Seat,
}

#[derive(Debug)]
struct Person {
    seat: Seat,
    presence: Presence,
}

#[derive(Clone, Copy, Debug)]
enum Presence {
    /// Has this many connections, at least one.
    Connected(u32),
    /// Has none and leaves at this moment.
    Grace(Instant),
}

impl Roster {
    /// Nobody. The list of the people will have `most` of them.
    pub(super) fn new(most: usize) -> Self {
        let (people, seats, graces) = (HashMap::new(), BTreeMap::new(), BTreeSet::new());
        Self { people, seats, graces, front: Front::new(most), next_seat: 0 }
    }

    /// All, in the order in which they entered.
    pub(super) fn people(&self) -> impl Iterator<Item = &UserName> {
        self.seats.values()
    }

    /// Counts a connection of `name`. True if this person was not here.
    pub(super) fn connect(&mut self, name: &UserName) -> bool {
        match self.people.entry(name.clone()) {
            hash_map::Entry::Vacant(vacant) => {
                let seat = self.next_seat;
                self.next_seat += 1;
                vacant.insert(Person { seat, presence: Presence::Connected(1) });
                self.seats.insert(seat, name.clone());
                self.front.entered(seat, name);
                true
            }
            hash_map::Entry::Occupied(mut occupied) => {
                let Person { seat, presence } = occupied.get_mut();
                *presence = match *presence {
                    Presence::Connected(connections) => Presence::Connected(connections + 1),
                    Presence::Grace(deadline) => {
                        self.graces.remove(&(deadline, *seat));
                        Presence::Connected(1)
                    }
                };
                false
            }
        }
    }

    pub(super) fn contains(&self, name: &UserName) -> bool {
        self.people.contains_key(name)
    }

    /// Removes a connection of `name`. True if it was the person's last: they stay in grace until `deadline`, or leave
    /// now if there is none. Nothing happens if the person has no connection.
    pub(super) fn disconnect(&mut self, name: &UserName, deadline: Option<Instant>) -> bool {
        let Some(person) = self.people.get_mut(name) else {
            return false;
        };
        match &mut person.presence {
            Presence::Grace(_) => return false,
            Presence::Connected(1) => {}
            Presence::Connected(connections) => {
                *connections -= 1;
                return false;
            }
        }
        let seat = person.seat;
        if let Some(deadline) = deadline {
            person.presence = Presence::Grace(deadline);
            self.graces.insert((deadline, seat));
        } else {
            self.people.remove(name);
            self.seats.remove(&seat);
            self.front.left(seat, &self.seats);
        }
        true
    }

    /// A person is here and has a connection, wherever it is.
    pub(super) fn settle(&mut self, name: &UserName) {
        let is_connected = |person: &Person| matches!(person.presence, Presence::Connected(_));
        if !self.people.get(name).is_some_and(is_connected) {
            self.connect(name);
        }
    }

    /// Takes a person out, whatever they have. True if they were here.
    pub(super) fn remove(&mut self, name: &UserName) -> bool {
        let Some(Person { seat, presence }) = self.people.remove(name) else { return false };
        self.seats.remove(&seat);
        if let Presence::Grace(deadline) = presence {
            self.graces.remove(&(deadline, seat));
        }
        self.front.left(seat, &self.seats);
        true
    }

    /// Removes one person whose grace ended by `now`, the earliest first.
    pub(super) fn pop_due(&mut self, now: Instant) -> Option<UserName> {
        let &(deadline, seat) = self.graces.first().filter(|(deadline, _)| *deadline <= now)?;
        self.graces.remove(&(deadline, seat));
        let name = self.seats.remove(&seat)?;
        self.front.left(seat, &self.seats);
        self.people.remove(&name);
        Some(name)
    }

    pub(super) fn next_deadline(&self) -> Option<Instant> {
        self.graces.first().map(|(deadline, _)| *deadline)
    }

    /// The first of them, in the order in which they entered.
    pub(super) fn members(&mut self) -> Arc<Members> {
        let count = self.len();
        self.front.members(count)
    }

    /// All of them, in the order in which they entered.
    pub(super) fn everybody(&self) -> impl Iterator<Item = &UserName> {
        self.seats.values()
    }

    pub(super) fn len(&self) -> usize {
        self.people.len()
    }
}
