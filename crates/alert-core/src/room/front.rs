//! The first people of a room, as the list that everybody who joins asks for: kept up to date with each change, so that
//! giving it out under the room's lock is one pointer. It is copied only where somebody still holds the last one when
//! the room changes.

use std::collections::BTreeMap;
use std::ops::Bound::{Excluded, Unbounded};
use std::sync::Arc;

use super::roster::Seat;
use crate::members::Members;
use crate::names::UserName;

#[derive(Debug)]
pub(super) struct Front {
    /// How many people are listed at most.
    most: usize,
    /// Of the first people, in order.
    seats: Vec<Seat>,
    names: Arc<Vec<UserName>>,
    /// The list as it was given, until the next change.
    given: Option<Arc<Members>>,
}

impl Front {
    pub(super) fn new(most: usize) -> Self {
        Self { most, seats: Vec::new(), names: Arc::default(), given: None }
    }

    /// Somebody has entered, behind all others.
    pub(super) fn entered(&mut self, seat: Seat, name: &UserName) {
        self.given = None;
        if self.seats.len() < self.most {
            self.seats.push(seat);
            Arc::make_mut(&mut self.names).push(name.clone());
        }
    }

    /// Somebody has left; `people` are those who stay. The first who was not listed moves up.
    pub(super) fn left(&mut self, seat: Seat, people: &BTreeMap<Seat, UserName>) {
        self.given = None;
        let Ok(place) = self.seats.binary_search(&seat) else { return };
        let next = self.seats.last().and_then(|last| people.range((Excluded(last), Unbounded)).next());
        let names = Arc::make_mut(&mut self.names);
        self.seats.remove(place);
        names.remove(place);
        if let Some((&seat, name)) = next {
            self.seats.push(seat);
            names.push(name.clone());
        }
    }

    /// The list, in a room of `count` people.
    pub(super) fn members(&mut self, count: usize) -> Arc<Members> {
        let names = &self.names;
        Arc::clone(self.given.get_or_insert_with(|| Arc::new(Members::new(Arc::clone(names), count))))
    }
}
