//! What a room's hosts decide about whoever holds a token, and what is left of a host whose token has ended.

use serde_json::{Value, json};

use super::{Key, bearer, outcome};
use crate::http::Listening;
use crate::member::Member;
use crate::server::Server;

/// Has a host do something in R1.
fn decides(host: &mut Member, mut what: Value) {
    what["room"] = json!("R1");
    assert_eq!(outcome(&host.asks("/v2,", &json!(["moderate", what]))), "ok");
}

impl Server {
    fn enters(&self, token: &str) -> Member {
        let (mut member, _) = self.connect_with("/v2,", Some(token));
        assert_eq!(outcome(&member.asks("/v2,", &json!(["join", {"room": "R1"}]))), "ok");
        member
    }

    fn hears(&self, token: &str) -> Listening {
        Listening::to(self.send("GET", "/v1/rooms/R1/events", &[("authorization", &bearer(token))], b""))
    }
}

#[test]
fn whoever_is_banned_by_the_name_in_their_token_is_out_by_every_way() {
    let key = Key::new();
    for access in ["token", "open"] {
        let server = key.server(access, &[]);
        let mut host = server.enters(&key.token("Teacher", "read,speak,moderate"));
        let token = key.token("Mal", "read,speak,alert");
        let mut mal = server.enters(&token);
        let (mut listener, _) = server.connect_with("/v2,", Some(&token));
        let listens = json!(["join", {"room": "R1", "listen": true}]);
        assert_eq!(outcome(&listener.asks("/v2,", &listens)), "ok");
        let mut stream = server.hears(&token);
        decides(&mut host, json!({"action": "ban", "name": "Mal"}));
        for member in [&mut mal, &mut listener] {
            while !member.packet().starts_with("42/v2,[\"put_out\"") {}
        }
        while stream.event().is_some() {}
        let say = json!(["send", {"room": "R1", "msg": "again"}]);
        let (join, hear) = (json!(["join", {"room": "R1"}]), &listens);
        let prepared = json!(["alert", {"room": "R1", "action": "prepared"}]);
        let raise = json!(["alert", {"room": "R1", "action": "raise", "text": "x"}]);
        let roll = json!(["alert", {"room": "R1", "action": "roll_call", "id": "00000000"}]);
        for event in [&say, &join, hear, &prepared, &raise, &roll] {
            assert_eq!(mal.asks("/v2,", event)["error"]["reason"], "banned", "{event}");
        }
        let (mut v1, _) = server.connect_with("", Some(&token));
        let joined = v1.asks("", &json!(["joined", {"room": "R1"}]));
        assert_eq!(joined["error"]["reason"], "banned");
        for (method, path) in [
            ("POST", "/v1/rooms/R1"),
            ("GET", "/v1/rooms/R1"),
            ("GET", "/v1/rooms/R1/messages"),
            ("GET", "/v1/rooms/R1/events"),
            ("GET", "/v1/rooms/R1/alerts"),
            ("GET", "/v1/rooms/R1/alerts/00000000/roll_call"),
            ("GET", "/v1/rooms/R1/prepared"),
            ("GET", "/v1/rooms/R1/roster"),
            ("GET", "/v1/rooms/R1/bells"),
        ] {
            let answer = server.ask(method, path, &[("authorization", &bearer(&token))], b"again");
            assert_eq!((answer.status, answer.problem().as_str()), (403, "not_allowed"), "{method} {path}");
        }
        // Somebody else with a token is meant by none of this.
        let other =
            server.ask("GET", "/v1/rooms/R1", &[("authorization", &bearer(&key.token("Bea", "read")))], b"");
        assert_eq!(other.status, 200);
    }
}

#[test]
fn whoever_came_in_as_a_host_goes_when_their_token_ends_where_they_would_not_be_let_in_without() {
    let key = Key::new();
    let server = key.server("open", &[]);
    for settings in [
        json!({"closed": true}),
        json!({"password": "blue sky"}),
        json!({"locked": true}),
        json!({"reserved": ["Mod"]}),
    ] {
        let made = server.ask("POST", "/v1/rooms", &[("content-type", "application/json")], b"{}");
        let made: Value = serde_json::from_str(&made.body).unwrap();
        let (room, host_key) = (made["room"].as_str().unwrap(), made["host"].as_str().unwrap());
        let (mut host, _) = server.connect_with("/v2,", None);
        let asks = json!(["join", {"room": room, "name": "Host", "host": host_key}]);
        assert_eq!(outcome(&host.asks("/v2,", &asks)), "ok");
        let set = json!(["moderate", {"room": room, "action": "set", "settings": settings}]);
        assert_eq!(outcome(&host.asks("/v2,", &set)), "ok");

        let can = ["--can", "read,speak,moderate", "--for", "2s"];
        let token = key.mint(&[&["Mod", "--room", room][..], &can].concat());
        let (mut v2, _) = server.connect_with("/v2,", Some(&token));
        assert_eq!(outcome(&v2.asks("/v2,", &json!(["join", {"room": room}]))), "ok");
        let (mut listener, _) = server.connect_with("/v2,", Some(&token));
        assert_eq!(outcome(&listener.asks("/v2,", &json!(["join", {"room": room, "listen": true}]))), "ok");
        let (mut v1, _) = server.connect_with("", Some(&token));
        assert_eq!(outcome(&v1.asks("", &json!(["joined", {"room": room}]))), "ok");
        let path = format!("/v1/rooms/{room}/events");
        let mut stream = Listening::to(server.send("GET", &path, &[("authorization", &bearer(&token))], b""));

        while !v2.packet().starts_with("42/v2,[\"put_out\"") {}
        let text = json!(["send", {"room": room, "name": "Other", "msg": "x"}]);
        assert_ne!(outcome(&v2.asks("/v2,", &text)), "ok", "{settings}");
        while outcome(&v1.asks("", &json!(["text", {"msg": "x"}]))) != "not_joined" {}
        if !settings["reserved"].is_array() {
            while !listener.packet().starts_with("42/v2,[\"put_out\"") {}
            while stream.event().is_some() {}
        }
    }
}

#[test]
fn where_tokens_are_asked_for_a_room_is_made_by_whoever_may_moderate_it() {
    let key = Key::new();
    let server = key.server("token", &["--api-token", "0123456789abcdef"]);
    for (can, makes) in [("read", false), ("read,speak", false), ("moderate", false), ("read,moderate", true)]
    {
        let room = format!("class-{can}");
        let token = key.mint(&["Ada", "--room", &room, "--can", can]);
        let made = server.ask(
            "POST",
            "/v1/rooms",
            &[("authorization", &bearer(&token)), ("content-type", "application/json")],
            json!({ "room": room }).to_string().as_bytes(),
        );
        assert_eq!(made.status, if makes { 201 } else { 403 }, "{can}: {}", made.body);
        let (mut v2, _) = server.connect_with("/v2,", Some(&token));
        let again = outcome(&v2.asks("/v2,", &json!(["make", { "room": room }])));
        assert_eq!(again, if makes { "room_in_use" } else { "not_allowed" }, "{can}");
    }
    let by_program = server.ask("POST", "/v1/rooms", &[("authorization", "Bearer 0123456789abcdef")], b"");
    assert_eq!(by_program.status, 201, "{}", by_program.body);
}
