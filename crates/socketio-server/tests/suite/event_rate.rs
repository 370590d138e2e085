//! A sender over its rate is slowed by not being read; nothing of its is lost.

use crate::{
    harness::{TestServer, heartbeat, rate},
    http::Polling,
    ws::{WEBSOCKET, Ws, texts},
};
use socketio_server::Config;
use std::time::{Duration, Instant};

fn server(per_second: u32, burst: u32, config: Config) -> TestServer {
    TestServer::start(Config { event_rate: rate(per_second, burst), ..config })
}

/// Events with numbers; long enough that several do not fit what a WebSocket reader looks at in one go.
fn events(count: usize) -> Vec<String> {
    (0..count).map(|n| format!("42[\"echo\",{n},\"{}\"]", "x".repeat(700))).collect()
}

#[test]
fn after_the_burst_events_go_on_at_the_rate_in_their_order() {
    let server = server(50, 21, Config::default());
    let mut ws = Ws::connected(server.address);
    let start = Instant::now();
    // CONNECT took one token of the burst.
    ws.raw(texts(events(40)));
    for event in events(20) {
        assert_eq!(ws.text(), event);
    }
    let burst = start.elapsed();
    for event in &events(40)[20..] {
        assert_eq!(&ws.text(), event);
    }
    let all = start.elapsed();
    assert!(all >= Duration::from_millis(390), "20 events at 50 a second: {all:?}");
    assert!(burst < all / 2, "the burst is not held back: {burst:?} of {all:?}");
}

#[test]
fn a_sender_over_the_rate_slows_nobody_else() {
    let server = server(5, 10, Config::default());
    let mut fast = Ws::connected(server.address);
    let mut other = Ws::connected(server.address);
    fast.raw(texts(events(30)));
    let start = Instant::now();
    other.send(r#"42["echo",1]"#);
    assert_eq!(other.text(), r#"42["echo",1]"#);
    assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
}

#[test]
fn held_back_time_does_not_count_towards_the_ping_timeout() {
    let server = server(5, 1, heartbeat(200, 500));
    let mut ws = Ws::connected(server.address);
    // The pong stands behind a second of events, more than the timeout.
    ws.raw(texts(events(6)));
    let mut heard = 0;
    while heard < 6 {
        match ws.text().as_str() {
            "2" => ws.send("3"),
            event => {
                assert_eq!(event, events(6)[heard]);
                heard += 1;
            }
        }
    }
    // It is alive, and when it falls silent, the timeout counts again.
    ws.settle();
    ws.drain();
    server.log.wait_for(1, "/ ended: ping timeout");
}

#[test]
fn a_client_that_is_held_back_for_long_still_gets_pings() {
    // Official clients close when no ping comes for interval and timeout together.
    let server = server(10, 1, heartbeat(100, 100));
    let mut ws = Ws::connected(server.address);
    ws.raw(texts(events(12)));
    let (mut heard, mut last_ping, mut longest) = (0, Instant::now(), Duration::ZERO);
    while heard < 12 {
        match ws.text().as_str() {
            "2" => {
                longest = longest.max(last_ping.elapsed());
                last_ping = Instant::now();
                ws.send("3");
            }
            _ => heard += 1,
        }
    }
    longest = longest.max(last_ping.elapsed());
    assert!(longest < Duration::from_millis(600), "no ping for {longest:?} of 1.2 s held back");
}

#[test]
fn a_post_is_held_back_too_and_loses_nothing() {
    let server = server(50, 11, heartbeat(100, 150));
    let mut client = Polling::connected(server.address);
    let start = Instant::now();
    let payload = events(30).join("\u{1e}");
    client.post.send_request("POST", &client.target, &[], payload.as_bytes());
    let mut heard = 0;
    while heard < 30 {
        match client.next().as_str() {
            "2" => {}
            event => {
                assert_eq!(event, events(30)[heard]);
                heard += 1;
            }
        }
    }
    assert!(start.elapsed() >= Duration::from_millis(390), "{:?}", start.elapsed());
    client.post.response().expect(200, "ok");
}

#[test]
fn without_a_rate_nothing_is_held_back() {
    let server = TestServer::start(Config::default());
    let mut ws = Ws::connected(server.address);
    ws.raw(texts(events(5_000)));
    for event in events(5_000) {
        assert_eq!(ws.text(), event);
    }
}

#[test]
fn what_a_sender_wrote_before_it_went_is_not_lost() {
    let server = server(40, 1, Config::default());
    let mut ws = Ws::connected(server.address);
    ws.raw(texts(events(15)));
    ws.0.0.get_ref().shutdown(std::net::Shutdown::Write).unwrap();
    for event in events(15) {
        assert_eq!(ws.text(), event);
    }
    ws.drain();
    server.log.wait_for(1, "/ ended: connection lost");
}

#[test]
fn what_a_sender_wrote_before_it_went_is_not_lost_though_it_reads_no_answer() {
    let server = server(40, 1, Config::default());
    let mut ws = Ws::connected(server.address);
    ws.raw(texts(events(15)));
    drop(ws);
    server.log.wait_for(1, "/ ended: connection lost");
    assert_eq!(server.log.count("event echo"), 15);
}

#[test]
fn events_that_come_with_the_end_of_an_upgrade_are_held_back_and_not_lost() {
    let server = server(40, 3, Config { workers: 2, ..Config::default() });
    let client = Polling::connected(server.address);
    let mut ws = Ws::shake_hands(server.address, &format!("{WEBSOCKET}&sid={}", client.sid));
    let start = Instant::now();
    ws.raw(texts(["2probe".to_owned(), "5".to_owned()].into_iter().chain(events(15))));
    assert_eq!(ws.text(), "3probe");
    for event in events(15) {
        assert_eq!(ws.text(), event);
    }
    assert!(start.elapsed() >= Duration::from_millis(250), "{:?}", start.elapsed());
}
