//! Codes that are tried, and places that are taken.

use serde_json::{Value, json};

use crate::member::Member;
use crate::server::Server;

/// Sends `joined` and gives the acknowledgement.
fn joined(member: &mut Member, room: &str, name: &str) -> Value {
    member.send(&format!("421{}", json!(["joined", { "name": name, "headless": true, "room": room }])));
    loop {
        if let Some(ack) = member.packet().strip_prefix("431") {
            return serde_json::from_str::<Value>(ack).unwrap()[0].clone();
        }
    }
}

#[test]
fn given_codes_that_are_tried_then_every_way_ends_and_neighbours_keep_their_rooms() {
    let server = Server::start(&["--event-rate", "0"]);
    let mut ada = server.join("D5DB", "Ada");
    let mut mallory = server.connect();
    let mut last = Value::Null;
    let mut found = 0;
    for number in 0..5_000 {
        let answer = joined(&mut mallory, &format!("code {number}"), "Mallory");
        if answer["ok"] == false {
            last = answer;
            break;
        }
        found += 1;
    }
    assert!((599..700).contains(&found), "{found}");
    assert_eq!(last["error"]["code"], "too_many_rooms");
    let said = last["error"]["message"].as_str().unwrap();
    assert_eq!(said, "too many different rooms were named from your address; wait 1 s.");

    // It stays where it was, and the other ways are closed as well.
    mallory.send("42[\"text\",{\"msg\":\"still here\"}]");
    while mallory.hears().1 != "Mallory: still here" {}
    for (method, path) in [("GET", ""), ("POST", ""), ("GET", "/events"), ("POST", "/messages")] {
        let answer = server.ask(method, &format!("/v1/rooms/another{path}"), &[], b"hello");
        assert_eq!((answer.status, answer.problem().as_str()), (429, "too_many_rooms"), "{method} {path}");
    }
    let mut refused = 0;
    for number in 0..20 {
        let form = format!("name=Ada&room=login+{number}");
        refused += usize::from(server.post("/v1", &[], &form).status == 429);
    }
    assert!(refused > 0);

    // A room that neighbours are in is open by every way.
    let mut bell = server.listen("D5DB", "text/event-stream");
    assert_eq!(server.post("/v1/rooms/D5DB", &[], "hello").status, 202);
    assert_eq!(bell.event().unwrap().1, "http: hello");
    assert_eq!(ada.hears().1, "http: hello");
    let _bob = server.join("D5DB", "Bob");
    assert_eq!(ada.hears().1, "Bob has entered the room.");
}

#[test]
fn given_as_many_people_and_rooms_as_there_may_be_then_one_more_hears_why() {
    let server = Server::start(&["--max-people", "2", "--max-rooms", "2"]);
    let _ada = server.join("one", "Ada");
    let mut bob = server.join("one", "Bob");
    let mut cleo = server.join("two", "Cleo");
    let refused = joined(&mut cleo, "one", "Cleo");
    assert_eq!(refused["error"]["code"], "room_full");
    assert_eq!(refused["error"]["message"], "this room is full: it may hold 2 people.");
    assert_eq!(joined(&mut cleo, "three", "Cleo")["error"]["code"], "server_full");
    let answer = server.get("/v1/rooms/three/events");
    assert_eq!((answer.status, answer.problem().as_str()), (503, "server_full"));
    // Cleo is where she was, somebody who is there may come again, and a place that gets free is free.
    assert_eq!(joined(&mut cleo, "two", "Cleo")["ok"], true);
    let _again = server.join("one", "Bob");
    bob.send("42[\"left\",{}]");
    assert_eq!(joined(&mut bob, "two", "Bob")["count"], 2);
    server.wait_for_log("no way into a room: there are too many rooms (--max-rooms)");
}

#[test]
fn given_joins_over_the_rate_then_they_are_refused_and_the_room_is_left_alone() {
    let server = Server::start(&["--join-rate", "60"]);
    let mut ada = server.connect();
    let refused = (0..200)
        .map(|number| joined(&mut ada, ["one", "two"][number % 2], "Ada"))
        .find(|answer| answer["ok"] == false)
        .unwrap();
    assert_eq!(refused["error"]["code"], "too_many_joins");
}
