//! Acknowledgements: the client's events are answered, and it answers none of ours.

use crate::{
    harness::TestServer,
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
fn an_acknowledgement_that_nobody_asked_for_is_ignored() {
    let server = TestServer::start(Config::default());
    let mut ws = Ws::connected(server.address);
    ws.send(r#"4377["unasked"]"#);
    ws.send(r#"461-1[{"_placeholder":true,"num":0}]"#);
    ws.raw(frame(BINARY, [1, 2, 3]));
    ws.settle();
}
