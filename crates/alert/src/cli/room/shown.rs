//! A room's policy and its audit log, for people.

use serde_json::Value;

use alert_core::printable::one_line;

/// A line for each thing that hosts have decided.
pub(super) fn policy(policy: &Value) -> Vec<String> {
    let is = |key: &str| policy[key].as_bool().unwrap_or_default();
    let word = |is: bool| if is { "yes" } else { "no" };
    let slow = match policy["slow"].as_u64() {
        None | Some(0) => "off".to_owned(),
        Some(seconds) => format!("one message from each person every {seconds} s"),
    };
    let most = policy["most"].as_u64().map_or_else(|| "no limit".to_owned(), |most| most.to_string());
    let history =
        if policy["history"] == "none" { "nothing that was said before" } else { "what was said before" };
    [
        ("has a host", word(is("hosted")).to_owned()),
        ("password", if is("password") { "set" } else { "none" }.to_owned()),
        (
            "who can write",
            if is("announce") { "hosts, and whoever has the floor" } else { "everybody" }.to_owned(),
        ),
        ("locked", word(is("locked")).to_owned()),
        ("closed", word(is("closed")).to_owned()),
        (
            "emergencies",
            if is("two_person") { "wait for a second person" } else { "in force at once" }.to_owned(),
        ),
        ("slow mode", slow),
        ("maximum people", most),
        ("latecomers see", history.to_owned()),
        ("reserved names", names(&policy["reserved"])),
        ("raised hands", names(&policy["hands"])),
        ("has the floor", names(&policy["words"])),
        ("muted", names(&policy["mutes"])),
        ("banned", names(&policy["bans"])),
    ]
    .into_iter()
    .map(|(what, value)| format!("{what:<17} {value}"))
    .collect()
}

/// How many hear the room whom nobody sees there. A server of an earlier version does not say.
pub(super) fn listeners(count: &Value) -> Option<String> {
    count.as_u64().map(|count| format!("{:<17} {count}, without being in the room", "listening"))
}

/// A line for each action, the newest first.
pub(super) fn audit(lines: &[Value]) -> Vec<String> {
    let line = |line: &Value| {
        let parts = ["at", "by", "action", "to", "detail"]
            .map(|key| one_line(line[key].as_str().unwrap_or_default()).to_string());
        parts.join("  ").trim_end().to_owned()
    };
    if lines.is_empty() {
        vec!["nobody has done anything here".to_owned()]
    } else {
        lines.iter().map(line).collect()
    }
}

/// Names, some with a time until which something counts.
fn names(list: &Value) -> String {
    let one = |entry: &Value| {
        let name = [entry, &entry["name"], &entry["address"]].into_iter().find_map(Value::as_str);
        let name = one_line(name.unwrap_or_default()).to_string();
        match entry["until"].as_str() {
            Some(until) => format!("{name} (until {until})"),
            None => name,
        }
    };
    match list.as_array().map(Vec::as_slice) {
        None | Some([]) => "none".to_owned(),
        Some(entries) => entries.iter().map(one).collect::<Vec<_>>().join(", "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn given_a_policy_then_it_is_told_in_words() {
        let told = policy(&json!({
            "revision": 2, "hosted": true, "password": true, "announce": true, "locked": false, "closed": false,
            "slow": 10, "most": null, "reserved": ["Ms Ortega", "Mr\u{1b}Lee"], "history": "none", "hands": [],
            "words": ["Ada"], "mutes": [{ "name": "Mal", "until": "2026-11-29T17:00:00Z" }],
            "bans": [{ "address": "192.0.2.0/24" }],
        }));
        for line in [
            "password          set",
            "who can write     hosts, and whoever has the floor",
            "locked            no",
            "emergencies       in force at once",
            "slow mode         one message from each person every 10 s",
            "maximum people    no limit",
            "latecomers see    nothing that was said before",
            "raised hands      none",
            "has the floor     Ada",
            "muted             Mal (until 2026-11-29T17:00:00Z)",
            "banned            192.0.2.0/24",
        ] {
            assert!(told.iter().any(|told| told == line), "{line}: {told:#?}");
        }
        assert!(!told.concat().contains('\u{1b}'));
        assert_eq!(listeners(&json!(2)).unwrap(), "listening         2, without being in the room");
        assert_eq!(listeners(&Value::Null), None);
    }
}
