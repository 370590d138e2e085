//! Bells as clients see them and write them, over HTTP.

use std::collections::BTreeMap;
use std::time::SystemTime;

use alert_schedule::Times;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::history::At;
use super::v1::Refusal;
use crate::room::bell::{Bell, BellId, Form};

/// A bell of a room, with what a host may want to know of it.
#[derive(Debug, Serialize)]
pub struct ShownBell {
    #[serde(flatten)]
    form: Form,
    /// It is in the server's file.
    of_file: bool,
    /// Days on which it rings at other times, besides those that it was set with.
    days: BTreeMap<String, Vec<String>>,
    /// When it rings next.
    next: Option<At>,
}

/// One time at which a bell rings.
#[derive(Debug, Serialize)]
pub struct Ring<'a> {
    at: At,
    bell: &'a str,
    text: &'a str,
}

impl ShownBell {
    /// A bell as it is set, and as it rings, at `now`.
    #[must_use]
    pub fn new(bell: &Bell, rings: &Bell, of_file: bool, now: SystemTime) -> Self {
        let set = &bell.schedule.changes;
        let days = rings.schedule.changes.iter().filter(|(day, times)| set.get(day) != Some(times));
        let days = days.map(|(day, times)| (day.to_string(), times.texts())).collect();
        Self { form: bell.into(), of_file, days, next: rings.next(now).map(At) }
    }
}

impl<'a> Ring<'a> {
    /// A bell at one of its times.
    #[must_use]
    pub fn new(bell: &'a Bell, at: SystemTime) -> Self {
        Self { at: At(at), bell: bell.id.as_str(), text: bell.does.text() }
    }
}

/// Reads a bell that is to be set, which its address names.
///
/// # Errors
/// A [`Refusal`] to answer with.
pub fn read_bell(id: &str, body: &RawValue) -> Result<Bell, Refusal> {
    let wrong = |problem: String| Refusal::invalid_body(problem);
    let mut form: Form = serde_json::from_str(body.get()).map_err(|error| wrong(of_json(&error)))?;
    if form.room.is_some() || !form.id.is_empty() && form.id != id {
        return Err(wrong("id and room of a bell are in its address.".to_owned()));
    }
    id.clone_into(&mut form.id);
    Bell::try_from(&form).map_err(|error| wrong(sentence(&error.to_string())))
}

/// Reads the name of a bell.
///
/// # Errors
/// A [`Refusal`] to answer with.
pub fn read_bell_id(id: &str) -> Result<BellId, Refusal> {
    id.parse()
        .map_err(|error: crate::room::bell::NotABellId| Refusal::invalid_body(sentence(&error.to_string())))
}

/// Reads the times of one day: none, where a bell is not to ring.
///
/// # Errors
/// A [`Refusal`] to answer with.
pub fn read_times(body: &RawValue) -> Result<Times, Refusal> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Day {
        times: Vec<String>,
    }
    let day: Day =
        serde_json::from_str(body.get()).map_err(|error| Refusal::invalid_body(of_json(&error)))?;
    Times::parse(&day.times).map_err(|error| Refusal::invalid_body(sentence(&error.to_string())))
}

/// What a parser of JSON says, without the place, which nobody has in a request.
fn of_json(error: &serde_json::Error) -> String {
    let text = error.to_string();
    sentence(text.split_once(" at line ").map_or(&*text, |(problem, _)| problem))
}

fn sentence(text: &str) -> String {
    let mut sentence = text.to_owned();
    sentence.push('.');
    sentence
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<Bell, String> {
        let body: Box<RawValue> = serde_json::from_str(json).unwrap();
        read_bell("lesson", &body).map_err(|refusal| refusal.to_string())
    }

    const LESSON: &str = r#"{"rule":"FREQ=DAILY","times":["08:40"],"zone":"Europe/Berlin","say":"x"}"#;

    #[test]
    fn a_bell_is_shown_with_its_next_time_and_the_days_that_are_others() {
        let bell = read(LESSON).unwrap();
        let day = |text: &str| text.parse().unwrap();
        let rings = bell.on([(day("2026-12-01"), Times::default())]);
        let now = SystemTime::from("2026-12-01T00:00:00Z".parse::<jiff::Timestamp>().unwrap());
        let shown = serde_json::to_string(&ShownBell::new(&bell, &rings, true, now)).unwrap();
        let expected = r#"{"id":"lesson","rule":"FREQ=DAILY","times":["08:40"],"zone":"Europe/Berlin","name":"Bell","say":"x","missed":"1m","of_file":true,"days":{"2026-12-01":[]},"next":"2026-12-02T07:40:00.000Z"}"#;
        assert_eq!(shown, expected);
    }

    #[test]
    fn given_what_is_no_bell_then_it_is_said_why() {
        for (json, said) in [
            ("[1]", "invalid type: integer `1`, expected a string."),
            (r#"{"says":"x"}"#, "unknown field `says`, expected one of"),
            (r#"{"id":"other"}"#, "id and room of a bell are in its address."),
            (r#"{"room":"R1"}"#, "id and room of a bell are in its address."),
            (r#"{"rule":"FREQ=DAILY"}"#, "times: a bell rings at one time at least, such as [\"08:55\"]."),
        ] {
            let wrong = read(json).unwrap_err();
            assert!(wrong.starts_with(said), "{wrong}");
        }
        let times: Box<RawValue> = serde_json::from_str(r#"{"times":["8"]}"#).unwrap();
        assert!(read_times(&times).is_err());
    }
}
