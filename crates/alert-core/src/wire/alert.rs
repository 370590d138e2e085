//! Alerts as clients see them: in words for v1 and the history, as JSON for everybody else.

use std::fmt::{self, Display, Formatter};

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

use super::escalation::Unconfirmed;
use super::history::At;
use super::json_size;
use crate::names::UserName;
use crate::room::alerts::{Alert, Change, Countdown, Ended, Fate, Proposed};

/// What an alert says: `WARNING: text`, and of a drill `DRILL: WARNING: text`. It is what its raiser says in the room, so
/// that everybody hears it and the history has it.
#[derive(Clone, Copy, Debug)]
pub struct Words<'a>(pub &'a Alert);

/// What is said in the room as something becomes of an alert: its words; or how many have not confirmed it.
#[derive(Clone, Copy, Debug)]
pub struct Said<'a>(pub &'a Change);

/// What a `status` says of an alert that has ended, or is in force when somebody comes.
#[derive(Clone, Copy, Debug)]
pub struct Notice<'a>(pub &'a Change);

/// `{"id","level","text","by","at",..}`.
#[derive(Clone, Copy, Debug)]
pub struct Shown<'a>(pub &'a Alert);

/// An alert that has ended: the same, with `ended_at`, `ended_by` and `mistake`; its `all_clear` is what was told.
#[derive(Clone, Copy, Debug)]
pub struct ShownEnd<'a>(pub &'a Ended);

/// An alert that waits until a second person releases it: the same, with `lapses_at`.
#[derive(Clone, Copy, Debug)]
pub struct ShownProposal<'a>(pub &'a Proposed);

/// What has become of an alert: `{"state","by","all_clear","mistake","alert"}`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Told<'a>(pub(super) &'a Change);

/// In front of everything that is told of a drill.
pub(super) fn drill(alert: &Alert) -> &'static str {
    if alert.drill { "DRILL: " } else { "" }
}

pub(super) fn level(alert: &Alert) -> String {
    alert.level.as_str().to_ascii_uppercase()
}

impl Display for Words<'_> {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let Self(alert) = self;
        write!(out, "{}{}: {}", drill(alert), level(alert), alert.text)
    }
}

impl Display for Said<'_> {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        match self.0.fate {
            Fate::Escalated(tally) => Unconfirmed(&self.0.alert, tally).fmt(out),
            _ => Words(&self.0.alert).fmt(out),
        }
    }
}

impl Display for Notice<'_> {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let Change { alert, fate } = self.0;
        let (drill, level, text, by) = (drill(alert), level(alert), &alert.text, &alert.by);
        match fate {
            Fate::Raised | Fate::Updated { .. } => Display::fmt(&Words(alert), out),
            Fate::Escalated(_) => Display::fmt(&Said(self.0), out),
            Fate::Reminded(_) => {
                write!(out, "{drill}Reminder, from {by}: {level}: {text}")?;
                alert.word.iter().try_for_each(|word| write!(out, " (say \"{word}\" to confirm)"))
            }
            Fate::Stands => write!(out, "{drill}In force, from {by}: {level}: {text}"),
            Fate::Ended { mistake: true, .. } => write!(out, "{drill}Raised by mistake: {level}: {text}"),
            Fate::Ended { all_clear: Some(all_clear), .. } => write!(out, "{drill}All clear: {all_clear}"),
            Fate::Ended { all_clear: None, .. } => write!(out, "{drill}Ended: {level}: {text}"),
        }
    }
}

impl Serialize for Shown<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("Alert", 23)?;
        shown(self.0, &self.0.all_clear, &mut fields)?;
        fields.end()
    }
}

impl Serialize for ShownEnd<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Ended { alert, by, at, all_clear, mistake, withdrawn } = self.0;
        let mut fields = serializer.serialize_struct("Ended", 27)?;
        shown(alert, all_clear, &mut fields)?;
        fields.serialize_field("ended_at", &At(*at))?;
        fields.serialize_field("ended_by", by)?;
        fields.serialize_field("mistake", mistake)?;
        fields.serialize_field("withdrawn", withdrawn)?;
        fields.end()
    }
}

impl Serialize for ShownProposal<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Proposed { draft, until } = self.0;
        let mut fields = serializer.serialize_struct("Proposed", 24)?;
        shown(&draft.alert, &draft.alert.all_clear, &mut fields)?;
        fields.serialize_field("lapses_at", &At(*until))?;
        fields.end()
    }
}

fn shown<S: SerializeStruct>(
    alert: &Alert,
    all_clear: &Option<Box<str>>,
    fields: &mut S,
) -> Result<(), S::Error> {
    fields.serialize_field("id", &alert.id)?;
    fields.serialize_field("level", alert.level.as_str())?;
    fields.serialize_field("text", &alert.text)?;
    fields.serialize_field("by", &alert.by)?;
    fields.serialize_field("at", &At(alert.at))?;
    fields.serialize_field("drill", &alert.drill)?;
    fields.serialize_field("confirm", &alert.confirm)?;
    fields.serialize_field("answers", &alert.answers)?;
    fields.serialize_field("word", &alert.word)?;
    fields.serialize_field("show_missing", &alert.show_missing)?;
    let escalation = alert.escalation.as_ref();
    fields.serialize_field("remind", &alert.remind.map(|remind| remind.every.as_secs_f64()))?;
    // To which room, not everybody may know: a room's code is the key to it.
    fields.serialize_field("escalate_after", &escalation.map(|escalation| escalation.after.as_secs_f64()))?;
    let escalated = alert.escalated().filter(|tally| !tally.is_complete());
    fields.serialize_field("escalated_at", &escalated.map(|tally| At(tally.at)))?;
    let remaining = alert.countdown.and_then(Countdown::remaining);
    fields.serialize_field("countdown_to", &alert.countdown.and_then(Countdown::to).map(At))?;
    fields.serialize_field("paused", &remaining.is_some())?;
    fields.serialize_field("remaining", &remaining.map(|left| left.as_secs_f64()))?;
    fields.serialize_field("ends_at", &alert.ends_at.map(At))?;
    fields.serialize_field("audience", &alert.audience)?;
    fields.serialize_field("all_clear", all_clear)?;
    fields.serialize_field("released_by", &alert.released_by)?;
    fields.serialize_field("updated_by", &alert.changed.as_ref().map(|(by, _)| by))?;
    fields.serialize_field("updated_at", &alert.changed.as_ref().map(|(_, at)| At(*at)))
}

impl Serialize for Told<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Change { alert, fate } = self.0;
        let (by, all_clear, mistake) = match fate {
            Fate::Ended { by, all_clear, mistake } => (by.as_ref(), all_clear.as_deref(), *mistake),
            Fate::Raised | Fate::Stands | Fate::Reminded(_) => (Some(&alert.by), None, false),
            Fate::Escalated(_) => (None, None, false),
            Fate::Updated { .. } => (alert.changed.as_ref().map(|(by, _)| by), None, false),
        };
        let mut fields = serializer.serialize_struct("Told", 5)?;
        fields.serialize_field("state", state(fate))?;
        fields.serialize_field("by", &by)?;
        fields.serialize_field("all_clear", &all_clear)?;
        fields.serialize_field("mistake", &mistake)?;
        fields.serialize_field("alert", &Shown(alert))?;
        fields.end()
    }
}

fn state(fate: &Fate) -> &'static str {
    match fate {
        Fate::Raised => "raised",
        Fate::Updated { .. } | Fate::Escalated(_) => "updated",
        Fate::Ended { .. } => "ended",
        Fate::Stands | Fate::Reminded(_) => "in_force",
    }
}

/// The most bytes of what is told of an alert in any form: a stream has its text twice.
pub(super) fn size(change: &Change) -> usize {
    /// The keys, three times, and the words around.
    const AROUND: usize = 960;
    let Change { alert, fate } = change;
    let name = |name: Option<&UserName>| name.map_or(0, |name| json_size(name.as_str()));
    let changed = name(alert.changed.as_ref().map(|(by, _)| by));
    let (by, all_clear) = match fate {
        Fate::Ended { by, all_clear, .. } => {
            (name(by.as_ref()), json_size(all_clear.as_deref().unwrap_or_default()))
        }
        Fate::Raised | Fate::Updated { .. } | Fate::Stands | Fate::Escalated(_) | Fate::Reminded(_) => (0, 0),
    };
    let audience = json_size(alert.audience.as_deref().unwrap_or_default());
    let prepared = json_size(alert.all_clear.as_deref().unwrap_or_default());
    let names = 3 * name(Some(&alert.by)) + 2 * changed + name(alert.released_by.as_ref()) + by;
    let asked = alert.answers.iter().chain(&alert.word).map(|text| json_size(text) + 1).sum::<usize>();
    AROUND + names + asked + 2 * json_size(&alert.text) + 2 * all_clear + prepared + audience
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::*;
    use crate::room::alerts::Level;

    fn name(text: &str) -> UserName {
        UserName::parse(text, 64).unwrap()
    }

    fn alert(level: Level, drill: bool) -> Alert {
        Alert {
            text: "leave the building".into(),
            level,
            drill,
            countdown: Some(Countdown::To(SystemTime::UNIX_EPOCH + Duration::from_secs(60))),
            all_clear: Some("come back in".into()),
            word: Some("here".into()),
            ..Alert::example()
        }
    }

    #[test]
    fn whatever_is_told_of_a_drill_says_so_first() {
        for (level, word) in
            [(Level::Info, "INFO"), (Level::Warning, "WARNING"), (Level::Emergency, "EMERGENCY")]
        {
            for (drill, front) in [(true, "DRILL: "), (false, "")] {
                let alert = alert(level, drill);
                assert_eq!(Words(&alert).to_string(), format!("{front}{word}: leave the building"));
                let notice = |fate| Notice(&Change { alert: alert.clone(), fate }).to_string();
                let ended = |all_clear: Option<&str>, mistake| Fate::Ended {
                    by: None,
                    all_clear: all_clear.map(Into::into),
                    mistake,
                };
                assert_eq!(
                    [
                        notice(Fate::Stands),
                        notice(ended(None, false)),
                        notice(ended(Some("come back"), false)),
                        notice(ended(None, true)),
                        notice(Fate::Reminded(2)),
                    ],
                    [
                        format!("{front}In force, from Ada: {word}: leave the building"),
                        format!("{front}Ended: {word}: leave the building"),
                        format!("{front}All clear: come back"),
                        format!("{front}Raised by mistake: {word}: leave the building"),
                        format!(
                            "{front}Reminder, from Ada: {word}: leave the building (say \"here\" to confirm)"
                        ),
                    ]
                );
            }
        }
    }

    #[test]
    fn an_alert_is_shown_without_its_key() {
        let alert = alert(Level::Warning, true);
        let json = r#"{"id":"00000000","level":"warning","text":"leave the building","by":"Ada","at":"1970-01-01T00:00:00.000Z","drill":true,"confirm":false,"answers":[],"word":"here","show_missing":false,"remind":null,"escalate_after":null,"escalated_at":null,"countdown_to":"1970-01-01T00:01:00.000Z","paused":false,"remaining":null,"ends_at":null,"audience":null,"all_clear":"come back in","released_by":null,"updated_by":null,"updated_at":null}"#;
        assert_eq!(serde_json::to_string(&Shown(&alert)).unwrap(), json);
        let change = Change {
            alert,
            fate: Fate::Ended { by: Some(name("Bea")), all_clear: Some("come back".into()), mistake: false },
        };
        let paused = Alert {
            countdown: Some(Countdown::Paused(Duration::from_millis(83_500))),
            ..change.alert.clone()
        };
        let shown = serde_json::to_string(&Shown(&paused)).unwrap();
        assert!(shown.contains(r#""countdown_to":null,"paused":true,"remaining":83.5,"#), "{shown}");
        let told = format!(
            r#"{{"state":"ended","by":"Bea","all_clear":"come back","mistake":false,"alert":{json}}}"#
        );
        assert_eq!(serde_json::to_string(&Told(&change)).unwrap(), told);
    }
}
