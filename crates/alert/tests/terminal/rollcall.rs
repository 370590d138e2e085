//! `alert rollcall` and `alert roster`, as hosts and their scripts use them.

use serde_json::Value;

use crate::alerts::Hosted;
use crate::command::{Running, alert};

#[test]
fn a_host_sees_who_is_missing_in_words_as_a_table_and_as_it_changes() {
    let hosted = Hosted::start();
    let none = hosted.run(&["rollcall", "D5DB"]);
    assert_eq!(
        (none.code, none.err.contains("no alert that asks to be confirmed")),
        (Some(1), true),
        "{none:?}"
    );
    let set = hosted.run_with(&hosted.key, &["roster", "D5DB", "--set", "-"], "name\nBea\nCy\n");
    assert_eq!((set.code, &*set.out), (Some(0), "2 names are on the roster\n"), "{set:?}");
    assert_eq!(hosted.run(&["roster", "D5DB"]).out, "\"name\"\r\n\"Bea\"\r\n\"Cy\"\n");
    let id = hosted.raises(&["Out", "--answer", "safe", "--answer", "need help"]);
    let mut watch = alert(&["rollcall", "D5DB", "--watch"]);
    let watching =
        Running::start(watch.env("ALERT_HOST_KEY", &hosted.key).env("ALERT_URL", hosted.server.url()));
    assert_eq!(watching.line(), "0 of 2 confirmed, 0 shown, 0 reached, 2 missing");
    let confirm = |words: &[&str]| hosted.run_with("", &[&["confirm", "D5DB"], words].concat(), "");
    let wrong = confirm(&["--name", "Cy", "--answer", "fine"]);
    assert_eq!((wrong.code, wrong.err.contains("one of: safe, need help")), (Some(1), true), "{wrong:?}");
    let confirmed = confirm(&["--name", "Cy", "--answer", "SAFE"]);
    assert_eq!((confirmed.code, &*confirmed.out), (Some(0), "Cy has confirmed (safe)\n"), "{confirmed:?}");
    assert_eq!(watching.line(), "1 of 2 confirmed (safe 1), 0 shown, 0 reached, 1 missing");
    let told = hosted.run(&["rollcall", "D5DB"]).out;
    let lines: Vec<_> = told.lines().collect();
    assert_eq!(lines[..2], ["1 of 2 confirmed (safe 1), 0 shown, 0 reached, 1 missing", "missing    Bea"]);
    assert!(lines[2].starts_with("confirmed  Cy  (safe, 20"), "{told}");
    hosted.run(&["end", "D5DB", &id]);
    let stranger = confirm(&[&id, "--person", "Bea"]);
    assert_eq!((stranger.code, stranger.err.contains("ALERT_HOST_KEY")), (Some(1), true), "{stranger:?}");
    let table = hosted.run(&["rollcall", "D5DB", &id, "--csv"]).out;
    assert!(
        table.contains("\"Bea\",\"missing\",\"\",\"\",\"\",\"yes\"\r\n\"Cy\",\"confirmed\",\"20"),
        "{table}"
    );
    let by_host = hosted.run(&["confirm", "D5DB", &id, "--person", "Bea"]);
    assert_eq!((by_host.code, &*by_host.out), (Some(0), "Bea has confirmed\n"), "{by_host:?}");
    let json: Value = serde_json::from_str(&hosted.run(&["rollcall", "D5DB", &id, "--json"]).out).unwrap();
    assert_eq!(json["counts"]["answers"]["safe"], 1);
    assert_eq!(hosted.run(&["roster", "D5DB", "--clear"]).out, "0 names are on the roster\n");
}

#[test]
fn what_is_no_roster_is_refused_with_its_line_and_whoever_is_no_host_changes_none() {
    let hosted = Hosted::start();
    let long = format!("Ada\n{}\n", "\u{200b}");
    let wrong = hosted.run_with(&hosted.key, &["roster", "D5DB", "--set", "-"], &long);
    assert_eq!((wrong.code, wrong.err.contains("line 2 is no name")), (Some(2), true), "{wrong:?}");
    let missing = hosted.run(&["roster", "D5DB", "--set", "/nowhere/class.csv"]);
    assert_eq!((missing.code, missing.err.contains("/nowhere/class.csv")), (Some(2), true), "{missing:?}");
    let open = hosted.run_with("", &["roster", "D5DB", "--clear"], "");
    assert_eq!(open.code, Some(1), "{open:?}");
}
