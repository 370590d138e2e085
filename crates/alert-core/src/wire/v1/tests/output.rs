//! Given something to tell, then these are the event and the JSON, to the letter.

use std::time::{Duration, SystemTime};

use serde_json::to_string;

use super::super::*;
use crate::event::{RoomEvent, What};
use crate::members::Members;
use crate::names::{NameError, RoomCode, UserName};
use crate::position::{Epoch, Gap, Run};
use crate::room::Before;
use crate::wire::{LEAST_SIZE, least_size};

fn happened(what: What) -> RoomEvent {
    let position = Epoch { run: Run::new(0), part: 0 }.start();
    RoomEvent { at: SystemTime::UNIX_EPOCH, position, what }
}

fn said(text: &str) -> RoomEvent {
    happened(What::Said { name: ada(), text: text.into() })
}

fn ada() -> UserName {
    UserName::parse("Ada", 64).unwrap()
}

#[test]
fn given_a_notice_then_its_event_and_its_payload_are_the_contract_s() {
    let [entered, left] =
        [What::Entered { name: ada(), count: 1 }, What::Left { name: ada(), count: 0 }].map(happened);
    let [class, odd] = ["Class ends in 5 minutes", " \n<b>\"\u{202E}"].map(said);
    let lacking = happened(What::Missing(Gap { missed: Some(3) }));
    let refusal = Refusal::room(NameError::Empty);
    let rows = [
        (Notice::of(&entered), "status", r#"{"msg":"Ada has entered the room."}"#),
        (Notice::of(&left), "status", r#"{"msg":"Ada has left the room."}"#),
        (Notice::of(&class), "message", r#"{"msg":"Ada: Class ends in 5 minutes"}"#),
        (Notice::of(&odd), "message", "{\"msg\":\"Ada:  \\n<b>\\\"\u{202E}\"}"),
        (Notice::refused(&refusal), "status", r#"{"msg":"Error: room is required."}"#),
        (Notice::of(&lacking), "status", r#"{"msg":"3 messages were missed."}"#),
        (Notice::missed(Some(1)), "status", r#"{"msg":"1 message was missed."}"#),
        (Notice::missed(Some(1_200)), "status", r#"{"msg":"1200 messages were missed."}"#),
        (Notice::missed(None), "status", r#"{"msg":"Messages may have been missed."}"#),
    ];
    for (notice, event, payload) in rows {
        assert_eq!((notice.event(), to_string(&notice).unwrap().as_str()), (event, payload));
    }
}

#[test]
fn given_a_client_that_recovers_then_every_event_ends_with_its_position() {
    let [entered, left] =
        [What::Entered { name: ada(), count: 1 }, What::Left { name: ada(), count: 0 }].map(happened);
    for (event, packet) in [
        (entered, r#"42["status",{"msg":"Ada has entered the room."},"0000000000000-0"]"#),
        (left, r#"42["status",{"msg":"Ada has left the room."},"0000000000000-0"]"#),
        (said("hi"), r#"42["message",{"msg":"Ada: hi"},"0000000000000-0"]"#),
    ] {
        assert_eq!(Notice::of(&event).packet_at(event.position).text, format!("4{}", &packet[1..]));
    }
}

#[test]
fn given_an_ack_then_its_body_is_the_contract_s() {
    let joined = AckBody::Joined {
        room: RoomCode::parse("x\"y", 128).unwrap(),
        members: Members::new(vec![ada(), UserName::parse("Bob", 64).unwrap()].into(), 1_002).into(),
    };
    let rows = [
        (AckBody::Done, r#"{"ok":true}"#),
        (joined, r#"{"ok":true,"room":"x\"y","members":["Ada","Bob"],"count":1002}"#),
        (
            AckBody::Refused(Refusal::not_joined()),
            r#"{"ok":false,"error":{"code":"not_joined","message":"send joined first."}}"#,
        ),
    ];
    for (body, json) in rows {
        assert_eq!(to_string(&body).unwrap(), json);
    }
    assert_eq!(Members::MOST, 1_000);
}

#[test]
fn given_a_reason_then_its_code_and_its_sentence_say_what_to_do() {
    let rows = [
        (Refusal::name(NameError::Empty), "name_required", "name is required."),
        (
            Refusal::name(NameError::Control),
            "name_invalid",
            "name must not contain control characters or line breaks.",
        ),
        (
            Refusal::name(NameError::TooLong { max: 64 }),
            "name_too_long",
            "name is longer than 64 characters.",
        ),
        (Refusal::room(NameError::Empty), "room_required", "room is required."),
        (
            Refusal::room(NameError::Control),
            "room_invalid",
            "room must not contain control characters or line breaks.",
        ),
        (
            Refusal::room(NameError::TooLong { max: 128 }),
            "room_too_long",
            "room is longer than 128 characters.",
        ),
        (Refusal::msg_required(), "msg_required", "msg is required."),
        (Refusal::msg_too_long(16_384), "msg_too_long", "msg is longer than 16384 bytes."),
        (Refusal::not_joined(), "not_joined", "send joined first."),
        (
            Refusal::not_logged_in(),
            "not_logged_in",
            "log in on the web page first, or send headless true with a name and a room.",
        ),
        (Refusal::unknown_event(), "unknown_event", "there is no such event; send joined, text or left."),
        (Refusal::invalid_body("why."), "invalid_body", "why."),
    ];
    for (refusal, code, message) in rows {
        let json = format!(r#"{{"code":"{code}","message":"{message}"}}"#);
        assert_eq!(to_string(&refusal).unwrap(), json);
        assert_eq!((refusal.message(), refusal.to_string().as_str()), (message, message));
    }
}

#[test]
fn given_somebody_who_was_away_then_they_are_told_for_how_long_and_what_they_missed() {
    let away = |seconds, messages, before| Away { time: Duration::from_secs(seconds), messages, before };
    for (away, text) in [
        (away(47, 2, Before::Nothing), "While you were away (47 s): 2 messages."),
        (away(0, 1, Before::Nothing), "While you were away (0 s): 1 message."),
        (away(60, 2, Before::Nothing), "While you were away (1 minute): 2 messages."),
        (away(185, 2, Before::Nothing), "While you were away (3 minutes): 2 messages."),
        (away(3600, 2, Before::Nothing), "While you were away (1 hour): 2 messages."),
        (
            away(90, 1000, Before::Many(234)),
            "While you were away (1 minute): 1234 messages, of which you get the last 1000.",
        ),
        (
            away(90, 1, Before::NotKept),
            "While you were away (1 minute): 1 message, and some before that are no longer kept.",
        ),
        (away(9, 0, Before::NotKept), "While you were away (9 s): messages that are no longer kept."),
        (
            away(9, 0, Before::Unknown),
            "While you were away (9 s): messages may have been missed, which cannot be read now.",
        ),
    ] {
        assert!(away.is_worth_telling());
        let notice = Notice::away(away);
        assert_eq!((notice.event(), notice.msg().to_string().as_str()), ("status", text));
    }
    assert!(!away(9, 0, Before::Nothing).is_worth_telling());
}

#[test]
fn given_any_message_then_it_is_no_smaller_than_reckoned() {
    for text in ["", "hello", "\0\n\"", "\u{1F600}\u{e4}\u{2028}"] {
        let event = said(text);
        // The least header of a frame is two bytes.
        let size = Notice::of(&event).packet().text.len() + 2;
        assert!(least_size(&ada(), text) <= size, "{text}");
        assert!(LEAST_SIZE < least_size(&ada(), text));
    }
    assert_eq!(least_size(&ada(), "hello"), Notice::of(&said("hello")).packet().text.len() + 2);
}
