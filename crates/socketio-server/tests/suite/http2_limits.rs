//! How long a client of HTTP/2 may take for each thing, and how much it may have under way.

use crate::harness::TestServer;
use crate::tls::{self, Client, DATA, END_HEADERS, GOAWAY, HEADERS, Raw, SETTINGS, a_moment, frame, get};
use ::http::{Method, Request};
use h2::Reason;
use socketio_server::{Bounds, Config, HttpTimeouts};
use std::time::{Duration, Instant};

const SHORT: Duration = Duration::from_millis(300);
const LONG: Duration = Duration::from_secs(60);

fn server(change: impl FnOnce(&mut HttpTimeouts)) -> TestServer {
    let mut http = HttpTimeouts { head: LONG, body: LONG, idle: LONG, write: LONG, last_request: SHORT };
    change(&mut http);
    tls::start(Config { http, ..Config::default() })
}

#[track_caller]
fn ends_at_the_limit(raw: &mut Raw, start: Instant) {
    assert!(raw.ends());
    assert!(start.elapsed() >= SHORT, "too early: {:?}", start.elapsed());
}

#[test]
fn a_client_that_never_begins_ends_at_the_limit_for_a_head() {
    let server = server(|limits| limits.head = SHORT);
    let start = Instant::now();
    ends_at_the_limit(&mut Raw::silent(server.address), start);
    let mut raw = Raw::silent(server.address);
    raw.send(b"PRI * HTTP/2.0\r\n");
    ends_at_the_limit(&mut raw, start);
}

#[test]
fn a_slow_head_ends_at_its_limit_wherever_it_stops() {
    let server = server(|limits| limits.head = SHORT);
    let head = frame(HEADERS, END_HEADERS, 1, &get("/gone"));
    for part in [&head[..3], &head[..12], &frame(HEADERS, 0, 1, &get("/gone"))] {
        let mut raw = Raw::connect(server.address);
        let start = Instant::now();
        raw.send(part);
        ends_at_the_limit(&mut raw, start);
    }
}

#[test]
fn a_frame_of_a_body_that_stops_ends_at_the_limit_for_a_body() {
    let server = server(|limits| limits.body = SHORT);
    let mut raw = Raw::connect(server.address);
    let start = Instant::now();
    raw.send(&frame(HEADERS, END_HEADERS, 1, &get("/echo")));
    raw.send(&frame(DATA, 0, 1, &[b'x'; 100])[..50]);
    ends_at_the_limit(&mut raw, start);
}

#[test]
fn a_slow_body_is_answered_with_408_and_the_others_go_on() {
    let server = server(|limits| limits.body = SHORT);
    tls::run(async {
        let client = Client::connect(server.address).await;
        let request = Request::builder().method(Method::POST).uri("https://test/echo").body(()).unwrap();
        let (response, _stream) = client.send.clone().send_request(request, false).unwrap();
        assert_eq!(response.await.unwrap().status(), 408);
        assert_eq!(client.post("/echo", b"one").await.text().await, "one");
    });
}

#[test]
fn a_body_that_is_too_large_is_answered_with_413() {
    let server = tls::start(Config { max_payload: 5000, ..Config::default() });
    tls::run(async {
        let client = Client::connect(server.address).await;
        assert_eq!(client.post("/echo", &[b'x'; 5001]).await.status, 413);
        assert_eq!(client.post("/echo", &[b'x'; 5000]).await.status, 200);
    });
}

#[test]
fn a_quiet_connection_is_told_to_end_and_a_waiting_one_is_not_quiet() {
    let server = server(|limits| limits.idle = SHORT);
    let start = Instant::now();
    let mut raw = Raw::connect(server.address);
    let goaway = raw.wait_for(GOAWAY).expect("it is told");
    assert!(start.elapsed() >= SHORT, "too early: {:?}", start.elapsed());
    assert_eq!(goaway.payload[4..8], [0; 4], "without an error");
    assert!(raw.ends(), "though it does not answer");
    tls::run(async {
        let client = Client::connect(server.address).await;
        let mut listener = client.get("/listen").await;
        tokio::time::sleep(SHORT * 2).await;
        server.log.tell_listeners(b"one");
        assert_eq!(listener.read(5).await, b":\none");
    });
}

#[test]
fn a_client_that_takes_nothing_of_a_response_loses_that_response() {
    let server = server(|limits| limits.write = SHORT);
    tls::run(async {
        let client = Client::with_window(server.address, 1000).await;
        let mut large = client.get("/large").await;
        assert_eq!(large.body.data().await.unwrap().unwrap().len(), 1000);
        let error = large.body.data().await.unwrap().unwrap_err();
        assert_eq!(error.reason(), Some(Reason::CANCEL));
        assert_eq!(client.post("/echo", b"one").await.text().await, "one", "the connection goes on");
    });
}

#[test]
fn so_many_streams_may_be_open_and_no_more() {
    let server = tls::start(Config::default());
    tls::run(async {
        let client = Client::connect(server.address).await;
        let mut waiting = Vec::new();
        for _ in 0..100 {
            waiting.push(client.get("/listen").await);
        }
        assert_eq!(client.send.current_max_send_streams(), 100);
    });
    let mut raw = Raw::connect(server.address);
    for stream in 0..101 {
        raw.send(&frame(HEADERS, END_HEADERS, stream * 2 + 1, &get("/echo")));
    }
    let refused = raw.wait_for(crate::tls::RST_STREAM).expect("a stream is refused");
    assert_eq!((refused.stream, refused.payload[3]), (201, 7), "REFUSED_STREAM");
}

#[test]
fn a_head_that_is_too_large_is_refused_and_the_others_go_on() {
    let server = tls::start(Config::default());
    tls::run(async {
        let client = Client::connect(server.address).await;
        let request = Request::builder().uri("https://test/gone").header("x-large", "x".repeat(40_000));
        let answer = client.send.clone().send_request(request.body(()).unwrap(), true);
        let status = match answer {
            Ok((response, _)) => response.await.map(|response| response.status().as_u16()),
            Err(error) => Err(error),
        };
        assert!(status.as_ref().is_ok_and(|status| *status == 431) || status.is_err(), "{status:?}");
        assert_eq!(Client::connect(server.address).await.get("/gone").await.status, 404);
    });
}

#[test]
fn bodies_that_nobody_reads_yet_are_not_sent_beyond_the_window() {
    let server = tls::start(Config::default());
    let mut raw = Raw::connect(server.address);
    let settings = raw.wait_for(SETTINGS).expect("settings").payload;
    let window = settings
        .chunks(6)
        .find(|pair| pair[1] == 4)
        .map(|pair| u32::from_be_bytes(pair[2..].try_into().unwrap()));
    assert_eq!(window, Some(64 << 10));
}

#[test]
fn a_connection_too_many_is_told_why_it_is_not_served() {
    let bounds = Bounds { connections_per_address: 1, ..Bounds::default() };
    let server = tls::start(Config { bounds, ..Config::default() });
    let _one = Raw::connect(server.address);
    let mut more = Raw::connect(server.address);
    let goaway = more.wait_for(GOAWAY).expect("it is told").payload;
    assert_eq!(goaway[..8], [0, 0, 0, 0, 0, 0, 0, 0x0b]);
    assert!(String::from_utf8_lossy(&goaway[8..]).contains("too many connections from your address"));
    assert!(more.ends());
}

#[test]
fn unfinished_bodies_of_all_streams_count() {
    let bounds = Bounds { unfinished_bytes: 20_000, ..Bounds::default() };
    let server = tls::start(Config { bounds, ..Config::default() });
    tls::run(async {
        let client = Client::connect(server.address).await;
        let request = || Request::builder().method(Method::POST).uri("https://test/echo").body(()).unwrap();
        let (_first, mut stream) = client.send.clone().send_request(request(), false).unwrap();
        stream.send_data(vec![b'x'; 20_000].into(), false).unwrap();
        a_moment().await;
        let refused = loop {
            let answer = client.post("/echo", &[b'x'; 20_000]).await;
            if answer.status != 200 {
                break answer;
            }
        };
        assert_eq!(refused.status, 503);
        assert_eq!(client.post("/echo", b"one").await.text().await, "one", "what is small gets through");
    });
}
