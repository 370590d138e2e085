//! Given any event from a client, then everything in it is right, or it is refused with this code and these words.

use std::time::Duration;

use super::*;
use crate::since::Since;

const EVENTS: [&str; 8] = ["join", "send", "history", "members", "leave", "alert", "bell", "push"];

/// What is read of an event, as text; or the code and the words of its refusal.
fn read(event: &str, body: &str) -> Result<String, (ErrorCode, String)> {
    match parse(event, body) {
        Ok(ClientEvent::Join(Join { room, name: speaker, since, listen, .. })) => {
            let name = speaker.or_joined(&name("-"), &LIMITS).map_err(|refusal| refusal.code());
            Ok(format!("{room} {name:?} {since:?} {listen}"))
        }
        Ok(ClientEvent::Send(Send { room, text, key, .. })) => {
            let name = text.speaker.or_joined(&name("-"), &LIMITS).map_err(|refusal| refusal.code());
            Ok(format!("{room} {name:?} {:?} {key:?}", text.msg))
        }
        Ok(ClientEvent::History(History { room, start, limit })) => Ok(format!("{room} {start:?} {limit}")),
        Ok(ClientEvent::Members(room) | ClientEvent::Leave(room)) => Ok(room.to_string()),
        Ok(ClientEvent::Make(Make { room })) => Ok(format!("{room:?}")),
        Ok(ClientEvent::Moderate(Moderate { room, what, .. })) => Ok(format!("{room} {what:?}")),
        Ok(ClientEvent::Hand(Hand { room, up })) => Ok(format!("{room} {up}")),
        Ok(ClientEvent::Alert(action)) => {
            let AlertAction { room, what, key, .. } = *action;
            Ok(format!("{room} {what:?} {key:?}"))
        }
        Ok(ClientEvent::Bell(BellAction { room, what, .. })) => Ok(format!("{room} {what:?}")),
        Ok(ClientEvent::Push(Push { room, what })) => Ok(format!("{room} {what:?}")),
        Ok(ClientEvent::Time) => Ok("time".to_owned()),
        Err(refusal) => Err((refusal.code(), refusal.message().to_owned())),
    }
}

#[test]
fn given_time_then_no_body_is_wrong() {
    for body in ["{}", "null", r#"{"room":5}"#] {
        assert_eq!(read("time", body), Ok("time".to_owned()), "{body}");
    }
    assert!(matches!(ClientEvent::parse("time", [], false, &LIMITS), Ok(ClientEvent::Time)));
}

fn code(event: &str, body: &str) -> Result<String, ErrorCode> {
    read(event, body).map_err(|(code, _)| code)
}

#[test]
fn given_a_body_that_is_not_one_object_or_has_no_room_then_it_is_refused_whatever_the_event() {
    for event in EVENTS {
        for body in ["null", "[]", "[{}]", "\"Ada\"", "5", "true"] {
            let refused = (ErrorCode::InvalidBody, "the body must be one JSON object.".to_owned());
            assert_eq!(read(event, body), Err(refused), "{event} {body}");
        }
        let missing = ClientEvent::parse(event, [], false, &LIMITS).unwrap_err();
        assert_eq!(missing.message(), "the body is missing; send one JSON object.");
        let binary = ClientEvent::parse(event, [raw(r#"{"room":"r"}"#)], true, &LIMITS).unwrap_err();
        assert_eq!(binary.code(), ErrorCode::InvalidBody);
        for (body, expected) in [
            ("{}", ErrorCode::RoomRequired),
            (r#"{"Room":"r"}"#, ErrorCode::RoomRequired),
            (r#"{"room":" "}"#, ErrorCode::RoomRequired),
            (r#"{"room":null}"#, ErrorCode::InvalidBody),
            (r#"{"room":["r"]}"#, ErrorCode::InvalidBody),
            (r#"{"room":"a\u0000"}"#, ErrorCode::RoomInvalid),
            (r#"{"room":"1234567890"}"#, ErrorCode::RoomTooLong),
        ] {
            assert_eq!(code(event, body), Err(expected), "{event} {body}");
        }
    }
    for event in ["", "Join", "joined", "text", "left", "message", "entered", "error", "state"] {
        let refusal = read(event, "{}").unwrap_err();
        let words = "there is no such event; send join, send, history, members or leave.";
        assert_eq!(refusal, (ErrorCode::UnknownEvent, words.to_owned()), "{event}");
    }
}

#[test]
fn given_join_then_it_says_where_who_and_since_when() {
    let position = POSITION.parse().unwrap();
    let read_since = |since| Ok(format!("r Ok(\"-\") {since:?} false"));
    let (invalid, none) = (Err(ErrorCode::InvalidBody), read_since(Since::Nothing));
    let of = |since: Duration| read_since(Since::Ago(since));
    let rows = [
        (r#"{"room":"r"}"#, none.clone()),
        (r#"{"room":" r\u200b ","x":[{}],"\ud800":1}"#, none.clone()),
        (r#"{"room":5,"room":"r"}"#, none.clone()),
        (r#"{"room":"r","name":"Ada"}"#, Ok("r Ok(\"Ada\") Nothing false".to_owned())),
        (r#"{"room":"r","name":"A\nB"}"#, Ok("r Err(NameInvalid) Nothing false".to_owned())),
        (r#"{"room":"r","name":7}"#, Ok("r Err(InvalidBody) Nothing false".to_owned())),
        (r#"{"room":"r","listen":true}"#, Ok("r Ok(\"-\") Nothing true".to_owned())),
        (r#"{"room":"r","listen":false}"#, none.clone()),
        (r#"{"room":"r","listen":null}"#, invalid.clone()),
        (r#"{"room":"r","listen":"true"}"#, invalid.clone()),
        (r#"{"room":"r","since":"none"}"#, none),
        (r#"{"room":"r","since":"all"}"#, read_since(Since::All)),
        (r#"{"room":"r","since":"8f3a1c20b7d41-57"}"#, read_since(Since::Position(position))),
        (r#"{"room":"r","since":20}"#, read_since(Since::Last(20))),
        (r#"{"room":"r","since":"20"}"#, read_since(Since::Last(20))),
        (r#"{"room":"r","since":0}"#, read_since(Since::Last(0))),
        (r#"{"room":"r","since":"15m"}"#, of(Duration::from_secs(900))),
        (r#"{"room":"r","since":null}"#, invalid.clone()),
        (r#"{"room":"r","since":-1}"#, invalid.clone()),
        (r#"{"room":"r","since":1001}"#, invalid.clone()),
        (r#"{"room":"r","since":1.5}"#, invalid.clone()),
        (r#"{"room":"r","since":true}"#, invalid.clone()),
        (r#"{"room":"r","since":[20]}"#, invalid.clone()),
        (r#"{"room":"r","since":{"position":1}}"#, invalid.clone()),
        (r#"{"room":"r","since":"yesterday"}"#, invalid.clone()),
        (r#"{"room":"r","since":""}"#, invalid),
    ];
    for (body, expected) in rows {
        assert_eq!(code("join", body), expected, "{body}");
    }
    let words = "since must be a position as the server wrote it, all, none, a number of messages up to 1000, or a time such as 10m.";
    assert_eq!(read("join", r#"{"room":"r","since":""}"#).unwrap_err().1, words);
}

#[test]
fn given_send_then_msg_is_passed_on_untouched_and_a_key_may_come_with_it() {
    let long = format!(r#"{{"room":"r","msg":"hi","key":"{}"}}"#, "k".repeat(256));
    let longest = format!(r#"{{"room":"r","msg":"hi","key":"{}"}}"#, "k".repeat(255));
    let rows = [
        (r#"{"room":"r","msg":"hi"}"#, Ok(r#"r Ok("-") "hi" None"#)),
        (r#"{"room":"r","msg":" \u0000<b> "}"#, Ok(r#"r Ok("-") " \0<b> " None"#)),
        (r#"{"room":"r","msg":"hi","name":"Bob"}"#, Ok(r#"r Ok("Bob") "hi" None"#)),
        (r#"{"room":"r","msg":"hi","name":""}"#, Ok(r#"r Err(NameRequired) "hi" None"#)),
        (r#"{"room":"r","msg":"hi","key":"a b"}"#, Ok(r#"r Ok("-") "hi" Some("a b")"#)),
        (r#"{"room":"r","msg":"hi","key":""}"#, Err(ErrorCode::InvalidBody)),
        (r#"{"room":"r","msg":"hi","key":7}"#, Err(ErrorCode::InvalidBody)),
        (r#"{"room":"r","msg":"hi","key":null}"#, Err(ErrorCode::InvalidBody)),
        (&long, Err(ErrorCode::InvalidBody)),
        (r#"{"room":"r"}"#, Err(ErrorCode::MsgRequired)),
        (r#"{"room":"r","msg":""}"#, Err(ErrorCode::MsgRequired)),
        (r#"{"room":"r","msg":5}"#, Err(ErrorCode::InvalidBody)),
        (r#"{"room":"r","msg":"12345678901"}"#, Err(ErrorCode::MsgTooLong)),
        (r#"{"msg":""}"#, Err(ErrorCode::RoomRequired)),
    ];
    for (body, expected) in rows {
        assert_eq!(code("send", body), expected.map(str::to_owned), "{body}");
    }
    assert!(parse("send", &longest).is_ok());
}

#[test]
fn given_history_then_it_says_which_messages_and_how_many() {
    let rows = [
        (r#"{"room":"r"}"#, Ok((Start::Newest, 50))),
        (r#"{"room":"r","before":"8f3a1c20b7d41-57"}"#, Ok((Start::Before(position(57)), 50))),
        (r#"{"room":"r","after":"8f3a1c20b7d41-0","limit":7}"#, Ok((Start::After(position(0)), 7))),
        (r#"{"room":"r","limit":1}"#, Ok((Start::Newest, 1))),
        (r#"{"room":"r","limit":18446744073709551615}"#, Ok((Start::Newest, MOST_MESSAGES))),
        (r#"{"room":"r","limit":0}"#, Err("limit must be a whole number from 1.")),
        (r#"{"room":"r","limit":-1}"#, Err("limit must be a whole number from 1.")),
        (r#"{"room":"r","limit":"7"}"#, Err("limit must be a whole number from 1.")),
        (r#"{"room":"r","limit":1.5}"#, Err("limit must be a whole number from 1.")),
        (r#"{"room":"r","before":57}"#, Err("before must be a position that the server gave.")),
        (r#"{"room":"r","after":"57"}"#, Err("after must be a position that the server gave.")),
        (r#"{"room":"r","after":null}"#, Err("after must be a position that the server gave.")),
        (
            r#"{"room":"r","after":"8f3a1c20b7d41-0","before":"8f3a1c20b7d41-57"}"#,
            Err("send before or after, not both."),
        ),
    ];
    for (body, expected) in rows {
        let expected = expected.map(|(start, limit)| format!("r {start:?} {limit}"));
        let expected = expected.map_err(|words| (ErrorCode::InvalidBody, words.to_owned()));
        assert_eq!(read("history", body), expected, "{body}");
    }
}

#[test]
fn given_what_hosts_ask_for_then_each_action_is_read_with_what_belongs_to_it() {
    let asked = |more: &str| read("moderate", &format!(r#"{{"room":"r",{more}}}"#));
    for (more, what) in [
        (r#""action":"show""#, "Show"),
        (r#""action":"audit""#, "Audit(50)"),
        (r#""action":"audit","limit":99999"#, "Audit(1000)"),
        (r#""action":"remove","id":"8f3a1c20b7d41-57""#, "Remove(Position"),
        (r#""action":"remove","id":"8f3a1c20b7d400000000100000000039""#, "number: 57 })"),
        (r#""action":"mute","name":" Ada ""#, r#"Mute("Ada", None)"#),
        (r#""action":"mute","name":"Ada","for":"10m""#, r#"Mute("Ada", Some(600s))"#),
        (r#""action":"mute","name":"Ada","for":90"#, r#"Mute("Ada", Some(90s))"#),
        (r#""action":"mute","name":"Ada","for":null"#, r#"Mute("Ada", None)"#),
        (r#""action":"unmute","name":"Ada""#, r#"Unmute("Ada")"#),
        (r#""action":"kick","name":"Ada""#, r#"Kick("Ada")"#),
        (r#""action":"ban","name":"Ada","with_address":true"#, r#"Ban(Name("Ada"), None, true)"#),
        (
            r#""action":"ban","address":"192.0.2.7","for":"1h""#,
            "Ban(Network(192.0.2.7/32), Some(3600s), false)",
        ),
        (r#""action":"ban","address":"2001:db8::7""#, "Ban(Network(2001:db8::/64), None, false)"),
        (r#""action":"ban","address":"::ffff:192.0.2.7""#, "Ban(Network(192.0.2.7/32), None, false)"),
        (r#""action":"ban","address":"::ffff:c000:207/120""#, "Ban(Network(192.0.2.0/24), None, false)"),
        (r#""action":"unban","address":"192.0.2.77/24""#, "Unban(Network(192.0.2.0/24))"),
        (r#""action":"close""#, "Close"),
        (r#""action":"give_word","name":"Ada""#, r#"Word("Ada", true)"#),
        (r#""action":"take_word","name":"Ada""#, r#"Word("Ada", false)"#),
        (r#""action":"new_key""#, "NewKey"),
        (r#""action":"new_code""#, "NewCode"),
        (r#""action":"set","settings":{"password":"blue sky"}"#, "password: Some(Some(Password(hidden)))"),
        (r#""action":"set","settings":{"password":null,"slow":null}"#, "password: Some(None)"),
        (r#""action":"set","settings":{"slow":0,"most":null}"#, "slow: Some(0ns), most: Some(None)"),
        (r#""action":"set","settings":{"slow":5,"most":30}"#, "slow: Some(5s), most: Some(Some(30))"),
        (
            r#""action":"set","settings":{"reserved":["Ms O"],"history":"none"}"#,
            r#"reserved: Some(["Ms O"])"#,
        ),
        (r#""action":"set","settings":{"closed":false,"locked":true}"#, "locked: Some(true)"),
    ] {
        let found = asked(more).unwrap();
        assert!(found.starts_with("r ") && found.contains(what), "{more}: {found}");
    }
    for (more, words) in [
        (r#""action":null"#, "action must be a string."),
        (r#""x":1"#, "action is required: show, audit"),
        (r#""action":"Show""#, "there is no such action; send show, audit"),
        (r#""action":"audit","limit":0"#, "limit must be a whole number from 1."),
        (r#""action":"remove""#, "id must be the id of a message"),
        (r#""action":"mute""#, "name is required."),
        (r#""action":"mute","name":"Ada","for":0"#, "for must be a time"),
        (r#""action":"mute","name":"Ada","for":"900y""#, "for must be a time"),
        (r#""action":"ban","name":"Ada","address":"192.0.2.7""#, "send a name or an address, and not both."),
        (r#""action":"ban","address":"::/0""#, "address must be an IP address"),
        (r#""action":"set""#, "settings is required"),
        (r#""action":"set","settings":[]"#, "settings must be one JSON object."),
        (r#""action":"set","settings":{"announce":1}"#, "announce must be true or false."),
        (r#""action":"set","settings":{"most":0}"#, "most must be a number of people"),
        (r#""action":"set","settings":{"slow":99999}"#, "slow must be seconds"),
        (r#""action":"set","settings":{"reserved":"Ada"}"#, "reserved must be a list of names."),
    ] {
        let (_, found) = asked(more).unwrap_err();
        assert!(found.contains(words), "{more}: {found}");
    }
    assert_eq!(code("hand", r#"{"room":"r"}"#), Err(ErrorCode::InvalidBody));
    assert_eq!(read("hand", r#"{"room":"r","up":true}"#).unwrap(), "r true");
    assert_eq!(read("make", "{}").unwrap(), "None");
    assert_eq!(read("make", r#"{"room":" R1 "}"#).unwrap(), r#"Some("R1")"#);
}

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
    let no_action = "action must be raise, update, release, end, list, confirm, shown, roll_call, missing, prepared, prepare or \
                     unprepare.";
    let no_answers = "answers must be up to 8 texts of 1 to 64 bytes that can be seen, each another one.";
    let no_time =
        "ends_at must be a time such as 2026-11-30T09:00:00Z, or how long from now, such as 5m, or null.";
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
            words("escalate_to is required."),
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
    assert_eq!(Raise::parse(Some(raw(body))).unwrap().with.ends_at, Some(Some(When::At(noon))));
}
