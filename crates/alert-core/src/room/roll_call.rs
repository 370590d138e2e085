//! A roll call: whom an alert has reached, who has seen it, who has confirmed it, and who is missing. Each mark is counted as
//! it is made, so that asking for the counts costs nothing however many people there are. Pure: the time is passed in.

mod roster;

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::time::SystemTime;

use crate::names::UserName;
pub use roster::{MOST_LISTED, NotARoster, Roster, TooLong};

/// The most people of a roll call.
pub const MOST_PEOPLE: usize = 20_000;

/// How far an alert has come with a person. A later stage holds the earlier ones.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// Nothing is known to have arrived.
    #[default]
    Missing,
    /// One of the person's connections has shown that it has the alert.
    Reached,
    /// A client says that the person sees it.
    Shown,
    /// It has been confirmed.
    Confirmed,
}

/// A text that names no stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a stage is one of missing, reached, shown, confirmed")]
pub struct NotAStage;

/// A person of a roll call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Person {
    /// They are on the roster, or were there when the alert was raised.
    pub is_expected: bool,
    /// How far it has come.
    pub stage: Stage,
    /// Since when; nothing while they are missing.
    pub at: Option<SystemTime>,
    /// What they have answered.
    pub answer: Option<Box<str>>,
    /// The host who has confirmed it for them.
    pub by: Option<UserName>,
}

/// What is noted of people.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Mark {
    /// They are expected to confirm.
    Expected,
    /// They have it.
    Reached,
    /// They see it.
    Shown,
    /// It is confirmed, perhaps with an answer, and perhaps by a host for them.
    Confirmed {
        /// With what.
        answer: Option<Box<str>>,
        /// By which host.
        by: Option<UserName>,
    },
}

/// How many people there are of each kind. Everybody is counted once, at the furthest stage.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Those who are expected, at whatever stage.
    pub expected: usize,
    /// At each stage: missing, reached, shown, confirmed.
    pub stages: [usize; Stage::ALL.len()],
    /// Those who have given each answer.
    pub answers: BTreeMap<Box<str>, usize>,
}

/// There are as many people in a roll call as there may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there are {MOST_PEOPLE} people in this roll call, and no more can be added")]
pub struct Full;

/// The roll call of one alert.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RollCall {
    people: HashMap<UserName, Person>,
    counts: Counts,
}

impl Stage {
    /// All there are, the first first.
    pub const ALL: [Self; 4] = [Self::Missing, Self::Reached, Self::Shown, Self::Confirmed];

    /// As programs name it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Reached => "reached",
            Self::Shown => "shown",
            Self::Confirmed => "confirmed",
        }
    }
}

impl std::str::FromStr for Stage {
    type Err = NotAStage;

    fn from_str(text: &str) -> Result<Self, NotAStage> {
        Self::ALL.into_iter().find(|stage| stage.as_str() == text).ok_or(NotAStage)
    }
}

impl Person {
    /// As they are after a mark at this time. What is known does not grow less: only another answer takes the place of an
    /// answer.
    #[must_use]
    pub fn after(&self, mark: &Mark, at: SystemTime) -> Self {
        let reach = |stage| match self.stage < stage {
            true => Self { stage, at: Some(at), ..self.clone() },
            false => self.clone(),
        };
        match mark {
            Mark::Expected => Self { is_expected: true, ..self.clone() },
            Mark::Reached => reach(Stage::Reached),
            Mark::Shown => reach(Stage::Shown),
            Mark::Confirmed { answer, by } => {
                let is_news = self.stage < Stage::Confirmed || answer.is_some() && *answer != self.answer;
                if !is_news {
                    return self.clone();
                }
                let is_expected = self.is_expected;
                Self {
                    is_expected,
                    stage: Stage::Confirmed,
                    at: Some(at),
                    answer: answer.clone(),
                    by: by.clone(),
                }
            }
        }
    }
}

impl Counts {
    /// At this stage.
    #[must_use]
    pub fn at(&self, stage: Stage) -> usize {
        self.stages[stage as usize]
    }

    fn add(&mut self, person: &Person) {
        self.expected += usize::from(person.is_expected);
        self.stages[person.stage as usize] += 1;
        if let Some(answer) = &person.answer {
            *self.answers.entry(answer.clone()).or_default() += 1;
        }
    }

    fn remove(&mut self, person: &Person) {
        self.expected -= usize::from(person.is_expected);
        self.stages[person.stage as usize] -= 1;
        if let Some(answer) = &person.answer
            && let Some(count) = self.answers.get_mut(answer)
        {
            *count -= 1;
            if *count == 0 {
                self.answers.remove(answer);
            }
        }
    }
}

impl RollCall {
    /// Notes something of a person. Gives them as they are now, if that is news. O(1).
    ///
    /// # Errors
    /// If they would be one too many.
    pub fn mark(&mut self, name: &UserName, mark: &Mark, at: SystemTime) -> Result<Option<&Person>, Full> {
        let before = self.people.get(name);
        if before.is_none() && self.people.len() >= MOST_PEOPLE {
            return Err(Full);
        }
        let next = before.cloned().unwrap_or_default().after(mark, at);
        if before == Some(&next) {
            return Ok(None);
        }
        Ok(Some(self.put(name.clone(), next)))
    }

    /// A person as a store has kept them.
    pub fn put(&mut self, name: UserName, person: Person) -> &Person {
        self.counts.add(&person);
        match self.people.entry(name) {
            Entry::Occupied(mut place) => {
                self.counts.remove(place.get());
                place.insert(person);
                place.into_mut()
            }
            Entry::Vacant(place) => place.insert(person),
        }
    }

    /// How many there are.
    #[must_use]
    pub fn counts(&self) -> &Counts {
        &self.counts
    }

    /// A person.
    #[must_use]
    pub fn get(&self, name: &UserName) -> Option<&Person> {
        self.people.get(name)
    }

    /// How many people there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.people.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.people.is_empty()
    }

    /// Everybody: who is missing first, and by name at each stage.
    #[must_use]
    pub fn people(&self) -> Vec<(&UserName, &Person)> {
        let mut all: Vec<_> = self.people.iter().collect();
        all.sort_by_key(|(name, person)| (person.stage, name.as_str()));
        all
    }

    /// What makes the same of another one, of as many people at a time as may be.
    #[must_use]
    pub fn marks(&self) -> HashMap<Mark, Vec<UserName>> {
        let mut all: HashMap<_, Vec<_>> = HashMap::new();
        for (name, Person { is_expected, stage, answer, by, .. }) in &self.people {
            let reached = match stage {
                Stage::Missing => None,
                Stage::Reached => Some(Mark::Reached),
                Stage::Shown => Some(Mark::Shown),
                Stage::Confirmed => Some(Mark::Confirmed { answer: answer.clone(), by: by.clone() }),
            };
            for mark in is_expected.then_some(Mark::Expected).into_iter().chain(reached) {
                all.entry(mark).or_default().push(name.clone());
            }
        }
        all
    }
}

#[cfg(test)]
mod tests;
