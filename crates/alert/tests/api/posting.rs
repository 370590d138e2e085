//! `POST`: who hears it, in what form, and once.

use crate::server::Server;

fn message(text: &str) -> (String, String) {
    ("message".to_owned(), text.to_owned())
}

#[test]
fn given_members_and_listeners_then_all_hear_the_same_messages_in_the_same_order() {
    let server = Server::start(&[]);
    let mut ada = server.join("D5DB", "Ada");
    let mut sse = server.listen("D5DB", "text/event-stream");
    let mut ndjson = server.listen("D5DB", "application/x-ndjson");
    let mut elsewhere = server.join("other", "Bea");
    let mut ids = std::collections::HashSet::new();
    for number in 0..100 {
        let path = ["/v1/rooms/D5DB", "/v1/rooms/D5DB/messages"][number % 2];
        let answer = server.post(path, &[], &format!("number {number}"));
        assert_eq!((answer.status, &answer.json()["connections"]), (202, &3.into()), "{answer:?}");
        assert!(ids.insert(answer.json()["id"].as_str().unwrap().to_owned()), "{answer:?}");
    }
    for number in 0..100 {
        let expected = message(&format!("http: number {number}"));
        assert_eq!(ada.hears(), expected);
        assert_eq!(sse.event(), Some(expected.clone()));
        assert_eq!(ndjson.object(), Some(expected));
    }
    server.post("/v1/rooms/other", &[], "here");
    assert_eq!(elsewhere.hears(), message("http: here"), "and nothing of the other room");
}

#[test]
fn given_any_content_type_but_json_then_the_body_is_the_message_untouched() {
    let server = Server::start(&[]);
    let mut ada = server.join("D5DB", "Ada");
    for kind in ["application/x-www-form-urlencoded", "text/plain", "application/problem+json", "rubbish"] {
        for body in ["name=x&msg=a%20b+c", "{\"msg\":\"a\"}", " two\r\nlines\n", "\u{1F600}\u{1}"] {
            let answer = server.ask("POST", "/v1/rooms/D5DB", &[("content-type", kind)], body.as_bytes());
            assert_eq!(answer.status, 202, "{answer:?}");
            assert_eq!(ada.hears(), message(&format!("http: {body}")));
        }
    }
}

#[test]
fn given_names_in_several_places_then_the_nearest_to_the_message_counts() {
    let server = Server::start(&[]);
    let mut ada = server.join("D5DB", "Ada");
    let json = ("content-type", "Application/JSON; charset=utf-8");
    let header = ("alert-name", "H\u{e9}");
    for (path, headers, body, heard) in [
        ("/v1/rooms/D5DB", &[header][..], "a", "H\u{e9}: a"),
        ("/v1/rooms/D5DB?name=Q%20+%C3%A9", &[header], "b", "Q  \u{e9}: b"),
        ("/v1/rooms/D5DB?name=Q", &[header, json], r#"{"msg":"c","name":"J"}"#, "J: c"),
        ("/v1/rooms/D5DB?name=Q", &[header, json], r#"{"msg":"d","more":1}"#, "Q: d"),
        ("/v1/rooms/D5DB", &[json], r#"{"msg":"e\ud800"}"#, "http: e\u{FFFD}"),
    ] {
        let answer = server.ask("POST", path, headers, body.as_bytes());
        assert_eq!(answer.status, 202, "{answer:?}");
        assert_eq!(ada.hears(), message(heard));
    }
}

#[test]
fn given_a_room_with_a_slash_or_beyond_ascii_then_its_path_is_percent_encoded() {
    let server = Server::start(&[]);
    for (path, room) in
        [("a%2Fb", "a/b"), ("%C3%A9t%C3%A9", "\u{e9}t\u{e9}"), ("%20x%20", "x"), ("a+b", "a+b")]
    {
        let mut ada = server.join(room, "Ada");
        assert_eq!(server.post(&format!("/v1/rooms/{path}/messages"), &[], "hi").json()["connections"], 1);
        assert_eq!(ada.hears(), message("http: hi"));
        let seen = server.get(&format!("/v1/rooms/{path}")).json();
        assert_eq!(seen, serde_json::json!({ "room": room, "members": ["Ada"], "count": 1 }));
    }
}

#[test]
fn given_an_idempotency_key_then_a_message_is_said_once_even_when_retries_come_at_once() {
    let server = Server::start(&[]);
    let mut ada = server.join("D5DB", "Ada");
    let key = [("idempotency-key", "8e03978e-40d5-43dd-bc93-6894a57f9324")];
    let answers: Vec<String> = std::thread::scope(|scope| {
        let send = || {
            let answer = server.post("/v1/rooms/D5DB", &key, "once");
            assert_eq!(answer.status, 202, "{answer:?}");
            answer.body
        };
        let retries: Vec<_> = (0..16).map(|_| scope.spawn(send)).collect();
        retries.into_iter().map(|retry| retry.join().unwrap()).collect()
    });
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
    let other = server.post("/v1/rooms/D5DB", &key, "twice");
    assert_eq!((other.status, other.problem().as_str()), (422, "idempotency_key_reused"));
    assert_eq!(server.post("/v1/rooms/elsewhere", &key, "twice").status, 202, "another room");
    server.post("/v1/rooms/D5DB", &[], "after");
    assert_eq!([ada.hears(), ada.hears()], [message("http: once"), message("http: after")]);
}

#[test]
fn given_a_history_in_memory_then_a_receipt_does_not_say_that_the_message_is_stored() {
    for history in ["memory", "off"] {
        let server = Server::start(&["--history", history]);
        let receipt = server.post("/v1/rooms/D5DB", &[], "hi").json();
        let keys: Vec<&String> = receipt.as_object().unwrap().keys().collect();
        assert_eq!(keys, ["connections", "id", "position", "stored"]);
        assert_eq!((&receipt["connections"], &receipt["stored"]), (&0.into(), &false.into()), "{history}");
    }
}

#[test]
fn given_a_body_over_a_limit_then_it_is_refused_and_nobody_hears_it() {
    let server = Server::start(&["--max-msg-bytes", "10", "--max-payload", "5000", "--queue-limit", "5000"]);
    let mut ada = server.join("D5DB", "Ada");
    let answer = server.post("/v1/rooms/D5DB", &[], "12345678901");
    assert_eq!((answer.status, answer.problem().as_str()), (413, "msg_too_long"));
    assert_eq!(server.post("/v1/rooms/D5DB", &[], &"x".repeat(5001)).status, 413);
    assert_eq!(server.post("/v1/rooms/D5DB", &[], "1234567890").status, 202);
    assert_eq!(ada.hears(), message("http: 1234567890"));
}

#[test]
fn given_a_form_larger_than_one_of_ours_then_the_api_still_takes_it() {
    let server = Server::start(&["--max-msg-bytes", "500000"]);
    let mut ada = server.join("D5DB", "Ada");
    let long = "x".repeat(400_000);
    assert_eq!(server.post("/v1/rooms/D5DB", &[], &long).status, 202);
    assert_eq!(ada.hears(), message(&format!("http: {long}")));
}

#[test]
fn given_a_body_in_another_form_than_utf_8_text_then_it_is_refused_in_words_and_nothing_is_changed() {
    let server = Server::start(&[]);
    let mut ada = server.join("D5DB", "Ada");
    for (kind, encoding, body, status) in [
        ("text/plain; charset=iso-8859-1", "identity", &b"caf\xE9"[..], 415),
        ("application/json; charset=utf-16", "identity", b"{}", 415),
        ("text/plain", "gzip", b"\x1F\x8B", 415),
        ("multipart/form-data; boundary=x", "identity", b"--x", 415),
        ("text/plain", "identity", b"caf\xE9", 400),
        ("text/plain", "identity", b"\xFF\xFER\0", 400),
        ("application/json", "identity", b"{\"msg\":\"caf\xE9\"}", 400),
        ("application/json", "identity", b"\xFF\xFE{\0}\0", 400),
    ] {
        let headers = [("content-type", kind), ("content-encoding", encoding)];
        let answer = server.ask("POST", "/v1/rooms/D5DB", &headers, body);
        assert_eq!(answer.status, status, "{kind} {body:?}");
        assert!(answer.json()["detail"].as_str().unwrap().contains("UTF-8"), "{answer:?}");
    }
    let answer = server.ask("POST", "/v1/rooms/D5DB?name=caf%E9", &[], b"hello");
    assert_eq!((answer.status, answer.problem().as_str()), (400, "name_invalid"));

    // What was sent is what is said.
    for (kind, body, said) in [
        ("text/plain", "\u{FEFF}Ring", "http: Ring"),
        ("application/json", "\u{FEFF}{\"msg\":\"Ring\"}", "http: Ring"),
        ("application/x-www-form-urlencoded", "msg=Ring", "http: msg=Ring"),
        ("text/plain; charset=UTF-8", "caf\u{e9}\u{FEFF}", "http: caf\u{e9}\u{FEFF}"),
    ] {
        let answer = server.ask("POST", "/v1/rooms/D5DB", &[("content-type", kind)], body.as_bytes());
        assert_eq!(answer.status, 202, "{answer:?}");
        assert_eq!(ada.hears().1, said);
    }
}

#[test]
fn given_a_form_or_an_address_that_is_not_utf_8_then_it_is_refused_and_makes_no_session() {
    let server = Server::start(&[]);
    let form = [("content-type", "application/x-www-form-urlencoded")];
    for (method, path, body) in [
        ("POST", "/v1", "name=caf%E9&room=R1"),
        ("POST", "/v1", "name=Ada&room=%FF"),
        ("GET", "/v1?room=%E9", ""),
        ("GET", "/v1/chat?room=%E9", ""),
    ] {
        let answer = server.ask(method, path, &form, body.as_bytes());
        assert_eq!((answer.status, answer.header("set-cookie")), (400, ""), "{path} {body}");
        assert!(answer.body.contains("UTF-8"), "{answer:?}");
    }
    let answer = server.ask("POST", "/v1", &form, b"name=caf%C3%A9&room=R1");
    assert_eq!(answer.status, 303);
}
