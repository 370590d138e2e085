//! When something happens: on the days of a rule and not on holidays, at the same times or at others on one day.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, ToSpan as _};

use crate::{Holidays, Rule, Span, Times, Zone};

/// How many days are looked at for the next time; further, where there is none. Beyond the last, there is none.
const HORIZONS: [i64; 4] = [10, 45, 400, 3300];

/// When something happens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// Whose clocks show the times.
    pub zone: Zone,
    /// On which days.
    pub rule: Rule,
    /// When on each of them.
    pub times: Times,
    /// On which of them not.
    pub except: Vec<Span>,
    /// Not then either.
    pub holidays: Arc<Holidays>,
    /// Days with other times, or none, whatever the rule and the holidays say.
    pub changes: BTreeMap<Date, Times>,
}

impl Schedule {
    /// The next time after a moment, if there is one within nine years.
    #[must_use]
    pub fn next(&self, after: Timestamp) -> Option<Timestamp> {
        let first = self.before(after);
        HORIZONS.iter().find_map(|days| {
            let last = first.saturating_add(days.days());
            let next = self.between(first, last).into_iter().find(|at| *at > after)?;
            // What comes near the end may come later than something of the day after it.
            (self.zone.date(next) < last.saturating_sub(1.day())).then_some(next)
        })
    }

    /// Whether it happens at a moment.
    #[must_use]
    pub fn is_at(&self, at: Timestamp) -> bool {
        let last = self.zone.date(at).saturating_add(2.days());
        self.between(self.before(at), last).contains(&at)
    }

    /// When it happens within so many times 24 hours, in order.
    #[must_use]
    pub fn preview(&self, from: Timestamp, days: u16) -> Vec<Timestamp> {
        let until = from.saturating_add(SignedDuration::from_hours(24 * i64::from(days)));
        let Ok(until) = until else { return Vec::new() };
        let last = self.zone.date(until).saturating_add(2.days());
        let mut all = self.between(self.before(from), last);
        all.retain(|at| from <= *at && *at < until);
        all
    }

    /// A day whose times are all over, even where clocks are put forward then.
    fn before(&self, at: Timestamp) -> Date {
        self.zone.date(at).saturating_sub(2.days())
    }

    /// When it happens on these days, in order and each moment once.
    fn between(&self, first: Date, last: Date) -> Vec<Timestamp> {
        let holidays = self.holidays.between(first, last);
        let is_off = |day: Date| self.except.iter().chain(&holidays).any(|span| span.has(day));
        let ruled =
            self.rule.between(first, last).filter(|day| !self.changes.contains_key(day) && !is_off(*day));
        let ruled = ruled.map(|day| (day, &self.times));
        let changed = self.changes.range(first..=last).map(|(day, times)| (*day, times));
        let shown = ruled
            .chain(changed)
            .flat_map(|(day, times)| times.as_slice().iter().map(move |time| day.to_datetime(*time)));
        shown.filter_map(|shown| self.zone.instant(shown)).collect::<BTreeSet<_>>().into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn school() -> Schedule {
        Schedule {
            zone: "Europe/Berlin".parse().unwrap(),
            rule: Rule::parse("FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR", None).unwrap(),
            times: Times::parse(&["08:40", "09:30"]).unwrap(),
            except: Vec::new(),
            holidays: Arc::default(),
            changes: BTreeMap::new(),
        }
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn shown(schedule: &Schedule, days: u16) -> Vec<String> {
        // A Monday, 8:00 in Berlin.
        let all = schedule.preview(at("2026-11-30T07:00:00Z"), days);
        all.iter()
            .map(|at| schedule.zone.time_zone().to_datetime(*at).strftime("%a %H:%M").to_string())
            .collect()
    }

    #[test]
    fn it_happens_at_each_time_of_each_day() {
        assert_eq!(shown(&school(), 2), ["Mon 08:40", "Mon 09:30", "Tue 08:40", "Tue 09:30"]);
        assert_eq!(shown(&school(), 7).len(), 10);
        let friday = at("2026-12-04T08:30:00Z");
        assert_eq!(school().next(friday), Some(at("2026-12-07T07:40:00Z")), "not at the moment itself");
        assert_eq!([friday, at("2026-12-04T08:30:01Z")].map(|at| school().is_at(at)), [true, false]);
    }

    #[test]
    fn given_a_short_tuesday_and_a_day_without_then_only_those_days_differ() {
        let (tuesday, wednesday, saturday) = (date(2026, 12, 1), date(2026, 12, 2), date(2026, 12, 5));
        let short = Times::parse(&["08:30"]).unwrap();
        let changes = [(tuesday, short.clone()), (wednesday, Times::default()), (saturday, short)].into();
        let changed = Schedule { changes, ..school() };
        let expected = [
            "Mon 08:40",
            "Mon 09:30",
            "Tue 08:30",
            "Thu 08:40",
            "Thu 09:30",
            "Fri 08:40",
            "Fri 09:30",
            "Sat 08:30",
        ];
        assert_eq!(shown(&changed, 6), expected);
    }

    #[test]
    fn given_exceptions_and_holidays_then_nothing_happens_but_what_was_said_of_that_day() {
        let holidays = Holidays::parse(
            "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART;VALUE=DATE:20261202\nDTEND;VALUE=DATE:20261204\nEND:VEVENT\nEND:VCALENDAR\n",
        );
        let off = Schedule {
            except: vec!["2026-12-01".parse().unwrap()],
            holidays: Arc::new(holidays.unwrap()),
            changes: [(date(2026, 12, 3), Times::parse(&["10:00"]).unwrap())].into(),
            ..school()
        };
        assert_eq!(shown(&off, 5), ["Mon 08:40", "Mon 09:30", "Thu 10:00", "Fri 08:40", "Fri 09:30"]);
    }

    #[test]
    fn given_what_happens_seldom_or_never_again_then_that_is_found_too() {
        let seldom = Rule::parse("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", None).unwrap();
        let seldom = Schedule { rule: seldom, ..school() };
        assert_eq!(seldom.next(at("2028-03-01T00:00:00Z")), Some(at("2032-02-29T07:40:00Z")));
        let over = Rule::parse("FREQ=DAILY;UNTIL=20261231", None).unwrap();
        assert_eq!(Schedule { rule: over, ..school() }.next(at("2027-01-01T00:00:00Z")), None);
    }

    #[test]
    fn given_a_clock_that_is_put_forward_then_two_times_at_one_moment_are_one() {
        let night = Schedule {
            rule: Rule::parse("FREQ=DAILY", None).unwrap(),
            times: Times::parse(&["02:30", "03:30"]).unwrap(),
            ..school()
        };
        assert_eq!(night.preview(at("2027-03-28T00:00:00Z"), 1), [at("2027-03-28T01:30:00Z")]);
    }
}
