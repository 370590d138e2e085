//! Shutdown: what is queued is written, everybody is told to come back, and the end comes in time.

use crate::{
    harness::{DEADLINE, TestServer, eventually, workers},
    http::{Http, POLLING, Polling},
    ws::{WEBSOCKET, Ws},
};
use socketio_server::{Config, HttpTimeouts};
use std::{
    net::TcpStream,
    time::{Duration, Instant},
};

const LIMIT: Duration = Duration::from_secs(10);

#[test]
fn a_websocket_gets_what_is_queued_and_close_1012() {
    let mut server = TestServer::start(workers(2));
    let mut ws = Ws::connected(server.address);
    ws.send(r#"42["flood",40,20000]"#);
    server.log.wait_for(1, "event flood");
    server.begin_stop(LIMIT);
    for _ in 0..40 {
        assert!(ws.text().starts_with(r#"42["drop","xxx"#));
    }
    assert_eq!(ws.close_code(), 1012);
    drop(ws);
    let start = Instant::now();
    server.join();
    assert!(start.elapsed() < LIMIT, "{:?}", start.elapsed());
    server.log.wait_for(1, "/ ended: server is restarting");
}

#[test]
fn a_waiting_get_gets_a_close_packet_and_its_connection_ends() {
    let mut server = TestServer::start(workers(3));
    let mut clients: Vec<_> = (0..3).map(|_| Polling::connected(server.address)).collect();
    for client in &mut clients {
        client.begin_poll();
        client.send(r#"42["nothing"]"#);
    }
    server.log.wait_for(3, "event nothing");
    server.begin_stop(LIMIT);
    for client in &mut clients {
        client.get.response().expect(503, "1");
        assert_eq!(client.get.rest(), b"");
        assert_eq!(client.post.rest(), b"", "quiet keep-alive ends too");
    }
    server.join();
    server.log.wait_for(3, "/ ended: server is restarting");
}

#[test]
fn a_client_between_two_polls_gets_its_messages_and_the_close_packet_with_the_next() {
    let mut server = TestServer::start(workers(3));
    let mut clients: Vec<_> = (0..3).map(|_| Polling::connected(server.address)).collect();
    for client in &mut clients {
        client.send(r#"42["echo",1]"#);
    }
    server.begin_stop(LIMIT);
    server.log.wait_for(3, "closed: server is restarting");
    for client in &mut clients {
        client.poll().expect(200, r#"42["echo",1]"#);
        client.poll().expect(503, "1");
    }
    let start = Instant::now();
    server.join();
    assert!(start.elapsed() < LIMIT / 2, "{:?}", start.elapsed());
}

#[test]
fn a_client_between_two_polls_may_come_over_another_shard() {
    let mut server = TestServer::start(workers(2));
    let mut client = Polling::connected(server.address);
    client.send(r#"42["echo",1]"#);
    server.begin_stop(LIMIT);
    server.log.wait_for(1, "closed: server is restarting");
    client.post.request("GET", &client.target, &[]).expect(200, r#"42["echo",1]"#);
    client.post.request("GET", &client.target, &[]).expect(503, "1");
    server.join();
}

#[test]
fn nobody_new_gets_in() {
    let mut server = TestServer::start(Config::default());
    // Given one that keeps the server busy with its farewell, and two connections for requests.
    let _between_polls = Polling::connected(server.address);
    let (mut http, mut ws) = (Http::connect(server.address), Http::connect(server.address));
    for http in [&mut http, &mut ws] {
        assert_eq!(http.request("GET", "/", &[]).status, 404);
    }
    server.begin_stop(LIMIT);
    server.log.wait_for(1, "closed: server is restarting");
    http.request("GET", POLLING, &[]).expect(503, r#"{"code":3,"message":"The server is restarting"}"#);
    assert_eq!(ws.request("GET", WEBSOCKET, &crate::ws::UPGRADE).status, 503);
    let address = server.address;
    eventually("the listener is closed", || TcpStream::connect(address).is_err());
    server.join();
}

#[test]
fn a_client_that_never_reads_does_not_put_off_the_end() {
    let mut server = TestServer::start(Config { queue_limit: 64 << 20, ..Config::default() });
    let mut ws = Ws::connected(server.address);
    ws.send(r#"42["flood",1000,20000]"#);
    server.log.wait_for(1, "event flood");
    let start = Instant::now();
    server.begin_stop(Duration::from_millis(300));
    server.join();
    let took = start.elapsed();
    assert!((Duration::from_millis(300)..LIMIT / 2).contains(&took), "{took:?}");
}

#[test]
fn a_half_request_and_a_silent_connection_do_not_put_off_the_end() {
    let mut server = TestServer::start(workers(2));
    let _silent = Http::connect(server.address);
    let mut half = Http::connect(server.address);
    half.send("GET / HT");
    assert_eq!(Http::connect(server.address).request("GET", "/", &[]).status, 404);
    let start = Instant::now();
    server.begin_stop(Duration::from_millis(300));
    server.join();
    assert!(start.elapsed() < LIMIT / 2, "{:?}", start.elapsed());
}

#[test]
fn a_request_under_way_is_answered() {
    let mut server = TestServer::start(workers(2));
    let mut http = Http::connect(server.address);
    http.send("POST /echo HTTP/1.1\r\nHost: test\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n");
    assert_eq!(http.response().status, 100);
    server.begin_stop(LIMIT);
    let address = server.address;
    eventually("the listener is closed", || TcpStream::connect(address).is_err());
    http.send("abc");
    http.response().expect(200, "abc");
    assert_eq!(http.rest(), b"");
    server.join();
}

#[test]
fn with_nobody_there_it_ends_at_once() {
    let mut server = TestServer::start(workers(3));
    let start = Instant::now();
    server.begin_stop(LIMIT);
    server.join();
    assert!(start.elapsed() < LIMIT / 4, "{:?}", start.elapsed());
}

#[test]
fn an_upgrade_under_way_ends_and_the_get_says_come_back() {
    let mut server = TestServer::start(workers(2));
    let mut client = Polling::connected(server.address);
    let mut ws = Ws::shake_hands(server.address, &format!("{WEBSOCKET}&sid={}", client.sid));
    ws.send("2probe");
    assert_eq!(ws.text(), "3probe");
    server.begin_stop(LIMIT);
    assert_eq!(ws.drain(), 0);
    client.poll().expect(503, "1");
    server.join();
}

#[test]
fn a_client_between_two_polls_gets_all_that_waits_for_it_poll_by_poll() {
    let mut server = TestServer::start(workers(2));
    let mut client = Polling::connected(server.address);
    client.send(r#"42["flood",100,1]"#);
    server.log.wait_for(1, "event flood");
    server.begin_stop(LIMIT);
    for _ in 0..100 {
        assert_eq!(client.next(), r#"42["drop","x"]"#);
    }
    client.poll().expect(503, "1");
    server.join();
}

#[test]
fn a_websocket_client_that_does_not_close_its_side_is_not_waited_for() {
    let mut server = TestServer::start(workers(2));
    let mut clients: Vec<_> = (0..4).map(|_| Ws::connected(server.address)).collect();
    // One that was closed just before.
    clients[0].send("3x");
    clients[0].send("2");
    let start = Instant::now();
    server.begin_stop(DEADLINE);
    server.join();
    let taken = start.elapsed();
    assert!(taken < Duration::from_secs(2), "the time that a closed client has otherwise is 3 s: {taken:?}");
    for client in &mut clients[1..] {
        assert_eq!(client.close_code(), 1012);
    }
}

#[test]
fn a_shard_that_is_stuck_does_not_hold_up_the_end() {
    let mut server = TestServer::start(workers(2));
    let (mut stuck, mut other) = (Ws::connected(server.address), Ws::connected(server.address));
    stuck.send(r#"42["hang"]"#);
    other.send(r#"42["echo",1]"#);
    assert_eq!(other.text(), r#"42["echo",1]"#);
    let limit = Duration::from_secs(1);
    let start = Instant::now();
    server.begin_stop(limit);
    server.join();
    assert!(start.elapsed() < DEADLINE / 2, "{:?}", start.elapsed());
    assert_eq!(other.close_code(), 1012);
}

#[test]
fn given_clients_that_have_just_come_in_then_each_gets_an_answer_to_its_first_request() {
    let http = HttpTimeouts { last_request: DEADLINE, ..HttpTimeouts::default() };
    let mut server = TestServer::start(Config { http, ..workers(2) });
    let mut new: Vec<_> = (0..8).map(|_| Http::connect(server.address)).collect();
    // It came after them, so they have been accepted.
    Http::connect(server.address).request("GET", "/", &[]).expect(404, "nothing here");
    let mut asked = Http::connect(server.address);
    asked.request("GET", "/", &[]).expect(404, "nothing here");
    server.begin_stop(LIMIT);
    assert_eq!(asked.rest(), b"", "it had its answer");
    for http in &mut new {
        http.request("GET", "/", &[]).expect(404, "nothing here");
        assert_eq!(http.rest(), b"");
    }
    server.join();
}
