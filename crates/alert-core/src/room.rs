//! A room: who is in it, and when the others hear that somebody comes or goes. Pure: the time is passed in, and what
//! must be published is returned.

pub mod alerts;
pub mod bell;
pub mod bells;
mod front;
pub mod hooks;
mod lost;
mod mirror;
pub mod policy;
pub mod push;
pub mod roll_call;
mod roster;

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::members::Members;
use crate::names::UserName;
pub use lost::{Before, ClientKey, Doubt, Lost, RunOrder, Sent};
pub use mirror::{Difference, Mirror};
use roster::Roster;

/// One room's state. A person is a name in the room, with one or more connections: they enter with the first and
/// leave with the last. Whoever is lost without `left` stays for a grace and may come back unnoticed.
///
/// For each person, announced entries and departures alternate, whatever the order of the calls.
#[derive(Debug)]
pub struct Room {
    roster: Roster,
    grace: Duration,
}

/// Who hears that a connection entered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "an announced entry must be published"]
pub enum Entry {
    /// The person was not in the room: everybody in it hears, the joiner included.
    Announced,
    /// The person was in the room, perhaps in grace: only the joiner hears.
    Quiet,
}

/// Who hears that a connection left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "an announced departure must be published"]
pub enum Departure {
    /// The person left with it: those who remain hear.
    Announced,
    /// The person stays, with another connection: nobody hears.
    Quiet,
}

/// What becomes of a connection that ended without `left`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "a loss may have to be published, now or at its deadline"]
pub enum Loss {
    /// There is no grace, and the person left with it: those who remain hear.
    Announced,
    /// It was the person's last: they leave at this moment unless they come back; see [`Room::expire`].
    Grace(Instant),
    /// The person stays, with another connection: nobody hears.
    Quiet,
}

impl Room {
    /// An empty room, whose people have `grace` to come back when their last connection is lost. Its list shows the
    /// first `most` of them.
    #[must_use]
    pub fn new(grace: Duration, most: usize) -> Self {
        Self { roster: Roster::new(most), grace }
    }

    /// A connection of `name` enters. O(log n).
    pub fn enter(&mut self, name: &UserName) -> Entry {
        if self.roster.connect(name) { Entry::Announced } else { Entry::Quiet }
    }

    /// A connection of `name`, which entered before, says `left`. O(log n).
    pub fn leave(&mut self, name: &UserName) -> Departure {
        if self.roster.disconnect(name, None) { Departure::Announced } else { Departure::Quiet }
    }

    /// A connection of `name`, which entered before, ended at `now` without `left`. O(log n).
    pub fn lose(&mut self, name: &UserName, now: Instant) -> Loss {
        let deadline = (!self.grace.is_zero()).then(|| now + self.grace);
        if !self.roster.disconnect(name, deadline) {
            return Loss::Quiet;
        }
        deadline.map_or(Loss::Announced, Loss::Grace)
    }

    /// Those whose grace has ended by `now` leave, at most this many, the longest gone first. Those who remain hear of
    /// each.
    #[must_use = "each of these departures must be published"]
    pub fn expire(&mut self, now: Instant, most: usize) -> Vec<UserName> {
        std::iter::from_fn(|| self.roster.pop_due(now)).take(most).collect()
    }

    /// When to call [`Room::expire`] next, if anybody is in grace.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Instant> {
        self.roster.next_deadline()
    }

    /// The people in the room, those in grace included: the first in the order in which they entered. O(1).
    #[must_use]
    pub fn members(&mut self) -> Arc<Members> {
        self.roster.members()
    }

    /// All people in the room, those in grace included, in the order in which they entered.
    pub fn people(&self) -> impl Iterator<Item = &UserName> {
        self.roster.people()
    }

    /// Whether this person is in the room, perhaps in grace.
    #[must_use]
    pub fn contains(&self, name: &UserName) -> bool {
        self.roster.contains(name)
    }

    /// How many people are in the room, those in grace included.
    #[must_use]
    pub fn count(&self) -> usize {
        self.roster.len()
    }

    /// Whether nobody is in the room, not even in grace: it can be forgotten.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.count() == 0
    }
}

#[cfg(test)]
mod model;
#[cfg(test)]
mod tests;
