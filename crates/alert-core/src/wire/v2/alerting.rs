//! What is done with alerts, over v2 and HTTP alike.

use std::time::Duration;

use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

use super::alert_fields::{
    Body, asks, interval, optional, read_all_clear, read_answers, read_escalation, read_level, read_word,
    text,
};
use super::preparing::{blanks, preparing, title};
use super::recounting::{Recounting, When, when};
use super::rolling::{Rolling, Rostering, call, confirm, rostering};
use crate::names::{RoomCode, UserName};
use crate::room::alerts::{AlertId, Blanks, Ending, Level, MOST_AUDIENCE, MOST_TEXT, Preparing};
use crate::wire::body;
use crate::wire::v1::{Limits, Refusal};

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Alerting {
    /// To raise one.
    Raise(Raise),
    /// To change one.
    Change(AlertId, Changes),
    /// To release one that waits.
    Release(AlertId),
    /// To end one, or withdraw one that waits.
    End(AlertId, Ending),
    /// To see those that are in force.
    List,
    /// To see what is prepared.
    Prepared,
    /// To prepare some.
    Prepare(Preparing),
    /// To see who has not confirmed one, where whoever may hear the room does.
    Missing(AlertId),
    /// To note something in the roll call of one, or to read that.
    Roll(AlertId, Rolling),
    /// To see who is expected in the room, or to say that.
    Roster(Rostering),
}

/// An alert to raise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Raise {
    /// What it says.
    pub words: Wording,
    /// What people choose from to confirm it.
    pub answers: Option<Box<[Box<str>]>>,
    /// What a client of v1 says to do so.
    pub word: Option<Option<Box<str>>>,
    /// After which time it is passed on where people have not confirmed it, and to which room; or that it is not.
    pub escalation: Option<(Option<Duration>, Option<RoomCode>)>,
    /// It is an exercise.
    pub drill: bool,
    /// What it is besides; what is not named is as it was prepared, or at its default.
    pub with: Changes,
}

/// What an alert is to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wording {
    /// This.
    Text(Box<str>),
    /// What is prepared under a name, with its blanks filled.
    Prepared(Box<str>, Blanks),
}

/// What is to be changed of an alert; what is `None` stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// What it says.
    pub text: Option<Box<str>>,
    /// How serious it is.
    pub level: Option<Level>,
    /// Whether everybody is asked to confirm it.
    pub confirm: Option<bool>,
    /// Whether whoever may hear the room sees who has not confirmed it.
    pub show_missing: Option<bool>,
    /// How often whoever has not confirmed it is reminded, if they are.
    pub remind: Option<Option<Duration>>,
    /// What becomes of the countdown.
    pub countdown: Option<Recounting>,
    /// When it ends by itself, if it does.
    pub ends_at: Option<Option<When>>,
    /// Who is meant.
    pub audience: Option<Option<Box<str>>>,
    /// What is told when it ends.
    pub all_clear: Option<Option<Box<str>>>,
}

impl Alerting {
    /// Whether it is done in somebody's name.
    #[must_use]
    pub fn is_in_a_name(&self) -> bool {
        !matches!(self, Self::List | Self::Missing(_) | Self::Prepared | Self::Prepare(_) | Self::Roster(_))
    }

    /// Reads the event `alert`, whose `action` says what is to be done.
    ///
    /// # Errors
    /// A [`Refusal`] to answer with.
    pub fn parse(arg: Body<'_>, has_attachments: bool, limits: &Limits) -> Result<Self, Refusal> {
        let [action, id] = body::object(arg, has_attachments, &["action", "id"])?;
        let wrong = || {
            Refusal::invalid_body(
                "action must be raise, update, release, end, list, confirm, shown, roll_call, missing, roster, prepared, prepare or unprepare.",
            )
        };
        let action = body::string("action", action.ok_or_else(wrong)?)?;
        let id =
            || read_id(&body::string("id", id.ok_or_else(|| Refusal::invalid_body("id is required."))?)?);
        match &*action {
            "raise" => Raise::parse(arg, limits).map(Self::Raise),
            "update" => Ok(Self::Change(id()?, Changes::parse(arg)?)),
            "release" => Ok(Self::Release(id()?)),
            "end" => Ok(Self::End(id()?, ending(arg)?)),
            "list" => Ok(Self::List),
            "missing" => Ok(Self::Missing(id()?)),
            "roster" => rostering(arg, limits).map(Self::Roster),
            "prepared" => Ok(Self::Prepared),
            "prepare" => preparing(arg, limits).map(Self::Prepare),
            "unprepare" => {
                let [name] = body::object(arg, false, &["prepared"])?;
                let name =
                    name.ok_or_else(|| Refusal::invalid_body("prepared is required: the name of one."))?;
                Ok(Self::Prepare(Preparing::Forget(title(&body::string("prepared", name)?)?)))
            }
            "confirm" => Ok(Self::Roll(id()?, confirm(arg, limits)?)),
            "shown" => Ok(Self::Roll(id()?, Rolling::Shown)),
            "roll_call" => Ok(Self::Roll(id()?, call(arg)?)),
            _ => Err(wrong()),
        }
    }
}

impl Raise {
    /// Reads an alert.
    ///
    /// # Errors
    /// A [`Refusal`] to answer with.
    pub fn parse(arg: Body<'_>, limits: &Limits) -> Result<Self, Refusal> {
        let keys = &["prepared", "blanks", "drill", "answers", "word"];
        let [name, filled, drill, answers, word] = body::object(arg, false, keys)?;
        let [after, to] = body::object(arg, false, &["escalate_after", "escalate_to"])?;
        let escalation = after.or(to).map(|_| read_escalation(after, to, limits)).transpose()?;
        let mut with = Changes::read(arg)?;
        let words = match (with.text.take(), name, filled) {
            (Some(text), None, None) => Wording::Text(text),
            (None, Some(name), filled) => {
                let filled = filled.map_or_else(|| Ok(Vec::new()), blanks)?;
                Wording::Prepared(title(&body::string("prepared", name)?)?, filled)
            }
            (Some(_), ..) => {
                return Err(Refusal::invalid_body("send text; or prepared and blanks, and not both."));
            }
            (None, None, _) => return Err(Refusal::invalid_body("text is required: what the alert says.")),
        };
        let answers = answers.map(read_answers).transpose()?;
        let word = word.map(|json| optional(Some(json), read_word)).transpose()?;
        let is_asked = answers.as_deref().is_some_and(|answers| !answers.is_empty())
            || matches!(word, Some(Some(_)))
            || matches!(escalation, Some((Some(_), _)));
        asks(with.confirm, is_asked)?;
        Ok(Self { words, answers, word, escalation, drill: body::boolean("drill", drill)?, with })
    }
}

impl Raise {
    /// Of all that is asked for, and in whose name. Versions of Alert may have others; a retry that reaches another version
    /// is refused then.
    #[must_use]
    pub fn digest(&self, name: &UserName) -> [u8; 16] {
        let digest: [u8; 32] = Sha256::digest(format!("{name}\n{self:?}")).into();
        std::array::from_fn(|place| digest[place])
    }
}

impl Changes {
    /// Reads what is to be changed.
    ///
    /// # Errors
    /// A [`Refusal`] to answer with.
    pub fn parse(arg: Body<'_>) -> Result<Self, Refusal> {
        let keys = &["drill", "answers", "word", "escalate_after", "escalate_to"];
        let [drill, answers, word, after, to] = body::object(arg, false, keys)?;
        let what = match (drill, answers.or(word), after.or(to)) {
            (None, None, None) => return Self::read(arg),
            (Some(_), ..) => "drill",
            (None, Some(_), _) => "answers and word",
            (None, None, Some(_)) => "escalate_after and escalate_to",
        };
        let why = format!("{what} cannot be changed: end this alert, and raise another.");
        Err(Refusal::invalid_body(why))
    }

    fn read(arg: Body<'_>) -> Result<Self, Refusal> {
        let keys =
            &["text", "level", "confirm", "countdown_to", "paused", "ends_at", "audience", "all_clear"];
        let [words, level, confirm, countdown_to, paused, ends_at, audience, all_clear] =
            body::object(arg, false, keys)?;
        let [show_missing] = body::object(arg, false, &["show_missing"])?;
        let [remind, from] = body::object(arg, false, &["remind", "countdown_from"])?;
        let audience_of = |json: &RawValue| text("audience", json, MOST_AUDIENCE);
        let confirm = confirm.map(|json| body::boolean("confirm", Some(json))).transpose()?;
        let remind = remind.map(|json| interval("remind", json)).transpose()?;
        asks(confirm, matches!(remind, Some(Some(_))))?;
        Ok(Self {
            text: words.map(|json| text("text", json, MOST_TEXT)).transpose()?,
            level: level.map(read_level).transpose()?,
            confirm,
            show_missing: show_missing.map(|json| body::boolean("show_missing", Some(json))).transpose()?,
            remind,
            countdown: Recounting::parse(countdown_to, paused, from)?,
            ends_at: ends_at.map(|json| when("ends_at", json)).transpose()?,
            audience: audience.map(|json| optional(Some(json), audience_of)).transpose()?,
            all_clear: all_clear.map(|json| optional(Some(json), read_all_clear)).transpose()?,
        })
    }
}

/// What is told when an alert ends.
///
/// # Errors
/// A [`Refusal`] to answer with.
pub fn ending(arg: Body<'_>) -> Result<Ending, Refusal> {
    let [words, mistake] = body::object(arg, false, &["all_clear", "mistake"])?;
    let words = optional(words, read_all_clear)?;
    match (body::boolean("mistake", mistake)?, words) {
        (false, words) => Ok(Ending::AllClear(words)),
        (true, None) => Ok(Ending::Mistake),
        (true, Some(_)) => Err(Refusal::invalid_body("send all_clear or mistake, not both.")),
    }
}

/// The id of an alert.
///
/// # Errors
/// If it is none.
pub fn read_id(id: &str) -> Result<AlertId, Refusal> {
    id.parse().map_err(|problem| Refusal::invalid_body(format!("id: {problem}.")))
}
