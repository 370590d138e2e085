use super::*;

fn message(number: u64, msg: &str) -> Message {
    let at = "2026-11-28T21:43:45.007Z".to_owned();
    Message { position: format!("8f3a1c20b7d41-{number}"), name: "Ada".into(), msg: msg.into(), at }
}

const HI: &str =
    r#""id":"x","position":"8f3a1c20b7d41-57","at":"2026-11-28T21:43:45.007Z","name":"Ada","msg":"hi""#;

#[test]
fn given_what_a_server_sends_then_it_is_read() {
    let rows = [
        ("2", Incoming::Ping(String::new())),
        ("1", Incoming::Close),
        ("41/v2,", Incoming::Close),
        (r#"40/v2,{"sid":"a"}"#, Incoming::Other),
        (r#"44/v2,{"message":"Invalid namespace"}"#, Incoming::Refused("Invalid namespace".into())),
        (
            r#"42/v2,["entered",{"room":"r","name":"Ada","at":"","count":1}]"#,
            Incoming::Status("Ada has entered the room.".into()),
        ),
        (
            r#"42/v2,["left",{"room":"r","name":"A\ud800","count":1}]"#,
            Incoming::Status("A\u{FFFD} has left the room.".into()),
        ),
        (
            r#"42/v2,["alert",{"room":"r","state":"raised","all_clear":null,"alert":{"level":"info","text":"x","drill":true}}]"#,
            Incoming::Other,
        ),
        (
            r#"42/v2,["alert",{"room":"r","state":"ended","all_clear":null,"alert":{"level":"info","text":"x","drill":true}}]"#,
            Incoming::Status("DRILL: Ended: INFO: x".into()),
        ),
        (
            r#"42/v2,["alert",{"room":"r","state":"ended","all_clear":"ok","alert":{"level":"info","text":"x","drill":false}}]"#,
            Incoming::Status("All clear: ok".into()),
        ),
        (
            r#"42/v2,["reminder",{"room":"r","id":"0","number":1,"name":"Ada","msg":"DRILL: INFO: x"}]"#,
            Incoming::Reminder("DRILL: Reminder, from Ada: INFO: x".into()),
        ),
        (
            r#"42/v2,["reminder",{"room":"r","id":"0","number":1,"name":"Ada","msg":"INFO: x"}]"#,
            Incoming::Reminder("Reminder, from Ada: INFO: x".into()),
        ),
        (r#"42/v2,["other",5]"#, Incoming::Other),
        (r#"43/v2,7[{"ok":true}]"#, Incoming::Ack(7, Answer::Done)),
        ("43/v2,7[]", Incoming::Ack(7, Answer::Done)),
        (
            r#"43/v2,7[{"ok":false,"error":{"code":"x","message":"no."}}]"#,
            Incoming::Ack(7, Answer::Refused("no.".into())),
        ),
    ];
    for (text, incoming) in rows {
        assert_eq!(Incoming::read(text).unwrap(), incoming, "{text}");
    }
    let event = format!(r#"42/v2,["message",{{"room":"r",{HI}}}]"#);
    let read = Incoming::read(&event).unwrap();
    assert_eq!(read, Incoming::Message(message(57, "hi")));
    assert_eq!(message(57, "hi").at().unwrap().to_string(), "2026-11-28T21:43:45.007Z");
}

#[test]
fn given_answers_with_history_then_they_are_read() {
    let joined = format!(
        r#"43/v2,1[{{"ok":true,"room":"r","name":"Ada","position":"8f3a1c20b7d41-57","members":["Ada"],"count":9,"history":[{{{HI}}}],"gap":{{"missed":null}},"more":true,"can":[],"state":[{{"id":"k3v8x0mz","level":"warning","text":"Ice","by":"B\ud800","drill":true,"other":1}}]}}]"#
    );
    let ice = Alert {
        id: "k3v8x0mz".into(),
        level: "warning".into(),
        text: "Ice".into(),
        by: "B\u{FFFD}".into(),
        drill: true,
        ..Alert::default()
    };
    let expected = Joined {
        members: vec!["Ada".into()],
        count: 9,
        position: "8f3a1c20b7d41-57".into(),
        history: vec![message(57, "hi")],
        gap: Some(Gap { missed: None }),
        more: true,
        state: vec![ice.clone()],
    };
    assert_eq!(ice.in_force(), "DRILL: In force, from B\u{FFFD}: WARNING: Ice");
    let real = Alert { drill: false, ..ice };
    assert_eq!(real.in_force(), "In force, from B\u{FFFD}: WARNING: Ice");
    assert_eq!(Incoming::read(&joined).unwrap(), Incoming::Ack(1, Answer::Joined(expected)));
    let page =
        format!(r#"43/v2,1[{{"ok":true,"messages":[{{{HI}}}],"position":"p","gap":null,"more":false}}]"#);
    let expected = Answer::Page { messages: vec![message(57, "hi")], gap: None, more: false };
    assert_eq!(Incoming::read(&page).unwrap(), Incoming::Ack(1, expected));
    for wrong in [r#"42/v2,["message",{"msg":5}]"#, r#"43/v2,1[5]"#, "x"] {
        assert!(Incoming::read(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn given_what_a_member_says_then_it_is_v2() {
    let (id, room) = (AckId::new(3).unwrap(), RoomCode::parse("R1", 64).unwrap());
    let name = UserName::parse("Ada", 64).unwrap();
    let texts = [
        connect(),
        join(id, &room, &name, "20"),
        send(id, &room, "a\"b", "k-1"),
        history(id, &room, "8f3a1c20b7d41-57"),
        leave(id, &room),
    ];
    let expected = [
        "40/v2,",
        r#"42/v2,3["join",{"room":"R1","name":"Ada","since":"20"}]"#,
        r#"42/v2,3["send",{"room":"R1","msg":"a\"b","key":"k-1"}]"#,
        r#"42/v2,3["history",{"room":"R1","after":"8f3a1c20b7d41-57","limit":200}]"#,
        r#"42/v2,3["leave",{"room":"R1"}]"#,
    ];
    assert_eq!(texts, expected);
}
