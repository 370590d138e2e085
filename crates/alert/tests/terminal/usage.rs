//! What people try who know other programs, and how they are told.

use crate::command::{alert, run, run_with};
use crate::server::Server;

#[test]
fn given_words_of_other_programs_then_a_tip_says_what_is_meant() {
    for (words, tip) in [
        (&["--port", "5001"][..], "--listen 127.0.0.1:5001"),
        (&["--port=5001"], "--listen 127.0.0.1:5001"),
        (&["-p", "5001"], "--listen 127.0.0.1:5001"),
        (&["serve", "-p5001"], "--listen 127.0.0.1:5001"),
        (&["--host", "0.0.0.0"], "--listen 0.0.0.0:5000"),
        (&["serve", "--bind", "0.0.0.0"], "--listen 0.0.0.0:5000"),
        (&["-c", "alert.toml"], "--config FILE"),
        (&["start"], "alert serve"),
        (&["run"], "alert serve"),
        (&["server"], "alert serve"),
        (&["START"], "alert serve"),
        (&["listen"], "alert watch ROOM"),
        (&["chat", "D5DB"], "alert join ROOM"),
        (&["say", "D5DB", "hello"], "alert send ROOM MSG"),
        (&["tail", "D5DB"], "alert watch ROOM"),
        (&["send", "--port", "5001", "D5DB", "hello"], "--url http://127.0.0.1:5001"),
        (&["watch", "--host", "example.org"], "--url http://127.0.0.1:5001"),
        (&["send", "--room", "D5DB", "hello"], "stands by itself"),
        (&["send", "D5DB", "-m", "hello"], "stands by itself"),
        (&["join", "D5DB", "--nick", "Ada"], "--name NAME"),
        (&["webhook", "delete", "D5DB", "7k3m9q2x"], "alert webhook remove"),
        (&["bell", "rm", "D5DB", "lesson-1"], "alert bell remove"),
        (&["history", "remove", "D5DB"], "alert history delete"),
        (&["webhook", "create", "D5DB", "https://a.example"], "alert webhook add"),
        (&["bell", "set", "D5DB", "lesson-1"], "alert bell add"),
        (&["config", "ls"], "alert config show"),
        (&["send", "D5DB", "hello", "--nam", "Ada"], "'--name'"),
    ] {
        let done = run(words);
        assert_eq!((done.code, done.out.as_str()), (Some(2), ""), "{words:?}");
        assert!(done.err.starts_with("alert: un") && done.err.contains("\n  tip: "), "{words:?}: {done:?}");
        let tips = done.err.split("\n  tip: ").nth(1).unwrap();
        assert!(tips.lines().next().unwrap().contains(tip), "{words:?}: {done:?}");
    }
}

#[test]
fn given_any_mistake_then_the_error_begins_as_all_errors_do() {
    for words in [
        &["--frobnicate"][..],
        &["frobnicate"],
        &["send"],
        &["send", "D5DB", "x", "--timeout", "never"],
        &["send", "D5DB", "x", "--quiet", "--json"],
        &["send", "D5DB", "x", "--url", "nowhere"],
        &["watch", "D5DB", "--exec"],
        &["--workers", "many"],
        &["config"],
        &["doctor", "http://a:99999"],
    ] {
        let done = run(words);
        assert_eq!((done.code, done.out.as_str()), (Some(2), ""), "{words:?}: {done:?}");
        let is_help = words == ["config"] && done.err.starts_with("Look at the configuration");
        assert!(is_help || done.err.starts_with("alert: "), "{words:?}: {done:?}");
        assert!(!done.err.contains("error: "), "{words:?}: {done:?}");
    }
}

#[test]
fn given_a_number_that_is_none_then_the_error_says_what_is_one() {
    for count in ["0", "x", "", "1.5"] {
        let done = run(&["watch", "D5DB", "--count", count]);
        assert_eq!(done.code, Some(2));
        assert!(done.err.contains("must be a whole number from 1"), "{count}: {done:?}");
    }
}

#[test]
fn given_help_of_help_then_it_is_the_help() {
    for (words, beginning) in [
        (&["help", "--help"][..], "A messaging server"),
        (&["help", "-h"], "A messaging server"),
        (&["help", "send", "--help"], "Say something to a room"),
        (&["help", "help"], "Print this message"),
        (&["help"], "A messaging server"),
    ] {
        let done = run(words);
        assert_eq!((done.code, done.err.as_str()), (Some(0), ""), "{words:?}");
        assert!(done.out.starts_with(beginning), "{words:?}: {done:?}");
    }
}

#[test]
fn given_no_name_of_the_user_in_the_environment_then_join_asks_the_system() {
    let server = Server::start(&[]);
    let mut ada = server.join("D5DB", "Ada");
    let name = std::process::Command::new("id").arg("-un").output().unwrap().stdout;
    let name = String::from_utf8(name).unwrap();
    let url = server.url();
    let done = run_with(&mut alert(&["join", "D5DB", "--url", &url]), "hello\n");
    assert_eq!((done.code, done.err.as_str()), (Some(0), ""));
    while ada.hears().1 != format!("{}: hello", name.trim()) {}
    let done = run_with(alert(&["join", "D5DB", "--url", &url]).env("LOGNAME", "Bea"), "hello\n");
    assert_eq!((done.code, done.err.as_str()), (Some(0), ""));
    while ada.hears().1 != "Bea: hello" {}
}

#[test]
fn given_lines_with_a_slash_then_join_takes_commands_and_says_no_unknown_one() {
    let server = Server::start(&["--leave-grace", "0"]);
    let mut ada = server.join("D5DB", "Ada");
    let mut join = alert(&["join", "D5DB", "--name", "Bea", "--url", &server.url()]);
    let done = run_with(&mut join, "/help\n/me waves\n//help\n/usr/bin is full\n/quit\nnot said\n");
    assert_eq!(done.code, Some(1), "{done:?}");
    assert!(done.out.contains("* /quit leaves the room"), "{done:?}");
    assert!(done.err.contains("* Not sent (there is no such command; /help lists them"), "{done:?}");
    let heard: Vec<String> = std::iter::from_fn(|| Some(ada.hears().1))
        .take_while(|heard| heard != "Bea has left the room.")
        .filter(|heard| heard.starts_with("Bea: "))
        .collect();
    assert_eq!(heard, ["Bea: /help", "Bea: /usr/bin is full"]);
}
