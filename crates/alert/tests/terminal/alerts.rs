//! Alerts at a terminal and in scripts: `alert raise`, `change`, `end`, `alerts`, and what `join` and `watch` show of them.

use serde_json::Value;

use crate::command::{Done, Running, alert, run_with};
use crate::server::Server;

/// A room with a host, D5DB.
struct Hosted {
    server: Server,
    key: String,
}

impl Hosted {
    fn start() -> Self {
        let server = Server::start(&["--leave-grace", "0"]);
        let kind = [("content-type", "application/json")];
        let made = server.ask("POST", "/v1/rooms", &kind, br#"{"room":"D5DB"}"#);
        let key = made.json()["host"].as_str().unwrap().to_owned();
        Self { server, key }
    }

    /// Runs it with the key of the host.
    fn run(&self, words: &[&str]) -> Done {
        self.run_with(&self.key, words, "")
    }

    fn run_with(&self, key: &str, words: &[&str], input: &str) -> Done {
        run_with(alert(words).env("ALERT_HOST_KEY", key).env("ALERT_URL", self.server.url()), input)
    }

    /// Raises an alert, and gives its id.
    fn raises(&self, words: &[&str]) -> String {
        let done = self.run(&[&["raise", "D5DB", "--name", "Ada"], words].concat());
        assert_eq!(done.code, Some(0), "{done:?}");
        done.out.split(' ').next().unwrap().to_owned()
    }
}

#[test]
fn whoever_joins_or_watches_is_told_what_is_in_force() {
    let hosted = Hosted::start();
    let id = hosted.raises(&["Ice on the stairs"]);
    hosted.raises(&["Leave the building", "--level", "emergency", "--drill"]);
    let url = hosted.server.url();
    let told = [
        "In force, from Ada: WARNING: Ice on the stairs",
        "DRILL: In force, from Ada: EMERGENCY: Leave the building",
    ];
    for words in [&["join", "D5DB", "--name", "Bea"][..], &["watch", "D5DB"]] {
        let plain = Running::start(&mut alert(&[words, &["--url", &url]].concat()));
        for told in told {
            while !plain.line().ends_with(&format!(" * {told}")) {}
        }
    }
    let joined = Running::start(&mut alert(&["join", "D5DB", "--name", "Bea", "--url", &url, "--json"]));
    let events = std::iter::repeat_with(|| serde_json::from_str::<Value>(&joined.line()).unwrap());
    let in_force: Vec<_> = events.filter(|event| event["event"] == "in_force").take(2).collect();
    assert_eq!([&in_force[0]["msg"], &in_force[1]["msg"]], told);
    assert_eq!(in_force[0]["alert"]["id"], id.as_str());
}
