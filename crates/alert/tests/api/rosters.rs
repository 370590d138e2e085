//! Rosters: who is expected to confirm, over HTTP, as a table, and over v2.

use serde_json::{Value, json};

use crate::alerts::{Hosted, joins, of_each_kind, stores};
use crate::member::Member;
use crate::rights::outcome;
use crate::roll_calls::roll;
use crate::server::Server;

#[test]
fn whoever_is_on_the_roster_is_expected_and_both_come_and_go_as_tables() {
    for (servers, _redis) in of_each_kind(&[]) {
        let (here, there) = (&servers[0], servers.last().unwrap());
        let host = Hosted::of(here);
        let _bea = joins(there, "Bea");
        let roster = |server: &Server, method: &str, headers: &[(&str, &str)], body: &str| {
            let headers = [&[("alert-host-key", &*host.key)][..], headers].concat();
            server.ask(method, "/v1/rooms/R1/roster", &headers, body.as_bytes())
        };
        let csv = ("content-type", "text/csv; charset=utf-8");
        let put = roster(here, "PUT", &[csv], "\u{FEFF}Name;class\r\nCy;7b\r\n\"Ms; Ortega\";\r\nCy;7b\r\n");
        assert_eq!((put.status, &put.json()["names"]), (200, &json!(["Cy", "Ms; Ortega"])), "{put:?}");
        assert_eq!(put.json()["stored"], stores(here));
        let table = roster(there, "GET", &[("accept", "text/csv")], "");
        assert_eq!(table.body, "\"name\"\r\n\"Cy\"\r\n\"Ms; Ortega\"\r\n");
        let id = host.raises(there, &json!({ "text": "Out", "answers": ["safe"] }));
        let found = roll(&host, here, &id);
        assert_eq!(
            (&found["counts"]["expected"], &found["counts"]["missing"]),
            (&json!(2), &json!(2)),
            "{found}"
        );
        let confirm = json!({ "answer": "safe", "person": "Cy" });
        let confirmed = host.asks(there, "POST", &format!("/{id}/confirmations"), &confirm);
        let at = confirmed.json()["person"]["at"].as_str().unwrap().to_owned();
        let accept = [("alert-host-key", &*host.key), ("accept", "text/csv")];
        let path = format!("/v1/rooms/R1/alerts/{id}/roll_call");
        let table = here.ask("GET", &path, &accept, b"").body;
        for row in [
            "\"name\",\"stage\",\"at\",\"answer\",\"by\",\"expected\"\r\n",
            "\"Ms; Ortega\",\"missing\",\"\",\"\",\"\",\"yes\"\r\n",
            format!("\"Cy\",\"confirmed\",\"{at}\",\"safe\",\"Ada\",\"yes\"\r\n").as_str(),
        ] {
            assert!(table.contains(row), "{table}");
        }
        let json = ("content-type", "application/json");
        let cleared = roster(there, "PUT", &[json], r#"{"names":[]}"#);
        assert_eq!((cleared.status, &cleared.json()["names"]), (200, &json!([])));
        assert_eq!(roster(here, "GET", &[], "").json()["names"], json!([]));
        for (headers, body) in [([json], r#"{"names":[7]}"#), ([json], "[]"), ([csv], "name\n\u{200b}\n")] {
            let refused = roster(here, "PUT", &headers, body);
            assert_eq!(
                (refused.status, refused.problem().as_str()),
                (400, "invalid_body"),
                "{body} {refused:?}"
            );
        }
        let open = here.ask("PUT", "/v1/rooms/R1/roster", &[json], br#"{"names":["Mal"]}"#);
        assert_eq!((open.status, open.problem().as_str()), (403, "not_allowed"));
    }
}

#[test]
fn a_host_sets_the_roster_over_v2_and_every_host_reads_it_in_parts() {
    // An answer of v2 has a quarter of that.
    for (servers, _redis) in of_each_kind(&["--max-payload", "131072", "--queue-limit", "131072"]) {
        let (here, there) = (&servers[0], servers.last().unwrap());
        let host = Hosted::of(here);
        let asks = |server: &Server, member: &mut Member, what: &Value| {
            let mut asked = json!({ "room": "R1", "action": "roster" });
            asked.as_object_mut().unwrap().extend(what.as_object().unwrap().clone());
            let answer = member.asks("/v2,", &json!(["alert", asked]));
            (outcome(&answer), answer, stores(server))
        };
        // From outside, as HTTP does it: the key is enough, and no name is needed.
        let mut outside = here.connect_with("/v2,", None).0;
        let set = json!({ "host": host.key, "names": ["Cy", " Ms; Ortega ", "Cy"] });
        let (_, put, stored) = asks(here, &mut outside, &set);
        assert_eq!(
            put,
            json!({ "ok": true, "names": ["Cy", "Ms; Ortega"], "more": false, "stored": stored })
        );
        let mut inside = there.connect_with("/v2,", None).0;
        let join = json!(["join", { "room": "R1", "name": "Host", "host": host.key }]);
        assert_eq!(outcome(&inside.asks("/v2,", &join)), "ok");
        let (_, shown, _) = asks(there, &mut inside, &json!({}));
        assert_eq!(shown, json!({ "ok": true, "names": ["Cy", "Ms; Ortega"], "more": false }));
        let id = host.raises(there, &json!({ "text": "Out", "confirm": true }));
        assert_eq!(roll(&host, here, &id)["counts"]["expected"], 2);

        let many: Vec<_> = (0..600).map(|number| format!("{number:0>60}")).collect();
        let (_, put, _) = asks(there, &mut inside, &json!({ "names": many }));
        assert_eq!((outcome(&put), &put["more"]), ("ok".to_owned(), &json!(true)));
        let mut read = Vec::new();
        loop {
            let (_, part, _) = asks(here, &mut outside, &json!({ "host": host.key, "skip": read.len() }));
            read.extend(part["names"].as_array().unwrap().clone());
            if part["more"] == false {
                break;
            }
        }
        assert_eq!(json!(read), json!(many));
        let too_many: Vec<_> = (0..10_001).map(|number| number.to_string()).collect();
        for (what, code, number) in [
            (json!({ "names": ["Ada", "x".repeat(65)] }), "name_too_long", json!(2)),
            (json!({ "names": ["Ada", "\u{200b}", 7] }), "name_required", json!(2)),
            (json!({ "names": [7] }), "invalid_body", json!(1)),
            (json!({ "names": null }), "invalid_body", json!(null)),
            (json!({ "names": "Ada" }), "invalid_body", json!(null)),
            (json!({ "names": too_many }), "invalid_body", json!(null)),
            (json!({ "skip": -1 }), "invalid_body", json!(null)),
        ] {
            let (found, refused, _) = asks(there, &mut inside, &what);
            assert_eq!((found.as_str(), &refused["error"]["number"]), (code, &number), "{refused}");
        }
        let mut bea = joins(there, "Bea").0;
        for what in [json!({}), json!({ "names": [] })] {
            let (_, refused, _) = asks(there, &mut bea, &what);
            assert_eq!(refused["error"]["reason"], "not_host");
        }
        let (_, cleared, stored) = asks(there, &mut inside, &json!({ "names": [] }));
        assert_eq!(cleared, json!({ "ok": true, "names": [], "more": false, "stored": stored }));
        assert_eq!(asks(here, &mut outside, &json!({ "host": host.key })).1["names"], json!([]));
    }
}
