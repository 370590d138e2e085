//! What a WebSocket costs after its end, and how it ends when the stream breaks.

use crate::{
    harness::{TestServer, eventually},
    ws::{CLOSE, Ws, frame, texts},
};
use socketio_server::Config;
use std::time::{Duration, Instant};

#[test]
fn a_stream_that_ends_without_a_word_is_a_lost_connection() {
    let server = TestServer::start(Config::default());
    let whole = Ws::connected(server.address);
    drop(whole);
    server.log.wait_for(1, "/ ended: connection lost");
    let mut half = Ws::connected(server.address);
    half.raw(&frame(0x01, "42[")[..5]);
    drop(half);
    server.log.wait_for(2, "/ ended: connection lost");
}

#[test]
fn what_came_before_the_end_of_the_stream_counts() {
    let server = TestServer::start(Config::default());
    let mut ws = Ws::connected(server.address);
    ws.raw(texts((0..1000).map(|_| r#"42["last"]"#)));
    drop(ws);
    server.log.wait_for(1, "/ ended: connection lost");
    assert_eq!(server.log.count("event last"), 1000);
}

#[test]
fn a_connection_that_was_closed_properly_gives_its_socket_back_at_once() {
    let server = TestServer::start(Config::default());
    let mut ws = Ws::connected(server.address);
    let port = ws.0.0.get_ref().local_addr().unwrap().port();
    ws.raw(frame(CLOSE, [3, 232]));
    assert_eq!(ws.close_code(), 1000);
    drop(ws);
    let start = Instant::now();
    eventually("the server has closed its socket", || !is_open(server.address.port(), port));
    // Far less than the time that a client has which does not close its side.
    assert!(start.elapsed() < Duration::from_millis(1_500), "{:?}", start.elapsed());
}

/// Whether a process of this machine still holds the TCP socket between these two ports: one that has been closed has
/// no inode in the kernel's table.
fn is_open(own: u16, peer: u16) -> bool {
    let table = std::fs::read_to_string("/proc/net/tcp").unwrap();
    let [own, peer] = [own, peer].map(|port| format!(":{port:04X}"));
    table.lines().skip(1).any(|line| {
        let fields: Vec<_> = line.split_whitespace().collect();
        fields[1].ends_with(&own) && fields[2].ends_with(&peer) && fields[9] != "0"
    })
}
