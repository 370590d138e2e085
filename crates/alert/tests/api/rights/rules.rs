//! What a room's hosts decide on one server, and every way to the room on another: each is shut or open as the rule says.

use serde_json::{Value, json};

use super::Key;
use super::every_way::Step::{self, Alert, Enter, Look, Moderate, Speak, SpeakFromOutside};
use super::every_way::WAYS;
use super::nodes::Nodes;
use super::ways::{Shows, Who};

/// What a host does.
pub(super) struct Rule {
    pub(super) name: &'static str,
    pub(super) actions: fn() -> Vec<Value>,
    /// What Ada cannot do then who was not in the room.
    pub(super) shuts: &'static [Step],
    code: &'static str,
}

const COMING: &[Step] = &[Enter, Look, SpeakFromOutside];
const SPEAKING: &[Step] = &[Speak, SpeakFromOutside];

pub(super) const RULES: &[Rule] = &[
    rule("nothing", Vec::new, &[], ""),
    rule("a password", || set("password", &json!("blue sky")), COMING, "password_required"),
    rule("a lock", || set("locked", &json!(true)), COMING, "not_allowed"),
    rule("closing it", || vec![json!({ "action": "close" })], COMING, "not_allowed"),
    rule("a ban", || about_ada("ban"), &[Enter, SpeakFromOutside], "not_allowed"),
    rule(
        "a ban by address",
        || vec![json!({ "action": "ban", "address": "127.0.0.1" })],
        COMING,
        "not_allowed",
    ),
    rule("a kick", || about_ada("kick"), &[], ""),
    rule("a mute", || about_ada("mute"), SPEAKING, "not_allowed"),
    rule("announce", || set("announce", &json!(true)), SPEAKING, "not_allowed"),
    rule("a reserved name", || set("reserved", &json!(["Ada"])), &[Enter, SpeakFromOutside], "not_allowed"),
    rule("no past", || set("history", &json!("none")), &[], ""),
];

const fn rule(
    name: &'static str,
    actions: fn() -> Vec<Value>,
    shuts: &'static [Step],
    code: &'static str,
) -> Rule {
    Rule { name, actions, shuts, code }
}

fn set(key: &str, value: &Value) -> Vec<Value> {
    vec![json!({ "action": "set", "settings": { key: value } })]
}

fn about_ada(action: &str) -> Vec<Value> {
    vec![json!({ "action": action, "name": "Ada" })]
}

#[test]
fn what_a_host_decides_on_one_server_holds_for_each_way_on_another() {
    let key = Key::new();
    for nodes in Nodes::of_each_kind(&key, "open", &["--room-tries", "0"]) {
        let mut wrong: Vec<String> = Vec::new();
        for (number, rule) in RULES.iter().enumerate() {
            let who = Who { room: format!("R{number}"), shows: Shows::Nothing };
            let host = nodes.host(&who.room);
            (rule.actions)().iter().for_each(|action| host.does(action));
            for (way, by) in WAYS.iter().flat_map(|way| way.transports().iter().map(move |by| (way, *by))) {
                // Nobody lists rooms, or moderates one, who shows nothing.
                if way.does.contains(&Step::List) {
                    continue;
                }
                let is_shut = way.does.iter().any(|step| rule.shuts.contains(step));
                let is_of_hosts = way.does.iter().any(|step| [Moderate, Alert].contains(step));
                let right = match (is_shut, is_of_hosts) {
                    (_, true) => "not_allowed",
                    (true, false) => rule.code,
                    (false, false) => "ok",
                };
                let outcome = way.goes(nodes.there(), &who, by);
                if outcome != right {
                    wrong.push(format!(
                        "{}: {} over {by:?} is {:?}: {outcome}",
                        rule.name, way.name, way.does
                    ));
                }
            }
        }
        assert!(wrong.is_empty(), "{wrong:#?}");
    }
}
