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

#[test]
fn several_words_are_one_alert_and_so_is_standard_input() {
    let hosted = Hosted::start();
    hosted.raises(&["Ice", "on", "the", "stairs", "--level", "info"]);
    for words in [&["raise", "D5DB", "-"][..], &["raise", "D5DB"]] {
        let done = hosted.run_with(&hosted.key, words, "from a pipe\n");
        assert!(done.code == Some(0) && done.out.contains("  WARNING: from a pipe  ("), "{done:?}");
    }
    let listed = hosted.run(&["alerts", "D5DB"]);
    assert!(listed.out.contains("  INFO: Ice on the stairs  (Ada)\n"), "{listed:?}");
}

#[test]
fn whoever_shows_nothing_and_is_refused_learns_what_to_show() {
    let hosted = Hosted::start();
    let id = hosted.raises(&["Ice"]);
    for words in [&["raise", "D5DB", "x"][..], &["change", "D5DB", &id, "--text", "x"], &["end", "D5DB", &id]]
    {
        let done = hosted.run_with("", words, "");
        assert_eq!(done.code, Some(1), "{done:?}");
        for way in ["--host-key-file", "ALERT_HOST_KEY", "--token", "ALERT_TOKEN"] {
            assert!(done.err.contains(way), "{words:?}: {done:?}");
        }
    }
    let wrong = hosted.run_with("host_of_another", &["raise", "D5DB", "x"], "");
    assert!(wrong.code == Some(1) && !wrong.err.contains("--host-key-file"), "{wrong:?}");
}

#[test]
fn whatever_key_is_around_everybody_reads_and_the_right_one_reads_where_others_do_not() {
    let hosted = Hosted::start();
    hosted.raises(&["Ice"]);
    for key in ["", "host_of_another", "no key \u{e4}", &hosted.key] {
        let listed = hosted.run_with(key, &["alerts", "D5DB"], "");
        assert!(listed.code == Some(0) && listed.out.contains("  WARNING: Ice  (Ada)"), "{key}: {listed:?}");
    }
    assert_eq!(hosted.run(&["room", "close", "D5DB"]).code, Some(0));
    assert_eq!(hosted.run_with("host_of_another", &["alerts", "D5DB"], "").code, Some(1));
    assert_eq!(hosted.run(&["alerts", "D5DB"]).code, Some(0));
}

#[test]
fn all_of_an_alert_but_the_drill_can_be_changed_and_taken_away() {
    let hosted = Hosted::start();
    let id = hosted.raises(&["Ice", "--for", "2h", "--countdown", "5m"]);
    let change = |words: &[&str]| {
        let done = hosted.run(&[&["change", "D5DB", &id, "--name", "Ada"], words].concat());
        assert_eq!(done.code, Some(0), "{done:?}");
        done.out
    };
    let more = change(&["--audience", "Year 7", "--confirm"]);
    assert!(more.contains("  (Ada, for Year 7, countdown to 20"), "{more}");
    assert!(more.contains(", to be confirmed, until 20"), "{more}");
    let paused = change(&["--pause"]);
    assert!(
        paused.contains(", countdown paused with 4m 5") || paused.contains(" paused with 5m left"),
        "{paused}"
    );
    let longer = change(&["--extend", "5m"]);
    assert!(
        longer.contains(", countdown paused with 9m 5") || longer.contains(" paused with 10m left"),
        "{longer}"
    );
    assert!(change(&["--resume"]).contains(", countdown to 20"));
    assert!(change(&["--extend", "5m"]).contains(", countdown to 20"));
    let less = change(&["--for", "never", "--countdown", "never", "--confirm", "off", "--audience", ""]);
    assert_eq!(less, format!("{id}  WARNING: Ice  (Ada)\n"));
    let none = hosted.run(&["change", "D5DB", &id, "--extend", "5m"]);
    assert!(none.code == Some(1) && none.err.contains("no countdown: give it one"), "{none:?}");
    let none = hosted.run(&["change", "D5DB", &id, "--name", "Ada", "--pause"]);
    assert!(none.code == Some(1) && none.err.contains("no countdown, or it is over"), "{none:?}");
    let both = hosted.run(&["change", "D5DB", &id, "--pause", "--countdown", "5m"]);
    assert_eq!(both.code, Some(2), "{both:?}");
    let soon = hosted.run(&["change", "D5DB", &id, "--for", "soon"]);
    assert!(soon.code == Some(2) && soon.err.contains("never, or whole seconds from 1s"), "{soon:?}");
}
