//! The handshake, and messages over long-polling.

use crate::{
    harness::{TestServer, workers},
    http::{Http, POLLING, Polling},
    refusals::{BAD_REQUEST, UNKNOWN_SID},
    ws::{WEBSOCKET, Ws},
};
use serde_json::{Value, json};
use socketio_server::Config;

fn check_handshake(packet: &str, upgrades: &Value) {
    let mut handshake: Value = serde_json::from_str(packet.strip_prefix('0').unwrap()).unwrap();
    let sid = handshake["sid"].take();
    assert!(sid.as_str().is_some_and(|sid| sid.len() >= 20), "{packet}");
    let wanted = json!({
        "sid": null, "upgrades": upgrades, "pingInterval": 25_000, "pingTimeout": 20_000, "maxPayload": 1_000_000
    });
    assert_eq!(handshake, wanted);
}

#[test]
fn a_handshake_tells_the_session_and_the_figures() {
    let server = TestServer::start(Config::default());
    let mut http = Http::connect(server.address);
    let response = http.request("GET", POLLING, &[]);
    assert_eq!(response.status, 200);
    assert_eq!(response.header("content-type"), Some("text/plain; charset=UTF-8"));
    assert_eq!(response.header("cache-control"), Some("no-store"));
    check_handshake(response.text(), &json!(["websocket"]));
    check_handshake(&Ws::shake_hands(server.address, WEBSOCKET).text(), &json!([]));
    server.log.wait_for(2, "open from 127.0.0.1");
}

#[test]
fn session_ids_differ() {
    let server = TestServer::start(workers(2));
    let mut sids: Vec<_> = (0..20).map(|_| Polling::open(server.address).sid).collect();
    sids.sort();
    sids.dedup();
    assert_eq!(sids.len(), 20);
}

/// Polls with this `t`, and expects `wanted`.
fn poll_as(client: &mut Polling, t: &str, wanted: &str) {
    let target = format!("{}&t={t}", client.target);
    client.get.request("GET", &target, &[]).expect(200, wanted);
}

#[test]
fn a_get_that_is_repeated_ends_the_session_since_its_answer_is_lost() {
    let server = TestServer::start(workers(2));
    let mut client = Polling::connected(server.address);
    for t in ["P1", "P2"] {
        client.send(format!(r#"42["echo","{t}"]"#));
        poll_as(&mut client, t, &format!(r#"42["echo","{t}"]"#));
    }
    client.send(r#"42["echo","not lost in silence"]"#);
    let target = format!("{}&t=P2", client.target);
    client.get.request("GET", &target, &[]).expect(400, UNKNOWN_SID);
    server.log.wait_for_prefix("/ ended: connection lost");
}

#[test]
fn a_client_whose_gets_are_alike_by_its_clock_or_always_is_served() {
    let server = TestServer::start(workers(2));
    for times in [["1764426000", "1764426001", "1764426001", "1764426001"], ["x", "x", "x", "x"]] {
        let mut client = Polling::connected(server.address);
        for t in times {
            client.send(format!(r#"42["echo","{t}"]"#));
            poll_as(&mut client, t, &format!(r#"42["echo","{t}"]"#));
        }
    }
}

#[test]
fn several_packets_in_one_payload_keep_their_order_in_both_directions() {
    let server = TestServer::start(workers(2));
    let mut client = Polling::open(server.address);
    let events: Vec<_> = (0..500).map(|n| format!("42[\"echo\",{n}]")).collect();
    client.send(format!("40\u{1e}{}", events.join("\u{1e}")));
    assert!(client.next().starts_with("40{"));
    for event in events {
        assert_eq!(client.next(), event);
    }
}

#[test]
fn text_of_every_kind_comes_back_as_it_was() {
    let server = TestServer::start(Config::default());
    let mut client = Polling::connected(server.address);
    for event in [r#"42["echo","ä € 😀 \u001e \n"]"#, r#"42["echo",null,{"a":[1.50,true]},""]"#] {
        client.send(event);
        assert_eq!(client.next(), event);
    }
}

#[test]
fn binary_comes_and_goes_as_base64() {
    let server = TestServer::start(Config::default());
    let mut client = Polling::connected(server.address);
    let event = r#"452-["echo",{"_placeholder":true,"num":0},"x",{"_placeholder":true,"num":1}]"#;
    client.send(format!("{event}\u{1e}bAAECAwQ=\u{1e}b/w"));
    assert_eq!(client.next(), event);
    assert_eq!(client.next(), "bAAECAwQ=");
    assert_eq!(client.next(), "b/w==");
}

#[test]
fn attachments_may_come_with_the_next_post() {
    let server = TestServer::start(Config::default());
    let mut client = Polling::connected(server.address);
    client.send(r#"451-["echo",{"_placeholder":true,"num":0}]"#);
    client.send("bAAEC");
    assert_eq!(client.next(), r#"451-["echo",{"_placeholder":true,"num":0}]"#);
    assert_eq!(client.next(), "bAAEC");
}

#[test]
fn a_get_waits_until_there_is_something() {
    let server = TestServer::start(workers(3));
    let mut client = Polling::connected(server.address);
    for n in 0..20 {
        client.begin_poll();
        client.send(format!("42[\"echo\",{n}]"));
        client.get.response().expect(200, &format!("42[\"echo\",{n}]"));
    }
}

#[test]
fn a_malformed_payload_ends_the_session() {
    let server = TestServer::start(Config::default());
    for payload in [&b""[..], b"x", b"abc\x1e", b"4\xff", b"b!", b"40\x1e", b"2", b"5", b"0{}"] {
        let mut client = Polling::connected(server.address);
        client.post.post(&client.target, payload).expect(400, BAD_REQUEST);
        assert_eq!(client.poll().status, 400, "{payload:?}");
    }
    server.log.wait_for_prefix("closed: text that is not UTF-8");
}

#[test]
fn what_comes_before_a_malformed_packet_counts() {
    let server = TestServer::start(Config::default());
    let mut client = Polling::connected(server.address);
    client.post.post(&client.target, "42[\"before\"]\u{1e}x\u{1e}42[\"after\"]").expect(400, BAD_REQUEST);
    server.log.wait_for_prefix("/ ended: protocol error");
    assert_eq!((server.log.count("event before"), server.log.count("event after")), (1, 0));
}

#[test]
fn a_client_that_closes_gets_its_waiting_get_back() {
    // One shard, which reads the requests in the order sent.
    let server = TestServer::start(Config::default());
    let mut client = Polling::connected(server.address);
    client.begin_poll();
    client.send(r#"42["nothing"]"#);
    client.send("1");
    client.get.response().expect(200, "6");
    server.log.wait_for(1, "/ ended: closed by the client");
    assert_eq!(client.poll().status, 400);
}

#[test]
fn a_get_whose_client_went_away_ends_the_session() {
    let server = TestServer::start(workers(3));
    for _ in 0..6 {
        let mut client = Polling::connected(server.address);
        client.begin_poll();
        // Given that the GET waits: the POST before the next one has been answered.
        client.send(r#"42["nothing"]"#);
        let Polling { get, mut post, target, .. } = client;
        drop(get);
        crate::harness::eventually("the session ends", || post.post(&target, "42[\"x\"]").status == 400);
    }
    server.log.wait_for(6, "closed: connection lost");
}

#[test]
fn what_was_written_before_the_close_by_the_server_is_still_read() {
    let server = TestServer::start(Config::default());
    let mut client = Polling::connected(server.address);
    client.send("42[\"echo\",1]\u{1e}42[\"close\"]");
    assert_eq!(client.next(), r#"42["echo",1]"#);
    assert_eq!(client.next(), "1");
    assert_eq!(client.poll().status, 400);
}

#[test]
fn no_payload_has_more_packets_than_the_python_client_takes() {
    let server = TestServer::start(Config::default());
    let mut client = Polling::connected(server.address);
    client.send(r#"42["flood",100,1]"#);
    let mut left = 100;
    while left > 0 {
        let response = client.poll();
        let packets = response.text().split('\u{1e}').count();
        assert!(packets <= 16, "{packets}");
        assert!(response.text().split('\u{1e}').all(|packet| packet == r#"42["drop","x"]"#));
        left -= packets;
    }
}
