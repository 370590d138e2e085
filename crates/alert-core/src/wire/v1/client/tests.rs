//! Packets as servers send them, and as v1 wants them.

use super::*;

#[test]
fn given_what_a_server_sends_then_it_is_read() {
    for (text, incoming) in [
        (
            r#"0{"sid":"a","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}"#,
            Incoming::Open { silence: Duration::from_secs(45), max_payload: 1_000_000 },
        ),
        (
            r#"0{"sid":"a","upgrades":[],"pingInterval":1,"pingTimeout":2}"#,
            Incoming::Open { silence: Duration::from_millis(3), max_payload: usize::MAX },
        ),
        ("2", Incoming::Ping(String::new())),
        ("2x", Incoming::Ping("x".into())),
        ("1", Incoming::Close),
        ("41", Incoming::Close),
        (r#"40{"sid":"b"}"#, Incoming::Other),
        (r#"44{"message":"Not today"}"#, Incoming::Refused("Not today".into())),
        (r#"44"no""#, Incoming::Refused(r#""no""#.into())),
        (r#"42["message",{"msg":"Ada: hi"}]"#, Incoming::Message("Ada: hi".into())),
        (r#"42["message",{"msg":"\ud800"}]"#, Incoming::Message("\u{fffd}".into())),
        (
            r#"42["status",{"msg":"Ada has entered the room."}]"#,
            Incoming::Status("Ada has entered the room.".into()),
        ),
        (r#"42["news",{"msg":"x"}]"#, Incoming::Other),
        (r#"437[{"ok":true}]"#, Incoming::Ack(7, Answer::Done)),
        ("437[]", Incoming::Ack(7, Answer::Done)),
        (r#"437["thanks"]"#, Incoming::Ack(7, Answer::Done)),
        (
            r#"430[{"ok":true,"room":"R1","members":["Ada","Bob"],"count":3}]"#,
            Incoming::Ack(0, Answer::Joined { members: vec!["Ada".into(), "Bob".into()], count: 3 }),
        ),
        (
            r#"431[{"ok":false,"error":{"code":"msg_too_long","message":"msg is longer than 9 bytes."}}]"#,
            Incoming::Ack(1, Answer::Refused("msg is longer than 9 bytes.".into())),
        ),
    ] {
        assert_eq!(Incoming::read(text).unwrap(), incoming, "{text}");
    }
}

#[test]
fn given_what_no_server_sends_then_it_is_an_error() {
    for text in ["", "x", "42", r#"42["message",{"msg":1}]"#, "0{}"] {
        assert!(Incoming::read(text).is_err(), "{text}");
    }
}

#[test]
fn given_what_a_member_says_then_it_is_v1() {
    let id = AckId::new(3).unwrap();
    let (name, room) = (UserName::parse("A\"", 9).unwrap(), RoomCode::parse("R1", 9).unwrap());
    assert_eq!(connect(), "40");
    assert_eq!(pong("x".into()), "3x");
    assert_eq!(joined(id, &name, &room), r#"423["joined",{"name":"A\"","headless":true,"room":"R1"}]"#);
    assert_eq!(text(id, &name, "hi\n"), r#"423["text",{"name":"A\"","headless":true,"msg":"hi\n"}]"#);
    assert_eq!(left(id, &name), r#"423["left",{"name":"A\"","headless":true}]"#);
}
