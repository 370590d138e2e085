//! `alert send --lines`: a message for each line.

use crate::command::{Running, alert, run_on_terminal, run_with};
use crate::proxy::Proxy;
use crate::server::Server;

#[test]
fn given_1000_lines_then_they_are_heard_in_order_and_empty_ones_are_left_out() {
    let server = Server::start(&["--event-rate", "0"]);
    let mut ada = server.join("D5DB", "Ada");
    let input: String = (0..1000).map(|number| format!("line {number}\n\n")).collect();
    let mut command = alert(&["send", "--url", &server.url(), "D5DB", "--lines", "--name", "Log"]);
    let done = run_with(&mut command, input.trim_end());
    assert!(done.is_silent(), "{done:?}");
    for number in 0..1000 {
        assert_eq!(ada.hears().1, format!("Log: line {number}"));
    }
}

#[test]
fn given_a_line_then_it_is_sent_before_the_next_one_comes() {
    let server = Server::start(&[]);
    let mut ada = server.join("D5DB", "Ada");
    let mut send = Running::start(&mut alert(&["send", "--url", &server.url(), "D5DB", "--lines", "--json"]));
    for line in ["one", "two"] {
        send.type_line(line);
        assert_eq!(ada.hears().1, format!("http: {line}"));
        assert!(send.line().contains("\"connections\":1"));
    }
    send.end_input();
    assert!(send.end().is_silent());
}

#[test]
fn given_a_line_that_is_refused_then_it_is_named_and_the_others_are_sent() {
    let server = Server::start(&["--max-msg-bytes", "10"]);
    let mut ada = server.join("D5DB", "Ada");
    let mut command = alert(&["send", "--url", &server.url(), "D5DB", "--lines"]);
    let done = run_with(&mut command, "one\n12345678901\nthree\n");
    assert_eq!(done.code, Some(1));
    assert!(done.err.starts_with("alert: line 2 was not sent: msg is longer than 10 bytes"), "{done:?}");
    assert_eq!([ada.hears().1, ada.hears().1], ["http: one", "http: three"]);
}

#[test]
fn given_something_that_concerns_all_lines_then_it_stops_at_the_first() {
    let server = Server::start(&["--api-token", "0123456789abcdef"]);
    let done = run_with(&mut alert(&["send", "--url", &server.url(), "D5DB", "--lines"]), "one\ntwo\n");
    assert_eq!(done.code, Some(1));
    let errors: Vec<&str> = done.err.lines().collect();
    assert_eq!(errors.len(), 2, "{done:?}");
    assert_eq!(errors[0], "alert: line 1 was not sent, nor what follows it");
    assert!(errors[1].contains("401 Unauthorized"));
}

#[test]
fn given_lines_that_come_too_fast_then_it_waits_as_the_server_says() {
    let server = Server::start(&["--event-rate", "1", "--event-burst", "1"]);
    let mut ada = server.join("D5DB", "Ada");
    let done =
        run_with(&mut alert(&["send", "--url", &server.url(), "D5DB", "--lines"]), "one\ntwo\nthree\n");
    assert_eq!((done.code, done.out.as_str()), (Some(0), ""), "{done:?}");
    assert_eq!([ada.hears().1, ada.hears().1, ada.hears().1], ["http: one", "http: two", "http: three"]);
}

#[test]
fn given_connections_that_break_then_each_line_is_heard_once() {
    let server = Server::start(&[]);
    let mut ada = server.join("D5DB", "Ada");
    let proxy = Proxy::that_loses(1, server.address);
    let url = format!("http://{}", proxy.address);
    let done = run_with(&mut alert(&["send", "--url", &url, "D5DB", "--lines"]), "one\ntwo\n");
    assert!(done.is_silent(), "{done:?}");
    assert_eq!([ada.hears().1, ada.hears().1], ["http: one", "http: two"]);
}

#[test]
fn given_a_server_that_restarts_between_two_lines_then_the_second_is_sent_as_well() {
    let mut server = Server::start(&[]);
    let mut send = Running::start(&mut alert(&["send", "--url", &server.url(), "D5DB", "--lines", "--json"]));
    send.type_line("one");
    assert!(send.line().contains("\"connections\":0"));
    server.signal("TERM");
    server.wait();
    send.type_line("two");
    let server = Server::start_at(server.address.port(), &[]);
    assert!(send.line().contains("\"connections\":0"));
    send.end_input();
    assert_eq!(send.end().code, Some(0));
    drop(server);
}

#[test]
fn given_a_terminal_then_it_says_how_many_were_sent() {
    let server = Server::start(&[]);
    let _ada = server.join("D5DB", "Ada");
    let done = run_on_terminal(&["send", "--url", &server.url(), "D5DB", "--lines"]);
    assert_eq!(done.code, Some(0), "{done:?}");
    assert!(done.out.starts_with("alert: each line is sent to the room; Ctrl-D ends it"), "{done:?}");
}
