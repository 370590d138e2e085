//! `alert watch`: what it prints, when it ends, how it comes back.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::command::{Done, alert, run, run_on_terminal};
use crate::server::{DEADLINE, Server};

/// A line without its date and time.
fn text(line: &str) -> &str {
    let (time, text) = line.split_at("2026-01-01 00:00:00 ".len());
    assert!(time.starts_with("20") && time.ends_with(' ') && time.matches(':').count() == 2, "{line:?}");
    text
}

#[test]
fn given_a_room_then_everything_is_a_line_and_nobody_knows_of_who_watches() {
    let server = Server::start(&["--leave-grace", "0"]);
    let mut ada = server.join("D5DB", "Ada");
    let watch = server.watch_beside(1, &[]);
    assert_eq!(text(&watch.line()), "http: up?");
    drop(server.join("D5DB", "Bea"));
    assert_eq!(text(&watch.line()), "* Bea has entered the room.");
    assert_eq!(text(&watch.line()), "* Bea has left the room.");
    assert_eq!(
        server.get("/v1/rooms/D5DB").json(),
        json!({ "room": "D5DB", "members": ["Ada"], "count": 1 })
    );
    watch.signal("INT");
    assert_eq!(watch.end(), Done { code: Some(0), out: String::new(), err: String::new() });
    server.say("Bea", "last");
    let heard: Vec<String> =
        std::iter::repeat_with(|| ada.hears().1).take_while(|msg| msg != "Bea: last").collect();
    assert_eq!(
        heard.iter().filter(|msg| *msg != "http: up?").collect::<Vec<_>>(),
        ["Bea has entered the room.", "Bea has left the room."]
    );
}

#[test]
fn given_a_pipe_that_its_reader_closes_then_it_ends_though_nothing_more_is_said() {
    let server = Server::start(&[]);
    for words in [&["watch", "D5DB", "--url", &server.url()][..], &["join", "D5DB", "--url", &server.url()]] {
        let mut child = alert(words).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        server.until_heard_by(1);
        drop(child.stdout.take());
        let until = Instant::now() + DEADLINE;
        let status = loop {
            match child.try_wait().unwrap() {
                Some(status) => break status,
                None if Instant::now() > until => panic!("{words:?} goes on"),
                None => std::thread::sleep(Duration::from_millis(10)),
            }
        };
        assert_eq!(status.code(), Some(0), "{words:?}");
    }
}

#[test]
fn given_an_output_that_cannot_be_written_then_it_is_said_and_what_is_sent_is_sent() {
    let server = Server::start(&[]);
    for (words, code) in [
        (&["send", "D5DB", "--json", "hi"][..], 0),
        (&["join", "D5DB"], 1),
        (&["watch", "D5DB", "--since", "1"], 1),
    ] {
        let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
        let done = Done::from(
            alert(words).args(["--url", &server.url()]).stdin(Stdio::null()).stdout(full).output().unwrap(),
        );
        assert_eq!(done.code, Some(code), "{words:?}");
        assert!(done.err.starts_with("alert: standard output: No space left"), "{words:?}: {}", done.err);
    }
}

#[test]
fn given_text_that_commands_a_terminal_then_it_is_shown_and_an_event_stays_a_line() {
    let server = Server::start(&[]);
    let watch = server.watch(&["--count", "3"]);
    server.say("Ada", "\u{1B}]0;title\u{7}\u{9B}2J");
    server.say("Ada", "one\r\ntwo\n2026-01-01 00:00:00 Bea: forged\u{202E}");
    watch.line();
    assert_eq!(text(&watch.line()), "Ada: \\u001b]0;title\\u0007\\u009b2J");
    assert_eq!(text(&watch.line()), "Ada: one\\r\\ntwo\\n2026-01-01 00:00:00 Bea: forged\\u202e");
    assert_eq!(watch.end().code, Some(0));
}

#[test]
fn given_json_then_each_event_is_an_object_that_holds_it_as_it_was() {
    let server = Server::start(&[]);
    let watch = server.watch(&["--json"]);
    let msg = "one\r\ntwo \u{1B}[2J \"\u{e4}\" \u{202E}";
    server.say("Ada", msg);
    let _bea = server.join("D5DB", "Bea");
    let objects: Vec<Value> = (0..3).map(|_| serde_json::from_str(&watch.line()).unwrap()).collect();
    assert_eq!(
        (&objects[1]["event"], &objects[1]["msg"]),
        (&"message".into(), &format!("Ada: {msg}").into())
    );
    assert_eq!(
        (&objects[2]["event"], &objects[2]["msg"]),
        (&"status".into(), &"Bea has entered the room.".into())
    );
    assert!(objects[0]["time"].as_str().unwrap().ends_with('Z'));
}

#[test]
fn given_a_message_that_is_removed_then_it_goes_on() {
    let server = Server::start(&[]);
    let json = ("content-type", "application/json");
    let made = server.ask("POST", "/v1/rooms", &[json], br#"{"room":"D5DB"}"#).json();
    let watch = server.watch(&[]);
    assert_eq!(text(&watch.line()), "http: up?");
    let said = server.post("/v1/rooms/D5DB?name=Ada", &[], "wrong").json();
    assert_eq!(text(&watch.line()), "Ada: wrong");
    let remove = json!({ "action": "remove", "id": said["id"] }).to_string();
    let by_host = [json, ("alert-host-key", made["host"].as_str().unwrap())];
    let removed = server.ask("POST", "/v1/rooms/D5DB/actions", &by_host, remove.as_bytes());
    assert_eq!(removed.status, 200, "{removed:?}");
    server.say("Ada", "right");
    assert_eq!(text(&watch.line()), "Ada: right");
}

#[test]
fn given_a_terminal_then_times_and_statuses_are_dim_and_further_lines_are_indented() {
    let server = Server::start(&[]);
    let url = server.url();
    let watching =
        std::thread::spawn(move || run_on_terminal(&["watch", "D5DB", "--url", &url, "--count", "3"]));
    server.until_heard_by(1);
    server.say("Ada", "one\ntwo \u{1B}[2J");
    let _bea = server.join("D5DB", "Bea");
    let done = watching.join().unwrap();
    assert_eq!(done.code, Some(0), "{done:?}");
    let lines: Vec<&str> = done.out.split("\r\n").collect();
    assert!(lines[0].starts_with("alert: listens at http://127.0.0.1:"), "{lines:?}");
    assert!(lines[2].starts_with("\u{1B}[2m") && lines[2].ends_with("\u{1B}[0m Ada: one"), "{lines:?}");
    assert_eq!(lines[3], "      two \\u001b[2J");
    assert!(
        lines[4].starts_with("\u{1B}[2m") && lines[4].ends_with(" * Bea has entered the room.\u{1B}[0m"),
        "{lines:?}"
    );
}

#[test]
fn given_a_count_then_it_ends_after_so_many_events() {
    let server = Server::start(&[]);
    let watch = server.watch(&["--count", "2"]);
    server.say("Ada", "two");
    server.say("Ada", "three");
    let done = watch.end();
    assert_eq!((done.code, done.out.lines().count(), done.err.as_str()), (Some(0), 2, ""), "{done:?}");
}

#[test]
fn given_a_time_then_it_ends_after_it_and_1_says_that_the_count_was_not_reached() {
    let server = Server::start(&[]);
    let watch = |words: &[&str]| {
        let start = Instant::now();
        let done = run(&[&["watch", "D5DB", "--url", &server.url(), "--timeout", "300ms"], words].concat());
        assert!(start.elapsed() >= Duration::from_millis(300) && start.elapsed() < DEADLINE);
        done
    };
    assert!(watch(&[]).is_silent());
    let missed = watch(&["--count", "3"]);
    assert_eq!(
        (missed.code, missed.err.as_str()),
        (Some(1), "alert: the time is over, and 3 of 3 did not come\n")
    );
}

#[test]
fn given_a_reader_that_has_seen_enough_then_it_ends_without_a_word() {
    let server = Server::start(&[]);
    let url = server.url();
    let line = format!("'{}' watch D5DB --url {url} | head -n 1", env!("CARGO_BIN_EXE_alert"));
    let piped = std::thread::spawn(move || {
        Command::new("bash").args(["-c", &format!("set -o pipefail; {line}")]).output().unwrap()
    });
    server.until_heard_by(1);
    // It notices with the next event.
    while !piped.is_finished() {
        server.say("Ada", "more");
    }
    let done: Done = piped.join().unwrap().into();
    assert_eq!((done.code, done.out.lines().count(), done.err.as_str()), (Some(0), 1, ""), "{done:?}");
}

#[test]
fn given_a_server_that_is_killed_then_it_says_so_and_what_was_said_meanwhile_follows() {
    let server = Server::start(&[]);
    let watch = server.watch(&[]);
    watch.line();
    let server = server.killed_and_back(&[]);
    for number in 0..100 {
        server.say("Ada", &number.to_string());
    }
    let lost = watch.error();
    assert!(lost.contains("; what is said until there is a connection again follows then"), "{lost}");
    assert_eq!(watch.error(), "alert: listens again");
    server.say("Ada", "hello");
    for number in 0..100 {
        assert_eq!(text(&watch.line()), format!("Ada: {number}"));
    }
    assert_eq!(text(&watch.line()), "Ada: hello");
}

#[test]
fn given_a_server_that_forgot_then_a_line_says_that_messages_are_missing() {
    let flags = ["--history", "memory"];
    let server = Server::start(&flags);
    let [plain, json, exec] = [&[][..], &["--json"], &["--exec", "grep", "."]].map(|words| {
        let url = server.url();
        crate::command::Running::start(
            alert(&[&["watch", "D5DB", "--url", &url, "--since", "all"], words].concat())
                .env("TZ", "UTC")
                .env("PATH", "/usr/bin:/bin"),
        )
    });
    server.until_heard_by(3);
    // Whoever is connected may have read nothing yet, and then does not know that anything is missing.
    for watch in [&plain, &json, &exec] {
        watch.line();
    }
    let server = server.killed_and_back(&flags);
    for watch in [&plain, &json, &exec] {
        while watch.error() != "alert: listens again" {}
    }
    let gap = "Messages may be missing here.";
    assert_eq!(exec.error(), format!("alert: {gap}"));
    while text(&plain.line()) != format!("* {gap}") {}
    let object = loop {
        let object: Value = serde_json::from_str(&json.line()).unwrap();
        if object["event"] == "gap" {
            break object;
        }
    };
    assert_eq!((&object["msg"], object.get("position")), (&gap.into(), None));
    server.say("Ada", "hello");
    assert_eq!(text(&plain.line()), "Ada: hello");
}

#[test]
fn given_since_then_it_begins_with_what_was_said_before() {
    let server = Server::start(&[]);
    let receipts: Vec<Value> =
        (0..5).map(|number| server.post("/v1/rooms/D5DB", &[], &number.to_string()).json()).collect();
    let position = receipts[2]["position"].as_str().unwrap();
    for (since, count, first) in [("all", "5", 0), ("2", "2", 3), ("1h", "5", 0), (position, "2", 3)] {
        let url = server.url();
        let words = ["watch", "D5DB", "--url", &url, "--since", since, "--count", count, "--json"];
        let done = run(&words);
        assert_eq!(done.code, Some(0), "{done:?}");
        let objects: Vec<Value> = done.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        for (object, receipt) in objects.iter().zip(&receipts[first..]) {
            let keys: Vec<&str> = object.as_object().unwrap().keys().map(String::as_str).collect();
            assert_eq!(keys, ["at", "event", "id", "msg", "name", "position", "time"]);
            assert_eq!(
                [&object["id"], &object["position"]],
                [&receipt["id"], &receipt["position"]],
                "{since}"
            );
        }
    }
    let wrong = run(&["watch", "D5DB", "--url", &server.url(), "--since", "yesterday"]);
    assert_eq!(wrong.code, Some(2));
    assert!(wrong.err.contains("must be a position as the server wrote it, all, none"), "{wrong:?}");
}

#[test]
fn given_a_server_that_shows_no_sign_of_life_then_it_is_not_waited_for_for_ever() {
    let server = Server::start(&["--ping-interval", "100ms"]);
    let watch = server.watch(&[]);
    watch.line();
    // Both get comments, from which it learns how often they come.
    let mut other = server.listen("D5DB", "text/event-stream");
    for _ in 0..5 {
        while other.line().unwrap() != ":" {}
    }
    server.signal("STOP");
    let lost = watch.error();
    assert!(lost.contains("there was no sign of life from http://127.0.0.1:"), "{lost}");
    server.signal("CONT");
    assert_eq!(watch.error(), "alert: listens again");
}

#[test]
fn given_a_server_that_refuses_or_is_not_there_then_the_exit_code_says_so() {
    let server = Server::start(&["--api-token", "0123456789abcdef"]);
    let url = server.url();
    let wrong = run(&["watch", "D5DB", "--url", &url, "--token", "fedcba9876543210"]);
    assert_eq!(wrong.code, Some(1));
    assert!(wrong.err.contains("401 Unauthorized"), "{wrong:?}");
    for number in 0..60 {
        server.get(&format!("/v1/rooms/room-{number}"));
    }
    let crowded = run(&["watch", "D5DB", "--url", &url]);
    assert_eq!(crowded.code, Some(1));
    assert!(crowded.err.contains("too many different rooms"), "{crowded:?}");
    let right = run(&["watch", "D5DB", "--url", &url, "--token", "0123456789abcdef", "--timeout", "100ms"]);
    assert_eq!((right.code, right.out.as_str()), (Some(0), ""));
    assert!(right.err.contains("ALERT_TOKEN"), "{right:?}");
    drop(server);
    let gone = run(&["watch", "D5DB", "--url", &url]);
    assert_eq!(gone.code, Some(3));
    assert!(gone.err.contains("nothing listens"), "{gone:?}");
    for words in [
        &["watch"][..],
        &["watch", " "],
        &["watch", "D5DB", "--count", "0"],
        &["watch", "D5DB", "--json", "--exec", "true"],
    ] {
        assert_eq!(alert(words).output().unwrap().status.code(), Some(2), "{words:?}");
    }
}

#[test]
fn given_a_server_that_is_no_alert_then_it_says_so() {
    let server = Server::start(&[]);
    let proxy = crate::proxy::Proxy::start(server.address, 0, |_| None::<std::net::TcpStream>);
    let done = run(&["watch", "D5DB", "--url", &format!("http://{}", proxy.address)]);
    assert_eq!(done.code, Some(3), "{done:?}");
    assert!(done.err.contains("broke"), "{done:?}");
}
