//! Holidays, out of a calendar in the form of RFC 5545 (iCal), as ministries and schools give them out. Events of whole days
//! count, once or again and again; those at a time of a day are no holidays.

use icalendar::parser::{Component, Property, read_calendar, unfold};
use jiff::civil::Date;
use jiff::{Span as Time, ToSpan as _};

use crate::{NotARule, Rule, Span};

/// The most events of a calendar.
const MOST_EVENTS: usize = 2000;
/// The most days of one.
const MOST_DAYS: i64 = 366;

/// Days on which nothing happens.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Holidays(Vec<Holiday>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Holiday {
    first: Date,
    /// How many days follow the first.
    more: i64,
    again: Option<Rule>,
    except: Vec<Date>,
}

/// Why a text is no calendar whose days can be known.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotACalendar {
    /// It is no calendar.
    #[error("this is no calendar in the form of iCal (RFC 5545): {0}")]
    Unreadable(Box<str>),
    /// It has too many events.
    #[error("a calendar of holidays has {MOST_EVENTS} events at most")]
    TooMany,
    /// An event has a day that is none.
    #[error("the event {event:?}: {key} is no day, such as 20261224")]
    Day {
        /// What it is called.
        event: Box<str>,
        /// Where the day would be.
        key: &'static str,
    },
    /// An event ends before it begins, or in years.
    #[error("the event {0:?} has no days, or more than {MOST_DAYS}")]
    Length(Box<str>),
    /// An event comes again in a way that is not known here.
    #[error("the event {event:?} comes again, but not as a rule for days: {wrong}")]
    Rule {
        /// What it is called.
        event: Box<str>,
        /// What is wrong with its rule.
        wrong: NotARule,
    },
    /// An event has what nobody needs for holidays.
    #[error(
        "the event {event:?} has {key}, which is not read here: make each of its days an event of its own"
    )]
    Unread {
        /// What it is called.
        event: Box<str>,
        /// What it has.
        key: &'static str,
    },
}

impl Holidays {
    /// Reads a calendar.
    ///
    /// # Errors
    /// If it is none, or has days that cannot be known.
    pub fn parse(text: &str) -> Result<Self, NotACalendar> {
        let text = with_large_names(&unfold(text.trim_start_matches('\u{feff}')));
        let mut holidays = Vec::new();
        // A file may have several.
        let mut parts =
            text.split_inclusive("END:VCALENDAR").filter(|part| !part.trim().is_empty()).peekable();
        if parts.peek().is_none() {
            return Err(NotACalendar::Unreadable("there is nothing in it".into()));
        }
        for part in parts {
            let calendar = read_calendar(part.trim_start())
                .map_err(|wrong| NotACalendar::Unreadable(first_line(&wrong)))?;
            let events = calendar.components.iter().filter(|part| part.name == "VEVENT");
            for event in events {
                holidays.push(Holiday::read(event)?);
                if holidays.len() > MOST_EVENTS {
                    return Err(NotACalendar::TooMany);
                }
            }
        }
        Ok(Self(holidays.into_iter().flatten().collect()))
    }

    /// Those of several calendars.
    #[must_use]
    pub fn and(mut self, more: Self) -> Self {
        self.0.extend(more.0);
        self
    }

    /// Those with a day from one to another, both included.
    #[must_use]
    pub fn between(&self, first: Date, last: Date) -> Vec<Span> {
        let spans = self.0.iter().flat_map(|holiday| {
            let begins = first.saturating_sub(holiday.more.days());
            let again = holiday.again.iter().flat_map(move |rule| rule.between(begins, last));
            let once = (begins <= holiday.first && holiday.first <= last).then_some(holiday.first);
            // The first is one of them, whether it fits the rule or not.
            let others = again.filter(move |day| Some(*day) != once);
            once.into_iter()
                .chain(others)
                .filter(|day| !holiday.except.contains(day))
                .filter_map(|day| Span::new(day, day.saturating_add(holiday.more.days())))
        });
        spans.collect()
    }
}

impl Holiday {
    /// Nothing, where the event is none of whole days, or is called off.
    fn read(event: &Component<'_>) -> Result<Option<Self>, NotACalendar> {
        let value = |key: &str| event.find_prop(key).map(|found| found.val.as_str());
        let called = || value("SUMMARY").unwrap_or("without SUMMARY").into();
        let Some(start) = event.find_prop("DTSTART") else {
            return Err(NotACalendar::Day { event: called(), key: "DTSTART" });
        };
        if !is_day(start) || value("STATUS") == Some("CANCELLED") {
            return Ok(None);
        }
        for key in ["RDATE", "RECURRENCE-ID"] {
            if event.find_prop(key).is_some() {
                return Err(NotACalendar::Unread { event: called(), key });
            }
        }
        let read = |key, text: &str| day(text).ok_or_else(|| NotACalendar::Day { event: called(), key });
        let first = read("DTSTART", start.val.as_str())?;
        let more = match (value("DTEND"), value("DURATION")) {
            // The end is not one of the days.
            (Some(end), _) => match days_between(first, read("DTEND", end)?) {
                // Some write the day itself, which would be none.
                0 => 0,
                days => days - 1,
            },
            (None, Some(lasts)) => {
                let time: Option<Time> = lasts.parse().ok();
                let days = time.map(|time| i64::from(time.get_days()) + 7 * i64::from(time.get_weeks()));
                days.ok_or_else(|| NotACalendar::Length(called()))? - 1
            }
            (None, None) => 0,
        };
        if !(0..MOST_DAYS).contains(&more) {
            return Err(NotACalendar::Length(called()));
        }
        let checked = |rule: Rule| rule.check().map(|()| rule);
        let again = value("RRULE").map(|rule| Rule::parse(&until_a_day(rule), Some(first)).and_then(checked));
        let again = again.transpose().map_err(|wrong| NotACalendar::Rule { event: called(), wrong })?;
        let except = event.properties.iter().filter(|property| property.name == "EXDATE");
        let except = except.flat_map(|property| property.val.as_str().split(','));
        // Some write the day's midnight.
        let except = except.map(|text| read("EXDATE", text.split(['T', 't']).next().unwrap_or_default()));
        let except = except.collect::<Result<_, _>>()?;
        Ok(Some(Self { first, more, again, except }))
    }
}

/// With the names of properties in large letters: which they have does not matter (RFC 5545, 1.2).
fn with_large_names(text: &str) -> String {
    let lines = text.split_inclusive('\n').map(|line| {
        let end = line.find([':', ';']).unwrap_or(line.len());
        let name = line[..end].to_ascii_uppercase();
        let rest = &line[end..];
        match &*name {
            "BEGIN" | "END" => name + &rest.to_ascii_uppercase(),
            _ => name + rest,
        }
    });
    lines.collect()
}

/// Some write when the last day ends, at a time of a day.
fn until_a_day(rule: &str) -> String {
    let parts = rule.split(';').map(|part| match part.split_once('=') {
        Some((key, until)) if key.trim().eq_ignore_ascii_case("UNTIL") => {
            format!("UNTIL={}", until.split(['T', 't']).next().unwrap_or_default())
        }
        _ => part.to_owned(),
    });
    parts.collect::<Vec<_>>().join(";")
}

fn is_day(start: &Property<'_>) -> bool {
    let value = start.params.iter().find(|param| param.key.as_str().eq_ignore_ascii_case("VALUE"));
    let value = value.and_then(|param| param.val.as_ref());
    value.is_some_and(|value| value.as_str().eq_ignore_ascii_case("DATE"))
        || !start.val.as_str().contains('T')
}

fn day(text: &str) -> Option<Date> {
    let text = text.trim();
    (text.len() == 8).then(|| Date::strptime("%Y%m%d", text).ok()).flatten()
}

fn days_between(first: Date, end: Date) -> i64 {
    first.until(end).map_or(0, |time| i64::from(time.get_days()))
}

fn first_line(text: &str) -> Box<str> {
    text.lines().next().unwrap_or_default().chars().take(200).collect::<String>().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn calendar(events: &[&str]) -> String {
        let events = events.iter().map(|event| format!("BEGIN:VEVENT\r\nUID:1\r\n{event}\r\nEND:VEVENT\r\n"));
        format!("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{}END:VCALENDAR\r\n", events.collect::<String>())
    }

    fn days(events: &[&str]) -> Vec<String> {
        let holidays = Holidays::parse(&calendar(events)).unwrap();
        let mut spans = holidays.between(date(2026, 12, 1), date(2027, 12, 31));
        spans.sort();
        spans.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn events_of_whole_days_are_holidays() {
        assert_eq!(
            days(&["DTSTART;VALUE=DATE:20261224\r\nDTEND;VALUE=DATE:20270107\r\nSUMMARY:Christ\r\n mas"]),
            ["2026-12-24/2027-01-06"]
        );
        assert_eq!(days(&["DTSTART;VALUE=DATE:20261208"]), ["2026-12-08"]);
        assert_eq!(days(&["DTSTART;VALUE=DATE:20261208\r\nDURATION:P1W"]), ["2026-12-08/2026-12-14"]);
        assert_eq!(
            days(&["DTSTART;VALUE=DATE:20261120\r\nDTEND;VALUE=DATE:20261203"]),
            ["2026-11-20/2026-12-02"],
            "it goes on"
        );
        let yearly = "DTSTART;VALUE=DATE:20201003\r\nRRULE:FREQ=YEARLY\r\nEXDATE;VALUE=DATE:20261003";
        assert_eq!(days(&[yearly]), ["2027-10-03"]);
    }

    #[test]
    fn calendars_are_read_as_they_are_given_out() {
        let unity = "DTSTART;VALUE=DATE:19901003\r\nDTEND;VALUE=DATE:19901003\r\nRRULE:FREQ=YEARLY";
        assert_eq!(days(&[unity]), ["2027-10-03"], "it began long ago, and ends on its day");
        let until = format!("{unity};UNTIL=20301003T000000Z\r\nEXDATE:20271003T000000Z");
        assert_eq!(days(&[&until]), [""; 0]);
        let over = format!("{unity};UNTIL=20261003T000000Z");
        assert_eq!(days(&[&over]), [""; 0]);
        let small = calendar(&["dtstart;value=date:20261201\r\nsummary:x"]).to_ascii_lowercase();
        let first = Holidays::parse(&small).unwrap().between(date(2026, 12, 1), date(2026, 12, 31));
        assert_eq!(first.len(), 1, "in small letters");
        let two = calendar(&["DTSTART;VALUE=DATE:20261201"]) + &calendar(&["DTSTART;VALUE=DATE:20261203"]);
        let both = Holidays::parse(&two).unwrap().between(date(2026, 12, 1), date(2026, 12, 31));
        assert_eq!(both.len(), 2, "two calendars in a file");
    }

    #[test]
    fn events_at_a_time_of_day_and_those_that_are_called_off_are_none() {
        let evening =
            "DTSTART;TZID=Europe/Berlin:20261208T180000\r\nDTEND;TZID=Europe/Berlin:20261208T200000";
        assert_eq!(
            days(&[evening, "DTSTART:20261208T180000Z", "DTSTART;VALUE=DATE:20261208\r\nSTATUS:CANCELLED"]),
            [""; 0]
        );
    }

    #[test]
    fn given_days_that_cannot_be_known_then_the_event_is_named() {
        let wrong = |event: &str| Holidays::parse(&calendar(&[event])).unwrap_err().to_string();
        let said = wrong("SUMMARY:Winter\r\nDTSTART;VALUE=DATE:20261324");
        assert_eq!(said, "the event \"Winter\": DTSTART is no day, such as 20261224");
        assert!(wrong("DTSTART;VALUE=DATE:20261224\r\nDTEND;VALUE=DATE:20261223").contains("has no days"));
        assert!(wrong("DTSTART;VALUE=DATE:20261224\r\nRDATE;VALUE=DATE:20261226").contains("RDATE"));
        assert!(wrong("DTSTART;VALUE=DATE:20261224\r\nRRULE:FREQ=HOURLY").contains("FREQ must be"));
        assert!(wrong("SUMMARY:x").contains("DTSTART"));
    }

    #[test]
    fn given_what_is_no_calendar_then_it_is_refused() {
        for text in ["", "<html>", "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n"] {
            assert!(matches!(Holidays::parse(text), Err(NotACalendar::Unreadable(_))), "{text}");
        }
    }
}
