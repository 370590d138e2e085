//! A rule is made on one server while somebody is away, who comes back to another: by each way back they get what was
//! said meanwhile, or none of it.

use serde_json::{Value, json};

use super::Key;
use super::nodes::Nodes;
use super::rules::{RULES, Rule};
use super::ways::{Line, Shows, Transport, Who, begun};
use crate::server::Server;

/// A way back.
pub(super) struct Return {
    pub(super) name: &'static str,
    /// Whether they are in the room as Ada, or only hear it.
    is_inside: bool,
    pub(super) goes: fn(&Away<'_>) -> Vec<String>,
}

/// Somebody who is `here`, goes, and comes back `there` when something has happened.
pub(super) struct Away<'a> {
    pub(super) nodes: &'a Nodes,
    pub(super) was: &'a Who,
    pub(super) is: &'a Who,
    /// What happens meanwhile.
    pub(super) happens: &'a dyn Fn(),
    /// A position before it.
    pub(super) position: &'a str,
    /// Somebody says something.
    pub(super) says: &'a dyn Fn(&str) -> String,
}

pub(super) const RETURNS: &[Return] = &[
    Return {
        name: "recovery, WebSocket",
        is_inside: true,
        goes: |away| recovery(away, Transport::WebSocket),
    },
    Return { name: "recovery, polling", is_inside: true, goes: |away| recovery(away, Transport::Polling) },
    Return { name: "replay, WebSocket", is_inside: true, goes: |away| replay(away, Transport::WebSocket) },
    Return { name: "replay, polling", is_inside: true, goes: |away| replay(away, Transport::Polling) },
    Return { name: "v2 since", is_inside: true, goes: |away| since(away, false) },
    Return { name: "v2 since, listening", is_inside: false, goes: |away| since(away, true) },
    Return { name: "Last-Event-ID", is_inside: false, goes: |away| stream(away, "text/event-stream") },
    Return { name: "NDJSON", is_inside: false, goes: |away| stream(away, "application/x-ndjson") },
    Return { name: "messages", is_inside: false, goes: messages },
];

pub(super) const MEANWHILE: &str = "said meanwhile";
const LATER: &str = "said later";

/// Everything up to a packet that begins so.
fn until(line: &mut Line<'_>, ends: &[&str]) -> Vec<String> {
    let mut heard = vec![line.packet()];
    while !ends.iter().any(|end| heard.last().unwrap().starts_with(end)) {
        heard.push(line.packet());
    }
    heard
}

fn recovery(away: &Away<'_>, transport: Transport) -> Vec<String> {
    let mut line = Line::open(away.nodes.here(), away.was, transport);
    let answer = line.connect("", away.was, &json!({}));
    let answer: Value = serde_json::from_str(answer.strip_prefix("40").unwrap()).unwrap();
    assert_eq!(line.carries_out("", &[away.was.joined()]), "ok");
    // Everybody hears that they entered, and so does the client: what it has heard is behind it.
    line.lost();
    (away.happens)();
    let mut line = Line::open(away.nodes.there(), away.is, transport);
    line.asks_to_connect("", away.is, &json!({ "pid": answer["pid"], "offset": away.position }));
    let heard = until(&mut line, &["40", "44"]);
    let refusal = heard.last().unwrap();
    let is_back = refusal.contains(answer["sid"].as_str().unwrap());
    assert_eq!(is_back, heard.iter().any(|packet| packet.contains(MEANWHILE)), "{heard:?}");
    heard
}

fn replay(away: &Away<'_>, transport: Transport) -> Vec<String> {
    let mut line = Line::open_plain(away.nodes.here(), away.was, transport);
    assert!(line.connect("", away.was, &json!({})).starts_with("40"));
    assert_eq!(line.carries_out("", &[away.was.joined()]), "ok");
    line.lost();
    (away.happens)();
    let mut line = Line::open_plain(away.nodes.there(), away.is, transport);
    let answer = line.connect("", away.is, &json!({}));
    if answer.starts_with("44") {
        return vec![answer];
    }
    line.send(&format!("427{}", away.is.joined()));
    until(&mut line, &["437"])
}

fn since(away: &Away<'_>, listen: bool) -> Vec<String> {
    let join = |since: &str| json!(["join", { "room": away.is.room, "name": "Ada", "listen": listen, "since": since }]);
    let mut line = Line::open(away.nodes.here(), away.was, Transport::WebSocket);
    assert!(line.connect("/v2,", away.was, &json!({})).starts_with("40"));
    assert_eq!(line.carries_out("/v2,", &[join("none")]), "ok");
    line.lost();
    (away.happens)();
    let mut line = Line::open(away.nodes.there(), away.is, Transport::WebSocket);
    let answer = line.connect("/v2,", away.is, &json!({}));
    if answer.starts_with("44") {
        return vec![answer];
    }
    line.send(&format!("42/v2,7{}", join(away.position)));
    until(&mut line, &["43/v2,7"])
}

fn stream(away: &Away<'_>, accept: &str) -> Vec<String> {
    let path = format!("/v1/rooms/{}/events", away.is.room);
    let listen = |server: &Server, who: &Who, path: &str| {
        let headers = [("accept", accept), ("last-event-id", away.position)];
        begun(who.opens(server, "GET", path, &headers))
    };
    drop(listen(away.nodes.here(), away.was, &path).unwrap());
    (away.happens)();
    let path = format!("{path}?since={}", away.position);
    match listen(away.nodes.there(), away.is, &path) {
        Ok(mut stream) => {
            (away.says)(LATER);
            let mut heard: Vec<String> = Vec::new();
            while !heard.last().is_some_and(|last| last.contains(LATER)) {
                heard.push(stream.line().unwrap());
            }
            heard
        }
        Err(answer) => vec![answer.outcome()],
    }
}

fn messages(away: &Away<'_>) -> Vec<String> {
    (away.happens)();
    let path = format!("/v1/rooms/{}/messages?since={}", away.is.room, away.position);
    vec![away.is.asks(away.nodes.there(), "GET", &path, "*/*").body]
}

/// Whether somebody who was let in before gets what was said meanwhile; nothing, where both are right.
fn gets(rule: &Rule, way: &Return) -> Option<bool> {
    Some(match (rule.name, way.is_inside) {
        ("nothing" | "a mute" | "announce", _) => true,
        // Those who were there come and go under their names.
        ("a lock", is_inside) => is_inside,
        ("a ban" | "a reserved name", is_inside) => !is_inside,
        // Whoever has been put out may come again, and read what others read. They are caught up if they were lost before.
        ("a kick", _) if way.name.starts_with("replay") => return None,
        ("a kick", _) => !way.name.starts_with("recovery"),
        ("no past", is_inside) => is_inside,
        _ => false,
    })
}

#[test]
fn what_a_host_decides_while_somebody_is_away_holds_for_each_way_back_to_another_server() {
    let key = Key::new();
    for (kind, nodes) in Nodes::of_each_kind(&key, "open", &["--room-tries", "0"]).iter().enumerate() {
        let tried = |rule: &Rule, way: &Return, room: String| {
            let who = Who { room, shows: Shows::Nothing };
            let host = nodes.host(&who.room);
            let position = host.says("before");
            let happens = || {
                (rule.actions)().iter().for_each(|action| host.does(action));
                host.says(MEANWHILE);
            };
            let says = |text: &str| host.says(text);
            let away =
                Away { nodes, was: &who, is: &who, happens: &happens, position: &position, says: &says };
            let heard = (way.goes)(&away);
            let has_got = heard.iter().any(|one| one.contains(MEANWHILE));
            let is_right = gets(rule, way).is_none_or(|gets| gets == has_got);
            (!is_right).then(|| format!("{}, {}: {heard:?}", rule.name, way.name))
        };
        // Whoever polls may be waited for, so they go at the same time.
        let wrong: Vec<String> = std::thread::scope(|scope| {
            let tried = &tried;
            let threads: Vec<_> = RULES
                .iter()
                .enumerate()
                .map(|(number, rule)| {
                    scope.spawn(move || {
                        let each = RETURNS.iter().enumerate();
                        each.filter_map(|(other, way)| tried(rule, way, format!("R{number}-{other}")))
                            .collect::<Vec<_>>()
                    })
                })
                .collect();
            threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
        });
        assert!(wrong.is_empty(), "on {} servers: {wrong:#?}", kind + 1);
    }
}
