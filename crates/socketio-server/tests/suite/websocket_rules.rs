//! RFC 6455: what a client may send, and how a connection ends that breaks a rule.

use crate::{
    harness::TestServer,
    ws::{BINARY, CLOSE, PING, PONG, TEXT, WEBSOCKET, Ws, frame, texts},
};
use socketio_server::Config;

/// Sends these bytes on a new connection, and says what the server closes with.
#[track_caller]
fn closes_with(server: &TestServer, bytes: &[u8]) -> u16 {
    let mut ws = Ws::connected(server.address);
    ws.raw(bytes);
    ws.close_code()
}

fn start() -> TestServer {
    TestServer::start(Config { max_payload: 100_000, ..Config::default() })
}

#[test]
fn compression_is_not_agreed_upon() {
    let server = start();
    let offer = ["Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits"];
    let (_, response) = Ws::handshake(server.address, WEBSOCKET, &offer);
    assert_eq!(response.status, 101);
    assert_eq!(response.header("sec-websocket-extensions"), None);
    assert_eq!(response.header("sec-websocket-accept"), Some("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
    assert_eq!(response.header("upgrade").map(str::to_ascii_lowercase).as_deref(), Some("websocket"));
}

#[test]
fn a_handshake_of_another_version_or_without_a_key_is_refused() {
    let server = start();
    let mut http = crate::http::Http::connect(server.address);
    let mut headers = crate::ws::UPGRADE;
    headers[2] = "Sec-WebSocket-Version: 14";
    assert_eq!(http.request("GET", WEBSOCKET, &headers).status, 400);
    assert_eq!(http.request("GET", WEBSOCKET, &crate::ws::UPGRADE[..3]).status, 400);
}

#[test]
fn a_ping_is_answered_with_its_payload_also_within_a_fragmented_message() {
    let server = start();
    let mut ws = Ws::connected(server.address);
    ws.raw(frame(PING, "are you there"));
    ws.expect(PONG, "are you there");
    ws.raw(frame(PONG, "unasked"));
    ws.raw(frame(0x01, r#"42["ec"#));
    ws.raw(frame(PING, "within"));
    ws.expect(PONG, "within");
    ws.raw(frame(0x00, r#"ho","#));
    ws.raw(frame(0x00, ""));
    ws.raw(frame(0x80, "1]"));
    ws.expect(TEXT, r#"42["echo",1]"#);
}

#[test]
fn a_character_may_be_split_between_fragments() {
    let server = start();
    let mut ws = Ws::connected(server.address);
    let event = r#"42["echo","😀"]"#.as_bytes();
    ws.raw(frame(0x01, &event[..12]));
    ws.raw(frame(0x80, &event[12..]));
    ws.expect(TEXT, event);
}

#[test]
fn frames_may_come_byte_by_byte() {
    let server = start();
    let mut ws = Ws::connected(server.address);
    let long = format!("42[\"echo\",\"{}\"]", "x".repeat(300));
    let mut bytes = texts([r#"42["echo",1]"#, &long]);
    bytes.extend(frame(0x01, r#"451-["echo",{"_placeholder":"#));
    bytes.extend(frame(0x80, r#"true,"num":0}]"#));
    bytes.extend(frame(BINARY, [1, 2]));
    for byte in bytes {
        ws.raw([byte]);
    }
    ws.expect(TEXT, r#"42["echo",1]"#);
    ws.expect(TEXT, &long);
    ws.expect(TEXT, r#"451-["echo",{"_placeholder":true,"num":0}]"#);
    ws.expect(BINARY, [1, 2]);
}

#[test]
fn a_segment_may_end_anywhere() {
    let server = start();
    let mut ws = Ws::connected(server.address);
    let events: Vec<_> = (0..60).map(|n| format!("42[\"echo\",{n},\"{}\"]", "x".repeat(n * 7))).collect();
    for (n, piece) in texts(&events).chunks(61).enumerate() {
        ws.raw(piece);
        if n % 7 == 0 {
            std::thread::yield_now();
        }
    }
    for event in events {
        assert_eq!(ws.text(), event);
    }
}

#[test]
fn frames_that_break_a_rule_close_with_1002() {
    let server = start();
    let mut unmasked = vec![TEXT, 2];
    unmasked.extend(b"42");
    for (rule, bytes) in [
        ("no mask", unmasked),
        ("reserved bit 1", frame(TEXT | 0x40, "42")),
        ("reserved bit 2", frame(TEXT | 0x20, "42")),
        ("reserved bit 3", frame(TEXT | 0x10, "42")),
        ("opcode 3", frame(0x83, "42")),
        ("opcode 11", frame(0x8b, "42")),
        ("a continuation of nothing", frame(0x80, "42")),
        ("a new message within a message", [frame(0x01, "4"), frame(TEXT, "42")].concat()),
        ("a fragmented ping", frame(0x09, "x")),
        ("a control frame of 126 bytes", frame(PING, "x".repeat(126))),
        ("half a close code", frame(CLOSE, [3])),
        ("an empty packet", frame(TEXT, "")),
        ("an unknown packet", frame(TEXT, "9")),
        ("base64 in a text", frame(TEXT, "bAAEC")),
        ("a handshake from the client", frame(TEXT, "0{}")),
        ("an upgrade without a probe", frame(TEXT, "5")),
    ] {
        assert_eq!(closes_with(&server, &bytes), 1002, "{rule}");
    }
    server.log.wait_for_prefix("closed: protocol error");
}

#[test]
fn a_text_that_is_not_utf_8_closes_with_1007() {
    let server = start();
    assert_eq!(closes_with(&server, &frame(TEXT, b"42[\"\xff\"]")), 1007);
    assert_eq!(closes_with(&server, &[frame(0x01, b"42[\"\xe2"), frame(0x80, b"\"]")].concat()), 1007);
    assert_eq!(closes_with(&server, &frame(TEXT, b"4\xed\xa0\x80")), 1007, "a surrogate");
    server.log.wait_for(3, "closed: text that is not UTF-8");
}

#[test]
fn a_message_over_the_limit_closes_with_1009() {
    let server = start();
    assert_eq!(closes_with(&server, &frame(TEXT, "4".repeat(100_001))), 1009);
    assert_eq!(closes_with(&server, &frame(BINARY, vec![0; 100_001])), 1009);
    // A header alone, which announces too much.
    assert_eq!(closes_with(&server, &frame(TEXT, "4".repeat(100_001))[..14]), 1009);
    let huge = [&[TEXT, 0xff], &u64::MAX.to_be_bytes()[..], &[0; 4]].concat();
    assert!([1002, 1009].contains(&closes_with(&server, &huge)), "more than there can be");
    // In fragments, each of which would do.
    let fragments = [frame(0x01, "4".repeat(60_000)), frame(0x00, "4".repeat(60_000))].concat();
    assert_eq!(closes_with(&server, &fragments), 1009);
    // An event with attachments that fit one by one.
    let event = r#"452-["echo",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]"#;
    let attachments = frame(BINARY, vec![0; 60_000]).repeat(2);
    assert_eq!(closes_with(&server, &[frame(TEXT, event), attachments].concat()), 1009);
    server.log.wait_for(6, "closed: message larger than the payload limit");
}

#[test]
fn a_message_at_the_limit_is_taken() {
    let server = start();
    let mut ws = Ws::connected(server.address);
    let event = format!("42[\"echo\",\"{}\"]", "x".repeat(100_000 - r#"42["echo",""]"#.len()));
    ws.send(&event);
    ws.expect(TEXT, &event);
}

#[test]
fn a_close_is_answered_with_a_close() {
    let server = start();
    for payload in [&b""[..], &[3, 232], &[3, 233, b'b', b'y', b'e']] {
        let mut ws = Ws::connected(server.address);
        ws.raw([frame(TEXT, r#"42["last"]"#), frame(CLOSE, payload), frame(TEXT, r#"42["late"]"#)].concat());
        assert!([1000, 1001].contains(&ws.close_code()));
    }
    server.log.wait_for(3, "/ ended: closed by the client");
    assert_eq!((server.log.count("event last"), server.log.count("event late")), (3, 0));
}

#[test]
fn an_engine_io_close_ends_the_connection() {
    let server = start();
    let mut ws = Ws::connected(server.address);
    ws.send("1");
    assert_eq!(ws.close_code(), 1000);
    server.log.wait_for(1, "/ ended: closed by the client");
}
