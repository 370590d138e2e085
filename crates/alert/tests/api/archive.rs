//! `alert history` and `alert backup`, beside a server that runs and without one.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

use crate::server::Server;

fn alert(state: &Path, words: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_alert"));
    command.env_clear().env("STATE_DIRECTORY", state).args(words).output().unwrap()
}

/// What it prints; it succeeds.
fn out(state: &Path, words: &[&str]) -> String {
    let output = alert(state, words);
    assert!(output.status.success(), "{words:?} {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// What it says, and its exit code; it fails.
fn refusal(state: &Path, words: &[&str]) -> (i32, String) {
    let output = alert(state, words);
    assert!(output.stdout.is_empty(), "{words:?} {output:?}");
    (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn given_a_room_then_its_history_is_exported_in_each_form() {
    let state = tempfile::tempdir().unwrap();
    let server = Server::start_in(state.path(), &[]);
    let first = server.post("/v1/rooms/D5DB?name=Ada", &[], "one").json();
    server.post("/v1/rooms/D5DB?name=Ada", &[], "two, \"quoted\"\nand\u{1b}[2J");
    server.post("/v1/rooms/other", &[], "elsewhere");
    let export = |more: &[&str]| out(state.path(), &[&["history", "export", "D5DB"], more].concat());
    let lines: Vec<Value> = export(&[]).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 2);
    assert_eq!((&lines[0]["position"], &lines[0]["msg"]), (&first["position"], &"one".into()));
    assert_eq!(
        (&lines[1]["name"], &lines[1]["msg"]),
        (&"Ada".into(), &"two, \"quoted\"\nand\u{1b}[2J".into())
    );
    let csv = export(&["--format", "csv"]);
    assert!(csv.starts_with("id,position,at,name,msg\r\n"), "{csv}");
    assert!(csv.ends_with(",\"Ada\",\"two, \"\"quoted\"\"\nand\\u001b[2J\"\r\n"), "{csv}");
    let txt = export(&["--format", "txt"]);
    assert!(txt.lines().next().unwrap().ends_with("Z  Ada: one"), "{txt}");
    assert!(txt.contains("\\n") && !txt.contains('\u{1b}'), "{txt}");
    let position = first["position"].as_str().unwrap();
    for (since, count) in [("1", 1), ("1h", 2), (position, 1), ("none", 0)] {
        assert_eq!(export(&["--since", since]).lines().count(), count, "{since}");
    }
    assert_eq!(refusal(state.path(), &["history", "export", "D5DB", "--since", "soon"]).0, 2);
    let nothing = alert(state.path(), &["history", "export", "nowhere"]);
    assert_eq!((nothing.status.code(), nothing.stdout), (Some(0), Vec::new()));
    assert!(String::from_utf8(nothing.stderr).unwrap().starts_with("alert: nothing of room nowhere is kept"));
}

#[test]
fn given_names_and_texts_that_command_programs_then_an_export_of_any_form_is_harmless() {
    let state = tempfile::tempdir().unwrap();
    let server = Server::start_in(state.path(), &[]);
    let text = "=1+1\n\u{1b}[2J\u{9b}31m\u{85}\u{202e}\u{2028}\u{7f}Bob: forged";
    server.post("/v1/rooms/D5DB?name=%2BAda", &[], text);
    let export = |form: &str| out(state.path(), &["history", "export", "D5DB", "--format", form]);
    for form in ["jsonl", "csv", "txt"] {
        let is_command =
            |c: char| c.is_control() && !matches!(c, '\r' | '\n') || matches!(c, '\u{202e}' | '\u{2028}');
        assert!(!export(form).contains(is_command), "{form}: {:?}", export(form));
    }
    let line: Value = serde_json::from_str(&export("jsonl")).unwrap();
    assert_eq!((&line["name"], &line["msg"]), (&"+Ada".into(), &text.into()), "it is exact");
    assert!(export("csv").contains(",\"'+Ada\",\"'=1+1\n"), "{}", export("csv"));
    assert_eq!(export("txt").lines().count(), 1);
}

#[test]
fn given_a_room_that_is_deleted_then_a_running_server_tells_of_a_gap_and_the_text_is_nowhere() {
    let state = tempfile::tempdir().unwrap();
    let server = Server::start_in(state.path(), &[]);
    let secret = "a text that nobody may read any more";
    let first = server.post("/v1/rooms/D5DB", &[], secret).json()["position"].as_str().unwrap().to_owned();
    server.post("/v1/rooms/D5DB", &[], secret);
    server.post("/v1/rooms/other", &[], "stays");
    let (code, said) = refusal(state.path(), &["history", "delete", "D5DB"]);
    assert!(code == 2 && said.contains("--yes"), "{said}");
    assert_eq!(
        out(state.path(), &["history", "delete", "D5DB", "--yes"]),
        "2 messages of D5DB were deleted.\n"
    );
    assert_eq!(out(state.path(), &["history", "delete", "D5DB", "-y"]), "There was nothing of D5DB.\n");
    let page = server.get(&format!("/v1/rooms/D5DB/messages?since={first}")).json();
    assert!(page["messages"] == Value::Array(Vec::new()) && page["gap"].is_object(), "{page}");
    server.post("/v1/rooms/D5DB", &[], "new");
    let page = server.get(&format!("/v1/rooms/D5DB/messages?since={first}")).json();
    assert!(page["messages"][0]["msg"] == "new" && page["gap"].is_object(), "{page}");
    assert_eq!(server.get("/v1/rooms/other/messages").json()["messages"][0]["msg"], "stays");
    for entry in std::fs::read_dir(state.path()).unwrap() {
        let file = entry.unwrap().path();
        let bytes = std::fs::read(&file).unwrap();
        let is_there = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
        assert!(!is_there, "{} still has it", file.display());
    }
}

#[test]
fn given_a_running_server_then_a_backup_is_whole_private_and_can_be_restored() {
    let state = tempfile::tempdir().unwrap();
    let mut server = Server::start_in(state.path(), &[]);
    server.post("/v1/rooms/D5DB", &[], "before");
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("alert.db");
    let words = ["backup", copy.to_str().unwrap()];
    assert!(out(state.path(), &words).starts_with("1 messages are in "));
    assert_eq!(std::fs::metadata(&copy).unwrap().permissions().mode() & 0o777, 0o600);
    let (code, said) = refusal(state.path(), &words);
    assert!(code == 1 && said.contains("nothing is overwritten"), "{said}");
    let after = server.post("/v1/rooms/D5DB", &[], "after").json()["position"].as_str().unwrap().to_owned();
    server.signal("TERM");
    assert!(server.wait().success());

    let restored = Server::start_in(folder.path(), &[]);
    let page = restored.get("/v1/rooms/D5DB/messages?since=all").json();
    assert_eq!(
        (page["messages"].as_array().unwrap().len(), &page["messages"][0]["msg"]),
        (1, &"before".into())
    );
    let page = restored.get(&format!("/v1/rooms/D5DB/messages?since={after}")).json();
    assert!(page["gap"].is_object(), "{page}");
    let new = restored.post("/v1/rooms/D5DB", &[], "new").json();
    assert_ne!(new["position"], after);
}

#[test]
fn given_a_file_then_stats_count_what_is_in_it_and_without_one_they_say_so() {
    let state = tempfile::tempdir().unwrap();
    let (code, said) = refusal(state.path(), &["history", "stats"]);
    assert!(code == 1 && said.contains("does not exist"), "{said}");
    let server = Server::start_in(state.path(), &[]);
    for room in ["one", "one", "two"] {
        server.post(&format!("/v1/rooms/{room}"), &[], "hi");
    }
    let stats: Value = serde_json::from_str(&out(state.path(), &["history", "stats", "--json"])).unwrap();
    assert_eq!((&stats["messages"], &stats["rooms"], &stats["seats"]), (&3.into(), &2.into(), &0.into()));
    assert!(stats["oldest"].as_str().unwrap() <= stats["newest"].as_str().unwrap());
    let shown = out(state.path(), &["history", "stats"]);
    assert!(shown.contains("Messages  3\n") && shown.contains("alert.db"), "{shown}");
}
