//! On which days: a recurrence rule of RFC 5545, 3.3.10, with FREQ of DAILY, WEEKLY, MONTHLY or YEARLY. The `rrule` crate
//! expands it, at midnight in UTC: it sees no time zone, since the days of a rule are the same in every place.

use std::fmt;

use jiff::ToSpan as _;
use jiff::civil::{Date, date};
use rrule::RRuleSet;

/// The most bytes of a rule.
const MOST_BYTES: usize = 300;
/// From which day a rule is looked at that gives the same days whichever it is.
const ALWAYS: Date = date(2024, 1, 1);
/// Rules begin in these years: one that began long before would be counted through from there each time.
const YEARS: std::ops::RangeInclusive<i16> = 2000..=2200;
/// Those that give few days of a year may have begun before.
const YEARLY: std::ops::RangeInclusive<i16> = 1900..=2200;
/// A rule gives a day within so many years, or it is refused: 29 February comes every eight, around 2100.
const LONGEST: i64 = 9;

const PARTS: [&str; 8] =
    ["INTERVAL", "COUNT", "UNTIL", "BYDAY", "BYMONTHDAY", "BYMONTH", "BYYEARDAY", "BYWEEKNO"];
const ORDER: [&str; 2] = ["BYSETPOS", "WKST"];
const TIMES: [&str; 3] = ["BYHOUR", "BYMINUTE", "BYSECOND"];

/// Days that come again and again.
#[derive(Clone, Debug)]
pub struct Rule {
    text: Box<str>,
    from: Option<Date>,
    /// As `rrule` reads it.
    expanded: Box<str>,
    /// Counted from the day from which it counts.
    counted: Option<RRuleSet>,
}

/// Why a text is no rule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotARule {
    /// It is no list of parts.
    #[error(
        "a rule is one of RFC 5545, such as FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR, with {MOST_BYTES} bytes at most"
    )]
    NoRule,
    /// It gives no days.
    #[error(
        "FREQ must be DAILY, WEEKLY, MONTHLY or YEARLY: the rule gives the days, and the times are said beside it"
    )]
    NoDays,
    /// It gives times.
    #[error("{0} is not for this rule: it gives the days, and the times are said beside it")]
    Times(Box<str>),
    /// Nobody knows this part.
    #[error("a rule has no part {0:?}")]
    Unknown(Box<str>),
    /// It ends at a time, not on a day.
    #[error("UNTIL is the last day, such as UNTIL=20270630")]
    Until,
    /// It depends on where it begins.
    #[error(
        "this rule depends on the day on which it begins: give that day as well (from), such as 2026-09-01"
    )]
    NoStart,
    /// It begins long ago, or in ages.
    #[error("from must be in the years 2000 to 2200, or with FREQ=YEARLY from 1900 on")]
    Start,
    /// It gives no day.
    #[error("this rule gives no day within {LONGEST} years")]
    Never,
    /// The parser says why.
    #[error("this is no rule of RFC 5545: {0}")]
    Wrong(Box<str>),
}

impl Rule {
    /// Reads a rule that counts from a day, which is one of its days only if it fits. Whether it gives any day, which may take
    /// a while, [`Self::check`] says.
    ///
    /// # Errors
    /// If it is none.
    pub fn parse(text: &str, from: Option<Date>) -> Result<Self, NotARule> {
        let text = text.strip_prefix("RRULE:").unwrap_or(text).trim().to_ascii_uppercase();
        if text.is_empty() || text.len() > MOST_BYTES {
            return Err(NotARule::NoRule);
        }
        let parts: Option<Vec<_>> = text.split(';').map(|part| part.split_once('=')).collect();
        let parts = parts.ok_or(NotARule::NoRule)?;
        check(&parts)?;
        if from.is_none() && depends_on_start(&parts) {
            return Err(NotARule::NoStart);
        }
        let start = from.unwrap_or(ALWAYS);
        let years = if value(&parts, "FREQ") == Some("YEARLY") { YEARLY } else { YEARS };
        if !years.contains(&start.year()) {
            return Err(NotARule::Start);
        }
        if value(&parts, "UNTIL").and_then(date_of).is_some_and(|until| until < start) {
            return Err(NotARule::Never);
        }
        // The last day is one of them.
        let expanded = parts.iter().map(|(key, value)| match *key {
            "UNTIL" => format!("UNTIL={value}T000000Z"),
            key => format!("{key}={value}"),
        });
        let expanded = expanded.collect::<Vec<_>>().join(";");
        let days = count_from(start, &expanded).map_err(|wrong| NotARule::Wrong(wrong.to_string().into()))?;
        Ok(Self { text: text.into(), from, expanded: expanded.into(), counted: from.map(|_| days) })
    }

    /// Looks for its first day: tens of milliseconds, for a rule that has none.
    ///
    /// # Errors
    /// If there is none.
    pub fn check(&self) -> Result<(), NotARule> {
        let start = self.from.unwrap_or(ALWAYS);
        let last = start.saturating_add(LONGEST.years());
        let days = self.counted.clone().or_else(|| count_from(start, &self.expanded).ok());
        let first = days.and_then(|days| days.into_iter().next()).and_then(|at| day(at.timestamp()));
        if first.is_none_or(|first| first > last) { Err(NotARule::Never) } else { Ok(()) }
    }

    /// As it was said.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// From which day it counts, if that was said.
    #[must_use]
    pub const fn from(&self) -> Option<Date> {
        self.from
    }

    /// Its days from one to another, both included, in order.
    pub fn between(&self, first: Date, last: Date) -> impl Iterator<Item = Date> {
        let days = match &self.counted {
            Some(days) => Some(days.clone()),
            // The year of the first day has all that such a rule depends on. A rule that has ended by then gives nothing.
            None => count_from(first.first_of_year(), &self.expanded).ok(),
        };
        let days = days.iter().flatten().map_while(|at| day(at.timestamp()));
        let days: Vec<Date> = days.skip_while(|day| *day < first).take_while(|day| *day <= last).collect();
        days.into_iter()
    }
}

/// The days of a rule from one on, at midnight.
fn count_from(start: Date, rule: &str) -> Result<RRuleSet, rrule::RRuleError> {
    let set: RRuleSet = format!("DTSTART:{}T000000Z\nRRULE:{rule}", start.strftime("%Y%m%d")).parse()?;
    Ok(set.limit())
}

impl PartialEq for Rule {
    fn eq(&self, other: &Self) -> bool {
        (&self.text, self.from) == (&other.text, other.from)
    }
}

impl Eq for Rule {}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn check(parts: &[(&str, &str)]) -> Result<(), NotARule> {
    let frequency = value(parts, "FREQ").ok_or(NotARule::NoRule)?;
    if !["DAILY", "WEEKLY", "MONTHLY", "YEARLY"].contains(&frequency) {
        return Err(NotARule::NoDays);
    }
    for (place, (key, _)) in parts.iter().enumerate() {
        if TIMES.contains(key) {
            return Err(NotARule::Times((*key).into()));
        }
        if *key != "FREQ" && !PARTS.contains(key) && !ORDER.contains(key) {
            return Err(NotARule::Unknown((*key).into()));
        }
        if parts[..place].iter().any(|(before, _)| before == key) {
            return Err(NotARule::NoRule);
        }
    }
    if value(parts, "UNTIL").is_some_and(|until| date_of(until).is_none()) {
        return Err(NotARule::Until);
    }
    counts_what_there_is(frequency, parts)
}

/// What `rrule` reads as something else, though RFC 5545 forbids it.
fn counts_what_there_is(frequency: &str, parts: &[(&str, &str)]) -> Result<(), NotARule> {
    let wrong = |why: &str| Err(NotARule::Wrong(why.into()));
    let is_numbered = |days: &str| days.bytes().any(|byte| byte.is_ascii_digit());
    if value(parts, "BYDAY").is_some_and(is_numbered) && !["MONTHLY", "YEARLY"].contains(&frequency) {
        return wrong(
            "a number before a day, as in BYDAY=2MO, counts the days of a month or a year: it needs FREQ=MONTHLY or \
             FREQ=YEARLY; every second week is INTERVAL=2",
        );
    }
    for key in ["INTERVAL", "COUNT", "BYMONTHDAY", "BYMONTH", "BYYEARDAY", "BYWEEKNO", "BYSETPOS"] {
        let is_zero = |number: &str| number.trim().parse() == Ok(0);
        if value(parts, key).is_some_and(|numbers| numbers.split(',').any(is_zero)) {
            return wrong(&format!("{key} is counted from 1 on, not from 0"));
        }
    }
    Ok(())
}

fn date_of(text: &str) -> Option<Date> {
    let is_day = text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_digit());
    is_day.then(|| Date::strptime("%Y%m%d", text).ok()).flatten()
}

/// Whether the days are others, if it begins on another one.
fn depends_on_start(parts: &[(&str, &str)]) -> bool {
    let has = |key| value(parts, key).is_some();
    let counts = has("COUNT") || value(parts, "INTERVAL").is_some_and(|every| every != "1");
    counts
        || match value(parts, "FREQ") {
            Some("DAILY") => false,
            Some("WEEKLY") => !has("BYDAY"),
            Some("MONTHLY") => !has("BYDAY") && !has("BYMONTHDAY"),
            _ => !(has("BYDAY") || has("BYYEARDAY") || has("BYMONTH") && has("BYMONTHDAY")),
        }
}

fn value<'a>(parts: &[(&str, &'a str)], key: &str) -> Option<&'a str> {
    parts.iter().find(|(name, _)| *name == key).map(|(_, value)| *value)
}

/// The day of a midnight, in seconds since 1970.
fn day(midnight: i64) -> Option<Date> {
    date(1970, 1, 1).checked_add((midnight.div_euclid(24 * 3600)).days()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn days(rule: &str, from: Option<Date>, first: Date, last: Date) -> String {
        let rule = Rule::parse(rule, from).unwrap();
        let days: Vec<_> = rule.between(first, last).map(|day| day.strftime("%m-%d").to_string()).collect();
        days.join(" ")
    }

    fn december(rule: &str, from: Option<Date>) -> String {
        days(rule, from, date(2026, 12, 1), date(2026, 12, 31))
    }

    #[test]
    fn rules_give_their_days() {
        assert_eq!(
            december("FREQ=WEEKLY;BYDAY=MO,FR", None),
            "12-04 12-07 12-11 12-14 12-18 12-21 12-25 12-28"
        );
        assert_eq!(december("RRULE:freq=monthly;bymonthday=-1,1", None), "12-01 12-31");
        assert_eq!(december("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", None), "12-31");
        assert_eq!(december("FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=24", None), "12-24");
        let from = Some(date(2026, 11, 26));
        assert_eq!(december("FREQ=WEEKLY;INTERVAL=2", from), "12-10 12-24");
        assert_eq!(december("FREQ=DAILY;COUNT=8", from), "12-01 12-02 12-03");
        assert_eq!(december("FREQ=DAILY;UNTIL=20261202", None), "12-01 12-02", "the last day is one of them");
        assert_eq!(
            days("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", None, date(2097, 1, 1), date(2105, 1, 1)),
            "02-29"
        );
        assert_eq!(december("FREQ=MONTHLY;BYDAY=2MO,-1FR", None), "12-14 12-25");
        assert_eq!(december("FREQ=YEARLY", Some(date(1948, 12, 10))), "12-10");
        // A first day that does not fit is none of the rule's.
        assert_eq!(days("FREQ=WEEKLY;BYDAY=MO", from, date(2026, 11, 20), date(2026, 12, 1)), "11-30");
    }

    #[test]
    fn given_what_is_no_rule_for_days_then_it_is_said_why() {
        let wrong = |text: &str| Rule::parse(text, None).and_then(|rule| rule.check()).unwrap_err();
        for text in ["", "every day", "BYDAY=MO", "FREQ=DAILY;FREQ=DAILY", "FREQ=DAILY;"] {
            assert_eq!(wrong(text), NotARule::NoRule, "{text}");
        }
        assert_eq!(wrong("FREQ=HOURLY"), NotARule::NoDays);
        assert_eq!(wrong("FREQ=DAILY;BYHOUR=8"), NotARule::Times("BYHOUR".into()));
        assert_eq!(wrong("FREQ=DAILY;BYEASTER=1"), NotARule::Unknown("BYEASTER".into()));
        assert_eq!(wrong("FREQ=DAILY;UNTIL=20270630T120000Z"), NotARule::Until);
        for text in [
            "FREQ=WEEKLY",
            "FREQ=DAILY;COUNT=3",
            "FREQ=DAILY;INTERVAL=2",
            "FREQ=MONTHLY",
            "FREQ=YEARLY;BYMONTH=2",
        ] {
            assert_eq!(wrong(text), NotARule::NoStart, "{text}");
        }
        assert!(matches!(wrong("FREQ=WEEKLY;BYDAY=XX"), NotARule::Wrong(_)));
        assert_eq!(wrong("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"), NotARule::Never);
        assert_eq!(Rule::parse("FREQ=DAILY", Some(date(1999, 12, 31))), Err(NotARule::Start));
        assert_eq!(Rule::parse("FREQ=YEARLY", Some(date(1899, 12, 31))), Err(NotARule::Start));
        assert_eq!(wrong("FREQ=DAILY;UNTIL=20231231"), NotARule::Never);
        assert_eq!(wrong("FREQ=DAILY;UNTIL=20270230"), NotARule::Until);
        for text in [
            "FREQ=WEEKLY;BYDAY=2MO",
            "FREQ=DAILY;BYDAY=-1FR",
            "FREQ=WEEKLY;BYDAY=TU,+1MO",
            "FREQ=DAILY;BYMONTHDAY=0",
            "FREQ=MONTHLY;BYMONTHDAY=1,0",
            "FREQ=YEARLY;BYYEARDAY=0",
            "FREQ=MONTHLY;BYDAY=MO;BYSETPOS=0",
        ] {
            assert!(matches!(wrong(text), NotARule::Wrong(_)), "{text}");
        }
        for text in ["FREQ=DAILY;INTERVAL=0", "FREQ=DAILY;COUNT=0"] {
            let wrong = Rule::parse(text, Some(date(2026, 1, 1))).unwrap_err();
            assert!(wrong.to_string().contains("counted from 1"), "{wrong}");
        }
    }
}
