//! How long an HTTP client may take for each thing; and that no limit cuts what another one covers.
//!
//! Each test gives the limit under test a small figure and the others a large one, so that the time at which the
//! connection ends says which one ended it.

use crate::{
    harness::{LARGE, TestServer},
    http::{Http, POLLING, Polling},
};
use socketio_server::{Config, HttpTimeouts};
use std::{
    io::Read,
    time::{Duration, Instant},
};

const SHORT: Duration = Duration::from_millis(200);
const LONG: Duration = Duration::from_secs(60);

fn server(change: impl FnOnce(&mut HttpTimeouts)) -> TestServer {
    let mut http =
        HttpTimeouts { head: LONG, body: LONG, idle: LONG, write: LONG, ..HttpTimeouts::default() };
    change(&mut http);
    TestServer::start(Config { http, ..Config::default() })
}

/// Waits for the end of the stream, which must come at the limit and not before.
#[track_caller]
fn ends_at_the_limit(http: &mut Http, start: Instant) {
    http.rest();
    assert!(start.elapsed() >= SHORT, "too early: {:?}", start.elapsed());
}

#[test]
fn a_slow_head_ends_at_its_limit() {
    let server = server(|limits| limits.head = SHORT);
    let mut http = Http::connect(server.address);
    let start = Instant::now();
    http.send("GET / HTTP/1.1\r\nHost");
    ends_at_the_limit(&mut http, start);
}

#[test]
fn a_head_that_keeps_coming_ends_at_the_same_limit() {
    let server = server(|limits| limits.head = SHORT);
    let mut http = Http::connect(server.address);
    http.send("GET / HTTP/1.1\r\nHost: ");
    let start = Instant::now();
    while http.0.get_mut().set_nonblocking(true).is_ok() {
        let mut byte = [0];
        match http.0.get_mut().read(&mut byte) {
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
            _ => break,
        }
        assert!(start.elapsed() < crate::harness::DEADLINE, "each byte puts the limit off");
        let _ = std::io::Write::write(http.0.get_mut(), b"x");
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn a_slow_head_on_a_used_connection_ends_at_its_limit() {
    let server = server(|limits| limits.head = SHORT);
    let mut http = Http::connect(server.address);
    http.post("/echo", "one").expect(200, "one");
    let start = Instant::now();
    http.send("GET / HT");
    ends_at_the_limit(&mut http, start);
}

#[test]
fn half_a_head_that_came_with_the_request_before_ends_at_its_limit() {
    let server = server(|limits| limits.head = SHORT);
    let mut client = Polling::connected(server.address);
    let half = format!("GET {} HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHos", client.target);
    client.get.send(half);
    client.send(r#"42["echo",1]"#);
    client.get.response().expect(200, r#"42["echo",1]"#);
    client.get.rest();
}

#[test]
fn a_slow_body_ends_at_its_limit() {
    let server = server(|limits| limits.body = SHORT);
    let client = Polling::connected(server.address);
    let mut http = Http::connect(server.address);
    for target in ["/echo", &client.target] {
        let start = Instant::now();
        http.send(format!("POST {target} HTTP/1.1\r\nHost: test\r\nContent-Length: 100\r\n\r\nabc"));
        assert_eq!(http.response().status, 408);
        ends_at_the_limit(&mut http, start);
        http = Http::connect(server.address);
    }
}

#[test]
fn a_quiet_connection_ends_at_its_limit_before_and_after_a_request() {
    let server = server(|limits| limits.idle = SHORT);
    let start = Instant::now();
    let mut fresh = Http::connect(server.address);
    ends_at_the_limit(&mut fresh, start);
    let mut used = Http::connect(server.address);
    used.post("/echo", "one").expect(200, "one");
    let start = Instant::now();
    used.post("/echo", "two").expect(200, "two");
    ends_at_the_limit(&mut used, start);
}

#[test]
fn a_client_that_takes_nothing_of_its_response_ends_at_its_limit() {
    let server = server(|limits| limits.write = SHORT);
    let mut http = Http::connect(server.address);
    http.send("GET /large HTTP/1.1\r\nHost: test\r\n\r\n");
    // Waits for the first byte, and takes no more until the server has given up.
    http.0.get_mut().peek(&mut [0]).unwrap();
    std::thread::sleep(SHORT * 3);
    assert!(http.rest().len() < LARGE, "the rest never came");
}

#[test]
fn a_waiting_get_is_not_idle() {
    let server = server(|limits| {
        limits.idle = SHORT / 2;
        limits.head = SHORT / 2;
        limits.body = SHORT / 2;
        limits.write = SHORT / 2;
    });
    let mut client = Polling::connected(server.address);
    client.begin_poll();
    std::thread::sleep(SHORT);
    Http::connect(server.address).post(&client.target, r#"42["echo",1]"#).expect(200, "ok");
    client.get.response().expect(200, r#"42["echo",1]"#);
}

#[test]
fn a_slow_body_is_not_cut_by_the_limits_of_head_and_idle() {
    let server = server(|limits| {
        limits.head = SHORT / 2;
        limits.idle = SHORT / 2;
    });
    let mut http = Http::connect(server.address);
    http.send("POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 3\r\n\r\nab");
    std::thread::sleep(SHORT);
    http.send("c");
    http.response().expect(200, "abc");
}

#[test]
fn a_slow_head_is_not_cut_by_the_limit_of_idle() {
    let server = server(|limits| {
        limits.idle = SHORT;
        limits.body = SHORT;
    });
    let mut http = Http::connect(server.address);
    http.send("GET ");
    std::thread::sleep(SHORT * 2);
    http.send(format!("{POLLING} HTTP/1.1\r\nHost: test\r\n\r\n"));
    assert_eq!(http.response().status, 200);
}

#[test]
fn a_slowly_read_response_is_not_cut_by_the_limit_of_idle() {
    let server = server(|limits| {
        limits.idle = SHORT;
        limits.head = SHORT;
    });
    let mut http = Http::connect(server.address);
    http.send("GET /large HTTP/1.1\r\nHost: test\r\n\r\n");
    let (start, mut total, mut piece) = (Instant::now(), 0, vec![0; LARGE / 40]);
    while total < LARGE {
        let count = http.0.read(&mut piece).unwrap();
        assert!(count > 0, "cut after {total} bytes and {:?}", start.elapsed());
        total += count;
        std::thread::sleep(Duration::from_millis(10));
    }
    assert!(start.elapsed() > SHORT * 2, "it was read slowly");
}
