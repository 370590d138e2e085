//! Acknowledgements in both directions.

use crate::{
    harness::TestServer,
    http::Polling,
    ws::{BINARY, TEXT, Ws, frame},
};
use socketio_server::Config;

#[test]
fn an_event_with_an_id_is_acknowledged_under_it() {
    let server = TestServer::start(Config::default());
    let mut ws = Ws::connected(server.address);
    ws.send(r#"427["any","a",1]"#);
    assert_eq!(ws.text(), r#"437["a",1]"#);
    ws.send(r#"42["any"]"#);
    ws.send(r#"420["any"]"#);
    assert_eq!(ws.text(), "430[]", "the event without an id got nothing");
    ws.send(r#"451-8["any",{"_placeholder":true,"num":0}]"#);
    ws.raw(frame(BINARY, [9]));
    ws.expect(TEXT, r#"461-8[{"_placeholder":true,"num":0}]"#);
    ws.expect(BINARY, [9]);
}

#[test]
fn the_client_acknowledges_what_the_server_asks() {
    let server = TestServer::start(Config::default());
    let mut ws = Ws::connected(server.address);
    ws.send(r#"42["ask",3]"#);
    for id in 0..3 {
        assert_eq!(ws.text(), format!("42{id}[\"question\",\"?\"]"));
    }
    // When they are answered in any order, one of them twice, and one that nobody asked.
    ws.send(r#"432["two",2]"#);
    ws.send(r#"432["again"]"#);
    ws.send(r#"4377["unasked"]"#);
    ws.send("430[]");
    ws.send(r#"461-1[{"_placeholder":true,"num":0}]"#);
    ws.raw(frame(BINARY, [1, 2, 3]));
    ws.settle();
    for line in [
        r#"answer "two",2 and 0 bytes"#,
        "answer  and 0 bytes",
        r#"answer {"_placeholder":true,"num":0} and 3 bytes"#,
    ] {
        assert_eq!(server.log.count(line), 1, "{line}");
    }
    assert_eq!(server.log.count(r#"answer "again" and 0 bytes"#), 0);
}

#[test]
fn questions_that_nobody_will_answer_any_more_are_given_up() {
    let server = TestServer::start(Config::default());
    let mut left = Ws::connected(server.address);
    left.send(r#"42["ask",1]"#);
    left.text();
    left.send("41");
    server.log.wait_for(1, "no answer: Disconnected");
    let mut gone = Polling::connected(server.address);
    gone.send(r#"42["ask",1]"#);
    gone.next();
    gone.send("1");
    server.log.wait_for(2, "no answer: Disconnected");
}

#[test]
fn a_socket_may_owe_so_many_answers_and_no_more() {
    let server = TestServer::start(Config::default());
    let mut ws = Ws::connected(server.address);
    ws.send(r#"42["ask",1001]"#);
    server.log.wait_for(1, "no answer: TooMany");
    for _ in 0..1000 {
        assert!(ws.text().contains("question"));
    }
    ws.send(r#"430["yes"]"#);
    ws.send(r#"42["ask",1]"#);
    assert_eq!(ws.text(), r#"421000["question","?"]"#);
    drop(ws);
    server.log.wait_for(1000, "no answer: Disconnected");
}
