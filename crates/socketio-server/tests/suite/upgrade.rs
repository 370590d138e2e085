//! From long-polling to WebSocket: the probe, its end, and the ends that it may have instead.

use crate::{
    harness::{TestServer, eventually, workers},
    http::Polling,
    refusals::BAD_REQUEST,
    ws::{PING, PONG, TEXT, WEBSOCKET, Ws, frame, texts},
};
use socketio_server::Config;
use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

fn target(client: &Polling) -> String {
    format!("{WEBSOCKET}&sid={}", client.sid)
}

pub(crate) fn probe(address: SocketAddr, client: &Polling) -> Ws {
    let mut ws = Ws::shake_hands(address, &target(client));
    ws.send("2probe");
    assert_eq!(ws.text(), "3probe");
    ws
}

#[test]
fn a_probe_ends_the_waiting_get_and_5_moves_the_session() {
    // Each request lands on a different shard from the one before; the session stays where it is.
    let server = TestServer::start(workers(3));
    for _ in 0..6 {
        let mut client = Polling::connected(server.address);
        client.begin_poll();
        let mut ws = probe(server.address, &client);
        client.get.response().expect(200, "6");
        ws.send("5");
        ws.send(r#"42["echo",1]"#);
        assert_eq!(ws.text(), r#"42["echo",1]"#);
        client.poll().expect(400, BAD_REQUEST);
        client.post.post(&client.target, "41").expect(400, BAD_REQUEST);
        assert_eq!(Ws::shake_hands(server.address, &target(&client)).close_code(), 1000);
        ws.send(r#"42["echo",2]"#);
        assert_eq!(ws.text(), r#"42["echo",2]"#, "the session is unhurt");
        drop(ws);
    }
    server.log.wait_for(6, "/ ended: connection lost");
}

#[test]
fn a_get_during_the_probe_does_not_wait() {
    let server = TestServer::start(workers(2));
    let mut client = Polling::connected(server.address);
    let mut ws = probe(server.address, &client);
    client.poll().expect(200, "6");
    client.send(r#"42["echo",1]"#);
    client.poll().expect(200, "42[\"echo\",1]\u{1e}6");
    client.send(r#"42["echo",2]"#);
    ws.raw(texts(["5", r#"42["echo",3]"#]));
    assert_eq!(ws.text(), r#"42["echo",2]"#, "what waited goes over the WebSocket");
    assert_eq!(ws.text(), r#"42["echo",3]"#);
}

#[test]
fn the_probe_may_be_left_out() {
    let server = TestServer::start(workers(2));
    let mut client = Polling::connected(server.address);
    client.begin_poll();
    let mut ws = Ws::shake_hands(server.address, &target(&client));
    ws.raw(texts(["5", r#"42["echo",1]"#]));
    assert_eq!(ws.text(), r#"42["echo",1]"#);
    client.get.response().expect(200, "6");
}

#[test]
fn a_get_that_waits_when_5_comes_is_ended() {
    let server = TestServer::start(workers(2));
    let mut client = Polling::connected(server.address);
    let mut ws = Ws::shake_hands(server.address, &target(&client));
    // Given a client that sends everything together.
    client.begin_poll();
    ws.raw(texts(["2probe", "5", r#"42["echo",1]"#]));
    assert_eq!(ws.text(), "3probe");
    assert_eq!(ws.text(), r#"42["echo",1]"#);
    let ended = client.get.response();
    assert!(ended.text() == "6" || ended.status == 400, "{ended:?}");
}

#[test]
fn a_second_websocket_during_the_probe_is_closed() {
    let server = TestServer::start(workers(3));
    let mut client = Polling::connected(server.address);
    let mut ws = probe(server.address, &client);
    assert_eq!(Ws::shake_hands(server.address, &target(&client)).close_code(), 1000);
    ws.send("5");
    ws.send(r#"42["echo",1]"#);
    assert_eq!(ws.text(), r#"42["echo",1]"#);
    client.poll().expect(400, BAD_REQUEST);
}

#[test]
fn a_websocket_that_says_something_else_ends_and_polling_goes_on() {
    let server = TestServer::start(workers(2));
    for wrong in [&["4"][..], &["2"], &["42[\"x\"]"], &["2probe", "42[\"x\"]"], &["2probe", "1"], &["junk"]] {
        let mut client = Polling::connected(server.address);
        let mut ws = Ws::shake_hands(server.address, &target(&client));
        ws.raw(texts(wrong));
        ws.drain();
        client.send(r#"42["echo",1]"#);
        while client.next() != r#"42["echo",1]"# {}
        // And then it may try again.
        eventually("another may try", || {
            let mut ws = Ws::shake_hands(server.address, &target(&client));
            ws.raw(texts(["2probe", "5", r#"42["echo",2]"#]));
            let (first, payload) = ws.frame().expect("a frame");
            let may = (first, &*payload) == (TEXT, b"3probe");
            assert!(!may || ws.text() == r#"42["echo",2]"#);
            may
        });
    }
    assert_eq!(server.log.count("event x"), 0);
}

#[test]
fn a_session_whose_upgrades_all_fail_is_closed() {
    let server = TestServer::start(workers(2));
    let client = Polling::connected(server.address);
    let mut failed = 0;
    while failed < 5 {
        let mut ws = Ws::shake_hands(server.address, &target(&client));
        ws.send("2probe");
        // It is turned away while the one before has not been given up yet.
        failed += usize::from(ws.frame().unwrap().0 == TEXT);
    }
    server.log.wait_for(1, "/ ended: too many upgrades failed");
    let (_, late) = Ws::handshake(server.address, &target(&client), &[]);
    late.expect(400, r#"{"code":1,"message":"Session ID unknown"}"#);
}

#[test]
fn a_websocket_that_breaks_off_after_its_probe_leaves_polling_as_it_was() {
    let server = TestServer::start(workers(2));
    let mut client = Polling::connected(server.address);
    let ws = probe(server.address, &client);
    client.poll().expect(200, "6");
    drop(ws);
    // Then a GET waits again, once the server has seen the end.
    eventually("a GET waits again", || {
        client.begin_poll();
        client.send(r#"42["echo",1]"#);
        let response = client.get.response();
        let is_echo = response.text().contains(r#"42["echo",1]"#);
        if !is_echo {
            assert_eq!(client.next(), r#"42["echo",1]"#);
        }
        is_echo && !response.text().ends_with('6')
    });
}

#[test]
fn an_upgrade_that_takes_too_long_is_given_up() {
    let upgrade_timeout = Duration::from_millis(200);
    let server = TestServer::start(Config { upgrade_timeout, workers: 2, ..Config::default() });
    for first in [None, Some("2probe")] {
        let mut client = Polling::connected(server.address);
        let start = Instant::now();
        let mut ws = Ws::shake_hands(server.address, &target(&client));
        if let Some(first) = first {
            ws.send(first);
        }
        ws.drain();
        assert!(start.elapsed() >= upgrade_timeout, "{:?}", start.elapsed());
        client.send(r#"42["echo",1]"#);
        assert_eq!(client.next(), r#"42["echo",1]"#);
    }
}

#[test]
fn the_end_of_the_session_ends_the_probe() {
    let server = TestServer::start(workers(2));
    let mut client = Polling::connected(server.address);
    let mut ws = probe(server.address, &client);
    client.send("1");
    assert_eq!(ws.drain(), 0);
    let (_, late) = Ws::handshake(server.address, &target(&client), &[]);
    late.expect(400, r#"{"code":1,"message":"Session ID unknown"}"#);
}

#[test]
fn a_probe_may_come_in_single_bytes_with_a_websocket_ping_in_between() {
    let server = TestServer::start(workers(2));
    let client = Polling::connected(server.address);
    let mut ws = Ws::shake_hands(server.address, &target(&client));
    ws.raw(frame(PING, "p"));
    ws.expect(PONG, "p");
    for byte in texts(["2probe", "5", r#"42["echo",1]"#]) {
        ws.raw([byte]);
    }
    assert_eq!(ws.text(), "3probe");
    assert_eq!(ws.text(), r#"42["echo",1]"#);
}

#[test]
fn half_a_frame_that_came_with_5_is_not_lost() {
    let server = TestServer::start(workers(2));
    let client = Polling::connected(server.address);
    let mut ws = probe(server.address, &client);
    let (mut first, second) = (texts(["5"]), texts([r#"42["echo",1]"#]));
    first.extend(&second[..9]);
    ws.raw(first);
    Polling::connected(server.address);
    ws.raw(&second[9..]);
    assert_eq!(ws.text(), r#"42["echo",1]"#);
}

#[test]
fn what_waits_at_the_end_of_the_upgrade_comes_over_both_in_order() {
    let server = TestServer::start(workers(2));
    let mut client = Polling::connected(server.address);
    let events: Vec<_> = (0..100).map(|n| format!("42[\"echo\",{n}]")).collect();
    client.send(events.join("\u{1e}"));
    let mut ws = probe(server.address, &client);
    // Given a GET that brings a part of it, and the noop at once.
    let response = client.poll();
    let mut packets: Vec<_> = response.text().split('\u{1e}').collect();
    assert_eq!(packets.pop(), Some("6"));
    let (polled, rest) = events.split_at(packets.len());
    assert_eq!(packets, polled);
    ws.send("5");
    for event in rest {
        assert_eq!(ws.text(), *event);
    }
    ws.settle();
}
