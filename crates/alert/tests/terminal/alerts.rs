//! Alerts at a terminal and in scripts: `alert raise`, `change`, `end`, `alerts`, and what `join` and `watch` show of them.

use serde_json::{Value, json};

use crate::command::{Done, Running, alert, run_with};
use crate::server::Server;

/// A room with a host, D5DB.
pub(crate) struct Hosted {
    pub(crate) server: Server,
    pub(crate) key: String,
}

impl Hosted {
    pub(crate) fn start() -> Self {
        let server = Server::start(&["--leave-grace", "0"]);
        let kind = [("content-type", "application/json")];
        let made = server.ask("POST", "/v1/rooms", &kind, br#"{"room":"D5DB"}"#);
        let key = made.json()["host"].as_str().unwrap().to_owned();
        Self { server, key }
    }

    /// Runs it with the key of the host.
    pub(crate) fn run(&self, words: &[&str]) -> Done {
        self.run_with(&self.key, words, "")
    }

    pub(crate) fn run_with(&self, key: &str, words: &[&str], input: &str) -> Done {
        run_with(alert(words).env("ALERT_HOST_KEY", key).env("ALERT_URL", self.server.url()), input)
    }

    /// Raises an alert, and gives its id.
    pub(crate) fn raises(&self, words: &[&str]) -> String {
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
fn a_switch_takes_no_word_and_whoever_gives_no_name_is_known_by_their_own() {
    let hosted = Hosted::start();
    let wrong = hosted.run(&["raise", "D5DB", "Ice", "--show-missing", "off"]);
    assert_eq!(
        (wrong.code, wrong.err.contains("--show-missing takes no on or off")),
        (Some(2), true),
        "{wrong:?}"
    );
    for (variable, name) in [("LOGNAME", "bea"), ("ALERT_NAME", "Ms Ortega")] {
        let mut command = alert(&["raise", "D5DB", "--json", "--", "Ice", "--confirm", "off"]);
        command.env(variable, name);
        command.env("ALERT_HOST_KEY", &hosted.key).env("ALERT_URL", hosted.server.url());
        let raised: Value = serde_json::from_str(&run_with(&mut command, "").out).unwrap();
        assert_eq!(
            (&raised["alert"]["by"], &raised["alert"]["text"]),
            (&json!(name), &json!("Ice --confirm off"))
        );
    }
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

#[test]
fn what_is_prepared_is_raised_with_its_blanks_and_kept_in_a_file() {
    let hosted = Hosted::start();
    let done = |words: &[&str]| {
        let done = hosted.run(words);
        assert_eq!(done.code, Some(0), "{done:?}");
        done.out
    };
    assert_eq!(done(&["prepared", "list", "D5DB"]), "nothing is prepared\n");
    let line = "Ice  WARNING: Ice in {place}  (blanks place, ends after 2h, all-clear {place} is free)\n";
    let add = [
        "prepared",
        "add",
        "D5DB",
        "Ice",
        "Ice",
        "in",
        "{place}",
        "--for",
        "2h",
        "--all-clear",
        "{place} is free",
    ];
    assert_eq!(done(&add), line);
    let file = done(&["prepared", "export", "D5DB"]);
    assert_eq!(done(&["prepared", "remove", "D5DB", "Ice"]), "nothing is prepared\n");
    let imported = hosted.run_with(&hosted.key, &["prepared", "import", "D5DB"], &file);
    assert_eq!((imported.code, imported.out.as_str()), (Some(0), line), "{imported:?}");
    let wrong = hosted.run_with(&hosted.key, &["prepared", "import", "D5DB", "-"], "nothing");
    assert!(wrong.code == Some(2) && wrong.err.contains("standard input: "), "{wrong:?}");

    let raise = ["raise", "D5DB", "--name", "Ada", "--prepared", "Ice"];
    let blank = hosted.run(&raise);
    assert!(blank.code == Some(1) && blank.err.contains("place is blank"), "{blank:?}");
    let raised = done(&[&raise[..], &["--blank", "place=the yard", "--level", "info"]].concat());
    assert!(raised.contains("  INFO: Ice in the yard  (Ada, until 20"), "{raised}");
    let both = hosted.run(&["raise", "D5DB", "x", "--prepared", "Ice"]);
    let none = hosted.run(&["raise", "D5DB", "--prepared", "Ice", "--blank", "place"]);
    assert!(both.code == Some(2) && none.code == Some(2) && none.err.contains("place=Gym"), "{none:?}");
}

#[test]
fn an_emergency_waits_for_somebody_else_and_a_mistake_is_said_to_be_one() {
    let hosted = Hosted::start();
    assert_eq!(hosted.run(&["room", "set", "D5DB", "--two-person", "on"]).code, Some(0));
    let proposed = hosted.run(&["raise", "D5DB", "Fire", "--level", "emergency", "--name", "Ada"]);
    assert!(
        proposed.code == Some(0)
            && proposed.out.contains("  EMERGENCY: Fire  (Ada, waits to be released until 20")
    );
    let id = proposed.out.split(' ').next().unwrap();
    assert_eq!(hosted.run(&["alerts", "D5DB"]).out, "nothing is in force\n");
    assert_eq!(hosted.run(&["alerts", "D5DB", "--proposed"]).out, proposed.out);
    let own = hosted.run(&["release", "D5DB", id, "--name", "Ada"]);
    assert!(own.code == Some(1) && own.err.contains("somebody else has to release this alert"), "{own:?}");
    let released = hosted.run(&["release", "D5DB", id, "--name", "Bea"]);
    assert_eq!(released.out, format!("{id}  EMERGENCY: Fire  (Ada, released by Bea)\n"), "{released:?}");
    let ended = hosted.run(&["end", "D5DB", id, "--mistake", "--name", "Bea"]);
    assert!(ended.out.contains("(Ada, released by Bea, raised by mistake, ended 20"), "{ended:?}");
}

#[test]
fn whoever_watches_reads_an_alert_once_and_counts_neither_what_was_in_force_nor_its_words_twice() {
    let hosted = Hosted::start();
    let url = hosted.server.url();
    hosted.raises(&["Old"]);
    let watch = |more: &[&str]| {
        Running::start(&mut alert(&[&["watch", "D5DB", "--url", &url, "--count", "2"], more].concat()))
    };
    let (plain, json) = (watch(&[]), watch(&["--json"]));
    let ends = |line: String, words: &str| assert!(line.ends_with(words), "{line}");
    ends(plain.line(), " * In force, from Ada: WARNING: Old");
    let event = |line: String| serde_json::from_str::<Value>(&line).unwrap();
    assert_eq!(event(json.line())["state"], "in_force");
    let id = hosted.raises(&["Ice"]);
    ends(plain.line(), " Ada: WARNING: Ice");
    assert_eq!(
        [event(json.line())["event"].clone(), event(json.line())["state"].clone()],
        ["message", "raised"]
    );
    assert_eq!(hosted.run(&["end", "D5DB", &id, "--name", "Ada"]).code, Some(0));
    ends(plain.line(), " * Ended: WARNING: Ice");
    assert_eq!(event(json.line())["state"], "ended");
    assert_eq!([plain.end().code, json.end().code], [Some(0); 2], "after two that count");
}

#[test]
fn given_nothing_to_show_then_whoever_is_refused_is_told_what_it_takes() {
    let hosted = Hosted::start();
    for (words, right) in [
        (&["raise", "D5DB", "Ice"][..], "alert"),
        (&["end", "D5DB", "00000000"], "alert"),
        (&["prepared", "list", "D5DB"], "alert"),
        (&["prepared", "remove", "D5DB", "Ice"], "moderate"),
        (&["rollcall", "D5DB", "00000000"], "alert"),
        (&["rollcall", "D5DB", "00000000", "--watch"], "alert"),
        (&["roster", "D5DB"], "alert"),
        (&["bell", "remove", "D5DB", "lesson-1"], "moderate"),
        (&["bell", "skip", "D5DB", "lesson-1"], "moderate"),
        (&["webhook", "list", "D5DB"], "moderate"),
        (&["webhook", "test", "D5DB", "00000000"], "moderate"),
    ] {
        let refused = hosted.run_with("", words, "");
        let wanted = format!(
            "it takes the key of the room's host (--host-key-file, or ALERT_HOST_KEY), or a token with the right {right} "
        );
        assert_eq!((refused.code, refused.err.contains(&wanted)), (Some(1), true), "{words:?} {refused:?}");
    }
}

#[test]
fn whether_big_screens_show_who_is_missing_is_chosen_and_changed() {
    let hosted = Hosted::start();
    let id = hosted.raises(&["Out", "--confirm", "--show-missing"]);
    let shows = || {
        let all: Value = serde_json::from_str(&hosted.run(&["alerts", "D5DB", "--json"]).out).unwrap();
        all["alerts"][0]["show_missing"] == true
    };
    assert!(shows());
    for (switch, shown) in [("off", false), ("on", true)] {
        let done = hosted.run(&["change", "D5DB", &id, "--show-missing", switch, "--name", "Ada"]);
        assert_eq!((done.code, shows()), (Some(0), shown), "{done:?}");
    }
}
