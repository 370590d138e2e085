//! Given the event `alert`, then everything in it is right, or it is refused with this code and these words.

use std::time::Duration;

use super::client_events::read;
use super::*;

#[test]
fn given_a_change_of_an_alert_then_it_says_what_becomes_of_the_countdown() {
    for (keys, expected) in [
        (r#""text":"x""#, "None"),
        (r#""countdown_to":null"#, "Some(Cancel)"),
        (r#""countdown_to":null,"paused":false"#, "Some(Cancel)"),
        (r#""countdown_to":"5m""#, "Some(To(In(300s)))"),
        (r#""countdown_to":"5m","paused":false"#, "Some(To(In(300s)))"),
        (r#""countdown_to":1.5,"paused":true"#, "Some(PausedBefore(In(1.5s)))"),
        (
            r#""countdown_to":90,"paused":true,"countdown_from":30"#,
            "Some(Instead(In(30s), PausedBefore(In(90s))))",
        ),
        (r#""paused":true"#, "Some(Pause)"),
        (r#""paused":false"#, "Some(Resume)"),
    ] {
        let found =
            read("alert", &format!(r#"{{"room":"r","action":"update","id":"0z0z48z7",{keys}}}"#)).unwrap();
        assert!(found.contains(&format!(" countdown: {expected}, ends_at")), "{keys}: {found}");
    }
}

#[test]
fn given_alert_then_it_says_what_becomes_of_which() {
    let words = |text: &str| Err((ErrorCode::InvalidBody, text.to_owned()));
    let raised = "r Raise(Raise { words: Text(\"x y\"), answers: None, word: None, escalation: None, drill: false, with: Changes { text: None, \
                  level: None, confirm: None, show_missing: None, remind: None, countdown: None, ends_at: Some(None), audience: None, all_clear: None } }) None";
    let long = format!(r#"{{"room":"r","action":"raise","text":"{}"}}"#, "x".repeat(2001));
    let no_action = "action must be raise, update, release, end, list, confirm, shown, roll_call, missing, roster, prepared, \
                     prepare or unprepare.";
    let no_answers = "answers must be up to 8 texts of 1 to 64 bytes that can be seen, each another one.";
    let no_time =
        "ends_at must be a time such as 2026-11-30T09:00:00Z, or how long from now, such as 5m, or null.";
    let asks = "an alert with answers, word, remind or escalate_after asks people to confirm it: send confirm true, \
                or none of these.";
    let no_room = "escalate_to must be the code of a room, of up to 9 characters, or a link to one.";
    for (body, expected) in [
        (r#"{"room":"r","action":"raise","text":" x y\n","ends_at":null}"#, Ok(raised.to_owned())),
        (
            r#"{"room":"r","action":"raise","text":"x","level":"info","confirm":true,"drill":true,"countdown_to":"5m",
                "ends_at":60,"audience":"Year 7","all_clear":"come back","key":"k"}"#,
            Ok("r Raise(Raise { words: Text(\"x\"), answers: None, word: None, escalation: None, drill: true, with: Changes { text: None, \
                level: Some(Info), confirm: Some(true), show_missing: None, remind: None, countdown: Some(To(In(300s))), ends_at: Some(Some(In(60s))), \
                audience: Some(Some(\"Year 7\")), all_clear: Some(Some(\"come back\")) } }) Some(\"k\")"
                .to_owned()),
        ),
        (
            r#"{"room":"r","action":"raise","text":"x","answers":["safe"," need  help"],"word":"Here"}"#,
            Ok("r Raise(Raise { words: Text(\"x\"), answers: Some([\"safe\", \"need  help\"]), word: Some(Some(\"Here\")), \
                escalation: None, drill: false, with: Changes { text: None, level: None, confirm: None, show_missing: None, remind: None, countdown: None, ends_at: None, \
                audience: None, all_clear: None } }) None"
                .to_owned()),
        ),
        (
            r#"{"room":"r","action":"raise","text":"x","remind":30,"escalate_after":"5m","escalate_to":" office "}"#,
            Ok("r Raise(Raise { words: Text(\"x\"), answers: None, word: None, escalation: Some((Some(300s), \
                Some(\"office\"))), drill: false, with: Changes { text: None, level: None, confirm: None, show_missing: None, remind: \
                Some(Some(30s)), countdown: None, ends_at: None, audience: None, all_clear: None } }) None"
                .to_owned()),
        ),
        (r#"{"room":"r","action":"raise","text":"x","confirm":false,"word":"here"}"#, words(asks)),
        (r#"{"room":"r","action":"raise","text":"x","confirm":false,"answers":["yes"]}"#, words(asks)),
        (r#"{"room":"r","action":"raise","text":"x","confirm":false,"escalate_after":60}"#, words(asks)),
        (r#"{"room":"r","action":"update","id":"0z0z48z7","confirm":false,"remind":60}"#, words(asks)),
        (
            r#"{"room":"r","action":"update","id":"0z0z48z7","remind":null}"#,
            Ok("r Change(0z0z48z7, Changes { text: None, level: None, confirm: None, show_missing: None, remind: Some(None), countdown: \
                None, ends_at: None, audience: None, all_clear: None }) None"
                .to_owned()),
        ),
        (
            r#"{"room":"r","action":"raise","text":"x","remind":4.9}"#,
            words("remind must be a time such as 5m, from 5s up to 7d, or null."),
        ),
        (
            r#"{"room":"r","action":"raise","text":"x","escalate_after":"8d"}"#,
            words("escalate_after must be a time such as 5m, from 5s up to 7d, or null."),
        ),
        (
            r#"{"room":"r","action":"raise","text":"x","escalate_to":"office"}"#,
            words("escalate_to needs escalate_after: after which time the other room is told."),
        ),
        (
            r#"{"room":"r","action":"raise","text":"x","escalate_after":60,"escalate_to":" "}"#,
            words(no_room),
        ),
        (
            r#"{"room":"r","action":"raise","text":"x","escalate_after":60,"escalate_to":"https://h/v1"}"#,
            words(no_room),
        ),
        (
            r#"{"room":"r","action":"raise","text":"x","escalate_after":60,"escalate_to":"h://x"}"#,
            words(no_room),
        ),
        (
            r#"{"room":"r","action":"raise","text":"x","escalate_after":60,"escalate_to":"0123456789"}"#,
            words(no_room),
        ),
        (
            r#"{"room":"r","action":"update","id":"0z0z48z7","escalate_after":null}"#,
            words("escalate_after and escalate_to cannot be changed: end this alert, and raise another."),
        ),
        (r#"{"room":"r","action":"raise","text":"x","answers":["a","A"]}"#, words(no_answers)),
        (r#"{"room":"r","action":"raise","text":"x","answers":[" "]}"#, words(no_answers)),
        (r#"{"room":"r","action":"raise","text":"x","answers":["1","2","3","4","5","6","7","8","9"]}"#, words(no_answers)),
        (r#"{"room":"r","action":"raise","text":"x","word":""}"#, words("word must have 1 to 64 bytes that can be seen.")),
        (
            r#"{"room":"r","action":"update","id":"0z0z48z7","word":"x"}"#,
            words("answers and word cannot be changed: end this alert, and raise another."),
        ),
        (
            r#"{"room":"r","action":"update","id":"0Z0Z48Z7","ends_at":null}"#,
            Ok("r Change(0z0z48z7, Changes { text: None, level: None, confirm: None, show_missing: None, remind: None, countdown: None, ends_at: \
                Some(None), audience: None, all_clear: None }) None"
                .to_owned()),
        ),
        (
            r#"{"room":"r","action":"update","id":"0Z0Z48Z7","countdown_to":null,"paused":true}"#,
            words("a countdown that is taken away cannot be paused."),
        ),
        (
            r#"{"room":"r","action":"update","id":"0Z0Z48Z7","countdown_from":30}"#,
            words("countdown_from needs countdown_to: what is to follow."),
        ),
        (r#"{"room":"r","action":"update","id":"0Z0Z48Z7","paused":1}"#, words("paused must be true or false.")),
        (
            r#"{"room":"r","action":"end","id":"0z0z48z7","all_clear":"come back"}"#,
            Ok("r End(0z0z48z7, AllClear(Some(\"come back\"))) None".to_owned()),
        ),
        (
            r#"{"room":"r","action":"end","id":"0z0z48z7","all_clear":null}"#,
            Ok("r End(0z0z48z7, AllClear(None)) None".to_owned()),
        ),
        (
            r#"{"room":"r","action":"end","id":"0z0z48z7","mistake":true}"#,
            Ok("r End(0z0z48z7, Mistake) None".to_owned()),
        ),
        (
            r#"{"room":"r","action":"end","id":"0z0z48z7","mistake":true,"all_clear":"x"}"#,
            words("send all_clear or mistake, not both."),
        ),
        (r#"{"room":"r","action":"release","id":"0z0z48z7"}"#, Ok("r Release(0z0z48z7) None".to_owned())),
        (r#"{"room":"r","action":"list"}"#, Ok("r List None".to_owned())),
        (r#"{"room":"r","action":"prepared"}"#, Ok("r Prepared None".to_owned())),
        (
            r#"{"room":"r","action":"unprepare","prepared":"Fire"}"#,
            Ok("r Prepare(Forget(\"Fire\")) None".to_owned()),
        ),
        (
            r#"{"room":"r","action":"raise","prepared":"Fire","blanks":{"place":"Gym "},"drill":true}"#,
            Ok("r Raise(Raise { words: Prepared(\"Fire\", [(\"place\", \"Gym\")]), answers: None, word: None, escalation: None, drill: true, with: Changes { text: None, \
                level: None, confirm: None, show_missing: None, remind: None, countdown: None, ends_at: None, audience: None, all_clear: None } }) None"
                .to_owned()),
        ),
        (
            r#"{"room":"r","action":"raise","prepared":"Fire","text":"x"}"#,
            words("send text; or prepared and blanks, and not both."),
        ),
        (
            r#"{"room":"r","action":"raise","prepared":"Fire","blanks":{"place":" "}}"#,
            words(
                "blanks must be an object of words, each of 1 to 200 bytes that can be seen, such as {\"place\": \"Gym\"}.",
            ),
        ),
        (
            r#"{"room":"r","action":"confirm","id":"0z0z48z7"}"#,
            Ok("r Roll(0z0z48z7, Confirm { answer: None, person: None }) None".to_owned()),
        ),
        (
            r#"{"room":"r","action":"confirm","id":"0z0z48z7","answer":" safe","person":" Bea "}"#,
            Ok("r Roll(0z0z48z7, Confirm { answer: Some(\"safe\"), person: Some(\"Bea\") }) None".to_owned()),
        ),
        (r#"{"room":"r","action":"shown","id":"0z0z48z7"}"#, Ok("r Roll(0z0z48z7, Shown) None".to_owned())),
        (
            r#"{"room":"r","action":"roll_call","id":"0z0z48z7"}"#,
            Ok("r Roll(0z0z48z7, Call { skip: 0, limit: 200 }) None".to_owned()),
        ),
        (
            r#"{"room":"r","action":"roll_call","id":"0z0z48z7","skip":200,"limit":9999}"#,
            Ok("r Roll(0z0z48z7, Call { skip: 200, limit: 1000 }) None".to_owned()),
        ),
        (
            r#"{"room":"r","action":"roll_call","id":"0z0z48z7","limit":-1}"#,
            words("limit must be a whole number from 0."),
        ),
        (r#"{"room":"r","action":"roster","skip":9}"#, Ok("r Roster(Show(9)) None".to_owned())),
        (
            r#"{"room":"r","action":"roster","names":["Bea "," Ada","Bea"],"skip":9}"#,
            Ok("r Roster(Put(Roster([\"Bea\", \"Ada\"]))) None".to_owned()),
        ),
        (r#"{"room":"r","action":"roster","names":null}"#, words("names is required: a list of names.")),
        (r#"{"room":"r","action":"roster","skip":"x"}"#, words("skip must be a whole number from 0.")),
        (r#"{"room":"r","action":"shown"}"#, words("id is required.")),
        (r#"{"room":"r"}"#, words(no_action)),
        (r#"{"room":"r","action":"shout"}"#, words(no_action)),
        (r#"{"room":"r","action":"end"}"#, words("id is required.")),
        (
            r#"{"room":"r","action":"end","id":"x"}"#,
            words("id: it must be the id of an alert, eight letters and digits."),
        ),
        (r#"{"room":"r","action":"raise"}"#, words("text is required: what the alert says.")),
        (r#"{"room":"r","action":"raise","text":" "}"#, words("text must have 1 to 2000 bytes that can be seen.")),
        (
            r#"{"room":"r","action":"raise","text":"\u200b\u0000"}"#,
            words("text must have 1 to 2000 bytes that can be seen."),
        ),
        (&long, words("text must have 1 to 2000 bytes that can be seen.")),
        (
            r#"{"room":"r","action":"raise","text":"x","level":"high"}"#,
            words("level must be info, warning or emergency."),
        ),
        (r#"{"room":"r","action":"raise","text":"x","ends_at":"soon"}"#, words(no_time)),
        (r#"{"room":"r","action":"raise","text":"x","ends_at":-1}"#, words(no_time)),
        (
            r#"{"room":"r","action":"update","id":"0z0z48z7","drill":false}"#,
            words("drill cannot be changed: end this alert, and raise another."),
        ),
    ] {
        assert_eq!(read("alert", body), expected, "{body}");
    }
    let noon = std::time::UNIX_EPOCH + Duration::from_millis(1_764_417_600_500);
    let body = r#"{"text":"x","ends_at":"2025-11-29T13:00:00.5004+01:00"}"#;
    assert_eq!(Raise::parse(Some(raw(body)), &LIMITS).unwrap().with.ends_at, Some(Some(When::At(noon))));
}
