//! What another thread makes ready: the answer to a CONNECT that waits for it, and the calls of a connected socket.

use crate::{
    harness::{TestServer, workers},
    ws::Ws,
};
use socketio_server::{Answer, Arguments, Config, Refused, SocketIds, encode};
use std::time::Duration;

fn granted(sid: &str, pid: Option<&str>) -> Answer {
    Answer::Connected(SocketIds { sid: Some(sid.to_owned()), pid: pid.map(ToOwned::to_owned) })
}

#[test]
fn an_answer_that_waits_comes_behind_what_was_sent_before_the_wake_and_before_what_is_sent_after() {
    let server = TestServer::start(workers(2));
    let mut ws = Ws::open(server.address);
    ws.send("40/later,");
    let waiting = server.log.waiting();
    waiting.send("missed");
    waiting.decide(granted("old", Some("p")));
    waiting.wake();
    waiting.send("live");
    for text in [
        r#"42/later,["missed"]"#,
        r#"40/later,{"sid":"old","pid":"p"}"#,
        r#"42/later,["connected"]"#,
        r#"42/later,["live"]"#,
    ] {
        assert_eq!(ws.text(), text);
    }
    ws.send(r#"42/later,["echo",1]"#);
    assert_eq!(ws.text(), r#"42/later,["echo",1]"#);
}

#[test]
fn an_answer_that_waits_may_be_a_refusal_and_then_the_client_may_ask_again() {
    let server = TestServer::start(Config::default());
    let mut ws = Ws::connected(server.address);
    ws.send("40/later,");
    let waiting = server.log.waiting();
    waiting.wake();
    server.log.wait_for(1, "asked");
    waiting.decide(Answer::Refused(Refused { message: "no".to_owned(), data: None }));
    waiting.wake();
    assert_eq!(ws.text(), r#"44/later,{"message":"no"}"#);
    ws.send("40/later,");
    let waiting = server.log.waiting();
    waiting.decide(granted("a", None));
    waiting.wake();
    assert_eq!(ws.text(), r#"40/later,{"sid":"a"}"#);
    assert_eq!(server.log.count_prefix("/later ended"), 0, "a refused socket was none");
}

#[test]
fn given_a_connect_that_waits_when_the_client_sends_to_the_namespace_then_it_breaks_the_protocol() {
    let server = TestServer::start(Config::default());
    let not_yet = "not connected yet";
    for (packet, count, rule) in [
        ("40/later,", 1, "connected already"),
        (r#"42/later,["echo"]"#, 1, not_yet),
        ("43/later,1[]", 2, not_yet),
    ] {
        let mut ws = Ws::open(server.address);
        ws.send("40/later,");
        let waiting = server.log.waiting();
        ws.send(packet);
        assert_eq!(ws.close_code(), 1002, "{packet}");
        server.log.wait_for(count, &format!("/later ended: protocol error: the namespace is {rule}"));
        waiting.wake();
    }
    assert_eq!(server.log.count("event echo"), 0);
}

#[test]
fn given_a_connect_that_waits_when_the_client_leaves_the_namespace_then_no_answer_comes() {
    let server = TestServer::start(Config::default());
    let mut ws = Ws::open(server.address);
    ws.send("40/later,");
    let first = server.log.waiting();
    ws.send("41/later,");
    server.log.wait_for(1, "/later ended: left the namespace");
    first.decide(granted("first", None));
    first.wake();
    ws.send("40/later,");
    let second = server.log.waiting();
    first.wake();
    second.decide(granted("second", None));
    second.wake();
    assert_eq!(ws.text(), r#"40/later,{"sid":"second"}"#);
}

#[test]
fn given_a_connect_that_waits_when_the_connection_ends_then_the_socket_ends_too() {
    let server = TestServer::start(Config::default());
    let mut ws = Ws::open(server.address);
    ws.send("40/later,");
    let waiting = server.log.waiting();
    drop(ws);
    server.log.wait_for(1, "/later ended: connection lost");
    waiting.decide(granted("a", None));
    waiting.wake();
    waiting.send("late");
    Ws::connected(server.address).settle();
    assert_eq!(server.log.count("asked"), 0);
}

#[test]
fn a_connect_that_waits_counts_as_one_in_time() {
    let config = Config { connect_timeout: Duration::from_millis(100), ..Config::default() };
    let server = TestServer::start(config);
    let mut ws = Ws::open(server.address);
    ws.send("40/later,");
    let waiting = server.log.waiting();
    let mut idle = Ws::open(server.address);
    assert_eq!(idle.close_code(), 1000);
    waiting.decide(granted("a", None));
    waiting.wake();
    assert_eq!(ws.text(), r#"40/later,{"sid":"a"}"#);
}

#[test]
fn a_connected_socket_is_called_where_the_wake_stands_among_what_was_sent() {
    let server = TestServer::start(workers(2));
    let mut ws = Ws::open(server.address);
    ws.send("40/later,");
    let waiting = server.log.waiting();
    waiting.decide(granted("a", None));
    waiting.wake();
    for _ in 0..100 {
        waiting.send("before");
        waiting.wake();
        waiting.send("after");
    }
    assert_eq!(ws.text(), r#"40/later,{"sid":"a"}"#);
    assert_eq!(ws.text(), r#"42/later,["connected"]"#);
    for name in ["before", "woken", "after"].iter().cycle().take(300) {
        assert_eq!(ws.text(), format!("42/later,[\"{name}\"]"));
    }
}

#[test]
fn whoever_waits_until_it_is_taken_may_send_one_connection_more_than_its_queue_holds() {
    let server = TestServer::start(Config { queue_limit: 64 << 10, ..Config::default() });
    let mut ws = Ws::open(server.address);
    ws.send("40/later,");
    let waiting = server.log.waiting();
    let page = encode::event("/later", None, "page", &Arguments::new().json(&"x".repeat(60_000)).unwrap());
    let (text, sender) = (page.text[1..].to_owned(), waiting.clone());
    let sender = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            for _ in 0..200 {
                sender.publish(page.clone());
                assert!(sender.drained().await);
            }
        });
        runtime
    });
    for _ in 0..200 {
        assert_eq!(ws.text(), format!("4{text}"));
    }
    let runtime = sender.join().unwrap();
    drop(ws);
    server.log.wait_for(1, "/later ended: connection lost");
    assert!(!runtime.block_on(waiting.drained()), "nobody takes it any more");
}
