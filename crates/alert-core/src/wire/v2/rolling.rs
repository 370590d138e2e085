//! What is done with roll calls and rosters, over v2 and HTTP alike.

use serde_json::value::RawValue;

use super::MOST_NAMED;
use super::alert_fields::{Body, optional, text};
use crate::names::UserName;
use crate::room::alerts::MOST_ANSWER;
use crate::room::roll_call::Roster;
use crate::wire::body;
use crate::wire::v1::{Limits, Refusal};

/// How many people come if there is no `limit`.
const DEFAULT_NAMED: usize = 200;

/// What is to be done with a roll call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rolling {
    /// To confirm the alert, perhaps with an answer; or for somebody else, as hosts may.
    Confirm {
        /// One of those that the alert names.
        answer: Option<Box<str>>,
        /// For whom, if not for oneself.
        person: Option<UserName>,
    },
    /// To say that one sees it.
    Shown,
    /// To see who has confirmed it and who has not, and to hear how many have from now on.
    Call {
        /// So many people first.
        skip: usize,
        /// At most so many.
        limit: usize,
    },
}

/// What is to be done with a room's roster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rostering {
    /// To see it, so many names later than at its beginning.
    Show(usize),
    /// To have another one.
    Put(Roster),
}

impl Rolling {
    /// Whether it says something of whoever does it: only who may be in the room does.
    #[must_use]
    pub fn is_for_oneself(&self) -> bool {
        matches!(self, Self::Shown | Self::Confirm { person: None, .. })
    }

    /// All people of a roll call.
    pub const ALL: (usize, usize) = (0, usize::MAX);
}

/// What an alert is confirmed with.
///
/// # Errors
/// A [`Refusal`] to answer with.
pub fn confirm(arg: Body<'_>, limits: &Limits) -> Result<Rolling, Refusal> {
    let [answer, person] = body::object(arg, false, &["answer", "person"])?;
    let answer = optional(answer, |json| text("answer", json, MOST_ANSWER))?;
    let person = optional(person, |json| body::name(json, limits))?;
    Ok(Rolling::Confirm { answer, person })
}

/// A room's roster: `{"names": [..]}`.
///
/// # Errors
/// A [`Refusal`] to answer with.
pub fn read_roster(body: &RawValue, limits: &Limits) -> Result<Roster, Refusal> {
    let [names] = body::object(Some(body), false, &["names"])?;
    let wrong = || Refusal::invalid_body("names is required: a list of names.");
    let names: Vec<&RawValue> = serde_json::from_str(names.ok_or_else(wrong)?.get()).map_err(|_| wrong())?;
    let numbered = (1..).zip(names);
    let names: Result<Vec<_>, _> = numbered
        .map(|(number, name)| body::name(name, limits).map_err(|refusal| refusal.of_name(number)))
        .collect();
    Roster::of(names?).map_err(|problem| Refusal::invalid_body(format!("{problem}.")))
}

/// What is done with a roster: with names, there is another one.
pub(super) fn rostering(arg: Body<'_>, limits: &Limits) -> Result<Rostering, Refusal> {
    let [names, skip] = body::object(arg, false, &["names", "skip"])?;
    match arg.filter(|_| names.is_some()) {
        Some(body) => read_roster(body, limits).map(Rostering::Put),
        None => number("skip", skip, 0).map(Rostering::Show),
    }
}

pub(super) fn call(arg: Body<'_>) -> Result<Rolling, Refusal> {
    let [skip, limit] = body::object(arg, false, &["skip", "limit"])?;
    let limit = number("limit", limit, DEFAULT_NAMED)?.min(MOST_NAMED);
    Ok(Rolling::Call { skip: number("skip", skip, 0)?, limit })
}

fn number(key: &str, json: Option<&RawValue>, default: usize) -> Result<usize, Refusal> {
    let wrong = || Refusal::invalid_body(format!("{key} must be a whole number from 0."));
    json.map_or(Ok(default), |json| serde_json::from_str(json.get()).map_err(|_| wrong()))
}
