//! Messages over WebSocket: text, binary, large ones, many together.

use crate::{
    harness::TestServer,
    ws::{BINARY, TEXT, Ws, frame, texts},
};
use socketio_server::Config;

#[test]
fn a_text_comes_back_in_one_text_frame() {
    let server = TestServer::start(Config::default());
    let mut ws = Ws::connected(server.address);
    ws.send(r#"42["echo","ä € 😀"]"#);
    ws.expect(TEXT, r#"42["echo","ä € 😀"]"#);
}

#[test]
fn attachments_follow_their_event_in_binary_frames() {
    let server = TestServer::start(Config::default());
    let mut ws = Ws::connected(server.address);
    let event = r#"452-["echo",{"_placeholder":true,"num":1},{"_placeholder":true,"num":0}]"#;
    ws.send(event);
    ws.raw(frame(BINARY, [0, 1, 255]));
    ws.raw(frame(BINARY, []));
    ws.expect(TEXT, event);
    ws.expect(BINARY, [0, 1, 255]);
    ws.expect(BINARY, []);
}

/// As from a client with `forceBase64`.
#[test]
fn attachments_may_come_as_base64_in_text_frames() {
    let server = TestServer::start(Config::default());
    let mut ws = Ws::connected(server.address);
    let event = r#"452-["echo",{"_placeholder":true,"num":1},{"_placeholder":true,"num":0}]"#;
    ws.raw(texts([event, "bAAH/", "b"]));
    ws.expect(TEXT, event);
    ws.expect(BINARY, [0, 1, 255]);
    ws.expect(BINARY, []);
    ws.send("b!");
    assert_eq!(ws.close_code(), 1002);
}

#[test]
fn attachments_out_of_turn_break_the_protocol() {
    let server = TestServer::start(Config::default());
    for frames in [
        frame(BINARY, [1]),
        texts([r#"451-["echo",{"_placeholder":true,"num":0}]"#, r#"42["echo",1]"#]),
        texts([r#"45["echo"]"#]),
    ] {
        let mut ws = Ws::connected(server.address);
        ws.raw(frames);
        assert_eq!(ws.close_code(), 1002);
    }
    assert_eq!(server.log.count("event echo"), 0);
}

#[test]
fn many_messages_in_one_segment_with_connect_all_count_in_order() {
    let server = TestServer::start(Config::default());
    let mut ws = Ws::open(server.address);
    let events: Vec<_> = (0..2_000).map(|n| format!("42[\"echo\",{n}]")).collect();
    let mut bytes = frame(TEXT, "40");
    bytes.extend(texts(&events));
    ws.raw(bytes);
    assert!(ws.text().starts_with("40{"));
    for event in events {
        assert_eq!(ws.text(), event);
    }
}

#[test]
fn a_large_message_comes_back_whole() {
    let server = TestServer::start(Config::default());
    let mut ws = Ws::connected(server.address);
    let large = format!("42[\"echo\",\"{}\"]", "ä".repeat(250_000));
    for _ in 0..3 {
        ws.send(&large);
        assert_eq!(ws.text(), large);
        ws.send(r#"42["echo","small"]"#);
        assert_eq!(ws.text(), r#"42["echo","small"]"#);
    }
}

#[test]
fn what_follows_the_handshake_request_in_its_segment_counts() {
    let server = TestServer::start(Config::default());
    let mut http = crate::http::Http::connect(server.address);
    let head = format!("GET {} HTTP/1.1\r\nHost: test\r\n{}\r\n\r\n", crate::ws::WEBSOCKET, {
        crate::ws::UPGRADE.join("\r\n")
    });
    let mut bytes = head.into_bytes();
    bytes.extend(texts(["40", r#"42["echo",1]"#]));
    http.send(bytes);
    assert_eq!(http.response().status, 101);
    let mut ws = Ws(http);
    assert!(ws.text().starts_with("0{"));
    assert!(ws.text().starts_with("40{"));
    assert_eq!(ws.text(), r#"42["echo",1]"#);
}

#[test]
fn more_than_an_inbox_should_hold_passes_through_and_reading_goes_on() {
    let server = TestServer::start(Config { workers: 3, ..Config::default() });
    let address = server.address;
    let clients = [(); 4].map(|()| {
        std::thread::spawn(move || {
            let mut ws = Ws::connected(address);
            for _ in 0..4 {
                ws.send(r#"42["flood",6000,1]"#);
                for _ in 0..6000 {
                    assert_eq!(ws.text(), r#"42["drop","x"]"#);
                }
                ws.settle();
            }
        })
    });
    for client in clients {
        client.join().unwrap();
    }
}
