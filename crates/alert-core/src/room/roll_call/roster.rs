//! Who is expected in a room, whether or not they are there: the names on a list that its hosts keep.

use std::collections::HashSet;
use std::sync::Arc;

use crate::csv::{self, NotCsv};
use crate::names::{NameError, UserName};

/// The most names of a roster.
pub const MOST_LISTED: usize = 10_000;

/// A room's roster: names, each once, in the order in which they were given. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Roster(Arc<[UserName]>);

/// There are too many names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a roster has at most {MOST_LISTED} names")]
pub struct TooLong;

/// Why a list is no roster.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotARoster {
    /// There are too many names.
    #[error(transparent)]
    TooLong(#[from] TooLong),
    /// One of them is none.
    #[error("line {0} is no name: it {1}")]
    NoName(usize, NameError),
    /// It is no table.
    #[error(transparent)]
    NotCsv(#[from] NotCsv),
}

impl Roster {
    /// Of a table whose first column has the names, perhaps under a heading: `name`.
    ///
    /// # Errors
    /// What is wrong with it, and where.
    pub fn from_csv(text: &str, most_chars: usize) -> Result<Self, NotARoster> {
        let cells = csv::first_column(text)?;
        let has_heading = cells.first().is_some_and(|first| first.eq_ignore_ascii_case("name"));
        let names = (1..).zip(&cells).skip(usize::from(has_heading)).map(|(line, cell)| {
            UserName::parse(cell, most_chars).map_err(|problem| NotARoster::NoName(line, problem))
        });
        Ok(Self::of(names.collect::<Result<Vec<_>, _>>()?)?)
    }

    /// As a table, with a heading.
    #[must_use]
    pub fn to_csv(&self) -> String {
        let rows = self.0.iter().map(|name| csv::row([name.as_str()]));
        std::iter::once(csv::row(["name"])).chain(rows).collect()
    }

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
        let written = roster.to_csv();
        assert_eq!(
            (written.as_str(), Roster::from_csv(&written, 64)),
            ("\"name\"\r\n\"Bea\"\r\n\"Ada\"\r\n", Ok(roster))
        );
        let wrong = Roster::from_csv(&format!("name\nAda\n{}", "x".repeat(65)), 64);
        assert!(matches!(wrong, Err(NotARoster::NoName(3, _))), "{wrong:?}");
        let many = |count: usize| (0..count).map(|number| UserName::parse(&number.to_string(), 64).unwrap());
        assert_eq!(Roster::of(many(MOST_LISTED)).map(|roster| roster.len()), Ok(MOST_LISTED));
        assert_eq!(Roster::of(many(MOST_LISTED + 1)), Err(TooLong));
    }
}
