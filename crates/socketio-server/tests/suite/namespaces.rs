//! Namespaces: connecting, refusing, leaving; events on one that is not connected.

use crate::{harness::TestServer, ws::Ws};
use socketio_server::Config;

#[test]
fn each_namespace_is_connected_on_its_own_with_an_id_of_its_own() {
    let server = TestServer::start(Config::default());
    let mut ws = Ws::open(server.address);
    ws.send("40");
    let main = ws.text();
    ws.send("40/custom,");
    let custom = ws.text();
    let sid = |text: &str, prefix: &str| {
        let json: serde_json::Value = serde_json::from_str(text.strip_prefix(prefix).unwrap()).unwrap();
        json["sid"].as_str().unwrap().to_owned()
    };
    assert_ne!(sid(&main, "40"), sid(&custom, "40/custom,"));
    ws.send(r#"42/custom,["echo",1]"#);
    assert_eq!(ws.text(), r#"42/custom,["echo",1]"#);
    ws.send(r#"42["echo",2]"#);
    assert_eq!(ws.text(), r#"42["echo",2]"#);
}

#[test]
fn an_unknown_or_refused_namespace_gets_a_connect_error_and_the_connection_stays() {
    let server = TestServer::start(Config::default());
    let mut ws = Ws::open(server.address);
    ws.send("40/unknown,");
    assert_eq!(ws.text(), r#"44/unknown,{"message":"Invalid namespace"}"#);
    ws.send(r#"40{"token":1}"#);
    assert_eq!(ws.text(), r#"44{"message":"no credentials are wanted","data":{"token":1}}"#);
    ws.send("40");
    assert!(ws.text().starts_with("40{"));
}

#[test]
fn leaving_one_namespace_leaves_the_others() {
    let server = TestServer::start(Config::default());
    let mut ws = Ws::connected(server.address);
    ws.send("40/custom,");
    assert!(ws.text().starts_with("40/custom,{"));
    ws.send("41/custom,");
    ws.send(r#"42["echo",1]"#);
    assert_eq!(ws.text(), r#"42["echo",1]"#);
    server.log.wait_for(1, "/custom ended: left the namespace");
    assert_eq!(server.log.count("/ ended: left the namespace"), 0);
    ws.send("40/custom,");
    assert!(ws.text().starts_with("40/custom,{"), "it may come back");
}

#[test]
fn the_end_of_a_connection_ends_all_its_namespaces() {
    let server = TestServer::start(Config::default());
    let mut ws = Ws::connected(server.address);
    ws.send("40/custom,");
    ws.text();
    drop(ws);
    server.log.wait_for(1, "closed: connection lost");
    assert_eq!(server.log.count("/ ended: connection lost"), 1);
    assert_eq!(server.log.count("/custom ended: connection lost"), 1);
}

#[test]
fn packets_on_a_namespace_that_is_not_connected_break_the_protocol() {
    let server = TestServer::start(Config::default());
    for packet in [r#"42/custom,["echo"]"#, "43/custom,1[]", "41/custom,", "40", "44{}", "42[]", "4", "47"] {
        let mut ws = Ws::connected(server.address);
        ws.send(packet);
        assert_eq!(ws.close_code(), 1002, "{packet}");
    }
    let mut early = Ws::open(server.address);
    early.send(r#"42["echo"]"#);
    assert_eq!(early.close_code(), 1002);
    assert_eq!(server.log.count("event echo"), 0);
}
