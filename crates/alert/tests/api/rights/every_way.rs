//! Every way to a room, as its source names it, and what whoever goes it does. The source is asked whether one is missing.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Value, json};

use super::ways::{Line, Transport, Who};
use crate::server::Server;

pub(super) struct Way {
    pub(super) name: &'static str,
    pub(super) does: &'static [Step],
    goes: Goes,
}

/// What somebody does who goes a way.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Step {
    /// Enters, as Ada.
    Enter,
    /// Hears or reads it from outside.
    Look,
    /// Says something inside, as Ada.
    Speak,
    /// Says something from outside, as Ada.
    SpeakFromOutside,
    /// Asks for the word, inside.
    RaiseHand,
    /// Names it, and learns no more than whether it is in use.
    Name,
    Moderate,
    /// Raises, changes or ends an alert: whoever has that right, and hosts.
    Alert,
    /// Makes it: anybody where anybody may read, otherwise whoever may moderate.
    Make,
    /// Asks which rooms there are.
    List,
}

enum Goes {
    /// Events in a namespace (`` or `/v2,`), over each transport.
    Socket(&'static str, fn(&Who) -> Vec<Value>),
    /// A method and a path, and what is accepted.
    Http(&'static str, &'static str, &'static str),
    /// A method, a path, and a body of JSON.
    Json(&'static str, &'static str, fn(&Who) -> Value),
    /// The form of the page's login.
    Form,
}

use Goes::{Form, Http, Json, Socket};
use Step::{Alert, Enter, List, Look, Make, Moderate, Name, RaiseHand, Speak, SpeakFromOutside};

const V1: &str = "";
const V2: &str = "/v2,";

pub(super) const WAYS: &[Way] = &[
    way("v1 joined", &[Enter], Socket(V1, |who| vec![who.joined()])),
    way("v1 text", &[Enter, Speak], Socket(V1, |who| vec![who.joined(), text()])),
    way("v1 left", &[Enter], Socket(V1, |who| vec![who.joined(), left()])),
    way("v2 join", &[Enter], Socket(V2, |who| vec![join(who, false)])),
    way("v2 join", &[Look], Socket(V2, |who| vec![join(who, true)])),
    way("v2 send", &[SpeakFromOutside], Socket(V2, |who| vec![send(who)])),
    way("v2 send", &[Enter, Speak], Socket(V2, |who| vec![join(who, false), send(who)])),
    way("v2 send", &[Look, SpeakFromOutside], Socket(V2, |who| vec![join(who, true), send(who)])),
    way("v2 history", &[Look], Socket(V2, |who| vec![join(who, true), about("history", who)])),
    way("v2 members", &[Look], Socket(V2, |who| vec![join(who, true), about("members", who)])),
    // Whoever is in no room may say that they leave it.
    way("v2 leave", &[], Socket(V2, |who| vec![about("leave", who)])),
    way("v2 make", &[Make], Socket(V2, |who| vec![about("make", who)])),
    way("v2 moderate", &[Name, Moderate], Socket(V2, |who| vec![moderate(who)])),
    way("v2 alert", &[Alert], Socket(V2, |who| vec![end_alert(who)])),
    way("v2 alert", &[Look], Socket(V2, |who| vec![list_alerts(who)])),
    way("v2 alert", &[Enter], Socket(V2, |who| vec![confirm_alert(who)])),
    way("v2 alert", &[Name, Alert], Socket(V2, |who| vec![show_roster(who)])),
    way("v2 alert", &[Name, Alert], Socket(V2, |who| vec![set_roster(who)])),
    way("v2 bell", &[Look], Socket(V2, |who| vec![list_bells(who)])),
    way("v2 bell", &[Name, Moderate], Socket(V2, |who| vec![change_bell(who)])),
    way("v2 webhook", &[Name, Moderate], Socket(V2, |who| vec![list_webhooks(who)])),
    way("v2 webhook", &[Name, Moderate], Socket(V2, |who| vec![test_webhook(who)])),
    way("v2 hand", &[Enter, RaiseHand], Socket(V2, |who| vec![join(who, false), hand(who)])),
    way("v2 push", &[Enter], Socket(V2, |who| vec![join(who, false), push(who)])),
    way("GET /{room}", &[Look], Http("GET", "/{room}", "*/*")),
    way("POST /{room}", &[SpeakFromOutside], Http("POST", "/{room}?name=Ada", "*/*")),
    way("GET /{room}/messages", &[Look], Http("GET", "/{room}/messages", "*/*")),
    way("POST /{room}/messages", &[SpeakFromOutside], Http("POST", "/{room}/messages?name=Ada", "*/*")),
    way("GET /{room}/events", &[Look], Http("GET", "/{room}/events", "text/event-stream")),
    way("GET /{room}/events", &[Look], Http("GET", "/{room}/events", "application/x-ndjson")),
    way("POST /", &[Make], Json("POST", "", |who| json!({ "room": who.room }))),
    way(
        "POST /{room}/actions",
        &[Name, Moderate],
        Json("POST", "/{room}/actions", |_| json!({ "action": "show" })),
    ),
    way("GET /{room}/alerts", &[Look], Http("GET", "/{room}/alerts", "*/*")),
    way("POST /{room}/alerts", &[Alert], Json("POST", "/{room}/alerts?name=Ada", |_| json!({ "text": "x" }))),
    way(
        "PATCH /{room}/alerts/{id}",
        &[Alert],
        Json("PATCH", "/{room}/alerts/00000000?name=Ada", |_| json!({ "text": "x" })),
    ),
    way(
        "DELETE /{room}/alerts/{id}",
        &[Alert],
        Json("DELETE", "/{room}/alerts/00000000?name=Ada", |_| json!({})),
    ),
    way(
        "POST /{room}/alerts/{id}/confirmations",
        &[Enter],
        Json("POST", "/{room}/alerts/00000000/confirmations?name=Ada", |_| json!({})),
    ),
    way(
        "GET /{room}/alerts/{id}/roll_call",
        &[Name, Alert],
        Http("GET", "/{room}/alerts/00000000/roll_call", "*/*"),
    ),
    way("GET /{room}/alerts/{id}/missing", &[Look], Http("GET", "/{room}/alerts/00000000/missing", "*/*")),
    way("GET /{room}/roster", &[Name, Alert], Http("GET", "/{room}/roster", "*/*")),
    way("PUT /{room}/roster", &[Name, Alert], Json("PUT", "/{room}/roster", |_| json!({ "names": [] }))),
    way(
        "POST /{room}/alerts/{id}/release",
        &[Alert],
        Json("POST", "/{room}/alerts/00000000/release?name=Ada", |_| json!({})),
    ),
    way("GET /{room}/prepared", &[Name, Alert], Http("GET", "/{room}/prepared", "*/*")),
    way(
        "PUT /{room}/prepared",
        &[Name, Moderate],
        Json("PUT", "/{room}/prepared", |_| json!({ "prepared": [] })),
    ),
    way(
        "PUT /{room}/prepared/{name}",
        &[Name, Moderate],
        Json("PUT", "/{room}/prepared/ice", |_| json!({ "text": "Ice" })),
    ),
    way(
        "DELETE /{room}/prepared/{name}",
        &[Name, Moderate],
        Json("DELETE", "/{room}/prepared/none", |_| json!({})),
    ),
    way("GET /{room}/bells", &[Look], Http("GET", "/{room}/bells", "*/*")),
    way("PUT /{room}/bells/{id}", &[Name, Moderate], Json("PUT", "/{room}/bells/x", |_| bell())),
    way("DELETE /{room}/bells/{id}", &[Name, Moderate], Json("DELETE", "/{room}/bells/none", |_| json!({}))),
    way(
        "PUT /{room}/bells/{id}/days/{date}",
        &[Name, Moderate],
        Json("PUT", "/{room}/bells/none/days/2026-12-01", |_| json!({ "times": [] })),
    ),
    way(
        "DELETE /{room}/bells/{id}/days/{date}",
        &[Name, Moderate],
        Json("DELETE", "/{room}/bells/none/days/2026-12-01", |_| json!({})),
    ),
    way("GET /{room}/webhooks", &[Name, Moderate], Http("GET", "/{room}/webhooks", "*/*")),
    way(
        "POST /{room}/webhooks",
        &[Name, Moderate],
        Json("POST", "/{room}/webhooks", |_| json!({ "url": "https://hooks.invalid/" })),
    ),
    way(
        "DELETE /{room}/webhooks/{id}",
        &[Name, Moderate],
        Json("DELETE", "/{room}/webhooks/00000000", |_| json!({})),
    ),
    way(
        "POST /{room}/webhooks/{id}/secret",
        &[Name, Moderate],
        Json("POST", "/{room}/webhooks/00000000/secret", |_| json!({})),
    ),
    way(
        "POST /{room}/webhooks/{id}/test",
        &[Name, Moderate],
        Json("POST", "/{room}/webhooks/00000000/test", |_| json!({})),
    ),
    // Who may be in the room is asked when the page connects.
    way("login", &[Name], Form),
    way("GET /", &[List], Http("GET", "", "*/*")),
];

const fn way(name: &'static str, does: &'static [Step], goes: Goes) -> Way {
    Way { name, does, goes }
}

/// Whose answer says that the question of rights has been passed.
const PASSED: [&str; 5] = ["room_in_use", "room_open", "no_such_alert", "no_such_bell", "no_such_webhook"];

fn bell() -> Value {
    json!({ "rule": "FREQ=DAILY", "times": ["08:40"], "zone": "UTC", "say": "x" })
}

fn text() -> Value {
    json!(["text", { "msg": "hello" }])
}

fn left() -> Value {
    json!(["left", {}])
}

fn join(who: &Who, listen: bool) -> Value {
    json!(["join", { "room": who.room, "name": "Ada", "listen": listen, "since": "all" }])
}

fn send(who: &Who) -> Value {
    json!(["send", { "room": who.room, "name": "Ada", "msg": "hello" }])
}

fn about(event: &str, who: &Who) -> Value {
    json!([event, { "room": who.room }])
}

fn moderate(who: &Who) -> Value {
    json!(["moderate", { "room": who.room, "action": "show" }])
}

fn end_alert(who: &Who) -> Value {
    json!(["alert", { "room": who.room, "name": "Ada", "action": "end", "id": "00000000" }])
}

fn confirm_alert(who: &Who) -> Value {
    json!(["alert", { "room": who.room, "name": "Ada", "action": "confirm", "id": "00000000" }])
}

fn list_alerts(who: &Who) -> Value {
    json!(["alert", { "room": who.room, "action": "list" }])
}

fn show_roster(who: &Who) -> Value {
    json!(["alert", { "room": who.room, "action": "roster" }])
}

fn set_roster(who: &Who) -> Value {
    json!(["alert", { "room": who.room, "action": "roster", "names": [] }])
}

fn list_bells(who: &Who) -> Value {
    json!(["bell", { "room": who.room, "action": "list" }])
}

fn change_bell(who: &Who) -> Value {
    json!(["bell", { "room": who.room, "action": "day", "id": "none", "date": "2026-12-01" }])
}

fn list_webhooks(who: &Who) -> Value {
    json!(["webhook", { "room": who.room, "action": "list" }])
}

fn test_webhook(who: &Who) -> Value {
    json!(["webhook", { "room": who.room, "action": "test", "id": "00000000" }])
}

fn hand(who: &Who) -> Value {
    json!(["hand", { "room": who.room, "up": true }])
}

fn push(who: &Who) -> Value {
    json!(["push", { "room": who.room, "action": "unsubscribe", "endpoint": "https://push.example/x" }])
}

impl Step {
    /// The right that it takes.
    pub(super) fn takes(self) -> &'static str {
        match self {
            Enter | Look | Name => "read",
            Speak | SpeakFromOutside | RaiseHand => "speak",
            Moderate => "moderate",
            Alert => "alert",
            Make => "make",
            List => "list",
        }
    }
}

impl Way {
    /// Whether it goes with the rights of whoever has logged in on the page.
    pub(super) fn is_of_people(&self) -> bool {
        matches!(self.goes, Socket(..) | Form)
    }

    pub(super) fn transports(&self) -> &'static [Transport] {
        match self.goes {
            Socket(..) => &[Transport::WebSocket, Transport::Polling],
            Http(..) | Json(..) | Form => &[Transport::Http],
        }
    }

    /// Goes it: `ok`, or why not.
    pub(super) fn goes(&self, server: &Server, who: &Who, transport: Transport) -> String {
        let outcome = match self.goes {
            Socket(namespace, events) => {
                let mut line = Line::open(server, who, transport);
                let answer = line.connect(namespace, who, &json!({}));
                match answer.strip_prefix(&format!("44{namespace}")) {
                    Some(refusal) => {
                        let refusal: Value = serde_json::from_str(refusal).unwrap();
                        refusal["data"]["code"].as_str().unwrap().to_owned()
                    }
                    None => line.carries_out(namespace, &events(who)),
                }
            }
            Http(method, path, accept) => who.asks(server, method, &path_to(path, who), accept).outcome(),
            Form => login(server, who),
            Json(method, path, body) => who.sends(server, method, &path_to(path, who), &body(who)).outcome(),
        };
        if PASSED.contains(&outcome.as_str()) { "ok".to_owned() } else { outcome }
    }
}

fn login(server: &Server, who: &Who) -> String {
    let form = format!("name=Ada&room={}&token={}", who.room, who.token().unwrap_or_default());
    let answer = server.post("/v1", &[], &form);
    match answer.status {
        303 => "ok".to_owned(),
        403 => "not_allowed".to_owned(),
        _ => panic!("{answer:?}"),
    }
}

fn path_to(path: &str, who: &Who) -> String {
    format!("/v1/rooms{}", path.replace("{room}", &who.room))
}

#[test]
fn every_way_that_the_source_has_is_in_the_matrix() {
    let mut ways = BTreeSet::new();
    for version in ["v1", "v2"] {
        let source = |file: &str| {
            let wire = Path::new(env!("CARGO_MANIFEST_DIR")).join("../alert-core/src/wire");
            std::fs::read_to_string(wire.join(file)).unwrap()
        };
        let (names, events) =
            (source(&format!("{version}.rs")), source(&format!("{version}/client_event.rs")));
        // Each event has a constant with its name, and an arm where it is read.
        for line in names.lines() {
            let Some((constant, name)) =
                line.strip_prefix("pub const ").and_then(|rest| rest.split_once(": &str = "))
            else {
                continue;
            };
            if events.lines().any(|line| line.trim().starts_with(&format!("{constant} =>"))) {
                ways.insert(format!("{version} {}", name.trim_matches(['"', ';'])));
            }
        }
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../alert-server/src/web/api.rs");
    let text = std::fs::read_to_string(path).unwrap();
    let (_, routes) = text.split_once("let rooms = Router::new()").unwrap();
    let (routes, _) = routes.split_once(".fallback(").unwrap();
    for route in routes.split(".route(").skip(1) {
        let path = route.split('"').nth(1).unwrap();
        for (method, call) in [
            ("GET", "get("),
            ("POST", "post("),
            ("PUT", "put("),
            ("PATCH", "patch("),
            ("DELETE", "delete("),
            ("any", "any("),
        ] {
            if route.contains(&format!(".{call}")) || route.contains(&format!(" {call}")) {
                ways.insert(format!("{method} {path}"));
            }
        }
    }
    // What is asked of the server, and not of a room.
    assert!(ways.remove("v2 time"));
    // A form of the page.
    ways.insert("login".to_owned());
    let known: BTreeSet<String> = WAYS.iter().map(|way| way.name.to_owned()).collect();
    assert!(ways.len() >= 14, "the source is read: {ways:?}");
    assert_eq!(ways, known, "each way needs a line in WAYS that says what it does, and goes it");
}
