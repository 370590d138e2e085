//! The people of a room that is ordered elsewhere: what was told of them, in the order in which it was told.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Instant;

use super::roster::Roster;
use crate::members::Members;
use crate::names::UserName;

/// Who is in a room, as somebody else decides it.
#[derive(Debug)]
pub struct Mirror(Roster);

/// What is different from what was known, where something was missed.
#[derive(Debug, Default, PartialEq, Eq)]
#[must_use = "those who hear the room have to be told"]
pub struct Difference {
    /// These people have left.
    pub left: Vec<UserName>,
    /// These have entered.
    pub entered: Vec<UserName>,
}

impl Default for Mirror {
    /// Nobody.
    fn default() -> Self {
        Self(Roster::new(Members::MOST))
    }
}

impl Mirror {
    /// A person is here, and has a connection. True if they were not here.
    pub fn enter(&mut self, name: &UserName) -> bool {
        let is_new = !self.0.contains(name);
        self.0.settle(name);
        is_new
    }

    /// A person has left. True if they were here.
    pub fn leave(&mut self, name: &UserName) -> bool {
        self.0.remove(name)
    }

    /// A person has no connection any more, and leaves at `deadline` unless they come back.
    pub fn lose(&mut self, name: &UserName, deadline: Instant) {
        self.0.settle(name);
        self.0.disconnect(name, Some(deadline));
    }

    /// These people are here, in this order, and nobody else.
    pub fn become_like(&mut self, people: &[UserName]) -> Difference {
        let now: HashSet<&UserName> = people.iter().collect();
        let left: Vec<_> = self.0.everybody().filter(|name| !now.contains(name)).cloned().collect();
        let entered: Vec<_> = people.iter().filter(|name| !self.0.contains(name)).cloned().collect();
        *self = Self::default();
        people.iter().for_each(|name| self.0.settle(name));
        Difference { left, entered }
    }

    /// When the first of those leaves who have been lost.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Instant> {
        self.0.next_deadline()
    }

    /// The first [`Members::MOST`] people, in the order in which they entered.
    pub fn members(&mut self) -> Arc<Members> {
        self.0.members()
    }

    /// Whether this person is here.
    #[must_use]
    pub fn contains(&self, name: &UserName) -> bool {
        self.0.contains(name)
    }

    /// How many people there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.0.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn names<const COUNT: usize>(texts: [&str; COUNT]) -> [UserName; COUNT] {
        texts.map(|text| UserName::parse(text, 64).unwrap())
    }

    fn shown(mirror: &mut Mirror) -> Vec<String> {
        mirror.members().names().iter().map(|name| name.as_str().to_owned()).collect()
    }

    #[test]
    fn given_a_person_who_comes_again_then_they_leave_at_once_when_it_is_told() {
        let mut mirror = Mirror::default();
        let [ada] = names(["Ada"]);
        assert!(mirror.enter(&ada));
        assert!(!mirror.enter(&ada));
        assert!(mirror.leave(&ada));
        assert!(!mirror.leave(&ada));
        assert_eq!(mirror.count(), 0);
    }

    #[test]
    fn given_somebody_who_is_lost_then_they_stay_until_it_is_told_that_they_left() {
        let mut mirror = Mirror::default();
        let [ada, bob] = names(["Ada", "Bob"]);
        let deadline = Instant::now() + Duration::from_secs(2);
        mirror.enter(&ada);
        mirror.lose(&ada, deadline);
        mirror.lose(&bob, deadline);
        assert_eq!(
            (shown(&mut mirror), mirror.next_deadline()),
            (vec!["Ada".into(), "Bob".into()], Some(deadline))
        );
        assert!(!mirror.enter(&ada), "back");
        mirror.leave(&bob);
        assert_eq!((shown(&mut mirror), mirror.next_deadline()), (vec!["Ada".into()], None));
    }

    #[test]
    fn given_that_something_was_missed_then_the_difference_is_what_was_missed() {
        let mut mirror = Mirror::default();
        let [ada, bob, cy] = names(["Ada", "Bob", "Cy"]);
        mirror.enter(&ada);
        mirror.enter(&bob);
        let difference = mirror.become_like(&[cy.clone(), bob]);
        assert_eq!(difference, Difference { left: vec![ada], entered: vec![cy] });
        assert_eq!(shown(&mut mirror), ["Cy", "Bob"]);
    }
}
