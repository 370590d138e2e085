//! `alert send`: one message.

use std::net::TcpListener;
use std::time::Instant;

use serde_json::Value;

use crate::command::{Done, alert, run, run_on_terminal, run_with};
use crate::proxy::Proxy;
use crate::server::{DEADLINE, Server};

fn said(text: &str) -> (String, String) {
    ("message".to_owned(), text.to_owned())
}

#[test]
fn given_a_message_then_the_room_hears_it_and_nobody_enters_or_leaves() {
    let server = Server::start(&["--leave-grace", "0"]);
    let mut ada = server.join("D5DB", "Ada");
    for msg in ["Class ends in 5 minutes", "-1", "$(id) \u{e4} \u{1F600}\n\u{1B}[2J"] {
        let done = run(&["send", "--url", &server.url(), "D5DB", "--", msg]);
        assert!(done.is_silent(), "{done:?}");
        assert_eq!(ada.hears(), said(&format!("http: {msg}")));
    }
}

#[test]
fn given_standard_input_then_all_of_it_is_one_message_without_its_last_line_break() {
    let server = Server::start(&[]);
    let mut ada = server.join("D5DB", "Ada");
    for (words, input, heard) in [
        (&["D5DB"][..], "one\ntwo\n", "one\ntwo"),
        (&["D5DB", "-"], "one\n\n", "one\n"),
        (&["D5DB"], "one\r\n", "one"),
        (&["D5DB"], "one", "one"),
    ] {
        let url = server.url();
        let done = run_with(&mut alert(&[&["send", "--url", &url], words].concat()), input);
        assert!(done.is_silent(), "{done:?}");
        assert_eq!(ada.hears(), said(&format!("http: {heard}")));
    }
}

#[test]
fn given_a_code_in_any_spelling_or_a_link_then_it_is_that_room() {
    let server = Server::start(&[]);
    let mut ada = server.join("K7Q-FM2-XD9", "Ada");
    let link = format!("<{}/v1?room=k7qfm2xd9>", server.url());
    let without_scheme = link.replace("<http://", "").replace('>', "\n");
    for words in [
        &["k7q fm2 xd9", "--url", &server.url()][..],
        // The link knows its server.
        &[&link],
        &[&without_scheme],
        // What is said with --url is meant.
        &["http://127.0.0.1:1/v1/chat?room=K7Q-FM2-XD9", "--url", &server.url()],
    ] {
        let done = run(&[&["send"], words, &["--", "hello"]].concat());
        assert!(done.is_silent(), "{words:?}: {done:?}");
        assert_eq!(ada.hears(), said("http: hello"));
    }
    let nowhere = run(&["send", &format!("{}/v1", server.url()), "hello"]);
    assert!(nowhere.code == Some(2) && nowhere.err.contains("a room's code is required"), "{nowhere:?}");
}

#[test]
fn given_a_name_then_it_speaks_and_the_flag_wins_then_the_variable_then_the_file() {
    let server = Server::start(&[]);
    let mut ada = server.join("D5DB", "Ada");
    let home = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(home.path().join(".config/alert")).unwrap();
    let file = format!("url = {:?}\nname = 'File'\n", server.url());
    std::fs::write(home.path().join(".config/alert/client.toml"), file).unwrap();
    let send = |words: &[&str], variables: &[(&str, &str)]| {
        let mut command = alert(&[&["send", "D5DB", "hello"], words].concat());
        let done = run_with(command.env("HOME", home.path()).envs(variables.iter().copied()), "");
        assert!(done.is_silent(), "{done:?}");
    };
    send(&["--name", " Flag"], &[("ALERT_NAME", "Variable")]);
    send(&[], &[("ALERT_NAME", "Variable")]);
    send(&[], &[]);
    for name in ["Flag", "Variable", "File"] {
        assert_eq!(ada.hears(), said(&format!("{name}: hello")));
    }
}

#[test]
fn given_a_terminal_then_it_says_whom_it_reached_unless_it_is_to_be_quiet() {
    let server = Server::start(&[]);
    let send = |words: &[&str]| {
        run_on_terminal(&[&["send", "--url", &server.url(), "D5DB", "hello"], words].concat()).out
    };
    assert_eq!(send(&[]), "sent, but nobody is in D5DB\r\n");
    let _ada = server.join("D5DB", "Ada");
    assert_eq!(send(&[]), "sent to 1 connection in D5DB\r\n");
    let _bea = server.join("D5DB", "Bea");
    assert_eq!(send(&[]), "sent to 2 connections in D5DB\r\n");
    assert_eq!(send(&["--quiet"]), "");
}

#[test]
fn given_json_then_the_answer_of_the_server_is_printed() {
    let server = Server::start(&[]);
    let _ada = server.join("D5DB", "Ada");
    let done = run(&["send", "--url", &server.url(), "D5DB", "hello", "--json"]);
    let answer: Value = serde_json::from_str(&done.out).unwrap();
    assert_eq!((done.code, &answer["connections"]), (Some(0), &1.into()), "{done:?}");
    assert_eq!(answer["id"].as_str().unwrap().len(), 32);
}

#[test]
fn given_wait_stored_then_the_exit_code_says_whether_the_message_is_on_disk() {
    for (history, code) in [("sqlite", 0), ("memory", 4), ("off", 4)] {
        let server = Server::start(&["--history", history]);
        let send = |words: &[&str]| run(&[&["send", "--url", &server.url(), "D5DB"], words].concat());
        assert!(send(&["hello"]).is_silent(), "{history}");
        let done = send(&["hello", "--wait-stored", "--json"]);
        assert_eq!(done.code, Some(code), "{history} {done:?}");
        let answer: Value = serde_json::from_str(&done.out).unwrap();
        assert_eq!(answer["stored"], code == 0, "{history}");
        assert!(answer["position"].as_str().unwrap().contains('-'));
        assert_eq!(
            done.err.contains("the message was sent, but it is not on the server's disk"),
            code == 4,
            "{done:?}"
        );
    }
}

#[test]
fn given_tokens_then_only_who_has_one_is_heard() {
    let server = Server::start(&["--api-token", "0123456789abcdef"]);
    let url = server.url();
    let send = |token: Option<&str>| {
        let mut command = alert(&["send", "--url", &url, "D5DB", "hello"]);
        run_with(command.envs(token.map(|token| ("ALERT_TOKEN", token))), "")
    };
    assert!(send(Some("0123456789abcdef")).is_silent());
    let missing = send(None);
    assert_eq!(missing.code, Some(1));
    assert_eq!(
        missing.err,
        "alert: refused: send a token of this server, as in `Authorization: Bearer TOKEN`. (401 Unauthorized); \
         --token or ALERT_TOKEN gives it\n"
    );
    let wrong = send(Some("fedcba9876543210"));
    assert_eq!(wrong.code, Some(1));
    assert!(wrong.err.contains("this token is not one of this server's. (401 Unauthorized)"), "{wrong:?}");
    let done = run(&["send", "--url", &url, "--token", "0123456789abcdef", "D5DB", "hello"]);
    assert_eq!((done.code, done.out.as_str()), (Some(0), ""));
    assert!(done.err.starts_with("alert: everybody on this machine can see what --token gives"), "{done:?}");
    let quiet = ["send", "--url", &url, "--token", "0123456789abcdef", "D5DB", "hello", "--quiet"];
    assert!(run(&quiet).is_silent());
}

#[test]
fn given_wrong_usage_then_the_rule_is_named_and_the_exit_code_is_2() {
    for (words, rule) in [
        (&["", "hello"][..], "a room's code is required"),
        (&["a\nb", "hello"], "a room's code must not contain control characters or line breaks"),
        (&["D5DB", ""], "the message is empty"),
        (&["D5DB", "hello", "--name", "a\u{7}b"], "must not contain control characters or line breaks"),
        (&["D5DB", "hello", "--url", "https://example.org/alert"], "Alert does not work below one"),
        (&["D5DB", "hello", "--token", "short"], "token = (hidden) (from --token) is not possible"),
        (&["D5DB", "hello", "--lines"], "--lines reads standard input"),
        (&["D5DB", "hello", "--timeout", "never"], "such as 2s or 500ms"),
        (&["D5DB", "hello", "--quiet", "--json"], "cannot be used with"),
        (&["D5DB"], "the message is empty"),
        (&[], "<ROOM>"),
    ] {
        let done = run(&[&["send"], words].concat());
        assert_eq!(done.code, Some(2), "{words:?}: {done:?}");
        assert!(done.err.contains(rule), "{rule:?} in {done:?}");
    }
}

#[test]
fn given_a_server_that_refuses_then_its_reason_is_shown_and_the_exit_code_is_1() {
    let server = Server::start(&["--max-msg-bytes", "10", "--max-name-chars", "5"]);
    let send = |words: &[&str]| run(&[&["send", "--url", &server.url(), "D5DB"], words].concat());
    let long = send(&["12345678901"]);
    assert_eq!((long.code, long.out.as_str()), (Some(1), ""));
    assert!(long.err.starts_with("alert: refused: msg is longer than 10 bytes"), "{long:?}");
    assert!(long.err.contains("(413 Payload Too Large)"), "{long:?}");
    let name = send(&["hello", "--name", "Florence"]);
    assert_eq!(
        (name.code, name.err.as_str()),
        (Some(1), "alert: refused: name is longer than 5 characters. (400 Bad Request)\n")
    );
    let huge = run_with(&mut alert(&["send", "--url", &server.url(), "D5DB"]), &"x".repeat(3_000_000));
    assert_eq!(huge.code, Some(1), "{huge:?}");
    assert!(huge.err.contains("413"), "{huge:?}");
}

#[test]
fn given_one_room_too_many_then_it_does_not_wait_for_a_minute() {
    let server = Server::start(&[]);
    // Twice as many as are allowed: one more is allowed in each second that this takes.
    for number in 0..120 {
        server.get(&format!("/v1/rooms/room-{number}"));
    }
    let start = Instant::now();
    let done = run(&["send", "--url", &server.url(), "D5DB", "hello", "--timeout", "500ms"]);
    assert_eq!(done.code, Some(1), "{done:?}");
    assert!(done.err.contains("too many different rooms"), "{done:?}");
    assert!(start.elapsed() < DEADLINE);
}

#[test]
fn given_no_server_then_it_says_what_is_missing_and_the_exit_code_is_3() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let unreachable = |url: &str| {
        let Done { code, err, .. } = run(&["send", "--url", url, "D5DB", "hello", "--timeout", "2s"]);
        assert_eq!(code, Some(3), "{err}");
        err
    };
    let refused = unreachable(&format!("127.0.0.1:{port}"));
    assert_eq!(
        refused,
        format!(
            "alert: nothing listens at http://127.0.0.1:{port}: check the port in --url, and that the server runs (alert serve)\n"
        )
    );
    let nameless = unreachable("http://no-such-host.invalid:5000");
    assert!(nameless.starts_with("alert: there is no host no-such-host.invalid here"), "{nameless}");
}

#[test]
fn given_a_server_that_never_answers_then_it_gives_up_after_its_time() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let done = run(&["send", "--url", &url, "D5DB", "hello", "--timeout", "300ms"]);
    assert_eq!(done.code, Some(3));
    assert!(done.err.contains("gave no answer in time"), "{done:?}");
}

#[test]
fn given_an_answer_that_is_lost_then_it_asks_again_and_the_room_hears_it_once() {
    let server = Server::start(&[]);
    let mut ada = server.join("D5DB", "Ada");
    let proxy = Proxy::that_loses(1, server.address);
    let url = format!("http://{}", proxy.address);
    let done = run(&["send", "--url", &url, "D5DB", "hello"]);
    assert!(done.is_silent(), "{done:?}");
    assert_eq!(proxy.passed(), 2);
    run(&["send", "--url", &server.url(), "D5DB", "next"]);
    assert_eq!(ada.hears(), said("http: hello"));
    assert_eq!(ada.hears(), said("http: next"), "and not the first again");
}

#[test]
fn given_answers_that_are_lost_again_and_again_then_it_gives_up() {
    let server = Server::start(&[]);
    let proxy = Proxy::that_loses(usize::MAX, server.address);
    let done = run(&["send", "--url", &format!("http://{}", proxy.address), "D5DB", "hello"]);
    assert_eq!((done.code, proxy.passed()), (Some(3), 2), "{done:?}");
    assert!(done.err.contains("broke"), "{done:?}");
}
