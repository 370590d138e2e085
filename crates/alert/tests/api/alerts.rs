//! Alerts, as every kind of client meets them: raised, changed and ended, told to whoever comes later, on one server and on
//! several, and after the server was killed.

mod prepared;
mod two_person;

use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::heard::{message, status};
use crate::http::Answer;
use crate::member::Member;
use crate::redis::Redis;
use crate::rights::{Key, bearer, outcome};
use crate::server::{DEADLINE, Server};

const JSON: (&str, &str) = ("content-type", "application/json");

/// A room whose host acts over HTTP.
pub(crate) struct Hosted {
    pub(crate) key: String,
}

impl Hosted {
    pub(crate) fn of(server: &Server) -> Self {
        let made = server.ask("POST", "/v1/rooms", &[JSON], br#"{"room":"R1"}"#);
        assert_eq!(made.status, 201, "{made:?}");
        Self { key: made.json()["host"].as_str().unwrap().to_owned() }
    }

    pub(crate) fn asks(&self, server: &Server, method: &str, path: &str, body: &Value) -> Answer {
        let headers = [JSON, ("alert-host-key", &self.key), ("alert-name", "Ada")];
        server.ask(method, &format!("/v1/rooms/R1/alerts{path}"), &headers, body.to_string().as_bytes())
    }

    /// Raises an alert, and gives its id.
    pub(crate) fn raises(&self, server: &Server, body: &Value) -> String {
        let raised = self.asks(server, "POST", "", body);
        assert_eq!(raised.status, 201, "{raised:?}");
        raised.json()["alert"]["id"].as_str().unwrap().to_owned()
    }
}

/// The texts of the alerts that are in force.
fn in_force(server: &Server) -> Vec<String> {
    let listed = server.get("/v1/rooms/R1/alerts").json();
    let text = |alert: &Value| alert["text"].as_str().unwrap().to_owned();
    listed["alerts"].as_array().unwrap().iter().map(text).collect()
}

/// A member of R1 that speaks v2, and the answer to its `join`.
pub(crate) fn joins(server: &Server, name: &str) -> (Member, Value) {
    let (mut member, _) = server.connect_with("/v2,", None);
    let joined = member.asks("/v2,", &json!(["join", { "room": "R1", "name": name, "since": "all" }]));
    assert_eq!(outcome(&joined), "ok");
    (member, joined)
}

/// The next event `alert`.
fn alerted(member: &mut Member) -> Value {
    loop {
        if let Some(event) = member.packet().strip_prefix("42/v2,[\"alert\",") {
            return serde_json::from_str(event.strip_suffix(']').unwrap()).unwrap();
        }
    }
}

/// The servers of each kind: one that keeps its history in memory, one with a file, and two that share a Redis.
pub(crate) fn of_each_kind(flags: &[&str]) -> [(Vec<Server>, Option<Redis>); 3] {
    let redis = Redis::start();
    let url = redis.url();
    let shared = [flags, &["--redis", &url]].concat();
    [
        (vec![Server::start(&[flags, &["--history", "memory"]].concat())], None),
        (vec![Server::start(flags)], None),
        ((0..2).map(|_| Server::start(&shared)).collect(), Some(redis)),
    ]
}

#[test]
fn an_alert_is_heard_in_every_protocol_when_it_is_raised_changed_and_ended() {
    for (servers, _redis) in of_each_kind(&[]) {
        let (here, there) = (&servers[0], servers.last().unwrap());
        let host = Hosted::of(here);
        let mut v1 = there.join("R1", "Bea");
        let (mut v2, joined) = joins(there, "Cy");
        assert_eq!((&joined["state"], v1.hears()), (&json!([]), status("Cy has entered the room.")));
        let mut sse = there.listen("R1", "text/event-stream");

        let raised = host.asks(here, "POST", "", &json!({ "text": "Ice on the stairs", "drill": true }));
        let raised = raised.json();
        assert_eq!(raised["stored"], stores(here), "as of a message");
        let id = raised["alert"]["id"].as_str().unwrap();
        let words = "Ada: DRILL: WARNING: Ice on the stairs";
        assert_eq!(v1.hears(), message(words));
        let told = alerted(&mut v2);
        assert_eq!(
            (&told["state"], &told["by"], &told["room"]),
            (&json!("raised"), &json!("Ada"), &json!("R1"))
        );
        assert_eq!(told["alert"], raised["alert"]);
        assert_eq!(sse.event(), Some(message(words)));
        assert_eq!(sse.event(), Some(("alert".into(), "DRILL: WARNING: Ice on the stairs".into())));

        // Only what changes its words is said again.
        let changed =
            host.asks(here, "PATCH", &format!("/{id}"), &json!({ "ends_at": "1h", "audience": "Year 7" }));
        assert_eq!(
            (changed.status, &changed.json()["alert"]["audience"]),
            (200, &json!("Year 7")),
            "{changed:?}"
        );
        assert_eq!(alerted(&mut v2)["state"], "updated");
        host.asks(here, "PATCH", &format!("/{id}"), &json!({ "level": "emergency" }));
        assert_eq!(v1.hears(), message("Ada: DRILL: EMERGENCY: Ice on the stairs"));
        assert_eq!(alerted(&mut v2)["alert"]["level"], "emergency");
        let removed = host.asks(here, "PATCH", &format!("/{id}"), &json!({ "drill": false }));
        assert_eq!((removed.status, removed.problem().as_str()), (400, "invalid_body"));

        let ended = host.asks(here, "DELETE", &format!("/{id}"), &json!({ "all_clear": "The ice is gone" }));
        assert_eq!((ended.status, &ended.json()["alert"]["ended_by"]), (200, &json!("Ada")));
        assert_eq!(v1.hears(), status("DRILL: All clear: The ice is gone"));
        let told = alerted(&mut v2);
        assert_eq!((&told["state"], &told["all_clear"]), (&json!("ended"), &json!("The ice is gone")));
        assert_eq!((in_force(here), in_force(there)), (vec![], vec![]));
        let again = host.asks(here, "DELETE", &format!("/{id}"), &json!({}));
        assert_eq!((again.status, &again.json()["alert"]["id"]), (200, &json!(id)), "a retry finds it ended");
        let unknown = host.asks(here, "DELETE", "/00000000", &json!({}));
        assert_eq!((unknown.status, unknown.problem().as_str()), (404, "no_such_alert"));
        let (_, joined) = joins(there, "Di");
        let texts: Vec<_> =
            joined["history"].as_array().unwrap().iter().map(|message| &message["msg"]).collect();
        assert_eq!(texts, ["DRILL: WARNING: Ice on the stairs", "DRILL: EMERGENCY: Ice on the stairs"]);
    }
}

/// Whether this server keeps its history on disk.
pub(crate) fn stores(server: &Server) -> Value {
    server.post("/v1/rooms/other", &[], "x").json()["stored"].clone()
}

#[test]
fn whoever_comes_later_is_told_what_is_in_force_and_nothing_else() {
    for (servers, _redis) in of_each_kind(&[]) {
        let (here, there) = (&servers[0], servers.last().unwrap());
        let host = Hosted::of(here);
        let over = host.raises(here, &json!({ "text": "over", "level": "info" }));
        host.raises(here, &json!({ "text": "Stay inside", "level": "emergency" }));
        host.raises(here, &json!({ "text": "Lunch is late", "level": "info", "drill": true }));
        host.asks(here, "DELETE", &format!("/{over}"), &json!({}));
        let stands =
            ["In force, from Ada: EMERGENCY: Stay inside", "DRILL: In force, from Ada: INFO: Lunch is late"];
        let mut v1 = there.join("R1", "Bea");
        assert_eq!([v1.hears(), v1.hears()], stands.map(status));
        let (_v2, joined) = joins(there, "Cy");
        let texts: Vec<_> = joined["state"].as_array().unwrap().iter().map(|alert| &alert["text"]).collect();
        assert_eq!(texts, ["Stay inside", "Lunch is late"]);
        let mut sse = there.listen("R1", "text/event-stream");
        assert_eq!(
            [sse.event(), sse.event()],
            stands.map(|text| Some(("alert".to_owned(), text.to_owned())))
        );
    }
}

#[test]
fn an_alert_ends_by_itself_at_its_time_on_every_server() {
    for (servers, _redis) in of_each_kind(&[]) {
        let (here, there) = (&servers[0], servers.last().unwrap());
        let host = Hosted::of(here);
        let (mut v1, mut other) = (there.join("R1", "Bea"), here.join("R1", "Cy"));
        assert_eq!(v1.hears(), status("Cy has entered the room."));
        host.raises(here, &json!({ "text": "Two seconds", "ends_at": 2, "all_clear": "Time is up" }));
        let raised = Instant::now();
        for member in [&mut v1, &mut other] {
            assert_eq!(member.hears(), message("Ada: WARNING: Two seconds"));
            assert_eq!(member.hears(), status("All clear: Time is up"));
            assert!(raised.elapsed() > Duration::from_millis(1500));
        }
        // Nobody has heard it twice.
        other.say("next");
        assert_eq!([v1.hears(), other.hears()], [message("Cy: next"), message("Cy: next")]);
        assert_eq!(in_force(there), [""; 0]);
    }
}

#[test]
fn an_alert_that_was_raised_by_mistake_ends_with_that_word_and_without_its_all_clear() {
    for (servers, _redis) in of_each_kind(&[]) {
        let (here, there) = (&servers[0], servers.last().unwrap());
        let host = Hosted::of(here);
        let mut v1 = there.join("R1", "Bea");
        let (mut v2, _) = joins(there, "Cy");
        assert_eq!(v1.hears(), status("Cy has entered the room."));
        let id = host.raises(here, &json!({ "text": "Fire", "all_clear": "Come back" }));
        assert_eq!(
            (v1.hears(), &alerted(&mut v2)["alert"]["all_clear"]),
            (message("Ada: WARNING: Fire"), &json!("Come back"))
        );
        let both =
            host.asks(here, "DELETE", &format!("/{id}"), &json!({ "mistake": true, "all_clear": "x" }));
        assert_eq!((both.status, both.problem().as_str()), (400, "invalid_body"));
        let ended = host.asks(here, "DELETE", &format!("/{id}"), &json!({ "mistake": true })).json();
        assert_eq!((&ended["alert"]["mistake"], &ended["alert"]["all_clear"]), (&json!(true), &json!(null)));
        assert_eq!(v1.hears(), status("Raised by mistake: WARNING: Fire"));
        let told = alerted(&mut v2);
        assert_eq!((&told["state"], &told["mistake"]), (&json!("ended"), &json!(true)));
    }
}

#[test]
fn what_was_raised_is_in_force_after_the_server_was_killed_and_ends_at_its_time() {
    let server = Server::start(&[]);
    let host = Hosted::of(&server);
    let raised = host.asks(&server, "POST", "", &json!({ "text": "Stay inside", "level": "emergency" }));
    assert_eq!(raised.json()["stored"], true);
    host.raises(&server, &json!({ "text": "Three seconds", "ends_at": 3 }));
    let server = server.killed_and_back(&[]);
    let mut v1 = server.join("R1", "Bea");
    assert_eq!(v1.hears(), status("In force, from Ada: EMERGENCY: Stay inside"));
    let mut next = v1.hears();
    if next == status("In force, from Ada: WARNING: Three seconds") {
        next = v1.hears();
        assert_eq!(next, status("Ended: WARNING: Three seconds"));
    }
    let until = Instant::now() + DEADLINE;
    while in_force(&server) != ["Stay inside"] {
        assert!(Instant::now() < until, "{next:?}");
        std::thread::sleep(Duration::from_millis(20));
    }
    let id = raised.json()["alert"]["id"].as_str().unwrap().to_owned();
    host.asks(&server, "DELETE", &format!("/{id}"), &json!({}));
    let server = server.killed_and_back(&[]);
    assert_eq!(in_force(&server), [""; 0]);
}

#[test]
fn an_alert_with_a_key_is_raised_once_in_either_protocol() {
    for (servers, _redis) in of_each_kind(&[]) {
        let (here, there) = (&servers[0], servers.last().unwrap());
        let host = Hosted::of(here);
        let raise = |server: &Server, text: &str| {
            let headers = [JSON, ("alert-host-key", host.key.as_str()), ("idempotency-key", "k1")];
            server.ask(
                "POST",
                "/v1/rooms/R1/alerts",
                &headers,
                json!({ "text": text }).to_string().as_bytes(),
            )
        };
        let (one, two) = (raise(here, "once"), raise(there, "once"));
        assert_eq!((one.status, one.json()), (two.status, two.json()));
        let is_refused = || {
            let other = raise(there, "another");
            assert_eq!((other.status, other.problem().as_str()), (422, "idempotency_key_reused"));
        };
        is_refused();
        let id = one.json()["alert"]["id"].as_str().unwrap().to_owned();
        host.asks(here, "PATCH", &format!("/{id}"), &json!({ "audience": "all" }));
        is_refused();
        let (mut v2, _) = joins(there, "Cy");
        let raise =
            json!(["alert", { "room": "R1", "action": "raise", "text": "x", "key": "k1", "host": host.key }]);
        let (one, two) = (v2.asks("/v2,", &raise), v2.asks("/v2,", &raise));
        assert_eq!((outcome(&one).as_str(), &one), ("ok", &two));
        assert_eq!(one["alert"]["by"], "Cy");
        assert_eq!(in_force(here), ["once", "x"]);
        let list = v2.asks("/v2,", &json!(["alert", { "room": "R1", "action": "list" }]));
        assert_eq!(list["alerts"].as_array().unwrap().len(), 2);
    }
}

#[test]
fn whoever_was_a_host_of_a_room_that_redis_has_lost_does_nothing_there() {
    let redis = Redis::start();
    let server = Server::start(&["--redis", &redis.url()]);
    let host = Hosted::of(&server);
    let _bea = server.join("R1", "Bea");
    let url = redis.url();
    let emptied =
        Command::new("redis-cli").args(["-s", &url["unix://".len()..], "flushall"]).output().unwrap();
    assert!(emptied.status.success(), "{emptied:?}");
    let raised = host.asks(&server, "POST", "", &json!({ "text": "Ice on the stairs" }));
    assert_eq!(raised.status, 403, "{raised:?}");
    let headers = [JSON, ("alert-host-key", &*host.key)];
    let closed = server.ask("POST", "/v1/rooms/R1/actions", &headers, br#"{"action":"close"}"#);
    assert_eq!(closed.status, 403, "{closed:?}");
    assert_eq!(in_force(&server), [""; 0]);
}

#[test]
fn only_hosts_and_who_has_the_right_raise_alerts_and_nobody_raises_too_many() {
    let key = Key::new();
    for access in ["open", "token"] {
        let server = key.server(access, &[]);
        let body = br#"{"text":"x"}"#;
        let raise = |headers: &[(&str, &str)]| {
            server.ask("POST", "/v1/rooms/R1/alerts", &[&[JSON], headers].concat(), body)
        };
        assert_eq!(raise(&[]).status, if access == "open" { 403 } else { 401 });
        for (can, status) in
            [("read,speak", 403), ("read,speak,alert", 201), ("alert", 201), ("read,moderate", 201)]
        {
            let token = bearer(&key.token("Ada", can));
            let raised = raise(&[("authorization", &token)]);
            assert_eq!(raised.status, status, "{access} {can} {raised:?}");
        }
        let token = key.token("Ada", "read,alert");
        let (mut v2, _) = server.connect_with("/v2,", Some(&token));
        let joined = v2.asks("/v2,", &json!(["join", { "room": "R1" }]));
        assert_eq!(joined["state"].as_array().unwrap().len(), 3);
        for number in 3..17 {
            let raised = v2.asks("/v2,", &json!(["alert", { "room": "R1", "action": "raise", "text": "y" }]));
            assert_eq!(outcome(&raised), if number < 16 { "ok" } else { "not_allowed" }, "{number} {raised}");
        }
    }
}

#[test]
fn a_host_may_alert_as_the_answer_to_join_says_and_others_may_not() {
    let server = Server::start(&[]);
    let host = Hosted::of(&server);
    let can = |show: Value| {
        let (mut member, _) = server.connect_with("/v2,", None);
        let mut join = json!({ "room": "R1", "name": "Ada" });
        join.as_object_mut().unwrap().extend(show.as_object().unwrap().clone());
        let can = member.asks("/v2,", &json!(["join", join]))["can"].clone();
        let raised = member.asks("/v2,", &json!(["alert", { "room": "R1", "action": "raise", "text": "x" }]));
        (can, outcome(&raised))
    };
    assert_eq!(can(json!({})), (json!(["read", "speak"]), "not_allowed".to_owned()));
    assert_eq!(
        can(json!({ "host": host.key })),
        (json!(["read", "speak", "alert", "moderate"]), "ok".to_owned())
    );
}

#[test]
fn a_countdown_that_is_paused_and_goes_on_is_so_for_everybody_also_after_a_restart() {
    for (servers, _redis) in of_each_kind(&[]) {
        let (here, there) = (&servers[0], servers.last().unwrap());
        let host = Hosted::of(here);
        let (mut v2, _) = joins(there, "Bea");
        let id = host.raises(here, &json!({ "text": "The lesson ends", "countdown_to": "5m" }));
        assert_eq!(alerted(&mut v2)["alert"]["paused"], false);
        let change = |body: &Value| host.asks(here, "PATCH", &format!("/{id}"), body);
        let paused = change(&json!({ "paused": true })).json()["alert"].clone();
        let left = paused["remaining"].as_f64().unwrap();
        assert!((200.0..=300.0).contains(&left) && paused["countdown_to"].is_null(), "{paused}");
        assert_eq!(alerted(&mut v2)["alert"], paused);
        assert_eq!(change(&json!({ "paused": true })).json()["alert"], paused, "a retry");
        let (_cy, joined) = joins(there, "Cy");
        assert_eq!(joined["state"], json!([paused]));
        let longer = change(&json!({ "paused": true, "countdown_to": left + 60.0 })).json();
        assert_eq!(longer["alert"]["remaining"], left + 60.0);
        assert_eq!(alerted(&mut v2)["alert"]["remaining"], left + 60.0);
        let resumed = change(&json!({ "paused": false })).json()["alert"].clone();
        assert!(resumed["remaining"].is_null() && resumed["countdown_to"].is_string(), "{resumed}");
        assert_eq!(alerted(&mut v2)["alert"], resumed);
        change(&json!({ "countdown_to": null }));
        assert_eq!(alerted(&mut v2)["alert"]["countdown_to"], Value::Null);
        let none = change(&json!({ "paused": true }));
        assert_eq!((none.status, none.problem().as_str()), (403, "not_allowed"));
    }
    let server = Server::start(&[]);
    let host = Hosted::of(&server);
    let id = host.raises(&server, &json!({ "text": "The lesson ends", "countdown_to": "5m" }));
    let paused = host.asks(&server, "PATCH", &format!("/{id}"), &json!({ "paused": true })).json();
    let server = server.killed_and_back(&[]);
    assert_eq!(server.get("/v1/rooms/R1/alerts").json()["alerts"], json!([paused["alert"]]));
}
