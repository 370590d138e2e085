//! `Last-Event-ID` and `?since=`: a listener that comes back misses nothing, and hears nothing twice.

use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};

use crate::http::Listening;
use crate::server::{DEADLINE, Server};

const MEMORY: [&str; 4] = ["--history", "memory", "--byte-rate", "0"];

fn listen(server: &Server, query: &str, headers: &[(&str, &str)]) -> Listening {
    Listening::to(server.send("GET", &format!("/v1/rooms/D5DB/events{query}"), headers, b""))
}

fn say(server: &Server, text: &str) -> String {
    let receipt = server.post("/v1/rooms/D5DB", &[], text).json();
    receipt["position"].as_str().unwrap().to_owned()
}

/// The texts of the next events, whose names are `message`.
fn texts(listener: &mut Listening, count: usize) -> Vec<String> {
    (0..count)
        .map(|_| {
            let (name, msg) = listener.event().unwrap();
            assert_eq!(name, "message", "{msg}");
            msg.strip_prefix("http: ").unwrap().to_owned()
        })
        .collect()
}

fn numbers(range: std::ops::Range<usize>) -> Vec<String> {
    range.map(|number| number.to_string()).collect()
}

#[test]
fn given_any_event_then_its_id_is_the_place_that_the_sender_was_told() {
    let server = Server::start(&[&MEMORY[..], &["--leave-grace", "0"]].concat());
    let mut sse = listen(&server, "", &[]);
    assert_eq!(sse.chunk(), ":\n\n");
    let start = sse.chunk();
    let start = start
        .strip_prefix("id: ")
        .and_then(|id| id.strip_suffix("\n\n"))
        .unwrap_or_else(|| panic!("{start}"));
    let ada = server.join("D5DB", "Ada");
    assert_eq!(sse.event_at().unwrap(), (start.into(), "status".into(), "Ada has entered the room.".into()));
    let position = say(&server, "hi");
    assert_eq!(sse.event_at().unwrap(), (position.clone(), "message".into(), "http: hi".into()));
    drop(ada);
    assert_eq!(sse.event_at().unwrap(), (position.clone(), "status".into(), "Ada has left the room.".into()));

    // From the place before the first event on, which is set without one.
    let mut back = listen(&server, "", &[("last-event-id", start)]);
    assert_eq!(back.event_at().unwrap(), (position, "message".into(), "http: hi".into()));
}

#[test]
fn given_a_listener_that_comes_back_then_it_hears_what_it_missed_and_then_what_is_said() {
    let server = Server::start(&MEMORY);
    let mut first = listen(&server, "", &[]);
    say(&server, "0");
    let (last, ..) = first.event_at().unwrap();
    drop(first);
    (1..200).for_each(|number| drop(say(&server, &number.to_string())));
    let mut back = listen(&server, "?since=none", &[("last-event-id", &last)]);
    assert_eq!(texts(&mut back, 199), numbers(1..200));
    say(&server, "200");
    assert_eq!(texts(&mut back, 1), ["200"]);

    for (since, from) in
        [("all", 0), ("10", 191), ("64", 137), ("65", 136), ("150", 51), ("1000", 0), ("1h", 0), (&last, 1)]
    {
        let mut listener = listen(&server, &format!("?since={since}"), &[]);
        assert_eq!(texts(&mut listener, 201 - from), numbers(from..201), "{since}");
    }
    let mut none = ["none", "0", "0s"].map(|since| listen(&server, &format!("?since={since}"), &[]));
    // When the place has been told, everything that is said is heard.
    for listener in &mut none {
        assert_eq!((listener.chunk().as_str(), &listener.chunk()[..4]), (":\n\n", "id: "));
    }
    say(&server, "live");
    for listener in &mut none {
        assert_eq!(texts(listener, 1), ["live"]);
    }
    let refused = server.get("/v1/rooms/D5DB/events?since=soon");
    assert_eq!((refused.status, refused.problem().as_str()), (400, "since_invalid"));
}

#[test]
fn given_messages_while_it_comes_back_then_a_listener_has_no_hole_and_no_double() {
    let server = Server::start(&[&MEMORY[..], &["--history-messages", "100000"]].concat());
    let _ada = server.join("D5DB", "Ada");
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for number in 0.. {
                say(&server, &number.to_string());
                if is_over.load(Ordering::Relaxed) {
                    return;
                }
            }
        });
        let mut heard = 0;
        let mut last = None;
        let mut comes = 0;
        while comes < 30 {
            comes += 1;
            let last_id: Vec<_> = last.iter().map(|last: &String| ("last-event-id", last.as_str())).collect();
            let mut listener = listen(&server, "?since=all", &last_id);
            for _ in 0..40 {
                let (id, name, msg) = listener.event_at().unwrap();
                assert_eq!((name.as_str(), msg), ("message", format!("http: {heard}")));
                heard += 1;
                last = Some(id);
            }
        }
        is_over.store(true, Ordering::Relaxed);
    });
}

#[test]
fn given_messages_that_are_gone_then_a_listener_is_told_and_nothing_else_is_missing() {
    let server = Server::start(&[&MEMORY[..], &["--history-messages", "3"]].concat());
    let _ada = server.join("D5DB", "Ada");
    let places: Vec<String> = (0..5).map(|number| say(&server, &number.to_string())).collect();
    let gap = |text: &str| ("gap".to_owned(), text.to_owned());
    let mut back = listen(&server, "", &[("last-event-id", &places[0])]);
    assert_eq!(back.event().unwrap(), gap("1 message is missing here."));
    assert_eq!(texts(&mut back, 3), numbers(2..5));
    // An id of another server, or of before a restart, and one that is none: refused, an EventSource would not come back.
    for id in ["8f3a1c20b7d41-57", "57", "rubbish"] {
        let mut back = listen(&server, "", &[("last-event-id", id)]);
        assert_eq!(back.event().unwrap(), gap("Messages may be missing here."), "{id}");
        assert_eq!(texts(&mut back, 3), numbers(2..5), "{id}");
    }
    let off = Server::start(&["--history", "off"]);
    let mut back = listen(&off, "", &[("last-event-id", &places[0])]);
    assert_eq!(back.event().unwrap(), gap("Messages may be missing here."));
    say(&off, "live");
    assert_eq!(texts(&mut back, 1), ["live"]);
}

#[test]
fn given_lines_of_json_then_they_have_places_and_gaps_too_for_those_who_ask() {
    let server = Server::start(&[&MEMORY[..], &["--history-messages", "1"]].concat());
    let _ada = server.join("D5DB", "Ada");
    let object = |listener: &mut Listening| loop {
        let line = listener.line().unwrap();
        if !line.is_empty() {
            return serde_json::from_str::<Value>(&line).unwrap();
        }
    };
    let accept = ("accept", "application/x-ndjson");
    let places: Vec<String> = (0..3).map(|number| say(&server, &number.to_string())).collect();
    let mut plain = listen(&server, "", &[accept]);
    let mut since = listen(&server, &format!("?since={}", places[0]), &[accept]);
    let gap = json!({ "event": "gap", "msg": "1 message is missing here.", "missed": 1 });
    assert_eq!(object(&mut since), gap);
    let message = object(&mut since);
    let keys: Vec<&str> = message.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(keys, ["at", "event", "id", "msg", "name", "position"]);
    assert_eq!((&message["msg"], &message["position"]), (&json!("http: 2"), &json!(places[2])));
    assert_eq!(object(&mut since), json!({ "event": "position", "position": places[2] }));
    say(&server, "3");
    assert_eq!(
        [object(&mut since)["msg"].clone(), object(&mut plain)["msg"].clone()],
        ["http: 3", "http: 3"]
    );
}

#[test]
fn given_a_long_history_and_a_client_that_reads_slowly_then_it_is_not_cut_off_and_gets_all() {
    let server =
        Server::start(&[&MEMORY[..], &["--queue-limit", "100000", "--max-payload", "50000"]].concat());
    let _ada = server.join("D5DB", "Ada");
    let long = "x".repeat(10_000);
    for number in 0..600 {
        say(&server, &format!("{number} {long}"));
    }
    let mut back = listen(&server, "?since=all", &[]);
    for number in 0..600 {
        if number % 100 == 0 {
            // Meanwhile a server that does not wait for its client would send it all.
            for _ in 0..50 {
                server.get("/livez");
            }
        }
        assert!(texts(&mut back, 1)[0].starts_with(&format!("{number} x")));
    }
    say(&server, "live");
    assert_eq!(texts(&mut back, 1), ["live"]);
}

#[test]
fn given_a_client_that_goes_away_while_it_is_sent_the_past_then_all_of_it_is_let_go() {
    let server = Server::start(&[&MEMORY[..], &["--max-rooms", "1"]].concat());
    let long = "x".repeat(16_000);
    for _ in 0..600 {
        assert_eq!(server.post("/v1/rooms/D5DB", &[], &long).status, 202);
    }
    let back = listen(&server, "?since=all", &[]);
    assert_eq!(server.post("/v1/rooms/other", &[], "hi").status, 503, "its room is there");
    drop(back);
    let until = std::time::Instant::now() + DEADLINE;
    while server.post("/v1/rooms/other", &[], "hi").status != 202 {
        assert!(std::time::Instant::now() < until, "the room stays for a reader who has gone");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    server.wait_for_log("stopped listening");
}

#[test]
fn given_a_server_that_is_killed_then_what_it_acknowledged_is_there_and_a_listener_goes_on_where_it_was() {
    let server = Server::start(&[]);
    let mut sse = listen(&server, "", &[]);
    let key = [("idempotency-key", "8e03978e-40d5-43dd-bc93-6894a57f9324")];
    let first = server.post("/v1/rooms/D5DB", &key, "first").json();
    assert_eq!((&first["stored"], &first["connections"]), (&json!(true), &json!(1)));
    let (last, ..) = sse.event_at().unwrap();
    let later: Vec<String> = (0..20).map(|number| say(&server, &number.to_string())).collect();

    let server = server.killed_and_back(&[]);
    let again = server.post("/v1/rooms/D5DB", &key, "first").json();
    for name in ["id", "position", "stored"] {
        assert_eq!(again[name], first[name], "{name}: it is the same message");
    }
    assert_eq!(again["connections"], Value::Null);
    let other = server.post("/v1/rooms/D5DB", &key, "another");
    assert_eq!((other.status, other.problem().as_str()), (422, "idempotency_key_reused"));
    say(&server, "after");
    let mut back = listen(&server, "", &[("last-event-id", &last)]);
    for (number, place) in later.iter().enumerate() {
        let heard = back.event_at().unwrap();
        assert_eq!(heard, (place.clone(), "message".into(), format!("http: {number}")));
    }
    assert_eq!(texts(&mut back, 1), ["after"], "and no gap");
    let page = server.get(&format!("/v1/rooms/D5DB/messages?since={last}")).json();
    assert_eq!((page["messages"].as_array().unwrap().len(), &page["gap"]), (21, &Value::Null));
}
