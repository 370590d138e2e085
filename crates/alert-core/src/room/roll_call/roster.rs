//! Who is expected in a room, whether or not they are there: the names on a list that its hosts keep.

use std::collections::HashSet;
use std::sync::Arc;

use crate::names::UserName;

/// The most names of a roster.
pub const MOST_LISTED: usize = 10_000;

/// A room's roster: names, each once, in the order in which they were given. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Roster(Arc<[UserName]>);

/// There are too many names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a roster has at most {MOST_LISTED} names")]
pub struct TooLong;

impl Roster {
    /// Of these names. One that comes again is passed over.
    ///
    /// # Errors
    /// If there are too many.
    pub fn of(names: impl IntoIterator<Item = UserName>) -> Result<Self, TooLong> {
        let mut seen = HashSet::new();
        let names: Vec<_> =
            names.into_iter().filter(|name| seen.insert(name.clone())).take(MOST_LISTED + 1).collect();
        if names.len() > MOST_LISTED { Err(TooLong) } else { Ok(Self(names.into())) }
    }

    /// The names.
    #[must_use]
    pub fn names(&self) -> &[UserName] {
        &self.0
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Default for Roster {
    fn default() -> Self {
        Self(Arc::new([]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_roster_has_each_name_once_and_is_bounded() {
        let names =
            |names: &[&str]| names.iter().map(|name| UserName::parse(name, 64).unwrap()).collect::<Vec<_>>();
        let roster = Roster::of(names(&["Bea", "Ada", "Bea"])).unwrap();
        assert_eq!((roster.names(), roster.is_empty()), (&*names(&["Bea", "Ada"]), false));
        let many = |count: usize| (0..count).map(|number| UserName::parse(&number.to_string(), 64).unwrap());
        assert_eq!(Roster::of(many(MOST_LISTED)).map(|roster| roster.len()), Ok(MOST_LISTED));
        assert_eq!(Roster::of(many(MOST_LISTED + 1)), Err(TooLong));
    }
}
