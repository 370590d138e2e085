//! What is posted, to the letter.

use super::*;
use crate::event::{RoomEvent, What};
use crate::names::UserName;
use crate::position::{Epoch, Gap, Run};
use crate::room::alerts::{Alert, Change, Fate};
use std::sync::Arc;
use std::time::Duration;

fn room() -> RoomCode {
    RoomCode::parse("D5DB", 64).unwrap()
}

fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_millis(1_764_500_000_123)
}

fn position(number: u64) -> Position {
    Position { epoch: Epoch { run: Run::new(7), part: 0 }, number }
}

#[test]
fn a_message_is_told_as_a_stream_tells_it_with_its_kind_time_and_room() {
    let name = UserName::parse("Ada", 64).unwrap();
    let what = What::Said { name, text: "hi".into() };
    let event = Arc::new(RoomEvent { at: now(), position: position(3), what });
    let body = Body::of(&room(), &Item::Said(event), None, SystemTime::UNIX_EPOCH);
    let id = "00000000000700000000000000000003";
    let json = r#"{"type":"message","timestamp":"2025-11-30T10:53:20.123Z","room":"D5DB","data":{"msg":"Ada: hi","id":"ID","at":"2025-11-30T10:53:20.123Z","name":"Ada"}}"#;
    assert_eq!((body.kind, body.id, body.json), ("message", format!("message_{id}"), json.replace("ID", id)));
}

#[test]
fn what_becomes_of_an_alert_has_one_id_whenever_it_is_sent_and_another_when_it_is_something_else() {
    let alert = Alert::example();
    let of = |fate, now| {
        let change = Change { alert: alert.clone(), fate };
        Body::of(&room(), &Item::Alert(Box::new(change), now), None, now)
    };
    let ended = Fate::Ended { by: None, all_clear: None, mistake: false };
    let [raised, again, ended] =
        [of(Fate::Raised, now()), of(Fate::Raised, SystemTime::UNIX_EPOCH), of(ended, now())];
    assert!(raised.id.starts_with("alert_00000000_") && raised.id.len() == 39, "{}", raised.id);
    assert!(raised.id == again.id && raised.id != ended.id);
    assert!(raised.json.contains(r#""data":{"msg":"WARNING: Ice on the stairs","#), "{}", raised.json);
    assert!(raised.json.contains(r#""state":"raised""#) && ended.json.contains(r#""state":"ended""#));
}

#[test]
fn a_gap_says_how_many_messages_are_missing() {
    let gap = Item::Gap(Gap { missed: Some(2) }, position(5));
    let of = |after| Body::of(&room(), &gap, after, now());
    let body = of(Some(position(3)));
    assert!(
        body.json.ends_with(r#""data":{"msg":"2 messages are missing here.","missed":2}}"#),
        "{}",
        body.json
    );
    assert!(body == of(Some(position(3))) && body.id != of(Some(position(2))).id);
}

#[test]
fn given_what_is_asked_for_then_it_is_read_or_it_is_said_why_not() {
    let read = |json: &str| {
        let body: Box<RawValue> = serde_json::from_str(json).unwrap();
        read_hook(&body).map_err(|refusal| refusal.to_string())
    };
    let asked = |tells| Ok(Asked { url: "https://a.example".to_owned(), tells });
    assert_eq!(read(r#"{"url":"https://a.example"}"#), asked(Tells::All));
    assert_eq!(read(r#"{"url":"https://a.example","tells":["alert","message","alert"]}"#), asked(Tells::All));
    assert_eq!(read(r#"{"url":"https://a.example","tells":["alert"]}"#), asked(Tells::Alerts));
    assert_eq!(read(r#"{"url":"https://a.example","tells":["message"]}"#), asked(Tells::Messages));
    for bad in [
        r"{}",
        r#"{"url":7}"#,
        r#"{"url":"x","secret":"y"}"#,
        r#"{"url":"x","tells":[]}"#,
        r#"{"url":"x","tells":["status"]}"#,
        r#"["https://a.example",["alert"]]"#,
    ] {
        assert!(read(bad).is_err(), "{bad}");
    }
}
