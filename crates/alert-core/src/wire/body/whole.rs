//! Bodies of which each key is known, with what is wrong in words for whoever wrote them.

use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use crate::object::Object;
use crate::wire::v1::Refusal;

/// Reads a body. A key that nobody knows is a mistake.
pub(in crate::wire) fn whole<T: DeserializeOwned>(body: &RawValue) -> Result<T, Refusal> {
    let mut json = serde_json::Deserializer::from_str(body.get());
    let read: Result<Object<T>, _> = serde_path_to_error::deserialize(&mut json);
    read.map(|Object(read)| read).map_err(|error| {
        let path = error.path().to_string();
        Refusal::invalid_body(words(&path, &error.inner().to_string()))
    })
}

/// What serde says of a value, in words for whoever wrote the JSON.
fn words(path: &str, problem: &str) -> String {
    let problem = problem.rsplit_once(" at line ").map_or(problem, |(problem, _)| problem);
    let what = if path == "." { "the body" } else { path };
    let key = problem.split('`').nth(1).unwrap_or_default();
    let expected = problem.rsplit_once(", expected ").map_or("", |(_, expected)| expected);
    match problem.split(' ').next().unwrap_or_default() {
        "unknown" if problem.starts_with("unknown field") => {
            let keys = expected.trim_start_matches("one of ").replace(" or ", ", ").replace('`', "");
            format!("there is no key {key}. The keys are: {keys}.")
        }
        "missing" => format!("{key} is required."),
        "duplicate" => format!("{key} is there twice."),
        "invalid" => {
            let form = match expected {
                "a sequence" => "a list",
                "a map" => "an object",
                "a boolean" => "true or false",
                other => other,
            };
            format!("{what} must be {form}.")
        }
        _ => format!("{what} cannot be read."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;
    use std::collections::BTreeMap;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "nobody asks what was read")]
    struct Parcel {
        to: String,
        #[serde(default)]
        is_heavy: bool,
        #[serde(default)]
        marks: Vec<String>,
        #[serde(default)]
        by_day: BTreeMap<String, Vec<String>>,
        #[serde(default, deserialize_with = "crate::object::maybe")]
        inside: Option<Box<Parcel>>,
    }

    #[test]
    fn given_something_wrong_then_it_is_said_of_which_key_and_what_to_send() {
        for (json, said) in [
            (r#"["Ada"]"#, "the body must be one JSON object."),
            ("7", "the body must be one JSON object."),
            ("null", "the body must be one JSON object."),
            ("{}", "to is required."),
            (r#"{"to":1}"#, "to must be a string."),
            (r#"{"to":"Ada, expected `x` at line 7","to":"Bea"}"#, "to is there twice."),
            (r#"{"to":"\ud800"}"#, "to cannot be read."),
            (r#"{"to":"Ada","is_heavy":"yes"}"#, "is_heavy must be true or false."),
            (r#"{"to":"Ada","marks":"x"}"#, "marks must be a list."),
            (r#"{"to":"Ada","marks":["x",1]}"#, "marks[1] must be a string."),
            (r#"{"to":"Ada","by_day":[]}"#, "by_day must be an object."),
            (r#"{"to":"Ada","by_day":{"2026-12-01":"8:00"}}"#, "by_day.2026-12-01 must be a list."),
            (r#"{"to":"Ada","inside":["Bea"]}"#, "inside must be one JSON object."),
            (r#"{"to":"Ada","inside":{"to":null}}"#, "inside.to must be a string."),
            (
                r#"{"to":"Ada","weight":1}"#,
                "there is no key weight. The keys are: to, is_heavy, marks, by_day, inside.",
            ),
        ] {
            let body = RawValue::from_string(json.to_owned()).unwrap();
            let refusal = whole::<Parcel>(&body).unwrap_err();
            assert_eq!(refusal.message(), said, "{json}");
        }
        let body = RawValue::from_string(r#"{"to":"Ada","inside":{"to":"Bea"}}"#.to_owned()).unwrap();
        assert!(whole::<Parcel>(&body).is_ok());
    }
}
