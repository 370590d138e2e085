//! Requests as HTTP allows them: bodies up to the limit, in pieces, chunked, announced, pipelined.

use crate::{
    harness::TestServer,
    http::{Http, Polling},
};
use socketio_server::Config;

fn server(max_payload: usize) -> TestServer {
    TestServer::start(Config { max_payload, ..Config::default() })
}

/// An event that makes a body of this length.
fn event(length: usize) -> String {
    let frame = r#"42["echo",""]"#;
    format!("42[\"echo\",\"{}\"]", "x".repeat(length - frame.len()))
}

#[test]
fn a_body_at_the_limit_is_taken_and_one_byte_more_is_not() {
    let server = server(10_000);
    let mut client = Polling::connected(server.address);
    client.send(event(10_000));
    assert_eq!(client.next(), event(10_000));
    let response = client.post.post(&client.target, event(10_001));
    assert_eq!(response.status, 413);
    client.send(event(100));
    assert_eq!(client.next(), event(100), "the session and its HTTP connection are unhurt");
    assert_eq!(client.post.post("/echo", "x".repeat(10_001)).status, 413, "the application's too");
}

#[test]
fn a_chunked_body_counts_by_its_content() {
    let server = server(10_000);
    let mut client = Polling::connected(server.address);
    for (length, status) in [(10_000, 200), (10_001, 413)] {
        let head =
            format!("POST {} HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n", client.target);
        let event = event(length);
        let mut bytes = head.into_bytes();
        for chunk in event.as_bytes().chunks(700) {
            bytes.extend(format!("{:x}\r\n", chunk.len()).bytes());
            bytes.extend(chunk);
            bytes.extend(b"\r\n");
        }
        bytes.extend(b"0\r\n\r\n");
        client.post.send(bytes);
        assert_eq!(client.post.response().status, status);
    }
    assert_eq!(client.next(), event(10_000));
}

#[test]
fn who_asks_before_sending_is_told() {
    let server = server(10_000);
    let mut client = Polling::connected(server.address);
    let head = |length: usize| {
        let target = &client.target;
        format!(
            "POST {target} HTTP/1.1\r\nHost: test\r\nExpect: 100-continue\r\nContent-Length: {length}\r\n\r\n"
        )
    };
    let (fits, too_large) = (head(1000), head(10_001));
    client.post.send(fits);
    assert_eq!(client.post.response().status, 100);
    client.post.send(event(1000));
    client.post.response().expect(200, "ok");
    assert_eq!(client.next(), event(1000));
    client.post.send(too_large);
    assert_eq!(client.post.response().status, 413, "without 100 before it");
}

#[test]
fn a_request_may_come_byte_by_byte() {
    let server = server(10_000);
    let mut client = Polling::connected(server.address);
    let body = r#"42["echo","ä"]"#;
    let target = &client.target;
    let request =
        format!("POST {target} HTTP/1.1\r\nHost: test\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    for byte in request.into_bytes() {
        client.post.send([byte]);
    }
    client.post.response().expect(200, "ok");
    assert_eq!(client.next(), body);
}

#[test]
fn pipelined_requests_are_answered_in_order() {
    let server = server(10_000);
    let mut client = Polling::connected(server.address);
    let mut bytes = Vec::new();
    for n in 0..50 {
        let (target, body) = (&client.target, format!("42[\"echo\",{n}]"));
        let length = body.len();
        bytes.extend(
            format!("POST {target} HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n{body}").bytes(),
        );
        bytes.extend(b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi");
    }
    client.post.send(bytes);
    for _ in 0..50 {
        client.post.response().expect(200, "ok");
        client.post.response().expect(200, "hi");
    }
    for n in 0..50 {
        assert_eq!(client.next(), format!("42[\"echo\",{n}]"));
    }
}

#[test]
fn an_old_client_gets_its_connection_closed_after_the_answer() {
    let server = server(10_000);
    let mut http = Http::connect(server.address);
    http.send(format!("GET {} HTTP/1.0\r\n\r\n", crate::http::POLLING));
    let response = http.response();
    assert!(response.text().starts_with("0{"), "{response:?}");
    assert_eq!(http.rest(), b"");
}

#[test]
fn rubbish_is_refused_and_the_connection_ends() {
    let server = server(10_000);
    let mut http = Http::connect(server.address);
    http.send("\x16\x03\x01 not HTTP at all\r\n\r\n");
    assert_eq!(http.response().status, 400);
    http.rest();
    let mut http = Http::connect(server.address);
    http.send(format!("GET / HTTP/1.1\r\nHost: test\r\nCookie: {}\r\n\r\n", "x".repeat(400_000)));
    assert_eq!(http.response().status, 431);
}
