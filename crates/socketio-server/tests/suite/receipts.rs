//! What a client has certainly received: up to the ping that it has answered, what its polls have brought, and what
//! TCP says.

use crate::{
    harness::{TestServer, eventually, heartbeat, workers},
    http::Polling,
    ws::{WEBSOCKET, Ws, texts},
};
use socketio_server::Config;

/// An event that is echoed, and the bytes that it makes in the queue: payload, and the header of a frame that long.
fn echo() -> (String, usize) {
    let event = format!("42[\"echo\",\"{}\"]", "x".repeat(1000));
    let bytes = event.len() + 4;
    (event, bytes)
}

/// What the server finds unconfirmed when it has handled everything before.
fn look(server: &TestServer, send: impl FnOnce(&str)) -> (usize, usize) {
    let nth = server.log.count_prefix("unconfirmed ");
    send(r#"42["receipt"]"#);
    server.log.receipt(nth)
}

#[test]
fn on_a_websocket_a_pong_confirms_what_came_before_its_ping() {
    let server = TestServer::start(heartbeat(1_000, 15_000));
    let mut ws = Ws::connected(server.address);
    let (event, bytes) = echo();
    for _ in 0..5 {
        ws.send(&event);
        assert_eq!(ws.message(), event);
    }
    assert!(look(&server, |packet| ws.send(packet)).0 >= 1);
    while ws.text() != "2" {}
    let before = look(&server, |packet| ws.send(packet)).0;
    assert!(before > 5 * bytes, "everything, since the client has confirmed nothing yet: {before}");
    ws.send("3");
    let after = look(&server, |packet| ws.send(packet)).0;
    assert!(after < 100, "pings at most: {after}");
    ws.send(&event);
    assert_eq!(ws.message(), event);
    let after = look(&server, |packet| ws.send(packet)).0;
    assert!((bytes..bytes + 100).contains(&after), "one message: {after}");
}

#[cfg(target_os = "linux")]
#[test]
fn on_a_websocket_tcp_confirms_what_the_clients_machine_has() {
    let server = TestServer::start(Config::default());
    let mut ws = Ws::connected(server.address);
    let (event, bytes) = echo();
    ws.send(&event);
    let unread = |ws: &mut Ws| look(&server, |packet| ws.send(packet));
    eventually("TCP acknowledges", || unread(&mut ws).1 == 0);
    assert!(unread(&mut ws).0 > bytes, "no pong has come");
    assert_eq!(ws.text(), event);
    let nth = server.log.count_prefix("unconfirmed ");
    drop(ws);
    let (without, with) = server.log.receipt(nth);
    assert!(without > bytes && with == 0, "{without} {with}");
}

#[test]
fn given_a_reset_then_what_tcp_has_acknowledged_confirms_nothing() {
    let server = TestServer::start(Config::default());
    let mut ws = Ws::connected(server.address);
    let (event, bytes) = echo();
    ws.send(&event);
    server.log.wait_for(1, "event echo");
    eventually("TCP acknowledges", || look(&server, |packet| ws.send(packet)).1 == 0);
    let nth = server.log.count_prefix("unconfirmed ");
    // A socket that is closed with unread bytes in it is reset.
    drop(ws);
    server.log.wait_for(1, "/ ended: connection lost");
    let (without, with) = server.log.receipt(nth);
    assert!(without > bytes && with == without, "{without} {with}");
}

#[test]
fn on_long_polling_a_get_confirms_what_the_one_before_it_brought() {
    let server = TestServer::start(workers(2));
    let mut client = Polling::connected(server.address);
    let (event, bytes) = echo();
    client.send(&event);
    server.log.wait_for(1, "event echo");
    let waiting = look(&server, |packet| client.send(packet)).0;
    assert!((bytes..bytes + 100).contains(&waiting), "in the queue: {waiting}");
    client.poll().expect(200, &event);
    assert!(look(&server, |packet| client.send(packet)).0 >= bytes, "it may not have come");
    client.begin_poll();
    eventually("the GET is there", || look(&server, |packet| client.send(packet)).0 == 0);
    // The GET that waits goes away, and takes with it what is said at that moment.
    let nth = server.log.count_prefix("unconfirmed ");
    drop(client);
    server.log.wait_for(1, "/ ended: connection lost");
    assert_eq!(server.log.receipt(nth).0, 0);
}

#[test]
fn an_upgrade_confirms_what_the_polls_before_it_brought() {
    let server = TestServer::start(workers(3));
    let mut client = Polling::connected(server.address);
    let (event, bytes) = echo();
    client.send(&event);
    client.poll().expect(200, &event);
    let mut ws = Ws::shake_hands(server.address, &format!("{WEBSOCKET}&sid={}", client.sid));
    ws.send("2probe");
    assert_eq!(ws.text(), "3probe");
    assert!(look(&server, |packet| client.send(packet)).0 >= bytes);
    ws.raw(texts(["5", r#"42["receipt"]"#]));
    server.log.wait_for(2, "event receipt");
    assert_eq!(server.log.receipt(1), (0, 0));
    ws.send(&event);
    assert_eq!(ws.text(), event);
    let after = look(&server, |packet| ws.send(packet)).0;
    assert_eq!(after, bytes);
    let nth = server.log.count_prefix("unconfirmed ");
    drop(ws);
    assert_eq!(server.log.receipt(nth).0, bytes);
}

#[test]
fn what_waits_for_a_slow_consumer_is_unconfirmed() {
    let server = TestServer::start(Config { queue_limit: 64 << 10, ..Config::default() });
    let mut ws = Ws::connected(server.address);
    ws.send(r#"42["flood",2000,50000]"#);
    server.log.wait_for_prefix("/ ended: slow consumer: ");
    let (without, with) = server.log.receipt(0);
    assert!(without >= with && with > 64 << 10, "{without} {with}");
    drop(ws);
}
