//! Roll calls: whom an alert reaches, who confirms it by which client, and what hosts hear of that, on one server and on
//! several, and after the server was killed.

use std::time::Instant;

use serde_json::{Value, json};

use crate::alerts::{Hosted, joins, of_each_kind, stores};
use crate::heard::message;
use crate::member::Member;
use crate::rights::outcome;
use crate::server::{DEADLINE, Server};

/// The next event of this name on v2.
fn event(member: &mut Member, name: &str) -> Value {
    let begin = format!("42/v2,[\"{name}\",");
    loop {
        if let Some(event) = member.packet().strip_prefix(&begin) {
            return serde_json::from_str(event.strip_suffix(']').unwrap()).unwrap();
        }
    }
}

fn does(member: &mut Member, id: &str, what: &Value) -> Value {
    let mut asked = json!({ "room": "R1", "id": id });
    asked.as_object_mut().unwrap().extend(what.as_object().unwrap().clone());
    member.asks("/v2,", &json!(["alert", asked]))
}

/// Each person with their stage and answer, as HTTP shows them.
fn people(roll: &Value) -> Vec<(String, String, Option<String>)> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let person = |person: &Value| {
        (text(&person["name"]).unwrap(), text(&person["stage"]).unwrap(), text(&person["answer"]))
    };
    roll["people"].as_array().unwrap().iter().map(person).collect()
}

pub(crate) fn roll(host: &Hosted, server: &Server, id: &str) -> Value {
    let roll = host.asks(server, "GET", &format!("/{id}/roll_call"), &json!({}));
    assert_eq!(roll.status, 200, "{roll:?}");
    roll.json()
}

/// Asks until it is so.
fn until(what: impl Fn() -> Option<String>) {
    let deadline = Instant::now() + DEADLINE;
    while let Some(otherwise) = what() {
        assert!(Instant::now() < deadline, "{otherwise}");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
}

fn expect(host: &Hosted, server: &Server, id: &str, people: &[(&str, &str, Option<&str>)]) {
    until(|| {
        let found = self::people(&roll(host, server, id));
        let found: Vec<_> =
            found.iter().map(|(name, stage, answer)| (&**name, &**stage, answer.as_deref())).collect();
        (found != people).then(|| format!("{found:?} is not {people:?}"))
    });
}

#[test]
fn who_was_there_is_expected_and_goes_from_missing_over_reached_and_shown_to_confirmed() {
    for (servers, _redis) in of_each_kind(&[]) {
        let (here, there) = (&servers[0], servers.last().unwrap());
        let host = Hosted::of(here);
        let (mut bea, _) = joins(there, "Bea");
        let (mut cy, _) = joins(here, "Cy");
        // Connected, and nothing is read from it, not even a ping.
        let (dan, _) = joins(there, "Dan");
        let id = host.raises(here, &json!({ "text": "Out", "answers": ["safe", "need help"] }));
        assert_eq!(event(&mut bea, "alert")["alert"]["answers"], json!(["safe", "need help"]));
        let seen = does(&mut bea, &id, &json!({ "action": "shown" }));
        assert_eq!(seen, json!({ "ok": true }));
        let confirmed = does(&mut cy, &id, &json!({ "action": "confirm", "answer": "Safe" }));
        assert_eq!((outcome(&confirmed), &confirmed["stored"]), ("ok".to_owned(), &stores(here)));
        assert_eq!(confirmed["person"]["answer"], "safe", "as the alert names it");
        expect(
            &host,
            here,
            &id,
            &[("Dan", "missing", None), ("Bea", "shown", None), ("Cy", "confirmed", Some("safe"))],
        );
        let counts = roll(&host, there, &id)["counts"].clone();
        assert_eq!(
            counts,
            json!({ "expected": 3, "missing": 1, "reached": 0, "shown": 1, "confirmed": 1, "answers": { "safe": 1 } })
        );
        // Dan answers the ping behind it, and so has it.
        let mut dan = dan;
        let news = does(&mut dan, &id, &json!({ "action": "list" }));
        assert_eq!(outcome(&news), "ok");
        expect(
            &host,
            there,
            &id,
            &[("Dan", "reached", None), ("Bea", "shown", None), ("Cy", "confirmed", Some("safe"))],
        );
        // Whoever comes later is in it when they have it.
        let (mut eve, _) = joins(there, "Eve");
        does(&mut eve, &id, &json!({ "action": "list" }));
        until(|| {
            let found = roll(&host, here, &id);
            let eve =
                found["people"].as_array().unwrap().iter().find(|person| person["name"] == "Eve").cloned();
            let is_there = eve.is_some_and(|eve| eve["stage"] == "reached" && eve["expected"] == false);
            (!is_there).then(|| found.to_string())
        });
    }
}

#[test]
fn given_a_room_that_gets_another_code_then_its_roster_and_who_has_confirmed_go_along() {
    for (servers, _redis) in of_each_kind(&[]) {
        let (here, there) = (&servers[0], servers.last().unwrap());
        let host = Hosted::of(here);
        let key = [("content-type", "application/json"), ("alert-host-key", &*host.key)];
        let roster = br#"{"names":["Bea","Cy","Dan"]}"#;
        assert_eq!(here.ask("PUT", "/v1/rooms/R1/roster", &key, roster).status, 200);
        let [mut bea, mut cy] = ["Bea", "Cy"].map(|name| joins(there, name).0);
        let id = host.raises(here, &json!({ "text": "Out", "answers": ["safe"], "escalate_after": "5m" }));
        for (member, what) in [
            (&mut bea, json!({ "action": "confirm", "answer": "safe" })),
            (&mut cy, json!({ "action": "shown" })),
        ] {
            assert_eq!(outcome(&does(member, &id, &what)), "ok");
        }
        let before = roll(&host, here, &id);
        let moved = there.ask("POST", "/v1/rooms/R1/actions", &key, br#"{"action":"new_code"}"#);
        let room = moved.json()["room"].as_str().unwrap().to_owned();
        let get =
            |room: &str, what: &str| here.ask("GET", &format!("/v1/rooms/{room}/{what}"), &key, b"").json();
        let after = get(&room, &format!("alerts/{id}/roll_call"));
        assert_eq!((people(&after), &after["counts"]), (people(&before), &before["counts"]));
        assert_eq!(get(&room, "roster")["names"], json!(["Bea", "Cy", "Dan"]));
        assert_eq!(get("R1", "roster")["names"], json!([]));
    }
}

#[test]
fn whoever_has_confirmed_is_told_on_every_device_and_hosts_hear_the_counts() {
    for (servers, _redis) in of_each_kind(&[]) {
        let (here, there) = (&servers[0], servers.last().unwrap());
        let host = Hosted::of(here);
        let (mut phone, _) = joins(here, "Bea");
        let (mut laptop, _) = joins(there, "Bea");
        let mut watching = [here, there].map(|server| {
            let (mut member, _) = server.connect_with("/v2,", None);
            let join = json!(["join", { "room": "R1", "name": "Host", "host": host.key }]);
            assert_eq!(outcome(&member.asks("/v2,", &join)), "ok");
            member
        });
        let id = host.raises(here, &json!({ "text": "Out", "confirm": true }));
        for watcher in &mut watching {
            let called = does(watcher, &id, &json!({ "action": "roll_call", "limit": 1 }));
            assert_eq!(
                (&called["counts"]["expected"], &called["more"]),
                (&json!(2), &json!(true)),
                "{called}"
            );
        }
        let confirmed = does(&mut phone, &id, &json!({ "action": "confirm" }));
        let told = event(&mut laptop, "confirmed");
        assert_eq!((&told["person"], &told["id"]), (&confirmed["person"], &json!(id)));
        for watcher in &mut watching {
            while event(watcher, "roll_call")["counts"]["confirmed"] != 1 {}
        }
        // Another device that comes later is silent from the beginning.
        let (mut tablet, _) = joins(there, "Bea");
        assert_eq!(event(&mut tablet, "confirmed")["person"], confirmed["person"]);
        // A host marks somebody; the last count is sent, however many there were at once.
        let marked = does(&mut watching[0], &id, &json!({ "action": "confirm", "person": "Zoe" }));
        assert_eq!(
            (&marked["person"]["by"], &marked["person"]["expected"]),
            (&json!("Host"), &json!(false)),
            "{marked}"
        );
        for watcher in &mut watching {
            while event(watcher, "roll_call")["counts"]["confirmed"] != 2 {}
        }
    }
}

#[test]
fn a_client_of_v1_is_reached_and_confirms_by_the_word_also_where_it_must_not_speak() {
    for (servers, _redis) in of_each_kind(&[]) {
        let (here, there) = (&servers[0], servers.last().unwrap());
        let host = Hosted::of(here);
        let mut bea = there.join("R1", "Bea");
        let id = host.raises(here, &json!({ "text": "Out", "word": "Here" }));
        assert_eq!(bea.hears(), message("Ada: WARNING: Out"));
        bea.say("hello");
        assert_eq!(bea.hears(), message("Bea: hello"));
        expect(&host, here, &id, &[("Bea", "reached", None)]);
        bea.say(" here ");
        assert_eq!(bea.hears(), message("Bea:  here "), "it is said all the same");
        expect(&host, here, &id, &[("Bea", "confirmed", None)]);
        let mut cy = there.join("R1", "Cy");
        assert_eq!(cy.hears().0, "status");
        let headers = [("content-type", "application/json"), ("alert-host-key", host.key.as_str())];
        let set = br#"{"action":"set","settings":{"announce":true}}"#;
        assert_eq!(here.ask("POST", "/v1/rooms/R1/actions", &headers, set).status, 200);
        cy.say("here");
        expect(&host, here, &id, &[("Bea", "confirmed", None), ("Cy", "confirmed", None)]);
    }
}

#[test]
fn what_is_wrong_with_a_confirmation_is_said() {
    let server = Server::start(&["--history", "memory"]);
    let host = Hosted::of(&server);
    let (mut bea, _) = joins(&server, "Bea");
    let asked = host.raises(&server, &json!({ "text": "x", "answers": ["safe"] }));
    let plain = host.raises(&server, &json!({ "text": "y" }));
    for (id, what, code) in [
        (&asked, json!({ "action": "confirm" }), "invalid_body"),
        (&asked, json!({ "action": "confirm", "answer": "fine" }), "invalid_body"),
        (&asked, json!({ "action": "confirm", "answer": "safe", "person": "Cy" }), "not_allowed"),
        (&asked, json!({ "action": "roll_call" }), "not_allowed"),
        (&plain, json!({ "action": "confirm" }), "not_allowed"),
        (&plain, json!({ "action": "shown" }), "not_allowed"),
        (&"00000000".to_owned(), json!({ "action": "confirm" }), "no_such_alert"),
    ] {
        assert_eq!(outcome(&does(&mut bea, id, &what)), code, "{what}");
    }
    host.asks(&server, "DELETE", &format!("/{asked}"), &json!({}));
    let late = does(&mut bea, &asked, &json!({ "action": "confirm", "answer": "safe" }));
    assert_eq!(outcome(&late), "no_such_alert");
    // A host still notes who was found, and reads the roll call.
    let marks = |body: Value| host.asks(&server, "POST", &format!("/{asked}/confirmations"), &body);
    let found = marks(json!({ "person": "Bea" }));
    assert_eq!((found.status, &found.json()["person"]["by"]), (200, &json!("Ada")), "{found:?}");
    expect(&host, &server, &asked, &[("Bea", "confirmed", None)]);
    assert_eq!(marks(json!({ "person": "Bea", "answer": "SAFE" })).status, 200);
    expect(&host, &server, &asked, &[("Bea", "confirmed", Some("safe"))]);
    assert_eq!(marks(json!({ "person": "Bea", "answer": "fine" })).problem(), "invalid_body");
    let unknown = host.asks(&server, "GET", "/00000000/roll_call", &json!({}));
    assert_eq!((unknown.status, unknown.problem().as_str()), (404, "no_such_alert"));
    let open = server.get(&format!("/v1/rooms/R1/alerts/{asked}/roll_call"));
    assert_eq!((open.status, open.problem().as_str()), (403, "not_allowed"));
}

#[test]
fn a_confirmation_that_was_acknowledged_is_there_after_the_server_was_killed() {
    let mut server = Server::start(&[]);
    let host = Hosted::of(&server);
    let (mut bea, _) = joins(&server, "Bea");
    let (_cy, _) = joins(&server, "Cy");
    let id = host.raises(&server, &json!({ "text": "Out", "answers": ["safe", "away"] }));
    for answer in ["safe", "away"] {
        let confirmed = does(&mut bea, &id, &json!({ "action": "confirm", "answer": answer }));
        assert_eq!(confirmed["stored"], true);
        server = server.killed_and_back(&[]);
        expect(&host, &server, &id, &[("Cy", "missing", None), ("Bea", "confirmed", Some(answer))]);
        bea = joins(&server, "Bea").0;
    }
}

#[test]
fn who_has_not_confirmed_is_seen_by_whoever_may_hear_the_room_only_where_a_host_says_so() {
    for (servers, _redis) in of_each_kind(&[]) {
        let (here, there) = (&servers[0], servers.last().unwrap());
        let host = Hosted::of(here);
        let (_bea, _) = joins(there, "Bea");
        let (mut cy, _) = joins(here, "Cy");
        let id = host.raises(here, &json!({ "text": "Out", "answers": ["safe", "need help"] }));
        let (mut screen, _) = there.connect_with("/v2,", None);
        let joined = screen.asks("/v2,", &json!(["join", { "room": "R1", "listen": true }]));
        assert_eq!(joined["state"][0]["show_missing"], false);
        let missing = json!({ "action": "missing" });
        assert_eq!(does(&mut screen, &id, &missing)["error"]["reason"], "not_host");
        let path = format!("/v1/rooms/R1/alerts/{id}/missing");
        assert_eq!(there.get(&path).status, 403);

        let changed = host.asks(here, "PATCH", &format!("/{id}"), &json!({ "show_missing": true }));
        assert_eq!(changed.json()["alert"]["show_missing"], true);
        does(&mut cy, &id, &json!({ "action": "confirm", "answer": "need help" }));
        until(|| {
            let found = there.get(&path).json();
            let is_so = found["counts"]["confirmed"] == 1 && found["people"][0]["name"] == "Bea";
            (!is_so).then(|| found.to_string())
        });
        let found = does(&mut screen, &id, &missing);
        assert_eq!((outcome(&found), people(&found).len()), ("ok".to_owned(), 1), "{found}");
        assert_eq!(found["counts"]["answers"], json!({}), "what somebody has answered is for hosts");

        host.asks(here, "PATCH", &format!("/{id}"), &json!({ "show_missing": false }));
        until(|| (there.get(&path).status != 403).then(|| "hosts alone see it again".to_owned()));
        host.asks(here, "DELETE", &format!("/{id}"), &json!({}));
        until(|| (there.get(&path).status != 404).then(|| "nobody asks after its end".to_owned()));
    }
}
