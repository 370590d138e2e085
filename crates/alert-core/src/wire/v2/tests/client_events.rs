//! Given any event from a client, then everything in it is right, or it is refused with this code and these words.

use std::time::Duration;

use super::*;
use crate::since::Since;

const EVENTS: [&str; 9] = ["join", "send", "history", "members", "leave", "alert", "bell", "webhook", "push"];

/// What is read of an event, as text; or the code and the words of its refusal.
pub(super) fn read(event: &str, body: &str) -> Result<String, (ErrorCode, String)> {
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
        Ok(ClientEvent::Webhook(HookAction { room, what, .. })) => Ok(format!("{room} {what:?}")),
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
        let words = "there is no such event; send join, send, history, members, leave, make, moderate, hand, alert, bell, webhook, push or time.";
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
