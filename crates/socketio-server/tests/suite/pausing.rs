//! An application that lets a client wait: what the client has sent already is handled later, in order.

use crate::{
    harness::{TestServer, heartbeat, workers},
    http::Polling,
    ws::{WEBSOCKET, Ws, texts},
};

const PACKETS: [&str; 4] = [r#"42["pause"]"#, r#"42["echo",1]"#, r#"42["pause"]"#, r#"42["echo",2]"#];

/// Wakes the client twice, and each time the next echo comes.
fn check(server: &TestServer, mut next: impl FnMut() -> String) {
    for number in 1..=2 {
        let waiting = server.log.waiting();
        // Another client's round trip: the paused one has had its turn by then.
        Ws::connected(server.address).settle();
        assert_eq!(server.log.count("event echo"), number - 1);
        waiting.wake();
        assert_eq!(next(), r#"42["woken"]"#);
        assert_eq!(next(), format!("42[\"echo\",{number}]"));
    }
}

#[test]
fn on_a_websocket_what_was_sent_behind_a_pause_comes_after_it() {
    let server = TestServer::start(workers(1));
    let mut ws = Ws::connected(server.address);
    ws.raw(texts(PACKETS));
    check(&server, || ws.text());
}

#[test]
fn on_long_polling_what_was_sent_behind_a_pause_comes_after_it() {
    let server = TestServer::start(workers(1));
    let mut client = Polling::connected(server.address);
    client.post.send_request("POST", &client.target, &[], PACKETS.join("\u{1e}").as_bytes());
    check(&server, || client.next());
    client.post.response().expect(200, "ok");
}

#[test]
fn given_an_upgrade_when_it_is_paused_in_the_same_segment_then_what_follows_waits_too() {
    let server = TestServer::start(workers(1));
    let client = Polling::connected(server.address);
    let mut ws = Ws::shake_hands(server.address, &format!("{WEBSOCKET}&sid={}", client.sid));
    ws.send("2probe");
    assert_eq!(ws.text(), "3probe");
    ws.raw(texts([&["5"], &PACKETS[..]].concat()));
    check(&server, || ws.text());
}

#[test]
fn a_pause_does_not_count_towards_the_ping_timeout() {
    let server = TestServer::start(heartbeat(100, 100));
    let mut ws = Ws::connected(server.address);
    ws.raw(texts([r#"42["pause"]"#]));
    let waiting = server.log.waiting();
    for _ in 0..6 {
        assert_eq!(ws.text(), "2");
        ws.send("3");
    }
    waiting.wake();
    while ws.message() != r#"42["woken"]"# {}
}

#[test]
fn given_a_pause_when_the_server_ends_the_connection_then_it_ends() {
    let mut server = TestServer::start(workers(1));
    let mut ws = Ws::connected(server.address);
    ws.raw(texts(PACKETS));
    let waiting = server.log.waiting();
    server.begin_stop(crate::harness::DEADLINE);
    assert_eq!(ws.close_code(), 1012);
    waiting.wake();
    server.join();
    assert_eq!(server.log.count("event echo"), 0);
}
