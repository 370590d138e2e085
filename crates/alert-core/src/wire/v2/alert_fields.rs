//! The fields of alerts and of what is prepared, as clients send them.

use std::collections::HashSet;

use serde_json::value::RawValue;

use crate::names::plain_line;
use crate::room::alerts::{Level, MOST_ANSWER, MOST_ANSWERS, MOST_TEXT};
use crate::wire::body;
use crate::wire::v1::Refusal;

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
