//! Heads that are refused before anybody reads them: no host or two, another's host, lines that end in LF alone.

use crate::{
    harness::TestServer,
    http::{Http, POLLING, Response},
    ws::WEBSOCKET,
};
use socketio_server::{Config, TrustedProxies, host::HostPolicy};

fn ask(server: &TestServer, head: &str) -> (Response, Http) {
    let mut http = Http::connect(server.address);
    http.send(head);
    (http.response(), http)
}

/// The request is refused with words that have `part`, and nothing more is read from the socket.
#[track_caller]
fn is_refused(server: &TestServer, head: &str, status: u16, part: &str) {
    let (response, mut http) = ask(server, head);
    assert_eq!(response.status, status, "{head:?} {response:?}");
    assert!(response.text().contains(part), "{response:?}");
    assert_eq!(response.header("connection"), Some("close"));
    assert_eq!(http.rest(), b"");
}

#[test]
fn a_head_that_can_be_read_in_two_ways_is_refused() {
    let server = TestServer::start(Config::default());
    for target in ["/nothing", POLLING, WEBSOCKET] {
        for (lines, part) in [
            ("", "no Host"),
            ("Host: a\r\nHost: a\r\n", "more than one host"),
            ("Host: a\r\nHost: b\r\n", "more than one host"),
            ("Host: \r\n", "not a host name"),
            ("Host: a/b\r\n", "not a host name"),
            ("Host: me@a\r\n", "not a host name"),
            (
                "Host: a\r\nAuthorization: Bearer a\r\nAuthorization: Bearer b\r\n",
                "more than one authorization",
            ),
            ("Host: a\nAccept: b\r\n", "CR LF"),
        ] {
            is_refused(&server, &format!("GET {target} HTTP/1.1\r\n{lines}\r\n"), 400, part);
        }
        is_refused(&server, &format!("GET {target} HTTP/1.1\nHost: a\n\n"), 400, "CR LF");
        for coding in ["gzip, chunked", "chunked, chunked", "gzip\r\nTransfer-Encoding: chunked"] {
            let head =
                format!("POST {target} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: {coding}\r\n\r\n0\r\n\r\n");
            is_refused(&server, &head, 501, "chunked");
        }
    }
}

#[test]
fn a_head_that_came_with_the_request_before_it_is_looked_at_too() {
    let server = TestServer::start(Config::default());
    let bare = "GET /nothing HTTP/1.1\nHost: a\r\n\r\n";
    for (before, status) in [
        ("GET /nothing HTTP/1.1\r\nHost: a\r\n\r\n", 404),
        ("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\na\n\nb", 200),
        ("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n\n\n\r\n0\r\n\r\n", 200),
    ] {
        for cut in 0..bare.len() {
            let (first, rest) = bare.split_at(cut);
            let (response, mut http) = ask(&server, &format!("{before}{before}{first}"));
            assert_eq!(response.status, status);
            assert_eq!(http.response().status, status);
            http.send(rest);
            let refused = http.response();
            assert_eq!(refused.status, 400, "{before:?} {cut}");
            assert!(refused.text().contains("CR LF"), "{refused:?}");
            assert_eq!(http.rest(), b"");
        }
    }
}

#[test]
fn http_1_0_needs_no_host_and_a_body_may_have_any_lines() {
    let server = TestServer::start(Config::default());
    assert_eq!(ask(&server, "GET /nothing HTTP/1.0\r\n\r\n").0.status, 404);
    let (response, mut http) =
        ask(&server, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\na\n\nb");
    response.expect(200, "a\n\nb");
    http.post("/echo", "c\n\nd").expect(200, "c\n\nd");
}

#[test]
fn a_request_for_another_host_is_refused_with_the_advice() {
    let hosts = HostPolicy::new(["alert.example.org".parse().unwrap()], "Do this.");
    let server = TestServer::start(Config { hosts, ..Config::default() });
    for target in ["/nothing", POLLING, WEBSOCKET] {
        let head = format!("GET {target} HTTP/1.1\r\nHost: evil.example:5000\r\n\r\n");
        is_refused(&server, &head, 421, "the host name evil.example. Do this.");
        let head = format!("GET http://evil.example{target} HTTP/1.1\r\nHost: localhost\r\n\r\n");
        is_refused(&server, &head, 421, "the host name evil.example. Do this.");
    }
    for host in [
        "localhost",
        "127.0.0.1:5000",
        "[::1]:5000",
        "pi.local",
        "ALERT.example.org",
        "alert.example.org:443",
    ] {
        let (response, _) = ask(&server, &format!("GET /nothing HTTP/1.1\r\nHost: {host}\r\n\r\n"));
        assert_eq!(response.status, 404, "{host}");
    }
}

#[test]
fn a_proxy_may_ask_for_any_host() {
    let proxies = TrustedProxies::new(vec!["127.0.0.1/32".parse().unwrap()]);
    let server = TestServer::start(Config { proxies, ..Config::default() });
    assert_eq!(ask(&server, "GET /nothing HTTP/1.1\r\nHost: evil.example\r\n\r\n").0.status, 404);
    is_refused(&server, "GET /nothing HTTP/1.1\r\n\r\n", 400, "no Host");
}
