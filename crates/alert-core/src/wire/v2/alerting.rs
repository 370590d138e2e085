//! What is done with alerts, over v2 and HTTP alike.

use std::collections::HashSet;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jiff::Timestamp;
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

use super::MOST_NAMED;
use super::preparing::{blanks, preparing, title};
use crate::duration;
use crate::names::{UserName, plain_line};
use crate::room::alerts::{
    AlertId, Blanks, Countdown, Ending, Level, MOST_ANSWER, MOST_ANSWERS, MOST_AUDIENCE, MOST_TEXT,
    Preparing, Recount,
};
use crate::room::roll_call::Roster;
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
    /// To note something in the roll call of one, or to read that.
    Roll(AlertId, Rolling),
}

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

/// An alert to raise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Raise {
    /// What it says.
    pub words: Wording,
    /// What people choose from to confirm it.
    pub answers: Option<Box<[Box<str>]>>,
    /// What a client of v1 says to do so.
    pub word: Option<Option<Box<str>>>,
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
    /// What becomes of the countdown.
    pub countdown: Option<Recounting>,
    /// When it ends by itself, if it does.
    pub ends_at: Option<Option<When>>,
    /// Who is meant.
    pub audience: Option<Option<Box<str>>>,
    /// What is told when it ends.
    pub all_clear: Option<Option<Box<str>>>,
}

/// What is to become of a countdown, as it is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recounting {
    /// To take it away.
    Cancel,
    /// To count to a moment.
    To(When),
    /// To have so much left as if it were counted to this moment, and not to count on.
    PausedBefore(When),
    /// To pause it.
    Pause,
    /// To go on with it.
    Resume,
}

/// A moment: by the clock, or so long after the server hears of it, whose clock counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// By the clock.
    At(SystemTime),
    /// So much later.
    In(Duration),
}

/// How many people come if there is no `limit`.
const DEFAULT_NAMED: usize = 200;

pub(super) type Body<'a> = Option<&'a RawValue>;

impl When {
    /// How long it takes until then, if it is said so.
    #[must_use]
    pub fn time(self) -> Option<Duration> {
        match self {
            Self::At(_) => None,
            Self::In(time) => Some(time),
        }
    }

    /// By the clock, if it is `now`.
    #[must_use]
    pub fn at(self, now: SystemTime) -> SystemTime {
        match self {
            Self::At(at) => at,
            // To the millisecond, as stores keep it.
            Self::In(time) => u64::try_from(time.as_millis())
                .ok()
                .and_then(|millis| now.checked_add(Duration::from_millis(millis)))
                .unwrap_or(now),
        }
    }
}

impl Recounting {
    /// What becomes of a countdown, if it is `now`.
    #[must_use]
    pub fn at(self, now: SystemTime) -> Recount {
        match self {
            Self::Cancel => Recount::Cancel,
            Self::To(when) => Recount::Set(Countdown::To(when.at(now))),
            Self::PausedBefore(when) => {
                Recount::Set(Countdown::Paused(when.at(now).duration_since(now).unwrap_or_default()))
            }
            Self::Pause => Recount::Pause,
            Self::Resume => Recount::Resume,
        }
    }

    fn parse(to: Option<&RawValue>, paused: Option<&RawValue>) -> Result<Option<Self>, Refusal> {
        let to = to.map(|json| when("countdown_to", json)).transpose()?;
        let paused = paused.map(|json| body::boolean("paused", Some(json))).transpose()?;
        Ok(Some(match (to, paused) {
            (None, None) => return Ok(None),
            (None, Some(true)) => Self::Pause,
            (None, Some(false)) => Self::Resume,
            (Some(None), Some(true)) => {
                return Err(Refusal::invalid_body("a countdown that is taken away cannot be paused."));
            }
            (Some(None), _) => Self::Cancel,
            (Some(Some(when)), Some(true)) => Self::PausedBefore(when),
            (Some(Some(when)), _) => Self::To(when),
        }))
    }
}

impl Rolling {
    /// Whether it says something of whoever does it: only who may be in the room does.
    #[must_use]
    pub fn is_for_oneself(&self) -> bool {
        matches!(self, Self::Shown | Self::Confirm { person: None, .. })
    }
}

impl Alerting {
    /// Whether it is done in somebody's name.
    #[must_use]
    pub fn is_in_a_name(&self) -> bool {
        !matches!(self, Self::List | Self::Prepared | Self::Prepare(_))
    }

    /// Reads the event `alert`, whose `action` says what is to be done.
    ///
    /// # Errors
    /// A [`Refusal`] to answer with.
    pub fn parse(arg: Body<'_>, has_attachments: bool, limits: &Limits) -> Result<Self, Refusal> {
        let [action, id] = body::object(arg, has_attachments, &["action", "id"])?;
        let wrong = || {
            Refusal::invalid_body(
                "action must be raise, update, release, end, list, confirm, shown, roll_call, prepared, prepare or unprepare.",
            )
        };
        let action = body::string("action", action.ok_or_else(wrong)?)?;
        let id =
            || read_id(&body::string("id", id.ok_or_else(|| Refusal::invalid_body("id is required."))?)?);
        match &*action {
            "raise" => Raise::parse(arg).map(Self::Raise),
            "update" => Ok(Self::Change(id()?, Changes::parse(arg)?)),
            "release" => Ok(Self::Release(id()?)),
            "end" => Ok(Self::End(id()?, ending(arg)?)),
            "list" => Ok(Self::List),
            "prepared" => Ok(Self::Prepared),
            "prepare" => preparing(arg).map(Self::Prepare),
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

impl Rolling {
    /// All people of a roll call.
    pub const ALL: (usize, usize) = (0, usize::MAX);
}

impl Raise {
    /// Reads an alert.
    ///
    /// # Errors
    /// A [`Refusal`] to answer with.
    pub fn parse(arg: Body<'_>) -> Result<Self, Refusal> {
        let keys = &["prepared", "blanks", "drill", "answers", "word"];
        let [name, filled, drill, answers, word] = body::object(arg, false, keys)?;
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
        Ok(Self {
            words,
            answers: answers.map(read_answers).transpose()?,
            word: word.map(|json| optional(Some(json), read_word)).transpose()?,
            drill: body::boolean("drill", drill)?,
            with,
        })
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
        let [drill, answers, word] = body::object(arg, false, &["drill", "answers", "word"])?;
        let why = match (drill, answers.or(word)) {
            (None, None) => return Self::read(arg),
            (Some(_), _) => "drill cannot be changed: end this alert, and raise another.",
            (None, Some(_)) => "answers and word cannot be changed: end this alert, and raise another.",
        };
        Err(Refusal::invalid_body(why))
    }

    fn read(arg: Body<'_>) -> Result<Self, Refusal> {
        let keys =
            &["text", "level", "confirm", "countdown_to", "paused", "ends_at", "audience", "all_clear"];
        let [words, level, confirm, countdown_to, paused, ends_at, audience, all_clear] =
            body::object(arg, false, keys)?;
        let audience_of = |json: &RawValue| text("audience", json, MOST_AUDIENCE);
        Ok(Self {
            text: words.map(|json| text("text", json, MOST_TEXT)).transpose()?,
            level: level.map(read_level).transpose()?,
            confirm: confirm.map(|json| body::boolean("confirm", Some(json))).transpose()?,
            countdown: Recounting::parse(countdown_to, paused)?,
            ends_at: ends_at.map(|json| when("ends_at", json)).transpose()?,
            audience: audience.map(|json| optional(Some(json), audience_of)).transpose()?,
            all_clear: all_clear.map(|json| optional(Some(json), read_all_clear)).transpose()?,
        })
    }
}

/// What an alert is confirmed with.
///
/// # Errors
/// A [`Refusal`] to answer with.
pub fn confirm(arg: Body<'_>, limits: &Limits) -> Result<Rolling, Refusal> {
    let [answer, person] = body::object(arg, false, &["answer", "person"])?;
    let answer = answer.filter(|json| json.get() != "null").map(|json| text("answer", json, MOST_ANSWER));
    let person = person.filter(|json| json.get() != "null").map(|json| body::name(json, limits));
    Ok(Rolling::Confirm { answer: answer.transpose()?, person: person.transpose()? })
}

/// A room's roster: `{"names": [..]}`.
///
/// # Errors
/// A [`Refusal`] to answer with.
pub fn read_roster(body: &RawValue, limits: &Limits) -> Result<Roster, Refusal> {
    let [names] = body::object(Some(body), false, &["names"])?;
    let wrong = || Refusal::invalid_body("names is required: a list of names.");
    let names: Vec<&RawValue> = serde_json::from_str(names.ok_or_else(wrong)?.get()).map_err(|_| wrong())?;
    let names: Result<Vec<_>, _> = names.into_iter().map(|name| body::name(name, limits)).collect();
    Roster::of(names?).map_err(|problem| Refusal::invalid_body(format!("{problem}.")))
}

fn call(arg: Body<'_>) -> Result<Rolling, Refusal> {
    let [skip, limit] = body::object(arg, false, &["skip", "limit"])?;
    let number = |key: &str, json: Option<&RawValue>, default: usize| {
        let wrong = || Refusal::invalid_body(format!("{key} must be a whole number from 0."));
        json.map_or(Ok(default), |json| serde_json::from_str(json.get()).map_err(|_| wrong()))
    };
    let limit = number("limit", limit, DEFAULT_NAMED)?.min(MOST_NAMED);
    Ok(Rolling::Call { skip: number("skip", skip, 0)?, limit })
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

fn read_all_clear(json: &RawValue) -> Result<Box<str>, Refusal> {
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

/// A time in RFC 3339; or how long from now, as seconds or as in `5m`; or null.
fn when(key: &str, json: &RawValue) -> Result<Option<When>, Refusal> {
    if json.get() == "null" {
        return Ok(None);
    }
    let when = match serde_json::from_str::<f64>(json.get()) {
        Ok(seconds) => Duration::try_from_secs_f64(seconds).ok().map(When::In),
        Err(_) => body::string(key, json).ok().and_then(|text| read_when(&text)),
    };
    let wrong = || {
        Refusal::invalid_body(format!(
            "{key} must be a time such as 2026-11-30T09:00:00Z, or how long from now, such as 5m, or null."
        ))
    };
    when.map(Some).ok_or_else(wrong)
}

fn read_when(text: &str) -> Option<When> {
    if let Ok(time) = text.parse::<Timestamp>() {
        let millis = u64::try_from(time.as_millisecond()).ok()?;
        return Some(When::At(UNIX_EPOCH + Duration::from_millis(millis)));
    }
    duration::read(text).map(When::In)
}
