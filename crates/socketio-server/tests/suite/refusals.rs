//! What a request gets that Engine.IO does not allow: status, code and message of the reference server.

use crate::{
    harness::{TestServer, rate, workers},
    http::{Http, POLLING, Polling},
    ws::{WEBSOCKET, Ws},
};
use socketio_server::Config;

const UNKNOWN_TRANSPORT: &str = r#"{"code":0,"message":"Transport unknown"}"#;
pub(crate) const UNKNOWN_SID: &str = r#"{"code":1,"message":"Session ID unknown"}"#;
const BAD_METHOD: &str = r#"{"code":2,"message":"Bad handshake method"}"#;
pub(crate) const BAD_REQUEST: &str = r#"{"code":3,"message":"Bad request"}"#;
const UNSUPPORTED_VERSION: &str = r#"{"code":5,"message":"Unsupported protocol version"}"#;

#[test]
fn a_wrong_handshake_gets_its_code() {
    let server = TestServer::start(Config::default());
    let mut http = Http::connect(server.address);
    for (method, query, body) in [
        ("GET", "", UNKNOWN_TRANSPORT),
        ("GET", "?EIO=4", UNKNOWN_TRANSPORT),
        ("GET", "?EIO=4&transport=abc", UNKNOWN_TRANSPORT),
        ("POST", "?EIO=4&transport=abc", UNKNOWN_TRANSPORT),
        ("GET", "?transport=polling", UNSUPPORTED_VERSION),
        ("GET", "?EIO=3&transport=polling", UNSUPPORTED_VERSION),
        ("GET", "?EIO=abc&transport=polling", UNSUPPORTED_VERSION),
        ("GET", "?EIO=3&transport=websocket", UNSUPPORTED_VERSION),
        ("POST", "?EIO=4&transport=polling", BAD_METHOD),
        ("PUT", "?EIO=4&transport=polling", BAD_METHOD),
        ("GET", "?EIO=4&transport=websocket", BAD_REQUEST),
        ("GET", "?EIO=4&transport=polling&sid=abc", UNKNOWN_SID),
        ("GET", "?EIO=4&transport=polling&sid=AAAAAAAAAAAAAAAAAAAAAAAA", UNKNOWN_SID),
        ("GET", "?EIO=4&transport=polling&sid=__________________________", UNKNOWN_SID),
        ("POST", "?EIO=4&transport=polling&sid=________________________", UNKNOWN_SID),
        ("POST", "?EIO=4&transport=polling&sid=AAAAAAAAAAAAAAAAAAAAAAAA", UNKNOWN_SID),
    ] {
        let response = http.request(method, &format!("/socket.io/{query}"), &[]);
        response.expect(400, body);
        assert_eq!(response.header("content-type"), Some("application/json"), "{method} {query}");
    }
}

#[test]
fn a_websocket_handshake_with_an_unknown_session_or_version_is_no_websocket() {
    let server = TestServer::start(Config::default());
    for (query, body) in [
        ("?EIO=4&transport=websocket&sid=AAAAAAAAAAAAAAAAAAAAAAAA", UNKNOWN_SID),
        ("?EIO=3&transport=websocket", UNSUPPORTED_VERSION),
        ("?EIO=4&transport=polling", BAD_REQUEST),
    ] {
        let (_, response) = Ws::handshake(server.address, &format!("/socket.io/{query}"), &[]);
        response.expect(400, body);
    }
}

#[test]
fn other_paths_go_to_the_application() {
    let server = TestServer::start(Config::default());
    let mut http = Http::connect(server.address);
    http.request("GET", "/socket.io/x?EIO=4&transport=polling", &[]).expect(404, "nothing here");
    http.request("GET", "/socket.iox?EIO=4&transport=polling", &[]).expect(404, "nothing here");
    http.post("/echo", "back").expect(200, "back");
}

#[test]
fn the_slash_at_the_end_may_be_missing() {
    let server = TestServer::start(Config::default());
    let mut http = Http::connect(server.address);
    assert!(http.request("GET", "/socket.io?EIO=4&transport=polling", &[]).text().starts_with("0{"));
    Ws::shake_hands(server.address, "/socket.io?EIO=4&transport=websocket");
}

#[test]
fn a_session_knows_get_and_post_only() {
    let server = TestServer::start(Config::default());
    let mut client = Polling::connected(server.address);
    for method in ["PUT", "DELETE", "PATCH"] {
        client.post.request(method, &client.target, &[]).expect(400, BAD_REQUEST);
    }
    client.send(r#"42["echo",1]"#);
    assert_eq!(client.next(), r#"42["echo",1]"#, "the session is unhurt");
}

#[test]
fn a_second_get_ends_the_session_and_the_first_hears_of_it() {
    let server = TestServer::start(workers(3));
    let mut client = Polling::connected(server.address);
    client.begin_poll();
    client.post.send_request("GET", &client.target, &[], b"");
    // Whichever of the two was the second.
    let (one, two) = (client.get.response(), client.post.response());
    let (first, second) = if one.status == 200 { (one, two) } else { (two, one) };
    first.expect(200, "1");
    second.expect(400, BAD_REQUEST);
    server.log.wait_for(1, "/ ended: a second poll while one was waiting");
    client.poll().expect(400, UNKNOWN_SID);
    client.post.post(&client.target, r#"42["nothing"]"#).expect(400, UNKNOWN_SID);
}

#[test]
fn a_second_post_ends_the_session() {
    let server = TestServer::start(Config { event_rate: rate(4, 1), ..Config::default() });
    let mut client = Polling::open(server.address);
    // Given a POST that is held back in its middle by the rate.
    let slow = "40\u{1e}42[\"a\"]\u{1e}42[\"b\"]\u{1e}42[\"c\"]";
    client.post.send_request("POST", &client.target, &[], slow.as_bytes());
    server.log.wait_for(1, "event a");
    let second = client.get.post(&client.target, r#"42["d"]"#);
    assert_eq!(second.status, 400, "{second:?}");
    server.log.wait_for_prefix("/ ended: protocol error");
    client.post.response();
    client.poll().expect(400, UNKNOWN_SID);
    assert_eq!(server.log.count("event d"), 0);
}

#[test]
fn a_session_on_websocket_is_not_polled_nor_upgraded() {
    let server = TestServer::start(Config::default());
    let mut ws = Ws::shake_hands(server.address, WEBSOCKET);
    let handshake = ws.text();
    let sid = &handshake[9..33];
    let mut http = Http::connect(server.address);
    http.request("GET", &format!("{POLLING}&sid={sid}"), &[]).expect(400, BAD_REQUEST);
    http.post(&format!("{POLLING}&sid={sid}"), "40").expect(400, BAD_REQUEST);
    let mut second = Ws::shake_hands(server.address, &format!("{WEBSOCKET}&sid={sid}"));
    assert_eq!(second.close_code(), 1000);
    ws.send("40");
    assert!(ws.text().starts_with("40{"), "the session is unhurt");
}
