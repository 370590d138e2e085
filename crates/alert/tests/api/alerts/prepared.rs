//! Alerts that hosts prepare: kept by every kind of store, and raised with their blanks filled.

use serde_json::{Value, json};

use super::{Hosted, JSON, in_force, joins, of_each_kind};
use crate::heard::message;
use crate::http::Answer;
use crate::rights::outcome;
use crate::server::Server;

impl Hosted {
    fn prepares(&self, server: &Server, method: &str, path: &str, body: &Value) -> Answer {
        let headers = [JSON, ("alert-host-key", &*self.key)];
        server.ask(method, &format!("/v1/rooms/R1/prepared{path}"), &headers, body.to_string().as_bytes())
    }
}

fn names(answer: &Answer) -> Vec<String> {
    assert_eq!(answer.status, 200, "{answer:?}");
    let name = |alert: &Value| alert["name"].as_str().unwrap().to_owned();
    answer.json()["prepared"].as_array().unwrap().iter().map(name).collect()
}

#[test]
fn what_hosts_prepare_is_raised_by_its_name_with_its_blanks_filled() {
    for (servers, _redis) in of_each_kind(&[]) {
        let (here, there) = (&servers[0], servers.last().unwrap());
        let host = Hosted::of(here);
        let mut v1 = there.join("R1", "Bea");
        let ice = json!({
            "text": "Ice in {place}", "drill": true, "ends_after": "2h", "all_clear": "{place} is free of ice",
        });
        assert_eq!(names(&host.prepares(here, "PUT", "/Ice%20%26%20snow", &ice)), ["Ice & snow"]);
        let listed = host.prepares(there, "GET", "", &json!({}));
        let shown = &listed.json()["prepared"][0];
        assert_eq!((&shown["blanks"], &shown["ends_after"]), (&json!(["place"]), &json!("2h")));

        let raise = |blanks: Value| {
            host.asks(there, "POST", "", &json!({ "prepared": "Ice & snow", "blanks": blanks }))
        };
        for (blanks, why) in [
            (json!({}), "place is blank: send a word for it in blanks."),
            (json!({ "place": "x", "time": "y" }), "blanks has one that is not in this alert; it has place."),
        ] {
            let refused = raise(blanks);
            assert_eq!((refused.status, refused.problem().as_str()), (400, "invalid_body"));
            assert!(refused.body.contains(why), "{refused:?}");
        }
        let raised = raise(json!({ "place": "the yard" }));
        assert_eq!(
            (raised.status, &raised.json()["alert"]["all_clear"]),
            (201, &json!("the yard is free of ice"))
        );
        assert!(raised.json()["alert"]["ends_at"].is_string());
        assert_eq!(v1.hears(), message("Ada: DRILL: WARNING: Ice in the yard"));
        let unknown = host.asks(there, "POST", "", &json!({ "prepared": "Fire" }));
        assert_eq!((unknown.status, unknown.problem().as_str()), (404, "no_such_alert"));
        assert_eq!(names(&host.prepares(there, "DELETE", "/Ice%20%26%20snow", &json!({}))), [""; 0]);
        assert_eq!(host.prepares(here, "DELETE", "/Ice%20%26%20snow", &json!({})).status, 404);
    }
}

#[test]
fn only_hosts_prepare_and_what_they_have_is_imported_as_it_was_exported() {
    for (servers, _redis) in of_each_kind(&[]) {
        let (here, there) = (&servers[0], servers.last().unwrap());
        let host = Hosted::of(here);
        let (mut v2, _) = joins(there, "Bea");
        let asks = |action: Value| json!(["alert", action]);
        let own = v2.asks(
            "/v2,",
            &asks(json!({ "room": "R1", "action": "prepare", "prepared": { "name": "x", "text": "x" } })),
        );
        let seen = v2.asks("/v2,", &asks(json!({ "room": "R1", "action": "prepared" })));
        assert_eq!([outcome(&own), outcome(&seen)], ["not_allowed", "not_allowed"]);
        assert_eq!(there.get("/v1/rooms/R1/prepared").status, 403);
        let all = json!([
            { "name": "Fire", "text": "Leave by {door}", "level": "emergency", "answers": ["safe", "need help"] },
            { "name": "Ice", "text": "Ice", "countdown": 300 },
        ]);
        let prepare = json!({ "room": "R1", "action": "prepare", "prepared": all, "host": host.key });
        let kept = v2.asks("/v2,", &asks(prepare));
        assert_eq!((outcome(&kept).as_str(), kept["prepared"].as_array().unwrap().len()), ("ok", 2));
        let exported = host.prepares(here, "GET", "", &json!({})).json();
        assert_eq!(exported["prepared"], kept["prepared"]);
        assert_eq!(
            names(&host.prepares(here, "PUT", "/Other", &json!({ "text": "x" }))),
            ["Fire", "Ice", "Other"]
        );
        let imported = host.prepares(there, "PUT", "", &exported);
        assert_eq!((names(&imported), imported.json()), (vec!["Fire".into(), "Ice".into()], exported));
        let gone = json!({ "room": "R1", "action": "unprepare", "prepared": "Ice", "host": host.key });
        assert_eq!(v2.asks("/v2,", &asks(gone))["prepared"].as_array().unwrap().len(), 1);
        let raise = json!({
            "room": "R1", "action": "raise", "prepared": "Fire", "blanks": { "door": "the gym" },
            "level": "info", "host": host.key,
        });
        let raised = v2.asks("/v2,", &asks(raise));
        assert_eq!((&raised["alert"]["level"], &raised["alert"]["confirm"]), (&json!("info"), &json!(true)));
        assert_eq!(in_force(here), ["Leave by the gym"]);
    }
}

#[test]
fn given_a_room_that_gets_another_code_then_its_alerts_go_along_and_none_is_left() {
    for (servers, _redis) in of_each_kind(&[]) {
        let (here, there) = (&servers[0], servers.last().unwrap());
        let host = Hosted::of(here);
        host.raises(here, &json!({ "text": "Stay inside" }));
        host.prepares(here, "PUT", "/Ice", &json!({ "text": "Ice" }));
        let key = [JSON, ("alert-host-key", &*host.key)];
        let moved = there.ask("POST", "/v1/rooms/R1/actions", &key, br#"{"action":"new_code"}"#);
        let room = moved.json()["room"].as_str().unwrap().to_owned();
        let list =
            |room: &str, what: &str| here.ask("GET", &format!("/v1/rooms/{room}/{what}"), &key, b"").json();
        assert_eq!(list(&room, "alerts")["alerts"][0]["text"], "Stay inside");
        assert_eq!(list(&room, "prepared")["prepared"][0]["name"], "Ice");
        assert_eq!(list("R1", "alerts")["alerts"], json!([]));
    }
}
