//! `GET .../messages`: what was said, in pages.

use serde_json::{Value, json};

use crate::server::Server;

/// What a page says: its texts, its gap, and whether there is more.
fn shown(page: &Value) -> (Vec<&str>, &Value, bool) {
    let messages = page["messages"].as_array().unwrap();
    let texts = messages.iter().map(|message| message["msg"].as_str().unwrap()).collect();
    (texts, &page["gap"], page["more"].as_bool().unwrap())
}

fn page(server: &Server, query: &str) -> Value {
    let answer = server.get(&format!("/v1/rooms/D5DB/messages?{query}"));
    assert_eq!(answer.status, 200, "{query} {answer:?}");
    answer.json()
}

#[test]
fn given_messages_then_each_has_the_receipt_s_place_and_says_who_said_what_and_when() {
    let server = Server::start(&["--history", "memory"]);
    let receipt = server.post("/v1/rooms/D5DB?name=Bell", &[], "Ring").json();
    server.post("/v1/rooms/other", &[], "elsewhere");
    let answer = server.get("/v1/rooms/D5DB/messages");
    assert_eq!((answer.status, answer.header("content-type")), (200, "application/json"));
    assert_eq!(answer.header("cache-control"), "no-store");
    let page = answer.json();
    let at = page["messages"][0]["at"].as_str().unwrap();
    assert_eq!((at.len(), &at[23..]), ("2026-11-28T21:44:09.123Z".len(), "Z"), "{at}");
    let message = json!({ "id": receipt["id"], "position": receipt["position"], "at": at, "name": "Bell", "msg": "Ring" });
    let expected =
        json!({ "messages": [message], "position": receipt["position"], "gap": null, "more": false });
    assert_eq!(page, expected);
    let head = server.ask("HEAD", "/v1/rooms/D5DB/messages", &[], b"");
    assert_eq!((head.status, head.body.as_str()), (200, ""));
    assert_eq!(head.header("content-length"), answer.body.len().to_string());
}

#[test]
fn given_a_room_that_nobody_is_in_then_its_messages_are_counted_and_a_gap_there_has_a_number() {
    for history in ["memory", "sqlite"] {
        let server = Server::start(&["--history", history, "--history-messages", "2"]);
        let say = |room: &str, text| {
            let receipt = server.post(&format!("/v1/rooms/{room}"), &[], text).json();
            receipt["position"].as_str().unwrap().to_owned()
        };
        let first = say("D5DB", "1");
        let mut last = String::new();
        for text in ["2", "3", "4", "5"] {
            say("other", text);
            last = say("D5DB", text);
        }
        let epoch = |position: &str| position.split_once('-').unwrap().0.to_owned();
        assert_eq!((epoch(&first), &*last), (epoch(&last), &*format!("{}-5", epoch(&first))));
        assert_ne!(epoch(&say("other", "6")), epoch(&first), "each room has its own");
        let page = page(&server, &format!("since={first}"));
        assert_eq!(shown(&page), (vec!["4", "5"], &json!({ "missed": 2 }), false), "{history}");
    }
}

#[test]
fn given_many_messages_then_pages_lead_forwards_and_backwards_without_a_hole_or_a_double() {
    let server = Server::start(&["--history", "memory"]);
    let texts: Vec<String> = (0..10).map(|number| number.to_string()).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    for text in &texts {
        server.post("/v1/rooms/D5DB", &[], text);
    }
    let newest = page(&server, "limit=4");
    assert_eq!(shown(&newest), (texts[6..].to_vec(), &Value::Null, true));
    let first = newest["messages"][0]["position"].as_str().unwrap();
    let older = page(&server, &format!("limit=6&before={first}"));
    assert_eq!(shown(&older), (texts[..6].to_vec(), &Value::Null, false));

    let mut since = "all".to_owned();
    for texts in [&texts[..4], &texts[4..8], &texts[8..]] {
        let page = page(&server, &format!("limit=4&since={since}"));
        assert_eq!(shown(&page), (texts.to_vec(), &Value::Null, texts.len() == 4));
        page["position"].as_str().unwrap().clone_into(&mut since);
    }
    let nothing = page(&server, &format!("since={since}"));
    assert_eq!(shown(&nothing), (vec![], &Value::Null, false));
    assert_eq!(nothing["position"], since.as_str(), "it can be asked again and again");
    for query in ["since=1h", "since=10", "since=1000&limit=1000"] {
        assert_eq!(shown(&page(&server, query)).0, texts, "{query}");
    }
    assert_eq!(shown(&page(&server, "since=0s")).0.len(), 0);

    let here = page(&server, "since=none");
    assert_eq!(shown(&here), (vec![], &Value::Null, false));
    server.post("/v1/rooms/D5DB", &[], "later");
    let later = page(&server, &format!("since={}", here["position"].as_str().unwrap()));
    assert_eq!(shown(&later), (vec!["later"], &Value::Null, false));
}

#[test]
fn given_messages_that_are_gone_then_a_page_says_how_many_are_missing_where_that_is_known() {
    let server = Server::start(&["--history", "memory", "--history-messages", "3"]);
    let _ada = server.join("D5DB", "Ada");
    let receipts: Vec<Value> =
        (0..5).map(|number| server.post("/v1/rooms/D5DB", &[], &number.to_string()).json()).collect();
    let position = |number: usize| receipts[number]["position"].as_str().unwrap();
    let after = |number| page(&server, &format!("since={}", position(number)));
    assert_eq!(shown(&after(0)), (vec!["2", "3", "4"], &json!({ "missed": 1 }), false));
    assert_eq!(shown(&after(1)), (vec!["2", "3", "4"], &Value::Null, false));

    let other = Server::start(&["--history", "memory"]);
    let answer = page(&other, &format!("since={}", position(0)));
    assert_eq!(shown(&answer), (vec![], &json!({ "missed": null }), false));
    let off = Server::start(&["--history", "off"]);
    off.post("/v1/rooms/D5DB", &[], "gone");
    assert_eq!(shown(&page(&off, "")), (vec![], &Value::Null, false));
    assert_eq!(shown(&page(&off, &format!("since={}", position(0)))).1, &json!({ "missed": null }));
}

#[test]
fn given_large_messages_then_a_page_is_bounded_in_bytes() {
    let server = Server::start(&["--history", "memory"]);
    let text = "x".repeat(16_384);
    for _ in 0..70 {
        server.post("/v1/rooms/D5DB", &[], &text);
    }
    for query in ["limit=1000", "since=all&limit=1000"] {
        let answer = server.get(&format!("/v1/rooms/D5DB/messages?{query}"));
        assert!(((1 << 19)..(1 << 20) + 100).contains(&answer.body.len()), "{query}: {}", answer.body.len());
        assert_eq!(answer.json()["more"], true, "{query}");
    }
}
