//! What is said where people have not confirmed an alert at its time: in its room how many, and in the room that it is passed
//! on to, who, and where that is.

use std::fmt::{self, Display, Formatter};

use super::alert::{drill, level};
use crate::names::{RoomCode, UserName};
use crate::room::alerts::{Alert, Tally};

/// The most names of those who are missing, and the most bytes of them.
const MOST_NAMES: usize = 20;
const MOST_NAME_BYTES: usize = 1000;
/// The most bytes of what the alert itself says, where it is passed on.
const MOST_WORDS: usize = 500;

/// What the alert's own room hears: `Not confirmed by 3 of 30 people after 5m: WARNING: text`, or, where there was nobody to
/// confirm it, `Nobody was expected to confirm within 5m: WARNING: text`.
#[derive(Clone, Copy, Debug)]
pub struct Unconfirmed<'a>(pub &'a Alert, pub Tally);

/// What the room hears that it is passed on to: the same, with the names of the first who are missing, who raised it, and where.
#[derive(Clone, Copy, Debug)]
pub struct PassedOn<'a> {
    /// The alert.
    pub alert: &'a Alert,
    /// The room that it is in force in.
    pub room: &'a RoomCode,
    /// How many are missing.
    pub tally: Tally,
    /// Who.
    pub missing: &'a [&'a UserName],
}

fn many(alert: &Alert, Tally { missing, expected, .. }: Tally, out: &mut Formatter<'_>) -> fmt::Result {
    let when = match expected {
        0 => {
            write!(out, "{}Nobody was expected to confirm", drill(alert))?;
            "within"
        }
        _ => {
            let people = if expected == 1 { "person" } else { "people" };
            write!(out, "{}Not confirmed by {missing} of {expected} {people}", drill(alert))?;
            "after"
        }
    };
    match &alert.escalation {
        Some(escalation) => write!(out, " {when} {}", humantime::format_duration(escalation.after)),
        None => Ok(()),
    }
}

impl Display for Unconfirmed<'_> {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let Self(alert, tally) = self;
        many(alert, *tally, out)?;
        write!(out, ": {}: {}", level(alert), alert.text)
    }
}

impl Display for PassedOn<'_> {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let Self { alert, room, tally, missing } = self;
        many(alert, *tally, out)?;
        let mut bytes = 0;
        let fits = |name: &&&UserName| {
            bytes += name.as_str().len() + 2;
            bytes <= MOST_NAME_BYTES
        };
        let names: Vec<_> = missing.iter().take(MOST_NAMES).take_while(fits).collect();
        for (place, name) in names.iter().enumerate() {
            write!(out, "{}{name}", if place == 0 { ": " } else { ", " })?;
        }
        match tally.missing.saturating_sub(names.len()) {
            0 => {}
            more if names.is_empty() => write!(out, ": {more} people")?,
            more => write!(out, " and {more} more")?,
        }
        let words = &alert.text[..alert.text.floor_char_boundary(MOST_WORDS)];
        let cut = if words.len() < alert.text.len() { "\u{2026}" } else { "" };
        write!(out, ". {} raised it in {room}: {}: {words}{cut}", alert.by, level(alert))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::room::alerts::Escalation;
    use std::time::{Duration, SystemTime};

    fn alert(text: &str, drill: bool) -> Alert {
        let escalation = Escalation { after: Duration::from_secs(300), to: None, done: None };
        Alert { text: text.into(), drill, escalation: Some(Box::new(escalation)), ..Alert::example() }
    }

    fn tally(missing: usize, expected: usize) -> Tally {
        Tally { at: SystemTime::UNIX_EPOCH, missing, expected }
    }

    fn passed_on(alert: &Alert, tally: Tally, names: &[UserName]) -> String {
        let room = RoomCode::parse("R1", 64).unwrap();
        PassedOn { alert, room: &room, tally, missing: &names.iter().collect::<Vec<_>>() }.to_string()
    }

    fn names(count: usize, of: &str) -> Vec<UserName> {
        (0..count).map(|number| UserName::parse(&format!("{of}{number}"), 64).unwrap()).collect()
    }

    #[test]
    fn it_is_said_how_many_are_missing_and_elsewhere_who_and_of_a_drill_that_it_is_one() {
        let ice = alert("Ice", false);
        assert_eq!(
            Unconfirmed(&ice, tally(1, 1)).to_string(),
            "Not confirmed by 1 of 1 person after 5m: WARNING: Ice"
        );
        assert_eq!(
            passed_on(&ice, tally(2, 30), &names(2, "p")),
            "Not confirmed by 2 of 30 people after 5m: p0, p1. Ada raised it in R1: WARNING: Ice"
        );
        let drill = alert("Ice", true);
        assert_eq!(
            Unconfirmed(&drill, tally(3, 30)).to_string(),
            "DRILL: Not confirmed by 3 of 30 people after 5m: WARNING: Ice"
        );
        assert!(passed_on(&drill, tally(1, 2), &names(1, "p")).starts_with("DRILL: Not confirmed by 1 of 2"));
    }

    #[test]
    fn where_nobody_was_expected_to_confirm_that_is_said() {
        let ice = alert("Ice", true);
        let nobody = "DRILL: Nobody was expected to confirm within 5m";
        assert_eq!(Unconfirmed(&ice, tally(0, 0)).to_string(), format!("{nobody}: WARNING: Ice"));
        let passed_on = passed_on(&ice, tally(0, 0), &[]);
        assert_eq!(passed_on, format!("{nobody}. Ada raised it in R1: WARNING: Ice"));
    }

    #[test]
    fn however_many_are_missing_what_is_passed_on_is_short() {
        let long = alert(&"\u{e4}".repeat(999), true);
        let said = passed_on(&long, tally(20_000, 20_000), &names(20_000, "p"));
        assert!(said.contains("p19 and 19980 more. ") && said.ends_with("\u{e4}\u{2026}"), "{said}");
        let said = passed_on(&long, tally(99, 99), &names(99, &"\u{1F600}".repeat(60)));
        assert!(said.len() < 1800 && said.contains(" more. "), "{}", said.len());
    }
}
