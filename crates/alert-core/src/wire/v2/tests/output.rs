//! Given something to tell, then these are the packet and the JSON, to the letter.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use serde_json::to_string;

use super::*;
use crate::access::{Right, Rights};
use crate::event::{RoomEvent, What};
use crate::members::Members;
use crate::position::Gap;
use crate::room::alerts::{Alert, Change, Fate};

fn happened(what: What) -> RoomEvent {
    RoomEvent { at: at(), position: position(57), what }
}

fn at() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_millis(1_795_902_225_007)
}

fn said(text: &str) -> RoomEvent {
    happened(What::Said { name: name("Ada"), text: text.into() })
}

const HI: &str = concat!(
    r#""id":"8f3a1c20b7d400000000100000000039","position":"8f3a1c20b7d41-57","#,
    r#""at":"2026-11-28T21:43:45.007Z","name":"Ada","msg":"\"hi\"\n""#
);

#[test]
fn given_an_event_of_a_room_then_its_packet_is_the_contract_s() {
    let rows = [
        (said("\"hi\"\n"), format!(r#"42/v2,["message",{{"room":"R\"1",{HI}}}]"#)),
        (
            happened(What::Entered { name: name("Ada"), count: 2 }),
            r#"42/v2,["entered",{"room":"R\"1","name":"Ada","at":"2026-11-28T21:43:45.007Z","count":2}]"#
                .to_owned(),
        ),
        (
            happened(What::Left { name: name("Ada"), count: 1 }),
            r#"42/v2,["left",{"room":"R\"1","name":"Ada","at":"2026-11-28T21:43:45.007Z","count":1}]"#
                .to_owned(),
        ),
        (
            happened(What::Missing(Gap { missed: None })),
            r#"42/v2,["gap",{"room":"R\"1","at":"2026-11-28T21:43:45.007Z","missed":null}]"#.to_owned(),
        ),
        (
            happened(What::ClockSet),
            r#"42/v2,["time",{"room":"R\"1","at":"2026-11-28T21:43:45.007Z"}]"#.to_owned(),
        ),
        (
            happened(What::Alert(Arc::new(Change {
                alert: Alert { drill: true, ..Alert::example() },
                fate: Fate::Reminded(2),
            }))),
            r#"42/v2,["reminder",{"room":"R\"1","id":"00000000","at":"2026-11-28T21:43:45.007Z","number":2,"name":"Ada","msg":"DRILL: WARNING: Ice on the stairs"}]"#
                .to_owned(),
        ),
    ];
    for (event, text) in rows {
        assert_eq!(packet(&room("R\"1"), &event).text, text);
    }
    let text = r#"42/v2,["error",{"code":"not_joined","message":"join the room first."}]"#;
    assert_eq!(error(&Refusal::not_in_room()).text, text);
}

#[test]
fn given_an_answer_then_its_json_is_the_contract_s() {
    let members = Arc::new(Members::new(vec![name("Ada"), name("Bob")].into(), 1_002));
    let history = vec![Arc::new(said("\"hi\"\n"))];
    let joined = Joined {
        at: SystemTime::UNIX_EPOCH,
        room: room("R1"),
        name: Some(name("Ada")),
        position: position(57),
        members: Arc::clone(&members),
        history: history.clone(),
        gap: Some(Gap { missed: Some(3) }),
        more: true,
        rights: Rights::OPEN,
        policy: None,
        alerts: Vec::new(),
    };
    let listener = Joined {
        name: None,
        history: Vec::new(),
        gap: None,
        more: false,
        rights: Rights::OPEN.without(Right::Speak),
        ..joined.clone()
    };
    let said = |stored| Answer::Said { position: position(57), at: at(), stored };
    let [stored, not_stored] = [true, false].map(said);
    let said = concat!(
        r#"{"ok":true,"id":"8f3a1c20b7d400000000100000000039","position":"8f3a1c20b7d41-57","#,
        r#""at":"2026-11-28T21:43:45.007Z","stored":"#
    );
    let rows = [
        (Answer::Done, r#"{"ok":true}"#.to_owned()),
        (
            Answer::Joined(joined.into()),
            [
                r#"{"ok":true,"room":"R1","name":"Ada","at":"1970-01-01T00:00:00.000Z","position":"8f3a1c20b7d41-57","members":["Ada","Bob"],"#,
                r#""count":1002,"history":[{"#,
                HI,
                r#"}],"gap":{"missed":3},"more":true,"can":["read","speak"],"state":[]}"#,
            ]
            .concat(),
        ),
        (
            Answer::Joined(listener.into()),
            [
                r#"{"ok":true,"room":"R1","name":null,"at":"1970-01-01T00:00:00.000Z","position":"8f3a1c20b7d41-57","members":["Ada","Bob"],"#,
                r#""count":1002,"history":[],"gap":null,"more":false,"can":["read"],"state":[]}"#,
            ]
            .concat(),
        ),
        (stored, format!("{said}true}}")),
        (not_stored, format!("{said}false}}")),
        (
            Answer::Page { messages: history, position: position(58), gap: None, more: false },
            format!(r#"{{"ok":true,"messages":[{{{HI}}}],"position":"8f3a1c20b7d41-58","gap":null,"more":false}}"#),
        ),
        (
            Answer::Time { received: at(), sent: at() + Duration::from_millis(2) },
            r#"{"ok":true,"received":"2026-11-28T21:43:45.007Z","sent":"2026-11-28T21:43:45.009Z"}"#.to_owned(),
        ),
        (Answer::Members(members), r#"{"ok":true,"members":["Ada","Bob"],"count":1002}"#.to_owned()),
        (
            Answer::Refused(Refusal::not_in_room()),
            r#"{"ok":false,"error":{"code":"not_joined","message":"join the room first."}}"#.to_owned(),
        ),
    ];
    for (answer, json) in rows {
        assert_eq!(to_string(&answer).unwrap(), json);
    }
}

#[test]
fn given_a_reason_of_v2_then_its_code_and_its_sentence_say_what_to_do() {
    let rows = [
        (Refusal::not_in_room(), "not_joined", "join the room first."),
        (
            Refusal::not_in_room_and_no_name(),
            "not_joined",
            "join the room first, or send a name with the message.",
        ),
        (
            Refusal::in_too_many_rooms(),
            "in_too_many_rooms",
            "a connection may be in 64 rooms; leave one first.",
        ),
        (
            Refusal::key_reused(),
            "key_reused",
            "this key came with another message; give every message a key of its own.",
        ),
        (
            Refusal::history_unavailable(),
            "history_unavailable",
            "the history cannot be read at the moment; try again later.",
        ),
    ];
    for (refusal, code, message) in rows {
        assert_eq!(to_string(&refusal).unwrap(), format!(r#"{{"code":"{code}","message":"{message}"}}"#));
    }
}
