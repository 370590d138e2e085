//! Alerts that hosts prepare, as clients send and see them, and as they are kept in a file.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::time::Duration;

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;
use socketio_protocol::text::LossyString;

use super::alert_fields::{
    Body, asks, interval, optional, read_answers, read_escalation, read_level, read_word, text, time,
};
use crate::names::plain_line;
use crate::room::alerts::{
    Blanks, LONGEST, Level, MOST_AUDIENCE, MOST_FILLED, MOST_PREPARED, MOST_TEXT, MOST_TITLE, Prepared,
    Preparing, Template,
};
use crate::wire::body;
use crate::wire::v1::{Limits, Refusal};

/// How long an alert lasts, or counts down.
const LENGTHS: RangeInclusive<Duration> = Duration::from_secs(1)..=LONGEST;

/// One as it is shown: what it was made of, and its `blanks`.
#[derive(Clone, Copy, Debug)]
pub struct ShownPrepared<'a>(pub &'a Prepared);

impl Serialize for ShownPrepared<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Prepared {
            name,
            text,
            level,
            drill,
            confirm,
            answers,
            word,
            show_missing,
            remind,
            escalate_after,
            escalate_to,
            countdown,
            lasts,
            audience,
            all_clear,
        } = self.0;
        let time = |time: &Option<Duration>| time.map(|time| humantime::format_duration(time).to_string());
        let words =
            |template: &Option<Template>| template.as_ref().map(|template| template.as_str().to_owned());
        let mut fields = serializer.serialize_struct("Prepared", 16)?;
        fields.serialize_field("name", name)?;
        fields.serialize_field("text", text.as_str())?;
        fields.serialize_field("level", level.as_str())?;
        fields.serialize_field("drill", drill)?;
        fields.serialize_field("confirm", confirm)?;
        fields.serialize_field("answers", answers)?;
        fields.serialize_field("word", word)?;
        fields.serialize_field("show_missing", show_missing)?;
        fields.serialize_field("remind", &time(remind))?;
        fields.serialize_field("escalate_after", &time(escalate_after))?;
        fields.serialize_field("escalate_to", escalate_to)?;
        fields.serialize_field("countdown", &time(countdown))?;
        fields.serialize_field("ends_after", &time(lasts))?;
        fields.serialize_field("audience", &words(audience))?;
        fields.serialize_field("all_clear", &words(all_clear))?;
        fields.serialize_field("blanks", &self.0.blanks())?;
        fields.end()
    }
}

/// Reads what is to be prepared; with `replace`, that and nothing else.
pub(super) fn preparing(arg: Body<'_>, limits: &Limits) -> Result<Preparing, Refusal> {
    let [replace] = body::object(arg, false, &["replace"])?;
    let all = all_prepared(arg, limits)?;
    Ok(if body::boolean("replace", replace)? { Preparing::Replace(all) } else { Preparing::Keep(all) })
}

/// Reads `prepared`, one or a list of them.
///
/// # Errors
/// A [`Refusal`] to answer with.
pub fn all_prepared(arg: Body<'_>, limits: &Limits) -> Result<Vec<Prepared>, Refusal> {
    let [given] = body::object(arg, false, &["prepared"])?;
    let missing = || Refusal::invalid_body("prepared is required: an alert, or a list of them.");
    let given = given.ok_or_else(missing)?;
    match serde_json::from_str::<Vec<&RawValue>>(given.get()) {
        Ok(all) if all.len() > MOST_PREPARED => {
            Err(Refusal::invalid_body(format!("prepared may have {MOST_PREPARED} alerts.")))
        }
        Ok(all) => all.into_iter().map(|one| prepared(Some(one), None, limits)).collect(),
        Err(_) => Ok(vec![prepared(Some(given), None, limits)?]),
    }
}

/// Reads one, whose name may be given beside it.
///
/// # Errors
/// A [`Refusal`] to answer with.
pub fn prepared(arg: Body<'_>, named: Option<&str>, limits: &Limits) -> Result<Prepared, Refusal> {
    let keys =
        &["name", "text", "level", "drill", "confirm", "countdown", "ends_after", "audience", "all_clear"];
    let [name, words, level, drill, confirm, countdown, ends_after, audience, all_clear] =
        body::object(arg, false, keys)?;
    let keys = &["answers", "word", "show_missing", "remind", "escalate_after", "escalate_to"];
    let [answers, word, show_missing, remind, escalate_after, escalate_to] = body::object(arg, false, keys)?;
    let answers = answers.map(read_answers).transpose()?.unwrap_or_default();
    let word = optional(word, read_word)?;
    let remind = remind.map(|json| interval("remind", json)).transpose()?.flatten();
    let (escalate_after, escalate_to) = read_escalation(escalate_after, escalate_to, limits)?;
    let is_asked = !answers.is_empty() || word.is_some() || remind.is_some() || escalate_after.is_some();
    let confirm = confirm.map(|json| body::boolean("confirm", Some(json))).transpose()?;
    asks(confirm, is_asked)?;
    let name = match (named, name) {
        (Some(name), _) => title(name)?,
        (None, Some(name)) => title(&body::string("name", name)?)?,
        (None, None) => {
            return Err(Refusal::invalid_body("name is required: what the prepared alert is called."));
        }
    };
    let missing = || Refusal::invalid_body("text is required: what the alert says.");
    Ok(Prepared {
        name,
        text: template("text", words.ok_or_else(missing)?, MOST_TEXT)?,
        level: level.map_or(Ok(Level::default()), read_level)?,
        drill: body::boolean("drill", drill)?,
        confirm: confirm.unwrap_or_default() || is_asked,
        answers,
        word,
        show_missing: body::boolean("show_missing", show_missing)?,
        remind,
        escalate_after,
        escalate_to,
        countdown: optional(countdown, |json| time("countdown", json, LENGTHS))?,
        lasts: optional(ends_after, |json| time("ends_after", json, LENGTHS))?,
        audience: optional(audience, |json| template("audience", json, MOST_AUDIENCE))?,
        all_clear: optional(all_clear, |json| template("all_clear", json, MOST_TEXT))?,
    })
}

/// The name of a prepared alert.
///
/// # Errors
/// A [`Refusal`] to answer with.
pub fn title(name: &str) -> Result<Box<str>, Refusal> {
    let name = plain_line(name).filter(|name| name.len() <= MOST_TITLE);
    let wrong = || {
        Refusal::invalid_body(format!(
            "the name of a prepared alert must have 1 to {MOST_TITLE} bytes that can be seen."
        ))
    };
    name.map(String::into_boxed_str).ok_or_else(wrong)
}

/// What is filled in: `{"place": "Gym"}`.
pub(super) fn blanks(json: &RawValue) -> Result<Blanks, Refusal> {
    let wrong = || {
        Refusal::invalid_body(format!(
            "blanks must be an object of words, each of 1 to {MOST_FILLED} bytes that can be seen, such as {{\"place\": \"Gym\"}}."
        ))
    };
    let given: BTreeMap<LossyString, LossyString> = serde_json::from_str(json.get()).map_err(|_| wrong())?;
    let filled = |(LossyString(name), LossyString(words)): (LossyString, LossyString)| {
        let words = plain_line(&words).filter(|words| words.len() <= MOST_FILLED).ok_or_else(wrong)?;
        Ok((name.into_boxed_str(), words.into_boxed_str()))
    };
    given.into_iter().map(filled).collect()
}

fn template(key: &str, json: &RawValue, most: usize) -> Result<Template, Refusal> {
    Template::parse(&text(key, json, most)?)
        .map_err(|problem| Refusal::invalid_body(format!("{key}: {problem}.")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<Preparing, String> {
        preparing(Some(&RawValue::from_string(json.to_owned()).unwrap()), &Limits::default())
            .map_err(|refusal| refusal.message().to_owned())
    }

    #[test]
    fn given_what_was_shown_then_it_is_read_as_it_was() {
        let json = r#"{"name":"Fire","text":"Leave by {door}","level":"emergency","drill":true,"confirm":true,"answers":["safe"],"word":"here","show_missing":true,"remind":"1m","escalate_after":"5m","escalate_to":"OFFICE","countdown":"5m","ends_after":"1h 30m","audience":"{who}","all_clear":"Come back","blanks":["door","who"]}"#;
        let Ok(Preparing::Keep(all)) = read(&format!(r#"{{"prepared":{json}}}"#)) else { panic!() };
        assert_eq!(serde_json::to_string(&ShownPrepared(&all[0])).unwrap(), json);
        let short = r#"{"prepared":[{"name":" Ice ","text":"Ice","countdown":null,"ends_after":60.0}],"replace":true}"#;
        let Ok(Preparing::Replace(all)) = read(short) else { panic!() };
        assert_eq!((&*all[0].name, all[0].level, all[0].countdown), ("Ice", Level::Warning, None));
        assert_eq!(all[0].lasts, Some(Duration::from_secs(60)));
    }

    #[test]
    fn given_a_room_as_people_give_it_then_it_is_the_one_that_they_would_go_to() {
        for to in [
            "k7qfm2xd9",
            "K7Q FM2 XD9",
            "https://h/v1?room=K7Q-FM2-XD9#host=x",
            "h/v1/screen?room=k7q-fm2-xd9",
        ] {
            let json = format!(
                r#"{{"prepared":{{"name":"x","text":"x","escalate_after":"5m","escalate_to":"{to}"}}}}"#
            );
            let Ok(Preparing::Keep(all)) = read(&json) else { panic!("{to}") };
            assert_eq!(all[0].escalate_to.as_ref().unwrap().as_str(), "K7Q-FM2-XD9", "{to}");
        }
    }

    #[test]
    fn given_something_else_then_it_is_said_what_is_wrong() {
        for (json, why) in [
            ("{}", "prepared is required: an alert, or a list of them."),
            (r#"{"prepared":[{"text":"x"}]}"#, "name is required: what the prepared alert is called."),
            (r#"{"prepared":{"name":"x"}}"#, "text is required: what the alert says."),
            (
                r#"{"prepared":{"name":"x","text":"{a b}"}}"#,
                "text: a blank is written as {place}: up to 32 bytes of letters, digits, - and _ between braces.",
            ),
            (
                r#"{"prepared":{"name":"x","text":"x","countdown":"1M"}}"#,
                "countdown must be a time such as 5m, from 1s up to 366d, or null.",
            ),
            (
                r#"{"prepared":{"name":"x","text":"x","confirm":false,"remind":60}}"#,
                "an alert with answers, word, remind or escalate_after asks people to confirm it: send confirm true, or none of these.",
            ),
            (
                r#"{"prepared":{"name":"","text":"x"}}"#,
                "the name of a prepared alert must have 1 to 64 bytes that can be seen.",
            ),
        ] {
            assert_eq!(read(json).unwrap_err(), why, "{json}");
        }
        let many = format!(r#"{{"prepared":[{}]}}"#, [r#"{"name":"x","text":"x"}"#; 33].join(","));
        assert_eq!(read(&many).unwrap_err(), "prepared may have 32 alerts.");
    }
}
