//! Days in a row: a holiday, or a week of them.

use std::fmt;

use jiff::civil::Date;

/// Days in a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span {
    first: Date,
    last: Date,
}

/// A text that is no day, and no two.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no day, and no days in a row: give 2026-12-24, or 2026-12-24/2027-01-06 with the last day")]
pub struct NotASpan(Box<str>);

impl Span {
    /// From one day to another, both included; `None` where the last comes first.
    #[must_use]
    pub fn new(first: Date, last: Date) -> Option<Self> {
        (first <= last).then_some(Self { first, last })
    }

    /// The first of the days.
    #[must_use]
    pub const fn first(self) -> Date {
        self.first
    }

    /// The last of the days.
    #[must_use]
    pub const fn last(self) -> Date {
        self.last
    }

    /// Whether a day is one of them.
    #[must_use]
    pub fn has(self, day: Date) -> bool {
        self.first <= day && day <= self.last
    }
}

impl From<Date> for Span {
    fn from(day: Date) -> Self {
        Self { first: day, last: day }
    }
}

impl std::str::FromStr for Span {
    type Err = NotASpan;

    fn from_str(text: &str) -> Result<Self, NotASpan> {
        let (first, last) = text.split_once('/').unwrap_or((text, text));
        let day = |text: &str| (text.len() == 10).then(|| text.parse::<Date>().ok()).flatten();
        let span = day(first).zip(day(last)).and_then(|(first, last)| Self::new(first, last));
        span.ok_or_else(|| NotASpan(text.into()))
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.first == self.last {
            true => write!(f, "{}", self.first),
            false => write!(f, "{}/{}", self.first, self.last),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn a_span_is_read_as_it_is_written() {
        for text in ["2026-12-24", "2026-12-24/2027-01-06"] {
            assert_eq!(text.parse::<Span>().unwrap().to_string(), text);
        }
        let span: Span = "2026-12-24/2027-01-06".parse().unwrap();
        let has = [date(2026, 12, 23), date(2026, 12, 24), date(2027, 1, 6), date(2027, 1, 7)]
            .map(|day| span.has(day));
        assert_eq!(has, [false, true, true, false]);
    }

    #[test]
    fn given_what_are_no_days_then_they_are_refused() {
        for text in
            ["", "24.12.2026", "2026-02-30", "2027-01-06/2026-12-24", "2026-12-24/", "2026-12-24T08:00"]
        {
            assert!(text.parse::<Span>().is_err(), "{text}");
        }
    }
}
