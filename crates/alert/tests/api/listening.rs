//! `GET .../events`: a listener is nobody in the room, is kept alive, and is held to the limits of a client.

use std::io::{BufRead, BufReader, Write};
use std::net::{Shutdown, TcpStream};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::http::Listening;
use crate::server::{DEADLINE, NO_RATES, Server};

#[test]
fn given_a_listener_then_it_hears_who_comes_and_goes_and_nobody_hears_of_it() {
    let server = Server::start(&["--leave-grace", "0"]);
    let mut ada = server.join("D5DB", "Ada");
    let mut sse = server.listen("D5DB", "*/*");
    let ndjson = server.listen("D5DB", "application/x-ndjson");
    let seen = server.get("/v1/rooms/D5DB").json();
    assert_eq!(seen, serde_json::json!({ "room": "D5DB", "members": ["Ada"], "count": 1 }));
    let bea = server.join("D5DB", "Bea");
    drop(ndjson);
    drop(bea);
    let status = |text: &str| ("status".to_owned(), text.to_owned());
    for expected in [status("Bea has entered the room."), status("Bea has left the room.")] {
        assert_eq!(ada.hears(), expected, "and nothing of the listeners");
        assert_eq!(sse.event(), Some(expected));
    }
}

#[test]
fn given_a_listener_then_its_head_says_what_comes_and_that_nobody_keeps_it() {
    let server = Server::start(&["--allow-origin", "https://friend.example"]);
    let sse = server.listen("D5DB", "text/event-stream");
    assert_eq!(sse.header("content-type"), "text/event-stream; charset=utf-8");
    let ndjson = server.listen("D5DB", "application/x-ndjson");
    assert_eq!(ndjson.header("content-type"), "application/x-ndjson; charset=utf-8");
    for listener in [sse, ndjson] {
        assert_eq!(listener.header("cache-control"), "no-store");
        assert_eq!(listener.header("x-accel-buffering"), "no");
        assert_eq!(listener.header("connection"), "close");
        assert_eq!(listener.header("x-content-type-options"), "nosniff");
        assert_eq!(listener.header("transfer-encoding"), "chunked");
        assert!(!listener.head.contains("content-length"));
    }
    let head = server.ask("HEAD", "/v1/rooms/D5DB/events", &[("origin", "https://friend.example")], b"");
    assert_eq!((head.status, head.body.as_str(), head.header("content-length")), (200, "", ""));
    assert_eq!(head.header("access-control-allow-origin"), "https://friend.example");
}

#[test]
fn given_a_listener_then_it_hears_at_once_that_it_listens_and_each_event_in_a_chunk_of_its_own() {
    let server = Server::start(&[]);
    let mut sse = server.listen("D5DB", "text/event-stream");
    let mut ndjson = server.listen("D5DB", "application/x-ndjson");
    assert_eq!([sse.chunk(), ndjson.chunk()], [":\n\n", "\n"]);
    let place = sse.chunk();
    assert!(place.starts_with("id: ") && place.ends_with("-0\n\n"), "{place}");
    let receipts = ["one", "two"].map(|text| server.post("/v1/rooms/D5DB", &[], text).json());
    for (text, receipt) in ["one", "two"].into_iter().zip(receipts) {
        let [id, position] = ["id", "position"].map(|key| receipt[key].as_str().unwrap());
        let (sse, ndjson) = (sse.chunk(), ndjson.chunk());
        let data = sse.strip_prefix(&format!("id: {position}\nevent: message\ndata: ")).unwrap();
        let data: serde_json::Value = serde_json::from_str(data.strip_suffix("\n\n").unwrap()).unwrap();
        let at = data["at"].as_str().unwrap();
        assert_eq!(data, json!({ "msg": format!("http: {text}"), "id": id, "at": at, "name": "http" }));
        let mut line: serde_json::Value = serde_json::from_str(ndjson.strip_suffix('\n').unwrap()).unwrap();
        let more = line.as_object_mut().unwrap();
        assert_eq!(
            [more.remove("event"), more.remove("position")],
            [Some("message".into()), Some(position.into())]
        );
        assert_eq!(line, data);
    }
}

#[test]
fn given_http_1_0_then_the_events_come_without_chunks() {
    let server = Server::start(&[]);
    let mut stream = TcpStream::connect(server.address).unwrap();
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    write!(stream, "GET /v1/rooms/D5DB/events HTTP/1.0\r\nhost: {}\r\n\r\n", server.address).unwrap();
    let mut lines = BufReader::new(stream).lines().map(Result::unwrap);
    let head: Vec<_> = lines.by_ref().take_while(|line| !line.is_empty()).collect();
    assert!(!head.concat().contains("transfer-encoding"), "{head:?}");
    assert_eq!((lines.next().unwrap(), lines.next().unwrap()), (":".into(), String::new()));
    server.post("/v1/rooms/D5DB", &[], "hello");
    let lines: Vec<String> = lines.by_ref().take(5).collect();
    assert_eq!((lines[1].as_str(), lines[3].as_str()), ("", "event: message"));
    assert!(lines[4].starts_with(r#"data: {"msg":"http: hello","#), "{lines:?}");
}

#[test]
fn given_a_listener_that_ends_its_side_then_it_hears_on_and_one_that_has_gone_is_forgotten() {
    let server = Server::start(&[]);
    let ask = || server.send("GET", "/v1/rooms/D5DB/events", &[], b"");
    let stream = ask();
    stream.shutdown(Shutdown::Write).unwrap();
    let mut half = Listening::to(stream);
    let gone = server.listen("D5DB", "*/*");
    assert_eq!(server.post("/v1/rooms/D5DB", &[], "one").json()["connections"], 2);
    drop(gone);
    server.wait_for_log("stopped listening");
    assert_eq!(server.post("/v1/rooms/D5DB", &[], "two").json()["connections"], 1);
    for text in ["http: one", "http: two"] {
        assert_eq!(half.event().unwrap().1, text);
    }
    drop(half);
    // Only what is said to it shows that nobody is there.
    server.post("/v1/rooms/D5DB", &[], "three");
    server.wait_for_log("stopped listening");
}

#[test]
fn given_silence_then_a_comment_or_an_empty_line_keeps_the_connection() {
    let server = Server::start(&["--ping-interval", "100ms"]);
    let mut sse = server.listen("D5DB", "text/event-stream");
    let mut ndjson = server.listen("D5DB", "application/x-ndjson");
    for count in 0..3 {
        assert_eq!([sse.line(), sse.line()], [Some(":".into()), Some(String::new())]);
        if count == 0 {
            assert!(sse.line().unwrap().starts_with("id: "));
            assert_eq!(sse.line().unwrap(), "");
        }
        assert_eq!(ndjson.line(), Some(String::new()));
    }
}

#[test]
fn given_a_listener_that_does_not_read_then_it_is_closed_and_the_others_miss_nothing() {
    let bounds = ["--max-payload", "32768", "--queue-limit", "32768"];
    let server = Server::start(&[&bounds[..], &NO_RATES].concat());
    let mut slow = server.listen("D5DB", "text/event-stream");
    let mut other = server.listen("D5DB", "application/x-ndjson");
    let text = "x".repeat(16_000);
    let mut said = 0;
    while !server.has_logged("slow consumer") {
        assert!(said < 5_000, "80 MB, and it is still not closed");
        assert_eq!(server.post("/v1/rooms/D5DB", &[], &format!("{said} {text}")).status, 202);
        assert_eq!(other.object().unwrap().1, format!("http: {said} {text}"));
        said += 1;
    }
    assert_eq!(server.post("/v1/rooms/D5DB", &[], "last").json()["connections"], 1);
    assert_eq!(other.object().unwrap().1, "http: last");
    // The kernel may still hold what was sent before; the last event may be cut.
    let mut bytes = 0;
    while let Some(line) = slow.rest_of_line() {
        bytes += line;
    }
    assert!(bytes < said * text.len(), "it was cut off");
}

#[test]
fn given_a_shutdown_then_listeners_end_and_the_server_does_not_wait_for_them() {
    let mut server = Server::start(&[]);
    let mut sse = server.listen("D5DB", "text/event-stream");
    let mut ndjson = server.listen("D5DB", "application/x-ndjson");
    server.post("/v1/rooms/D5DB", &[], "last words");
    let start = Instant::now();
    server.signal("TERM");
    assert_eq!(sse.event().unwrap().1, "http: last words");
    assert_eq!(ndjson.object().unwrap().1, "http: last words");
    assert_eq!((sse.event(), ndjson.object()), (None, None));
    assert_eq!(server.wait().code(), Some(0));
    assert!(start.elapsed() < DEADLINE.min(Duration::from_secs(7)), "{:?}", start.elapsed());
}
