//! What all clients together, and those of one address, may hold; and how long a message may take.

use crate::{
    harness::{TestServer, eventually, rate},
    http::{Http, POLLING, Polling},
    ws::{BINARY, PING, PONG, TEXT, WEBSOCKET, Ws, frame},
};
use socketio_server::{Bounds, Config, TrustedProxies};
use std::time::Duration;

fn server(bounds: Bounds) -> TestServer {
    TestServer::start(Config { bounds, ..Config::default() })
}

fn for_client(address: &str) -> Vec<String> {
    vec![format!("X-Forwarded-For: {address}")]
}

#[test]
fn an_address_has_so_many_connections_and_the_next_is_told_so() {
    let server = server(Bounds { connections_per_address: 2, ..Bounds::default() });
    let (first, _second) = (Ws::connected(server.address), Http::connect(server.address));
    let answer = || {
        let mut http = Http::connect(server.address);
        http.send("GET /nothing HTTP/1.1\r\nHost: a\r\n\r\n");
        let response = http.response();
        assert_eq!(http.rest(), b"");
        response
    };
    eventually("the second is counted", || answer().status == 429);
    let refused = answer();
    assert!(refused.text().contains("too many connections from your address"), "{refused:?}");
    assert_eq!(refused.header("retry-after"), Some("10"));
    drop(first);
    eventually("a place is free again", || {
        Http::connect(server.address).request("GET", "/nothing", &[]).status == 404
    });
}

#[test]
fn there_are_so_many_connections_in_all() {
    let server = server(Bounds { connections: 1, ..Bounds::default() });
    let mut first = Ws::connected(server.address);
    let refused = Http::connect(server.address).response();
    assert!(
        refused.status == 503 && refused.text().contains("as many connections as it may have"),
        "{refused:?}"
    );
    first.send(r#"42["echo",1]"#);
    assert_eq!(first.text(), r#"42["echo",1]"#, "who is there is undisturbed");
}

#[test]
fn sessions_that_poll_count_too() {
    let server = server(Bounds { connections_per_address: 4, ..Bounds::default() });
    // One socket, and three sessions.
    let mut http = Http::connect(server.address);
    for _ in 0..3 {
        assert_eq!(http.request("GET", POLLING, &[]).status, 200);
    }
    let refused = http.request("GET", POLLING, &[]);
    assert_eq!(refused.status, 429);
    assert!(
        refused.text().starts_with(r#"{"code":3,"message":"There are too many connections from"#),
        "{refused:?}"
    );
}

#[test]
fn behind_a_proxy_the_sessions_of_each_client_count() {
    let proxies = TrustedProxies::new(vec!["127.0.0.1/32".parse().unwrap()]);
    let bounds = Bounds { connections_per_address: 2, ..Bounds::default() };
    let server = TestServer::start(Config { bounds, proxies, ..Config::default() });
    let open = |client: &str| {
        let headers = for_client(client);
        let headers: Vec<_> = headers.iter().map(String::as_str).collect();
        let (ws, response) = Ws::handshake(server.address, WEBSOCKET, &headers);
        (ws, response.status)
    };
    let (one, two) = (open("1.2.3.4"), open("1.2.3.4"));
    assert_eq!((one.1, two.1, open("1.2.3.4").1), (101, 101, 429));
    assert_eq!(open("1.2.3.5").1, 101);
    let mut http = Http::connect(server.address);
    assert_eq!(http.request("GET", POLLING, &["X-Forwarded-For: 1.2.3.4"]).status, 429);
    assert_eq!(http.request("GET", POLLING, &["X-Forwarded-For: 1.2.3.6"]).status, 200);
    drop(one);
    eventually("a place is free again", || open("1.2.3.4").1 == 101);
}

/// The first half of a message, a first fragment, and an event with one of its two attachments.
fn unfinished() -> [Vec<u8>; 3] {
    let event = r#"452-["echo",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]"#;
    [
        frame(TEXT, r#"42["echo",1]"#)[..9].to_vec(),
        frame(0x01, "42[\"ec"),
        [frame(TEXT, event), frame(BINARY, [1])].concat(),
    ]
}

#[test]
fn a_message_must_come_in_time_also_with_pings_in_between() {
    let message_timeout = Duration::from_millis(300);
    let server = TestServer::start(Config { message_timeout, ..Config::default() });
    for (number, begun) in unfinished().into_iter().enumerate() {
        let mut ws = Ws::connected(server.address);
        ws.raw(begun);
        if number > 0 {
            ws.raw(frame(PING, "p"));
            ws.expect(PONG, "p");
        }
        assert_eq!(ws.close_code(), 1008, "{number}");
    }
    let mut client = Polling::connected(server.address);
    client.send(r#"452-["echo",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]"#);
    assert_eq!(client.next(), "1");
    server.log.wait_for(4, "closed: a message took too long to arrive");
}

#[test]
fn a_connection_that_always_finishes_in_time_goes_on() {
    let message_timeout = Duration::from_secs(1);
    let server = TestServer::start(Config { message_timeout, ..Config::default() });
    let mut ws = Ws::connected(server.address);
    // Every write ends in the middle of a message, for longer than one may take.
    let message = frame(TEXT, r#"42["echo",1]"#);
    ws.raw(&message[..5]);
    for _ in 0..20 {
        std::thread::sleep(Duration::from_millis(60));
        ws.raw([&message[5..], &message[..5]].concat());
        assert_eq!(ws.text(), r#"42["echo",1]"#);
    }
}

#[test]
fn unfinished_input_is_bounded_in_all_and_finished_input_gives_its_place_back() {
    let server = server(Bounds { unfinished_bytes: 200_000, ..Bounds::default() });
    let large = frame(TEXT, format!("42[\"echo\",\"{}\"]", "x".repeat(150_000)));
    let mut first = Ws::connected(server.address);
    first.raw(&large[..150_000]);
    let post = |body: &[u8]| {
        let mut http = Http::connect(server.address);
        http.send_request("POST", "/echo", &[], body);
        http.response()
    };
    let long = vec![b'x'; 150_000];
    eventually("the first is counted", || post(&long).status == 503);
    let refused = post(&long);
    assert!(refused.text().contains("input that is not finished"), "{refused:?}");
    let mut second = Ws::connected(server.address);
    second.raw(&large[..150_000]);
    assert_eq!(second.close_code(), 1013);
    // What is small passes all the same.
    post(b"small").expect(200, "small");
    first.raw(&large[150_000..]);
    assert_eq!(first.text().len(), 150_000 + r#"42["echo",""]"#.len());
    assert_eq!(post(&long).status, 200);
}

#[test]
fn bodies_that_have_come_and_wait_to_be_worked_through_count_as_unfinished() {
    let bounds = Bounds { unfinished_bytes: 200_000, ..Bounds::default() };
    let server = TestServer::start(Config { bounds, byte_rate: rate(1_000, 2_000), ..Config::default() });
    let long = vec![b'x'; 150_000];
    let post = |body: &[u8]| Http::connect(server.address).post("/echo", body).status;
    let is_counted = || eventually("what waits is counted", || post(&long) == 503);
    let is_given_back = || eventually("it is given back", || post(&long) == 200);
    // Given a sender who is held back for its rate, for minutes.
    let mut client = Polling::connected(server.address);
    let payload = vec![format!("42[\"count\",\"{}\"]", "x".repeat(1_000)); 150].join("\u{1e}");
    client.post.send_request("POST", &client.target, &[], payload.as_bytes());
    is_counted();
    let _ = Http::connect(server.address).post(&client.target, "a second POST ends the session");
    is_given_back();
    // Given a request that the application is busy with.
    Http::connect(server.address).send_request("POST", "/wait", &[], &long);
    is_counted();
    Http::connect(server.address).request("GET", "/go", &[]);
    is_given_back();
}

#[test]
fn attachments_and_heads_count_as_unfinished_too() {
    let server = server(Bounds { unfinished_bytes: 20_000, ..Bounds::default() });
    let mut ws = Ws::connected(server.address);
    ws.send(r#"452-["echo",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]"#);
    ws.raw(frame(BINARY, vec![0; 30_000]));
    assert_eq!(ws.close_code(), 1013);
    let mut http = Http::connect(server.address);
    http.send(format!("GET /nothing HTTP/1.1\r\nHost: a\r\nX: {}", "x".repeat(30_000)));
    assert_eq!(http.response().status, 503);
    eventually("all is given back", || {
        let mut ws = Ws::connected(server.address);
        ws.send(r#"451-["echo",{"_placeholder":true,"num":0}]"#);
        ws.raw(frame(BINARY, vec![0; 15_000]));
        ws.text().starts_with("451-")
    });
}
