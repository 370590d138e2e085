//! What is done with bells, over v2.

use jiff::civil::Date;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::alert_fields::{Body, optional};
use crate::room::bell::{Bell, BellId};
use crate::wire::bell::{Days, read_bell, read_bell_id, read_day, times};
use crate::wire::body;
use crate::wire::v1::Refusal;
use alert_schedule::Times;

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Belling {
    /// To see all of them, and when they ring in the next days.
    List(Days),
    /// To set one that the room keeps.
    Set(Box<Bell>),
    /// To remove one.
    Remove(BellId),
    /// To have one ring at other times on a day, or not at all; without times, as always.
    Day(BellId, Date, Option<Times>),
}

impl Belling {
    /// Reads the event `bell`, whose `action` says what is to be done.
    ///
    /// # Errors
    /// A [`Refusal`] to answer with.
    pub fn parse(arg: Body<'_>, has_attachments: bool) -> Result<Self, Refusal> {
        let keys = &["action", "id", "bell", "days", "date", "times"];
        let [action, id, bell, days, date, at] = body::object(arg, has_attachments, keys)?;
        let wrong = || Refusal::invalid_body("action must be list, set, remove or day.");
        let action = body::string("action", action.ok_or_else(wrong)?)?;
        let required = |key: &str, json: Body<'_>| {
            let missing = || Refusal::invalid_body(format!("{key} is required."));
            body::string(key, json.ok_or_else(missing)?).map(|text| text.into_owned())
        };
        let id = || required("id", id);
        match &*action {
            "list" => {
                Ok(Self::List(days.map(|days| Days::parse(days.get())).transpose()?.unwrap_or_default()))
            }
            "set" => {
                let missing =
                    || Refusal::invalid_body("bell is required: when it rings, and what happens then.");
                read_bell(&id()?, bell.ok_or_else(missing)?).map(Box::new).map(Self::Set)
            }
            "remove" => Ok(Self::Remove(read_bell_id(&id()?)?)),
            "day" => {
                let date = read_day(&required("date", date)?)?;
                Ok(Self::Day(read_bell_id(&id()?)?, date, optional(at, read_times)?))
            }
            _ => Err(wrong()),
        }
    }
}

fn read_times(json: &RawValue) -> Result<Times, Refusal> {
    let wrong = |_| Refusal::invalid_body("times must be a list of times such as 08:30, or null.");
    times(&Vec::<String>::deserialize(json).map_err(wrong)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<Belling, String> {
        let body = RawValue::from_string(json.to_owned()).unwrap();
        Belling::parse(Some(&body), false).map_err(|refusal| refusal.message().to_owned())
    }

    #[test]
    fn given_each_action_then_it_is_read() {
        assert_eq!(read(r#"{"action":"list"}"#), Ok(Belling::List(Days(7))));
        assert_eq!(read(r#"{"action":"list","days":28}"#), Ok(Belling::List(Days(28))));
        let id: BellId = "lesson-1".parse().unwrap();
        assert_eq!(read(r#"{"action":"remove","id":"lesson-1"}"#), Ok(Belling::Remove(id.clone())));
        let set = r#"{"action":"set","id":"lesson-1","bell":{"rule":"FREQ=DAILY","times":["08:40"],"zone":"UTC","say":"x"}}"#;
        assert!(matches!(read(set), Ok(Belling::Set(bell)) if bell.id == id));
        let day =
            |times: &str| read(&format!(r#"{{"action":"day","id":"lesson-1","date":"2026-12-01"{times}}}"#));
        let date = "2026-12-01".parse().unwrap();
        let at = Times::parse(&["08:30".to_owned()]).unwrap();
        assert_eq!(day(r#","times":["08:30"]"#), Ok(Belling::Day(id.clone(), date, Some(at))));
        assert_eq!(day(r#","times":[]"#), Ok(Belling::Day(id.clone(), date, Some(Times::default()))));
        for always in [r#","times":null"#, ""] {
            assert_eq!(day(always), Ok(Belling::Day(id.clone(), date, None)), "{always}");
        }
    }

    #[test]
    fn given_something_else_then_it_is_said_what_is_wrong() {
        for (json, why) in [
            ("{}", "action must be list, set, remove or day."),
            (r#"{"action":"ring"}"#, "action must be list, set, remove or day."),
            (r#"{"action":"list","days":0}"#, "days must be a number from 1 to 366."),
            (r#"{"action":"remove"}"#, "id is required."),
            (r#"{"action":"set","id":"x"}"#, "bell is required: when it rings, and what happens then."),
            (r#"{"action":"day","id":"x"}"#, "date is required."),
            (r#"{"action":"day","id":"x","date":"today"}"#, "a day is one such as 2026-12-01."),
            (
                r#"{"action":"day","id":"x","date":"2026-12-01","times":"8"}"#,
                "times must be a list of times such as 08:30, or null.",
            ),
        ] {
            assert_eq!(read(json).unwrap_err(), why, "{json}");
        }
    }
}
