//! What a WebSocket costs after its end, and how it ends when the stream breaks.

use crate::{
    alone::alone,
    harness::{TestServer, eventually},
    http::Http,
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

/// The files that this process has open.
fn open_files() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}

#[test]
fn a_connection_that_was_closed_properly_gives_its_socket_back_at_once() {
    alone("websocket::a_connection_that_was_closed_properly_gives_its_socket_back_at_once", || {
        let server = TestServer::start(Config::default());
        // Kept open: its answer says that the server has all the files that it needs for itself.
        let mut other = Http::connect(server.address);
        assert_eq!(other.request("GET", "/", &[]).status, 404);
        let before = open_files();
        let mut ws = Ws::connected(server.address);
        ws.raw(frame(CLOSE, [3, 232]));
        assert_eq!(ws.close_code(), 1000);
        drop(ws);
        let start = Instant::now();
        eventually("the server has closed its socket", || open_files() == before);
        // Far less than the time that a client has which does not close its side.
        assert!(start.elapsed() < Duration::from_millis(1_500), "{:?}", start.elapsed());
    });
}

#[test]
fn a_client_that_does_not_close_its_side_is_cut_off() {
    alone("websocket::a_client_that_does_not_close_its_side_is_cut_off", || {
        let server = TestServer::start(Config::default());
        // Kept open: its answer says that the server has all the files that it needs for itself.
        let mut other = Http::connect(server.address);
        assert_eq!(other.request("GET", "/", &[]).status, 404);
        let before = open_files();
        let mut ws = Ws::connected(server.address);
        ws.send("2");
        assert_eq!(ws.close_code(), 1002);
        assert_eq!(open_files(), before + 2, "it has time to close");
        // Then its own is the only one left.
        eventually("the server has closed its socket", || open_files() == before + 1);
    });
}
