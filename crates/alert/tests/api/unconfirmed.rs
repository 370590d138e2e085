//! Alerts that people have not confirmed: each of their clients is reminded, and another room hears who they are, once, on one
//! server and on several, and after the server was killed.

use std::thread;
use std::time::Instant;

use serde_json::{Value, json};

use crate::alerts::{Hosted, joins, of_each_kind};
use crate::heard::{message, status};
use crate::member::Member;
use crate::redis::Redis;
use crate::rights::outcome;
use crate::server::{DEADLINE, Server};

/// The shortest time (s) there may be between two reminders, and until an alert is passed on.
const SHORTEST: u64 = 5;
const JSON: (&str, &str) = ("content-type", "application/json");

/// The same with servers of each kind, at the same time: nearly all of it is waiting.
fn on_each_kind(test: impl Fn(&[Server]) + Sync) {
    let run = |kind: &(Vec<Server>, Option<Redis>)| test(&kind.0);
    let kinds = of_each_kind(&[]);
    thread::scope(|scope| kinds.iter().for_each(|kind| _ = scope.spawn(|| run(kind))));
}

fn event_of(packet: &str) -> Option<(String, Value)> {
    let packet = packet.strip_prefix("42/v2,")?;
    let (name, what): (String, Value) = serde_json::from_str(packet).ok()?;
    Some((name, what))
}

/// The next event of this name on v2, and the names of those before it.
fn next(member: &mut Member, wanted: &str) -> (Value, Vec<String>) {
    let mut before = Vec::new();
    loop {
        match event_of(&member.packet()) {
            Some((name, what)) if name == wanted => return (what, before),
            Some((name, _)) => before.push(name),
            None => {}
        }
    }
}

/// What comes until the alert has ended.
fn until_end(member: &mut Member) -> Vec<String> {
    let mut all = Vec::new();
    loop {
        let (news, before) = next(member, "alert");
        all.extend(before);
        if news["state"] == "ended" {
            return all;
        }
    }
}

fn confirms(member: &mut Member, id: &str) {
    let confirm = json!(["alert", { "room": "R1", "action": "confirm", "id": id }]);
    assert_eq!(outcome(&member.asks("/v2,", &confirm)), "ok");
}

/// Makes a room, and gives the key of its hosts.
fn made(server: &Server, room: &str) -> String {
    let made = server.ask("POST", "/v1/rooms", &[JSON], json!({ "room": room }).to_string().as_bytes());
    assert_eq!(made.status, 201, "{made:?}");
    made.json()["host"].as_str().unwrap().to_owned()
}

/// What was said in a room, once there are so many messages.
fn said(server: &Server, room: &str, count: usize) -> Vec<String> {
    let deadline = Instant::now() + DEADLINE;
    loop {
        let page = server.get(&format!("/v1/rooms/{room}/messages?since=all")).json();
        let text = |message: &Value| message["msg"].as_str().unwrap().to_owned();
        let all: Vec<_> = page["messages"].as_array().unwrap().iter().map(text).collect();
        if all.len() >= count {
            return all;
        }
        assert!(Instant::now() < deadline, "{all:?}");
        thread::sleep(std::time::Duration::from_millis(20));
    }
}

#[test]
fn given_an_alert_that_reminds_then_whoever_has_not_confirmed_is_on_each_connection_and_nobody_else() {
    on_each_kind(|servers| {
        let (here, there) = (&servers[0], servers.last().unwrap());
        let host = Hosted::of(here);
        let (mut phone, _) = joins(here, "Bea");
        let (mut laptop, _) = joins(there, "Bea");
        let (mut dan, _) = joins(there, "Dan");
        let mut cy = there.join("R1", "Cy");
        let alert = json!({ "text": "Ice", "remind": SHORTEST, "word": "here", "drill": true });
        let id = host.raises(here, &alert);
        confirms(&mut dan, &id);
        for device in [&mut phone, &mut laptop] {
            let (reminder, _) = next(device, "reminder");
            assert_eq!(
                (&reminder["id"], &reminder["number"], &reminder["name"], &reminder["msg"]),
                (&json!(id), &json!(1), &json!("Ada"), &json!("DRILL: WARNING: Ice"))
            );
        }
        // Somebody else comes later, and the first has confirmed on one of two devices.
        let (mut eve, _) = joins(here, "Eve");
        confirms(&mut phone, &id);
        let told = status("DRILL: Reminder, from Ada: WARNING: Ice (say \"here\" to confirm)");
        let mut reminded = 0;
        while reminded < 2 {
            reminded += usize::from(cy.hears() == told);
        }
        assert_eq!(next(&mut eve, "reminder").0["number"], 2);
        let ended = host.asks(here, "DELETE", &format!("/{id}"), &json!({}));
        assert_eq!(ended.status, 200);
        for device in [&mut phone, &mut laptop, &mut dan] {
            let heard = until_end(device);
            assert!(!heard.iter().any(|name| name == "reminder"), "{heard:?}");
        }
    });
}

#[test]
fn given_people_who_have_not_confirmed_at_the_time_then_another_room_hears_once_who_and_the_own_room_how_many()
 {
    on_each_kind(|servers| {
        let (here, there) = (&servers[0], servers.last().unwrap());
        let host = Hosted::of(here);
        let (mut bea, _) = joins(there, "Bea");
        let (mut cy, _) = joins(here, "Cy");
        let mut office = there.join("R2", "Mr Lind");
        let raise = json!({ "text": "Ice", "escalate_after": SHORTEST, "escalate_to": "R2" });
        let id = host.raises(here, &raise);
        confirms(&mut cy, &id);
        let words = "Not confirmed by 1 of 2 people after 5s";
        let passed_on = format!("{words}: Bea. Ada raised it in R1: WARNING: Ice");
        assert_eq!(office.hears(), message(&format!("Ada: {passed_on}")));
        let (news, heard) = loop {
            let (news, heard) = next(&mut bea, "alert");
            if news["state"] == "updated" {
                break (news, heard);
            }
        };
        assert!(news["alert"]["escalated_at"].is_string(), "{news}");
        assert!(heard.contains(&"message".to_owned()));
        let own = format!("{words}: WARNING: Ice");
        assert_eq!(said(here, "R1", 2), ["WARNING: Ice", own.as_str()]);
        // Where nobody is missing, nothing is said; the next that is passed on shows that.
        let quiet =
            host.raises(there, &json!({ "text": "Quiet", "escalate_after": SHORTEST, "escalate_to": "R2" }));
        for member in [&mut bea, &mut cy] {
            confirms(member, &quiet);
        }
        let link = "https://alert.example.org/v1?room=R2";
        host.raises(there, &json!({ "text": "Snow", "escalate_after": SHORTEST, "escalate_to": link }));
        let all = said(there, "R2", 2);
        assert_eq!(all[0], passed_on);
        assert!(all.len() == 2 && all[1].ends_with("WARNING: Snow"), "{all:?}");
    });
}

#[test]
fn given_a_server_that_was_killed_then_an_alert_is_passed_on_when_it_is_back_and_not_again() {
    let mut server = Server::start(&[]);
    let host = Hosted::of(&server);
    let (bea, _) = joins(&server, "Bea");
    let raise = json!({ "text": "Ice", "escalate_after": SHORTEST, "escalate_to": "R2", "remind": SHORTEST });
    let id = host.raises(&server, &raise);
    // Before its time, whoever raised one is muted where it is to be passed on to.
    let key = made(&server, "R4");
    host.raises(&server, &json!({ "text": "Sleet", "escalate_after": SHORTEST, "escalate_to": "R4" }));
    let mute = br#"{"action":"mute","name":"Ada"}"#;
    let muted = server.ask("POST", "/v1/rooms/R4/actions", &[JSON, ("alert-host-key", &key)], mute);
    assert_eq!(muted.status, 200, "{muted:?}");
    // Nobody is in this room.
    let headers = [JSON, ("alert-host-key", &made(&server, "R5")), ("alert-name", "Eve")];
    let fog = json!({ "text": "Fog", "escalate_after": SHORTEST, "escalate_to": "R6" }).to_string();
    assert_eq!(server.ask("POST", "/v1/rooms/R5/alerts", &headers, fog.as_bytes()).status, 201);
    server = server.killed_and_back(&[]);
    drop(bea);
    let (mut bea, _) = joins(&server, "Bea");
    assert_eq!(next(&mut bea, "reminder").0["id"], json!(id), "reminders go on");
    assert_eq!(said(&server, "R2", 1).len(), 1);
    let own = said(&server, "R1", 4);
    assert!(own.contains(&"Not confirmed by 1 of 1 person after 5s: WARNING: Sleet".to_owned()), "{own:?}");
    assert!(said(&server, "R4", 0).is_empty(), "Ada is muted there");
    let nobody = "Nobody was expected to confirm within 5s. Eve raised it in R5: WARNING: Fog";
    assert_eq!(said(&server, "R6", 1), [nobody]);
    assert_eq!(said(&server, "R5", 2)[1], "Nobody was expected to confirm within 5s: WARNING: Fog");
    server = server.killed_and_back(&[]);
    host.raises(&server, &json!({ "text": "Snow", "escalate_after": SHORTEST, "escalate_to": "R2" }));
    // Nobody was there when it was raised: whoever is when it is passed on is expected.
    let (_bea, _) = joins(&server, "Bea");
    let roster = server.ask(
        "PUT",
        "/v1/rooms/R1/roster",
        &[JSON, ("alert-host-key", &host.key)],
        br#"{"names":["Bea"]}"#,
    );
    assert_eq!(roster.status, 200);
    host.raises(&server, &json!({ "text": "Hail", "escalate_after": SHORTEST, "escalate_to": "R2" }));
    let all = said(&server, "R2", 3);
    let of = |word: &str| all.iter().filter(|text| text.ends_with(word)).count();
    assert_eq!((of("Ice"), of("Snow"), of("Hail")), (1, 1, 1), "{all:?}");
    assert!(all[1].starts_with("Not confirmed by 1 of 1 person after 5s: Bea."), "{all:?}");
}

#[test]
fn whoever_may_not_speak_in_the_other_room_cannot_have_an_alert_passed_on_to_it() {
    let server = Server::start(&["--history", "memory"]);
    let host = Hosted::of(&server);
    let made = server.ask("POST", "/v1/rooms", &[JSON], br#"{"room":"R2"}"#);
    let key = made.json()["host"].as_str().unwrap().to_owned();
    let set = br#"{"action":"set","settings":{"announce":true}}"#;
    assert_eq!(
        server.ask("POST", "/v1/rooms/R2/actions", &[JSON, ("alert-host-key", &key)], set).status,
        200
    );
    let raise = |to: &str| {
        let alert = json!({ "text": "Ice", "escalate_after": "5m", "escalate_to": to });
        host.asks(&server, "POST", "", &alert)
    };
    let refused = raise("R2");
    let why = "escalate_to takes a room where you may speak, and there: only hosts speak in this room: raise your \
               hand to ask for the word.";
    assert_eq!((refused.status, refused.json()["detail"].as_str()), (403, Some(why)), "{refused:?}");
    let own = raise("R1");
    assert_eq!((own.status, own.problem().as_str()), (400, "invalid_body"), "{own:?}");
    for never in ["remind", "escalate_after"] {
        let refused =
            host.asks(&server, "POST", "", &json!({ "text": "Ice", "ends_at": "2m", never: "10m" }));
        let why = format!("{never} must be shorter than the alert lasts, ");
        let detail = refused.json()["detail"].as_str().unwrap().to_owned();
        assert!(refused.status == 400 && detail.starts_with(&why), "{refused:?}");
    }
    assert_eq!(server.get("/v1/rooms/R1/alerts").json()["alerts"], json!([]));
    let raised = raise("R3").json()["alert"].clone();
    assert_eq!((&raised["confirm"], &raised["escalate_after"]), (&json!(true), &json!(300.0)));
    assert_eq!(raised["escalate_to"], Value::Null, "a room's code is the key to it");
    // A client that has shown the other room's key on connecting is a host there too.
    let mut member = server.open_by(server.address, "test");
    member.send(&format!("40/v2,{}", json!({ "host": key })));
    assert!(member.packet().starts_with("40/v2,"));
    let join = json!(["join", { "room": "R1", "name": "Ada", "host": host.key }]);
    assert_eq!(outcome(&member.asks("/v2,", &join)), "ok");
    let alert = json!(["alert", { "room": "R1", "action": "raise", "text": "Ice", "escalate_after": "5m",
                                  "escalate_to": "R2" }]);
    assert_eq!(outcome(&member.asks("/v2,", &alert)), "ok");
}
