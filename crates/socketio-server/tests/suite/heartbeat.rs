//! Pings, pongs, and the ends of those who do not answer or never connect.

use crate::{
    harness::{TestServer, eventually, heartbeat},
    http::Polling,
    ws::{WEBSOCKET, Ws},
};
use socketio_server::Config;
use std::time::{Duration, Instant};

fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

#[test]
fn the_first_ping_comes_after_the_interval_and_not_before() {
    let server = TestServer::start(heartbeat(200, 10_000));
    let start = Instant::now();
    let mut ws = Ws::open(server.address);
    // The handshake has been written by now: the interval cannot have begun later.
    assert_eq!(ws.text(), "2");
    let took = start.elapsed();
    assert!(took >= ms(200), "{took:?}");
    assert!(took < ms(1_500), "{took:?}");
}

#[test]
fn each_pong_is_followed_by_a_ping_one_interval_later() {
    let server = TestServer::start(heartbeat(60, 5_000));
    let mut ws = Ws::connected(server.address);
    assert_eq!(ws.text(), "2");
    for _ in 0..5 {
        let start = Instant::now();
        ws.send("3");
        assert_eq!(ws.text(), "2");
        assert!(start.elapsed() >= ms(60), "{:?}", start.elapsed());
    }
}

#[test]
fn without_a_pong_a_websocket_is_closed() {
    let server = TestServer::start(heartbeat(150, 100));
    let start = Instant::now();
    let mut ws = Ws::connected(server.address);
    assert_eq!(ws.text(), "2");
    assert_eq!(ws.drain(), 0, "no close frame: nobody is there");
    assert!(start.elapsed() >= ms(250), "{:?}", start.elapsed());
    server.log.wait_for(1, "/ ended: ping timeout");
}

#[test]
fn without_a_pong_a_polling_session_is_closed() {
    let server = TestServer::start(heartbeat(150, 100));
    let start = Instant::now();
    let mut client = Polling::connected(server.address);
    assert_eq!(client.next(), "2");
    assert_eq!(client.next(), "1", "the GET that waits");
    assert!(start.elapsed() >= ms(250), "{:?}", start.elapsed());
    client.poll().expect(400, r#"{"code":1,"message":"Session ID unknown"}"#);
    server.log.wait_for(1, "/ ended: ping timeout");
}

#[test]
fn a_polling_session_that_nobody_asks_for_is_closed_too() {
    let server = TestServer::start(heartbeat(50, 50));
    let mut client = Polling::connected(server.address);
    server.log.wait_for(1, "/ ended: ping timeout");
    assert_eq!(client.poll().status, 400);
}

#[test]
fn a_pong_keeps_both_kinds_alive() {
    let server = TestServer::start(heartbeat(50, 2_000));
    let mut ws = Ws::connected(server.address);
    let mut client = Polling::connected(server.address);
    let start = Instant::now();
    while start.elapsed() < ms(400) {
        assert_eq!(ws.text(), "2");
        ws.send("3");
        assert_eq!(client.next(), "2");
        client.send("3");
    }
    ws.send(r#"42["echo",1]"#);
    assert_eq!(ws.message(), r#"42["echo",1]"#);
    client.send(r#"42["echo",1]"#);
    while client.next() != r#"42["echo",1]"# {}
}

#[test]
fn a_pong_that_nobody_asked_for_puts_nothing_off() {
    let server = TestServer::start(heartbeat(300, 150));
    let start = Instant::now();
    let mut ws = Ws::connected(server.address);
    while start.elapsed() < ms(150) {
        ws.send("3");
        ws.settle();
    }
    assert_eq!(ws.text(), "2");
    assert!((ms(300)..ms(1_500)).contains(&start.elapsed()), "{:?}", start.elapsed());
    assert_eq!(ws.drain(), 0);
    server.log.wait_for(1, "/ ended: ping timeout");
}

#[test]
fn a_ping_from_the_client_breaks_the_protocol() {
    let server = TestServer::start(Config::default());
    let mut ws = Ws::connected(server.address);
    ws.send("2");
    assert_eq!(ws.close_code(), 1002);
}

#[test]
fn who_connects_no_namespace_in_time_is_closed() {
    let server = TestServer::start(Config { connect_timeout: ms(150), ..Config::default() });
    let start = Instant::now();
    let mut ws = Ws::shake_hands(server.address, WEBSOCKET);
    let mut client = Polling::open(server.address);
    let mut confirmed = Ws::connected(server.address);
    ws.send("40/unknown,");
    assert!(ws.text().starts_with('0'));
    assert_eq!(ws.text(), r#"44/unknown,{"message":"Invalid namespace"}"#);
    assert_eq!(ws.close_code(), 1000);
    assert!(start.elapsed() >= ms(150));
    // Its first GET may come before the end or after it.
    let response = client.poll();
    assert!(response.status == 400 || response.text() == "1", "{response:?}");
    eventually("the polling session ends", || client.poll().status == 400);
    server.log.wait_for(2, "closed: no namespace connected in time");
    confirmed.settle();
}
