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
fn given_news_of_an_alert_then_they_are_told_as_v1_tells_them() {
    let alert = |rest: &str, drill: bool| {
        let text = format!(
            r#"42/v2,["alert",{{"room":"r",{rest},"alert":{{"level":"info","text":"x","drill":{drill}}}}}]"#
        );
        match Incoming::read(&text).unwrap() {
            Incoming::Alert(news) => (news.is_over(), news.told()),
            other => panic!("{other:?}"),
        }
    };
    let over = |told: &str| (true, Some(told.to_owned()));
    assert_eq!(alert(r#""state":"raised","all_clear":null"#, true), (false, None), "it comes as a message");
    assert_eq!(alert(r#""state":"ended","all_clear":null"#, true), over("DRILL: Ended: INFO: x"));
    assert_eq!(alert(r#""state":"ended","all_clear":"ok""#, false), over("All clear: ok"));
    let mistake = alert(r#""state":"ended","all_clear":null,"mistake":true"#, false);
    assert_eq!(mistake, over("Raised by mistake: INFO: x"));

    for (msg, told) in
        [("DRILL: INFO: x", "DRILL: Reminder, from Ada: INFO: x"), ("INFO: x", "Reminder, from Ada: INFO: x")]
    {
        let text =
            format!(r#"42/v2,["reminder",{{"room":"r","id":"0","number":1,"name":"Ada","msg":"{msg}"}}]"#);
        let Ok(Incoming::Reminder(reminder)) = Incoming::read(&text) else { panic!("{text}") };
        assert_eq!((reminder.id.as_str(), reminder.told().as_str()), ("0", told));
    }
    let ice = Alert { level: "warning".into(), text: "Ice".into(), ..Alert::default() };
    let drill = Alert { drill: true, ..ice.clone() };
    for (person, alert, told) in [
        (r#""answer":null,"by":null"#, &ice, "You have confirmed: WARNING: Ice"),
        (r#""answer":"safe","by":null"#, &drill, "DRILL: You have confirmed: WARNING: Ice (safe)"),
        (r#""answer":"safe","by":"Bob""#, &ice, "Bob has confirmed for you: WARNING: Ice (safe)"),
    ] {
        let text =
            format!(r#"42/v2,["confirmed",{{"room":"r","id":"0","person":{{"name":"Ada",{person}}}}}]"#);
        let Ok(Incoming::Confirmed(confirmed)) = Incoming::read(&text) else { panic!("{text}") };
        assert_eq!((confirmed.id.as_str(), confirmed.told(alert).as_str()), ("0", told));
    }
}

#[test]
fn given_answers_with_history_then_they_are_read() {
    let joined = format!(
        r#"43/v2,1[{{"ok":true,"room":"r","name":"Ada","position":"8f3a1c20b7d41-57","members":["Ada"],"count":9,"history":[{{{HI}}}],"gap":{{"missed":null}},"more":true,"can":[],"state":[{{"id":"k3v8x0mz","level":"warning","text":"Ice","by":"B\ud800","drill":true,"answers":["safe"],"word":null,"other":1}}]}}]"#
    );
    let ice = Alert {
        id: "k3v8x0mz".into(),
        level: "warning".into(),
        text: "Ice".into(),
        by: "B\u{FFFD}".into(),
        drill: true,
        answers: vec!["safe".into()],
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
