//! The bells of a room: those that it keeps, days on which bells ring at other times, and which have rung. They are a part of
//! the room's policy, so every store keeps them, and the one step that has a bell ring is taken by one server. Pure: the time
//! is passed in.

pub(in crate::room) mod stored;

use std::time::{Duration, SystemTime};

use alert_schedule::Times;
use jiff::ToSpan as _;
use jiff::civil::Date;

use super::alerts::{Alerts, Draft, Step as AlertStep};
use super::policy::NotDone;
use crate::names::UserName;
use crate::room::bell::{Bell, BellId, Form};

/// The most bells that a room keeps.
pub const MOST_BELLS: usize = 64;
/// The most bytes of them, as they are kept.
const MOST_BYTES: usize = 48 << 10;
/// The most days with other times, of all bells of a room.
const MOST_DAYS: usize = 200;
/// Which bells have rung is known for so long. A clock that was put back by less has none ring twice; what is further ahead
/// than that is from a clock that was wrong, and counts for nothing.
const KNOWN: Duration = Duration::from_secs(24 * 3600);
/// A day is over everywhere, and any clock that is put back stays behind it.
const OVER: i64 = 3;

/// The bells of a room.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bells {
    kept: Vec<Bell>,
    days: Vec<Day>,
    rung: Vec<(BellId, SystemTime)>,
    said: Option<Said>,
}

/// A day on which a bell rings at other times, or not at all; one of those that the room keeps, or of a server's file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Day {
    /// Which bell.
    pub bell: BellId,
    /// Which day.
    pub date: Date,
    /// When, then.
    pub times: Times,
}

/// What a bell said last.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Said {
    bell: BellId,
    at: SystemTime,
    name: UserName,
    text: Box<str>,
}

/// What becomes of bells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// The room keeps one from now on, or another one of its name.
    Put(Box<Bell>),
    /// It keeps it no more.
    Remove(BellId),
    /// A bell rings at other times on a day; or as always, without them.
    Day(BellId, Date, Option<Times>),
    /// One rings.
    Ring(Ringing),
}

/// A bell that rings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ringing {
    /// Which one.
    pub bell: BellId,
    /// For which time: together with the bell, that is what happens once.
    pub at: SystemTime,
    /// What happens.
    pub deed: Deed,
}

/// What happens when a bell rings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Deed {
    /// Somebody says this.
    Say(UserName, Box<str>),
    /// This alert is raised.
    Raise(Box<Draft>),
}

impl Bells {
    /// Whether there are none, and none has rung of late.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Those that the room keeps, in the order of their names.
    #[must_use]
    pub fn kept(&self) -> &[Bell] {
        &self.kept
    }

    /// One of them.
    #[must_use]
    pub fn get(&self, id: &BellId) -> Option<&Bell> {
        self.kept.binary_search_by(|bell| bell.id.cmp(id)).ok().map(|place| &self.kept[place])
    }

    /// The days on which a bell rings at other times.
    pub fn days_of<'a>(&'a self, bell: &'a BellId) -> impl Iterator<Item = &'a Day> {
        self.days.iter().filter(move |day| day.bell == *bell)
    }

    /// A bell as it rings in this room, with its days.
    #[must_use]
    pub fn as_it_rings(&self, bell: &Bell) -> Bell {
        bell.on(self.days_of(&bell.id).map(|day| (day.date, day.times.clone())))
    }

    /// For which time a bell has rung last, if that is known.
    #[must_use]
    pub fn rung(&self, bell: &BellId, now: SystemTime) -> Option<SystemTime> {
        let rung = self.rung.iter().find(|(id, _)| id == bell).map(|(_, at)| *at);
        rung.filter(|at| at.duration_since(now).map_or(true, |ahead| ahead < KNOWN))
    }

    /// What a bell has said since `before`.
    #[must_use]
    pub fn said_since(&self, before: &Self) -> Option<(&UserName, &str)> {
        let said = self.said.as_ref().filter(|said| before.said.as_ref() != Some(said))?;
        Some((&said.name, &said.text))
    }

    /// Takes a step, at `now`. One that was taken before changes nothing.
    ///
    /// # Errors
    /// If it cannot be taken.
    pub(super) fn take(
        &mut self,
        step: &Step,
        (alerts, two_person): (&mut Alerts, bool),
        now: SystemTime,
    ) -> Result<(), NotDone> {
        match step {
            Step::Put(bell) => {
                match self.kept.binary_search_by(|kept| kept.id.cmp(&bell.id)) {
                    Ok(place) if self.kept[place] == **bell => return Ok(()),
                    Ok(place) => self.kept[place] = (**bell).clone(),
                    Err(place) => self.kept.insert(place, (**bell).clone()),
                }
                if self.kept.len() > MOST_BELLS || self.bytes() > MOST_BYTES {
                    return Err(NotDone::TooManyBells);
                }
                self.begin(&bell.id, now);
            }
            Step::Remove(id) => {
                let before = self.kept.len();
                self.kept.retain(|bell| bell.id != *id);
                if self.kept.len() == before {
                    return Err(NotDone::NoSuchBell);
                }
                self.days.retain(|day| day.bell != *id);
            }
            Step::Day(bell, date, times) => {
                let day = times.clone().map(|times| Day { bell: bell.clone(), date: *date, times });
                if self.days.iter().any(|other| Some(other) == day.as_ref()) {
                    return Ok(());
                }
                self.days.retain(|day| (&day.bell, day.date) != (bell, *date));
                self.days.extend(day);
                self.begin(bell, now);
                self.forget(now);
                if self.days.len() > MOST_DAYS {
                    return Err(NotDone::TooManyDays);
                }
            }
            Step::Ring(Ringing { bell, at, deed }) => {
                if self.rung(bell, now).is_some_and(|rung| rung >= *at) {
                    return Ok(());
                }
                self.forget(now);
                self.rung.retain(|(id, _)| id != bell);
                self.rung.push((bell.clone(), *at));
                match deed {
                    Deed::Say(name, text) => {
                        let (bell, name, text) = (bell.clone(), name.clone(), text.clone());
                        self.said = Some(Said { bell, at: *at, name, text });
                    }
                    Deed::Raise(draft) => {
                        alerts.take(&AlertStep::Raise((**draft).clone()), two_person, now)?
                    }
                }
            }
        }
        Ok(())
    }

    /// Other times hold from now on: those that are over by then were not missed.
    fn begin(&mut self, bell: &BellId, now: SystemTime) {
        let rung = self.rung(bell, now).map_or(now, |rung| rung.max(now));
        self.rung.retain(|(id, _)| id != bell);
        self.rung.push((bell.clone(), rung));
    }

    /// Forgets what has no meaning any more.
    fn forget(&mut self, now: SystemTime) {
        // By a clock that was put back, nothing is old.
        self.rung.retain(|(_, at)| now.duration_since(*at).map_or(true, |age| age < 2 * KNOWN));
        let Ok(now) = jiff::Timestamp::try_from(now) else { return };
        let today = jiff::tz::TimeZone::UTC.to_datetime(now).date();
        let horizon = today.saturating_sub(OVER.days());
        self.days.retain(|day| day.date >= horizon);
    }

    /// How many bytes the kept ones have, as they are kept.
    fn bytes(&self) -> usize {
        let bytes = |bell: &Bell| serde_json::to_string(&Form::from(bell)).map_or(0, |json| json.len());
        self.kept.iter().map(bytes).sum()
    }

    /// About how many bytes they take in memory, besides their own.
    pub(super) fn size(&self) -> usize {
        /// A rule that has been read, and a time zone.
        const READ: usize = 2048;
        let said = self.said.as_ref().map_or(0, |said| said.text.len() + said.name.as_str().len());
        let days: usize =
            self.days.iter().map(|day| size_of::<Day>() + 64 + 8 * day.times.as_slice().len()).sum();
        self.kept.len() * READ + 2 * self.bytes() + days + self.rung.len() * 96 + said
    }
}

#[cfg(test)]
mod tests;
