//! Webhooks: what they are told, and who makes them, over HTTP and v2.

mod failing;
mod receiver;

use std::time::Duration;

use serde_json::{Value, json};

use crate::http::Answer;
use crate::redis::Redis;
use crate::server::{DEADLINE, Server};
use receiver::{HOLD, Hook, OK};

const JSON: (&str, &str) = ("content-type", "application/json");
/// The receivers of these tests are on this machine.
const HERE: [&str; 2] = ["--outbound-networks", "127.0.0.0/8"];

/// A room R1 and the key of its host.
fn make(server: &Server) -> String {
    let made = server.ask("POST", "/v1/rooms", &[JSON], br#"{"room":"R1"}"#);
    made.json()["host"].as_str().unwrap().to_owned()
}

fn ask(server: &Server, key: &str, method: &str, path: &str, body: &Value) -> Answer {
    let path = format!("/v1/rooms/R1/{path}");
    server.ask(method, &path, &[JSON, ("alert-host-key", key)], body.to_string().as_bytes())
}

/// Makes a webhook, and gives its id.
fn add(server: &Server, key: &str, address: &str) -> String {
    let made = ask(server, key, "POST", "webhooks", &json!({ "url": address }));
    assert_eq!(made.status, 201, "{made:?}");
    assert!(made.json()["secret"].as_str().unwrap().starts_with("whsec_"));
    made.json()["webhook"]["id"].as_str().unwrap().to_owned()
}

fn say(server: &Server, text: &str) {
    assert_eq!(server.post("/v1/rooms/R1?name=Ada", &[], text).status, 202);
}

/// The one webhook of the room, when it is as it should be.
fn until(server: &Server, key: &str, is_right: impl Fn(&Value) -> bool) -> Value {
    let deadline = std::time::Instant::now() + DEADLINE;
    loop {
        let hook = ask(server, key, "GET", "webhooks", &json!({})).json()["webhooks"][0].clone();
        if is_right(&hook) {
            return hook;
        }
        assert!(std::time::Instant::now() < deadline, "{hook}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn given_a_webhook_then_it_is_told_what_is_said_and_what_becomes_of_alerts_in_order_and_nothing_before() {
    let redis = Redis::start();
    let url = redis.url();
    for flags in [&HERE[..], &[&HERE[..], &["--redis", &*url]].concat()] {
        let server = Server::start(flags);
        let (hook, key) = (Hook::start(&[]), make(&server));
        say(&server, "before");
        let id = add(&server, &key, &hook.address);
        say(&server, "one");
        assert_eq!(ask(&server, &key, "POST", "alerts?name=Ada", &json!({ "text": "Ice" })).status, 201);
        say(&server, "two");
        let posts: Vec<_> = (0..4).map(|_| hook.next()).collect();
        let told: Vec<_> =
            posts.iter().map(|post| (&*post.kind, post.body["data"]["msg"].as_str().unwrap())).collect();
        let right = [
            ("message", "Ada: one"),
            ("message", "Ada: WARNING: Ice"),
            ("alert", "WARNING: Ice"),
            ("message", "Ada: two"),
        ];
        // What is said in the same millisecond may come first.
        let swapped = [right[0], right[1], right[3], right[2]];
        assert!(told == right || told == swapped, "{told:?}");
        assert_eq!((&posts[0].body["room"], posts[0].id.len()), (&json!("R1"), "message_".len() + 32));
        let shown = until(&server, &key, |hook| hook["delivered_at"].is_string());
        assert_eq!(
            (&shown["id"], &shown["failing"], &shown["gone"]),
            (&json!(id), &Value::Null, &json!(false))
        );
        assert!(shown.get("secret").is_none());
        let tested = ask(&server, &key, "POST", &format!("webhooks/{id}/test"), &json!({})).json();
        assert_eq!(tested, json!({ "delivered": true, "status": 204, "problem": null }));
        assert_eq!(hook.next().kind, "test");
        assert_eq!(ask(&server, &key, "DELETE", &format!("webhooks/{id}"), &json!({})).status, 204);
        let gone = ask(&server, &key, "DELETE", &format!("webhooks/{id}"), &json!({}));
        assert_eq!((gone.status, gone.problem().as_str()), (404, "no_such_webhook"));
        say(&server, "after");
        assert!(hook.posts.recv_timeout(Duration::from_millis(300)).is_err());
    }
}

#[test]
fn given_a_host_in_the_room_then_v2_does_with_webhooks_what_http_does_and_both_see_the_same() {
    let server = Server::start(&HERE);
    let (hook, key) = (Hook::start(&[]), make(&server));
    let (mut host, _) = server.connect_with("/v2,", None);
    let join = json!(["join", { "room": "R1", "name": "Ms Ortega", "host": key }]);
    assert_eq!(host.asks("/v2,", &join)["ok"], true);
    let mut does = |mut what: Value| {
        what["room"] = json!("R1");
        host.asks("/v2,", &json!(["webhook", what]))
    };
    let add = json!({ "action": "add", "webhook": { "url": hook.address, "tells": ["message"] } });
    let made = does(add);
    let (webhook, first) = (&made["webhook"], made["secret"].as_str().unwrap().to_owned());
    assert_eq!((&webhook["made_by"], &webhook["tells"]), (&json!("Ms Ortega"), &json!(["message"])));
    assert!(first.starts_with("whsec_"), "{made}");
    let id = webhook["id"].as_str().unwrap().to_owned();
    say(&server, "one");
    assert_eq!(hook.next().body["data"]["msg"], "Ada: one");
    let of_http = until(&server, &key, |hook| hook["delivered_at"].is_string());
    assert_eq!(does(json!({ "action": "list" })), json!({ "ok": true, "webhooks": [of_http] }));

    let tested = does(json!({ "action": "test", "id": id }));
    assert_eq!(tested, json!({ "ok": true, "delivered": true, "status": 204, "problem": null }));
    assert_eq!(hook.next().kind, "test");
    let second = does(json!({ "action": "new_secret", "id": id }))["secret"].as_str().unwrap().to_owned();
    assert!(second.starts_with("whsec_") && second != first, "{second}");
    say(&server, "two");
    assert_eq!(hook.next().signatures, 2);
    assert_eq!(does(json!({ "action": "remove", "id": id })), json!({ "ok": true }));
    assert_eq!(does(json!({ "action": "remove", "id": id }))["error"]["code"], "no_such_webhook");
    assert_eq!(ask(&server, &key, "GET", "webhooks", &json!({})).json()["webhooks"], json!([]));

    let refused = does(json!({ "action": "add", "webhook": { "url": "https://10.0.0.1/" } }));
    let error = &refused["error"];
    assert_eq!((&error["code"], &error["reason"]), (&json!("invalid_body"), &json!("url_not_public")));
    assert!(refused["error"]["message"].as_str().unwrap().contains("outbound_networks"), "{refused}");
    for _ in 0..8 {
        assert_eq!(does(json!({ "action": "add", "webhook": { "url": hook.address } }))["ok"], true);
    }
    let full = does(json!({ "action": "add", "webhook": { "url": hook.address } }));
    assert_eq!(full["error"]["reason"], "webhooks_full", "{full}");
    let (mut guest, _) = server.connect_with("/v2,", None);
    let list = json!(["webhook", { "room": "R1", "action": "list" }]);
    assert_eq!(guest.asks("/v2,", &list)["error"]["reason"], "not_host");
}

#[test]
fn given_a_receiver_that_does_not_answer_a_test_then_the_connection_goes_on_meanwhile() {
    let server = Server::start(&HERE);
    let (hook, key) = (Hook::start(&[HOLD]), make(&server));
    let id = add(&server, &key, &hook.address);
    let (mut host, _) = server.connect_with("/v2,", None);
    let test = json!(["webhook", { "room": "R1", "action": "test", "id": id, "host": key }]);
    host.send(&format!("42/v2,8{test}"));
    assert_eq!(hook.next().kind, "test");
    assert!(host.asks("/v2,", &json!(["time"]))["sent"].is_string());
    hook.answers.lock().unwrap().push_back(OK);
    assert_eq!(host.packet(), r#"43/v2,8[{"ok":true,"delivered":true,"status":204,"problem":null}]"#);
}

#[test]
fn given_an_alert_that_nobody_confirms_in_time_then_the_webhook_is_told_that_it_is_passed_on() {
    let server = Server::start(&HERE);
    let (hook, key) = (Hook::start(&[]), make(&server));
    let _bea = server.join("R1", "Bea");
    add(&server, &key, &hook.address);
    let alert = json!({ "text": "Fire", "drill": true, "confirm": true, "escalate_after": 5 });
    assert_eq!(ask(&server, &key, "POST", "alerts?name=Ada", &alert).status, 201);
    let mut posts = std::iter::repeat_with(|| hook.next());
    let passed_on = posts.find(|post| post.body["data"]["alert"]["escalated_at"].is_string()).unwrap();
    assert_eq!((&*passed_on.kind, &passed_on.body["data"]["alert"]["drill"]), ("alert", &json!(true)));
}

#[test]
fn given_an_address_that_is_not_public_then_no_webhook_leads_there() {
    let server = Server::start(&[]);
    let key = make(&server);
    for (address, said) in [
        ("https://127.0.0.1/", "does not lead to a public address"),
        ("https://[::ffff:169.254.169.254]/", "does not lead to a public address"),
        ("http://example.org/", "has to begin with https://"),
        ("hook", "is not the address of a page"),
    ] {
        let refused = ask(&server, &key, "POST", "webhooks", &json!({ "url": address }));
        assert_eq!((refused.status, refused.problem().as_str()), (400, "invalid_body"), "{address}");
        assert!(refused.body.contains(said), "{refused:?}");
    }
    // What a name leads to is seen when it is connected to.
    let id = add(&server, &key, "https://localhost:1/");
    let tested = ask(&server, &key, "POST", &format!("webhooks/{id}/test"), &json!({})).json();
    assert!(tested["problem"].as_str().unwrap().contains("does not lead to a public address"), "{tested}");
}

#[test]
fn given_a_stranger_who_makes_many_webhooks_then_others_can_still_make_theirs() {
    let server = Server::start(&["--trusted-proxy", "127.0.0.1"]);
    let add = |room: usize, address: &str| {
        let from = ("x-forwarded-for", address);
        let room = format!("R{room}");
        let made =
            server.ask("POST", "/v1/rooms", &[JSON, from], json!({ "room": room }).to_string().as_bytes());
        let key = made.json()["host"].as_str().unwrap().to_owned();
        let path = format!("/v1/rooms/{room}/webhooks");
        let headers = [JSON, from, ("alert-host-key", &key)];
        let add = || server.ask("POST", &path, &headers, br#"{"url":"https://a.example/"}"#);
        (0..8).map(|_| add()).collect::<Vec<_>>()
    };
    for room in 0..5 {
        assert!(add(room, "198.51.100.7").iter().all(|made| made.status == 201));
    }
    let refused = add(5, "198.51.100.7").remove(0);
    assert_eq!((refused.status, refused.problem().as_str()), (429, "not_allowed"), "{refused:?}");
    assert!(refused.body.contains("too many webhooks were made from your address: wait "), "{refused:?}");
    assert!(add(6, "198.51.100.8").iter().all(|made| made.status == 201));
}
