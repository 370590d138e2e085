//! A bell as people and programs write it: in a file, over HTTP, and as stores keep it.

use std::collections::BTreeMap;
use std::time::Duration;

use alert_schedule::{NotARule, NotASpan, NotAZone, NotTimes, Rule, Schedule, Span, Times, Zone};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{Bell, BellId, Does, LATE, LATEST, Missed, NotABellId};
use crate::names::{UserName, plain_line};
use crate::room::alerts::{Level, MOST_TEXT, NotALevel};

/// Who rings a bell that does not say.
const BY: &str = "Bell";
/// The most characters of who rings it.
const MOST_NAME: usize = 64;
/// The most entries of `except`, and days with other times.
const MOST_DAYS: usize = 200;
/// The longest that an alert of a bell is in force.
const LONGEST: Duration = Duration::from_secs(7 * 24 * 3600);

/// A bell in words. A key that nobody knows is a mistake.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Form {
    /// What it is called; over HTTP, its address says so.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub id: String,
    /// In which room, where a file says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub room: Option<String>,
    /// On which days: a rule of RFC 5545.
    pub rule: String,
    /// From which day the rule counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// When on each of them.
    pub times: Vec<String>,
    /// Whose clocks show these times.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub zone: String,
    /// On which of these days not.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub except: Vec<String>,
    /// Days with other times, or with none.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub on: BTreeMap<String, Vec<String>>,
    /// Who says it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub say: Option<String>,
    /// What is raised.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "crate::object::maybe")]
    pub alert: Option<Raised>,
    /// `skip`, or by how much it may be late.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub missed: Option<String>,
}

/// An alert that a bell raises.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Raised {
    /// How serious it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub level: Option<String>,
    /// What it says.
    pub text: String,
    /// It is an exercise.
    #[serde(skip_serializing_if = "is_false")]
    pub drill: bool,
    /// Everybody is asked to confirm it.
    #[serde(skip_serializing_if = "is_false")]
    pub confirm: bool,
    /// After which time it ends.
    pub ends_after: String,
}

/// What is wrong with a bell.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FormError {
    /// It has no name that it can have.
    #[error("id: {0}")]
    Id(#[from] NotABellId),
    /// Its rule is none.
    #[error("rule: {0}")]
    Rule(NotARule),
    /// The day from which its rule counts is none.
    #[error("from: {0:?} is no day: give one such as 2026-09-01")]
    From(Box<str>),
    /// Its times are none.
    #[error("times: {0}")]
    Times(NotTimes),
    /// It has no times.
    #[error("times: a bell rings at one time at least, such as [\"08:55\"]")]
    NoTimes,
    /// Its zone is none.
    #[error("zone: {0}")]
    Zone(#[from] NotAZone),
    /// Its exceptions are none.
    #[error("except: {0}")]
    Except(#[from] NotASpan),
    /// A day with other times is none.
    #[error("on: {0:?} is no day: give one such as 2026-12-01")]
    Day(Box<str>),
    /// Its times are none.
    #[error("on: {0}: {1}")]
    DayTimes(Box<str>, NotTimes),
    /// There are too many.
    #[error("{0}: there may be {MOST_DAYS} of them")]
    TooMany(&'static str),
    /// Nobody has such a name.
    #[error("name: it must have 1 to {MOST_NAME} characters that can be seen")]
    Name,
    /// It does nothing, or two things.
    #[error("say: a bell either says a text, by say, or raises an alert, by alert")]
    OneOf,
    /// Its text is none.
    #[error("{0}: it must have 1 to {MOST_TEXT} bytes that can be seen")]
    Text(&'static str),
    /// Its level is none.
    #[error("alert: {0}")]
    Level(#[from] NotALevel),
    /// Its alert does not end.
    #[error("alert: ends_after says when it ends by itself, such as \"10m\", after 7 days at most")]
    EndsAfter,
    /// Nobody knows what becomes of it.
    #[error(
        "missed: it is \"skip\", or the most by which the bell may be late, such as \"5m\", an hour at most"
    )]
    Missed,
}

impl FormError {
    /// The key that is wrong.
    #[must_use]
    pub fn key(&self) -> &'static str {
        match self {
            Self::Id(_) => "id",
            Self::Rule(_) => "rule",
            Self::From(_) => "from",
            Self::Times(_) | Self::NoTimes => "times",
            Self::Zone(_) => "zone",
            Self::Except(_) => "except",
            Self::Day(_) | Self::DayTimes(..) => "on",
            Self::Name => "name",
            Self::OneOf => "say",
            Self::Level(_) | Self::EndsAfter => "alert",
            Self::Missed => "missed",
            Self::TooMany(key) | Self::Text(key) => key,
        }
    }
}

impl Bell {
    /// Whether its rule gives any day: tens of milliseconds, if it does not.
    ///
    /// # Errors
    /// If not.
    pub fn check(&self) -> Result<(), FormError> {
        self.schedule.rule.check().map_err(FormError::Rule)
    }
}

impl TryFrom<&Form> for Bell {
    type Error = FormError;

    fn try_from(form: &Form) -> Result<Self, FormError> {
        let id: BellId = form.id.parse()?;
        let from = form.from.as_deref();
        let from = from.map(|from| read_day(from).ok_or_else(|| FormError::From(from.into()))).transpose()?;
        let rule = Rule::parse(&form.rule, from).map_err(|wrong| match wrong {
            NotARule::Start => FormError::From(form.from.clone().unwrap_or_default().into()),
            wrong => FormError::Rule(wrong),
        })?;
        let times = Times::parse(&form.times).map_err(FormError::Times)?;
        if times.is_empty() {
            return Err(FormError::NoTimes);
        }
        let zone: Zone = form.zone.parse()?;
        for (key, count) in [("except", form.except.len()), ("on", form.on.len())] {
            if count > MOST_DAYS {
                return Err(FormError::TooMany(key));
            }
        }
        let except = form.except.iter().map(|span| span.parse::<Span>()).collect::<Result<_, _>>()?;
        let changes = form.on.iter().map(|(day, times)| {
            let date = read_day(day).ok_or_else(|| FormError::Day(day.as_str().into()))?;
            let wrong = |wrong| FormError::DayTimes(day.as_str().into(), wrong);
            Ok((date, Times::parse(times).map_err(wrong)?))
        });
        let changes = changes.collect::<Result<_, FormError>>()?;
        let by =
            UserName::parse(form.name.as_deref().unwrap_or(BY), MOST_NAME).map_err(|_| FormError::Name)?;
        let does = match (&form.say, &form.alert) {
            (Some(say), None) => Does::Say(text("say", say)?),
            (None, Some(alert)) => alert.read()?,
            _ => return Err(FormError::OneOf),
        };
        let missed = match form.missed.as_deref() {
            None => Missed::Within(LATE),
            Some("skip") => Missed::Skip,
            Some(time) => {
                Missed::Within(duration(time).filter(|time| *time <= LATEST).ok_or(FormError::Missed)?)
            }
        };
        let schedule = Schedule { zone, rule, times, except, holidays: Default::default(), changes };
        Ok(Self { id, schedule, by, does, missed })
    }
}

impl Raised {
    fn read(&self) -> Result<Does, FormError> {
        let ends_after =
            duration(&self.ends_after).filter(|time| (Duration::from_secs(1)..=LONGEST).contains(time));
        Ok(Does::Raise {
            level: self.level.as_deref().map_or(Ok(Level::default()), str::parse)?,
            text: text("alert", &self.text)?,
            drill: self.drill,
            confirm: self.confirm,
            ends_after: ends_after.ok_or(FormError::EndsAfter)?,
        })
    }
}

impl From<&Bell> for Form {
    /// All but the holidays, which are in files of their own.
    fn from(bell: &Bell) -> Self {
        let Schedule { zone, rule, times, except, holidays: _, changes } = &bell.schedule;
        let (say, alert) = match &bell.does {
            Does::Say(text) => (Some(text.to_string()), None),
            Does::Raise { level, text, drill, confirm, ends_after } => {
                let ends_after = humantime::format_duration(*ends_after).to_string();
                let level = Some(level.as_str().to_owned());
                let text = text.to_string();
                (None, Some(Raised { level, text, drill: *drill, confirm: *confirm, ends_after }))
            }
        };
        let missed = match bell.missed {
            Missed::Skip => "skip".to_owned(),
            Missed::Within(time) => humantime::format_duration(time).to_string(),
        };
        Self {
            id: bell.id.to_string(),
            room: None,
            rule: rule.to_string(),
            from: rule.from().map(|day| day.to_string()),
            times: times.texts(),
            zone: zone.to_string(),
            except: except.iter().map(ToString::to_string).collect(),
            on: changes.iter().map(|(day, times)| (day.to_string(), times.texts())).collect(),
            name: Some(bell.by.to_string()),
            say,
            alert,
            missed: Some(missed),
        }
    }
}

/// On one line, as an alert's.
fn text(key: &'static str, text: &str) -> Result<Box<str>, FormError> {
    let line = plain_line(text).filter(|line| line.len() <= MOST_TEXT);
    line.map(String::into_boxed_str).ok_or(FormError::Text(key))
}

/// In whole milliseconds, as stores keep times.
fn duration(text: &str) -> Option<Duration> {
    let time = humantime::parse_duration(text).ok()?;
    Some(Duration::from_millis(u64::try_from(time.as_millis()).ok()?))
}

/// A day such as 2026-12-01.
fn read_day(text: &str) -> Option<Date> {
    (text.len() == 10).then(|| text.parse().ok()).flatten()
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_false(value: &bool) -> bool {
    !value
}
