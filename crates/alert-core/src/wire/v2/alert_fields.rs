//! The fields of alerts and of what is prepared, as clients send them.

use std::collections::HashSet;
use std::ops::RangeInclusive;
use std::time::Duration;

use serde_json::value::RawValue;

use crate::duration;
use crate::names::{RoomCode, plain_line};
use crate::room::alerts::{INTERVALS, Level, MOST_ANSWER, MOST_ANSWERS, MOST_TEXT};
use crate::wire::body;
use crate::wire::v1::{Limits, Refusal};

pub(super) type Body<'a> = Option<&'a RawValue>;

pub(super) fn text(key: &str, json: &RawValue, most: usize) -> Result<Box<str>, Refusal> {
    // On one line: v1 clients show what is told of an alert as they show what the server says.
    let words = plain_line(&body::string(key, json)?);
    let words = words.filter(|words| words.len() <= most);
    let wrong = || Refusal::invalid_body(format!("{key} must have 1 to {most} bytes that can be seen."));
    words.map(String::into_boxed_str).ok_or_else(wrong)
}

/// What is null, or not there at all, is nothing.
pub(super) fn optional<T>(
    json: Body<'_>,
    read: impl FnOnce(&RawValue) -> Result<T, Refusal>,
) -> Result<Option<T>, Refusal> {
    json.filter(|json| json.get() != "null").map(read).transpose()
}

pub(super) fn read_all_clear(json: &RawValue) -> Result<Box<str>, Refusal> {
    text("all_clear", json, MOST_TEXT)
}

pub(super) fn read_word(json: &RawValue) -> Result<Box<str>, Refusal> {
    text("word", json, MOST_ANSWER)
}

pub(super) fn read_answers(json: &RawValue) -> Result<Box<[Box<str>]>, Refusal> {
    let wrong = || {
        Refusal::invalid_body(format!(
            "answers must be up to {MOST_ANSWERS} texts of 1 to {MOST_ANSWER} bytes that can be seen, each another one."
        ))
    };
    let given: Vec<&RawValue> = serde_json::from_str(json.get()).map_err(|_| wrong())?;
    let answers: Result<Vec<_>, _> =
        given.into_iter().map(|json| text("answers", json, MOST_ANSWER)).collect();
    let answers = answers.map_err(|_| wrong())?;
    let different: HashSet<_> = answers.iter().map(|answer| answer.to_lowercase()).collect();
    let is_right = answers.len() <= MOST_ANSWERS && different.len() == answers.len();
    if is_right { Ok(answers.into()) } else { Err(wrong()) }
}

pub(super) fn read_level(json: &RawValue) -> Result<Level, Refusal> {
    let wrong = || Refusal::invalid_body("level must be info, warning or emergency.");
    body::string("level", json)?.parse().map_err(|_| wrong())
}

/// Whoever says how an alert is confirmed, or what happens where it is not, asks people to confirm it.
pub(super) fn asks(confirm: Option<bool>, is_asked: bool) -> Result<(), Refusal> {
    let why = "an alert with answers, word, remind or escalate_after asks people to confirm it: send confirm true, or \
               none of these.";
    if confirm == Some(false) && is_asked { Err(Refusal::invalid_body(why)) } else { Ok(()) }
}

/// After how long people are reminded, or an alert is passed on; or that they are not.
pub(super) fn interval(key: &str, json: &RawValue) -> Result<Option<Duration>, Refusal> {
    optional(Some(json), |json| time(key, json, INTERVALS))
}

/// After which time an alert is passed on where people have not confirmed it, and to which room.
pub(super) fn read_escalation(
    after: Body<'_>,
    to: Body<'_>,
    limits: &Limits,
) -> Result<(Option<Duration>, Option<RoomCode>), Refusal> {
    let after = after.map(|json| interval("escalate_after", json)).transpose()?.flatten();
    let to = optional(to, |json| other_room(json, limits))?;
    if to.is_some() && after.is_none() {
        let why = "escalate_to needs escalate_after: after which time the other room is told.";
        return Err(Refusal::invalid_body(why));
    }
    Ok((after, to))
}

/// A room as people give it who want to go there: nobody is in one that has another spelling of its code.
fn other_room(json: &RawValue, limits: &Limits) -> Result<RoomCode, Refusal> {
    let most = limits.room_chars;
    let code = RoomCode::typed(&body::string("escalate_to", json)?, most).ok();
    // Such as the address of another page.
    let code = code.filter(|code| !code.as_str().contains("://"));
    code.ok_or_else(|| Refusal::not_a_room(most))
}

/// How long something takes: in seconds, or as in `5m`.
pub(super) fn time(key: &str, json: &RawValue, range: RangeInclusive<Duration>) -> Result<Duration, Refusal> {
    let time = match serde_json::from_str::<f64>(json.get()) {
        Ok(seconds) => Duration::try_from_secs_f64(seconds).ok(),
        Err(_) => body::string(key, json).ok().and_then(|text| duration::read(&text)),
    };
    let wrong = || {
        let (least, most) = (range.start().as_secs(), range.end().as_secs() / (24 * 3600));
        Refusal::invalid_body(format!(
            "{key} must be a time such as 5m, from {least}s up to {most}d, or null."
        ))
    };
    // To the millisecond, as stores keep it.
    let time = time.and_then(|time| u64::try_from(time.as_millis()).ok()).map(Duration::from_millis);
    time.filter(|time| range.contains(time)).ok_or_else(wrong)
}
