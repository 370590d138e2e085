//! Upgrades that come to another server than that of their session: from there on, bytes go both ways.

use crate::{
    harness::{TestServer, eventually, heartbeat, workers},
    http::{Http, Polling},
    peers::{Table, two},
    ws::{CLOSE, PING, PONG, WEBSOCKET, Ws, frame, texts},
};
use socketio_server::{Bounds, Config};
use std::{
    net::Shutdown,
    time::{Duration, Instant},
};

const LIMIT: Duration = Duration::from_secs(10);

/// A session of the owner, with a WebSocket over the other.
fn upgraded(owner: &TestServer, other: &TestServer) -> Ws {
    Polling::connected(owner.address).via(other).upgrade_via(other)
}

#[test]
fn everything_goes_on_over_the_websocket_and_nothing_is_lost_on_the_way() {
    let (_table, owner, other) = two(|| workers(3));
    for _ in 0..6 {
        let mut client = Polling::connected(owner.address).via(&other);
        client.send(r#"42["echo",0]"#);
        assert_eq!(client.next(), r#"42["echo",0]"#);
        let mut ws = client.upgrade_via(&other);
        ws.raw(texts((1..100).map(|number| format!(r#"42["echo",{number}]"#))));
        for number in 1..100 {
            assert_eq!(ws.text(), format!(r#"42["echo",{number}]"#));
        }
        ws.raw(frame(PING, "hello"));
        ws.expect(PONG, "hello");
        ws.raw(frame(CLOSE, [3, 232]));
        assert_eq!(ws.close_code(), 1000);
    }
    owner.log.wait_for(6, "/ ended: closed by the client");
}

#[test]
fn what_is_sent_together_with_the_handshake_arrives() {
    let (_table, owner, other) = two(|| workers(2));
    let client = Polling::connected(owner.address);
    let mut http = Http::connect(other.address);
    let mut bytes = format!("GET {WEBSOCKET}&sid={} HTTP/1.1\r\nHost: test\r\n", client.sid).into_bytes();
    bytes.extend_from_slice(format!("{}\r\n\r\n", crate::ws::UPGRADE.join("\r\n")).as_bytes());
    bytes.extend(texts(["2probe", "5", r#"42["echo",1]"#]));
    http.send(bytes);
    let response = http.response();
    assert_eq!(response.status, 101);
    assert_eq!(response.header("sec-websocket-accept"), Some("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
    let mut ws = Ws(http);
    assert_eq!(ws.text(), "3probe");
    assert_eq!(ws.text(), r#"42["echo",1]"#);
}

#[test]
fn a_client_that_goes_away_is_lost_at_once_whether_it_resets_or_ends_its_side() {
    let (_table, owner, other) = two(|| workers(2));
    let ws = upgraded(&owner, &other);
    drop(ws);
    owner.log.wait_for(1, "/ ended: connection lost");
    let mut ws = upgraded(&owner, &other);
    ws.0.0.get_ref().shutdown(Shutdown::Write).unwrap();
    assert_eq!(ws.drain(), 0, "and the other side ends too");
    owner.log.wait_for(2, "/ ended: connection lost");
    let mut ws = upgraded(&owner, &other);
    ws.send(r#"42["flood",100,10000]"#);
    owner.log.wait_for(1, "event flood");
    // Unread bytes: the end is a reset.
    drop(ws);
    owner.log.wait_for(3, "/ ended: connection lost");
}

#[test]
fn a_client_that_reads_slowly_gets_everything_and_one_that_does_not_read_is_closed() {
    let (_table, owner, other) = two(|| Config { queue_limit: 64 << 20, ..workers(2) });
    let mut ws = upgraded(&owner, &other);
    ws.send(r#"42["flood",400,100000]"#);
    owner.log.wait_for(1, "event flood");
    ws.send(r#"42["echo","behind it"]"#);
    for _ in 0..400 {
        assert_eq!(ws.text().len(), 100_000 + 13);
    }
    assert_eq!(ws.text(), r#"42["echo","behind it"]"#);
    ws.send(r#"42["flood",1000,100000]"#);
    owner.log.wait_for_prefix("/ ended: slow consumer");
    ws.drain();
}

#[test]
fn a_client_that_sends_faster_than_it_may_is_slowed_and_loses_nothing() {
    let rate = || Config { byte_rate: crate::harness::rate(2_000_000, 1_000_000), ..workers(2) };
    let (_table, owner, other) = two(rate);
    let mut ws = upgraded(&owner, &other);
    let event = format!(r#"42["nothing","{}"]"#, "x".repeat(60_000));
    let start = Instant::now();
    for _ in 0..60 {
        ws.send(&event);
    }
    ws.settle();
    owner.log.wait_for(60, "event nothing");
    assert!(start.elapsed() > Duration::from_millis(500), "it was held back");
}

#[test]
fn heartbeats_and_the_servers_close_go_through() {
    let (_table, owner, other) = two(|| heartbeat(500, 14_500));
    let mut ws = upgraded(&owner, &other);
    assert_eq!(ws.text(), "2");
    ws.send("3");
    assert_eq!(ws.text(), "2");
    ws.send(r#"42["close"]"#);
    let (first, _) =
        std::iter::repeat_with(|| ws.frame().unwrap()).find(|(first, _)| *first == CLOSE).unwrap();
    assert_eq!(first, CLOSE);
    ws.raw(frame(CLOSE, [3, 232]));
    assert_eq!(ws.drain(), 0);
}

#[cfg(target_os = "linux")]
#[test]
fn what_the_other_servers_tcp_has_is_not_taken_for_what_the_client_has() {
    let (_table, owner, other) = two(Config::default);
    let mut ws = upgraded(&owner, &other);
    ws.send(r#"42["echo","not confirmed by a pong"]"#);
    ws.text();
    ws.send(r#"42["receipt"]"#);
    let (without, with) = owner.log.receipt(0);
    assert!(without > 0 && without == with, "{without} {with}");
}

#[test]
fn when_the_server_in_between_shuts_down_the_client_is_cut_off_and_lost() {
    let (_table, owner, mut other) = two(|| workers(2));
    let mut all: Vec<_> = (0..4).map(|_| upgraded(&owner, &other)).collect();
    other.begin_stop(LIMIT);
    for ws in &mut all {
        assert_eq!(ws.drain(), 0);
    }
    other.join();
    owner.log.wait_for(4, "/ ended: connection lost");
}

#[test]
fn when_the_owner_shuts_down_the_client_is_told_to_come_back() {
    let (_table, mut owner, other) = two(|| workers(2));
    let mut all: Vec<_> = (0..4).map(|_| upgraded(&owner, &other)).collect();
    owner.begin_stop(LIMIT);
    for ws in &mut all {
        assert_eq!(ws.close_code(), 1012);
    }
    drop(all);
    owner.join();
}

#[test]
fn when_the_owner_is_known_to_have_ended_the_client_is_cut_off() {
    let (table, owner, other) = two(Config::default);
    let mut ws = upgraded(&owner, &other);
    table.remove(1);
    assert_eq!(ws.drain(), 0);
    owner.log.wait_for(1, "/ ended: connection lost");
}

#[test]
fn where_connections_are_bounded_both_ends_count_until_they_end() {
    let bounds = Bounds { connections: 4, ..Bounds::default() };
    let table = Table::default();
    let owner = table.start(1, Config::default());
    let other = table.start(2, Config { bounds, ..Config::default() });
    let upgrade = || {
        let client = Polling::connected(owner.address);
        Ws::handshake(other.address, &format!("{WEBSOCKET}&sid={}", client.sid), &[])
    };
    let (one, two) = (upgrade(), upgrade());
    assert_eq!([one.1.status, two.1.status], [101, 101]);
    assert_eq!(upgrade().1.status, 503);
    drop(one);
    let mut three = None;
    eventually("a place", || {
        let upgraded = upgrade();
        let is_in = upgraded.1.status == 101;
        three = Some(upgraded);
        is_in
    });
}

#[test]
fn a_relay_does_not_count_for_its_address() {
    let bounds = Bounds { connections_per_address: 12, ..Bounds::default() };
    let table = Table::default();
    let owner = table.start(1, Config { bounds, ..Config::default() });
    let other = table.start(2, Config::default());
    let mut all: Vec<_> = (0..8).map(|_| upgraded(&owner, &other)).collect();
    for ws in &mut all {
        ws.send(r#"42["echo",1]"#);
        assert_eq!(ws.text(), r#"42["echo",1]"#);
    }
}
