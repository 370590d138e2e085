//! Requests over HTTP/2: the application's, long-polling, and what HTTP/2 is not for.

use crate::{
    harness::{LARGE, TestServer, eventually, workers},
    http::{Http, POLLING},
    tls::{self, Client, END_HEADERS, END_STREAM, HEADERS, Raw, frame, get},
};
use ::http::Method;
use socketio_server::Config;
use std::{
    io::{Read, Write},
    time::Duration,
};

/// A session that polls over HTTP/2, and where it is.
async fn open(client: &Client) -> String {
    let text = client.get(POLLING).await.text().await;
    let sid = text.split('"').nth(3).expect("a handshake").to_owned();
    let target = format!("{POLLING}&sid={sid}");
    assert_eq!(client.post(&target, b"40").await.text().await, "ok");
    assert!(client.get(&target).await.text().await.starts_with("40{"));
    target
}

#[test]
fn given_a_client_that_wants_http2_then_requests_are_answered_with_their_bodies() {
    let server = tls::start(Config::default());
    tls::run(async {
        let client = Client::connect(server.address).await;
        let answer = client.post("/echo", b"one").await;
        assert_eq!(answer.status, 200);
        assert!(answer.headers.contains_key("date"));
        assert_eq!(answer.headers["content-length"], "3");
        assert_eq!(answer.text().await, "one");
        assert_eq!(client.get("/gone").await.status, 404);
        let head = client.send(Method::HEAD, "/gone", None).await.await.unwrap();
        assert_eq!((head.status, head.body.is_end_stream()), (404, true));
        assert_eq!(client.get("/large").await.text().await.len(), LARGE);
    });
}

#[test]
fn given_a_client_that_does_not_offer_http2_then_it_gets_http1() {
    let server = tls::start(Config::default());
    for protocols in [&["http/1.1"][..], &[]] {
        let mut client = tls::connect(server.address, protocols);
        client.write_all(b"GET /gone HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        client.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 404"), "{answer}");
    }
}

#[test]
fn given_http2_without_tls_then_it_is_not_spoken() {
    let server = TestServer::start(Config::default());
    let mut http = Http::connect(server.address);
    http.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    let said = String::from_utf8_lossy(&http.rest()).into_owned();
    assert!(said.is_empty() || said.starts_with("HTTP/1.1 400"), "{said}");
    let mut http = Http::connect(server.address);
    let upgrade = ["Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQAAP__"];
    assert_eq!(http.request("GET", "/gone", &upgrade).status, 404);
}

#[test]
fn given_long_polling_over_http2_then_it_works_as_over_http1_on_any_shard() {
    let server = tls::start(workers(3));
    tls::run(async {
        // The sockets of several clients are on different shards.
        let clients = [Client::connect(server.address).await, Client::connect(server.address).await];
        let target = open(&clients[0]).await;
        let waiting = clients[1].send(Method::GET, &target, None).await;
        let waiting = tokio::spawn(waiting);
        assert_eq!(clients[0].post(&target, br#"42["echo",1]"#).await.text().await, "ok");
        assert_eq!(waiting.await.unwrap().unwrap().text().await, r#"42["echo",1]"#);
    });
}

#[test]
fn given_a_waiting_get_when_its_client_gives_it_up_then_the_session_ends() {
    let server = tls::start(Config::default());
    tls::run(async {
        let client = Client::connect(server.address).await;
        let target = open(&client).await;
        let waiting = client.send(Method::GET, &target, None).await;
        assert!(tokio::time::timeout(Duration::from_millis(100), waiting).await.is_err(), "it waits");
        server.log.wait_for(1, "/ ended: connection lost");
        assert_eq!(client.get(&target).await.status, 400);
    });
}

#[test]
fn given_a_websocket_over_http2_then_it_is_refused() {
    let server = tls::start(Config::default());
    tls::run(async {
        let client = Client::connect(server.address).await;
        assert_eq!(client.get("/socket.io/?EIO=4&transport=websocket").await.status, 400);
        // RFC 8441 is not offered.
        assert!(!client.send.is_extended_connect_protocol_enabled());
    });
}

#[test]
fn given_heads_that_name_no_host_or_two_then_they_are_refused() {
    let server = tls::start(Config::default());
    let text = |text: &str| [&[u8::try_from(text.len()).unwrap()], text.as_bytes()].concat();
    let host = |name: &str| [&[0x0f, 0x17][..], &text(name)].concat();
    let bare = [&[0x82, 0x87, 0x04][..], &text("/gone")].concat();
    for (head, status) in [
        (get("/gone"), 404),
        ([get("/gone"), host("test")].concat(), 404),
        ([get("/gone"), host("other")].concat(), 400),
        ([bare.clone(), host("test")].concat(), 404),
        (bare, 400),
    ] {
        let mut raw = Raw::connect(server.address);
        raw.send(&frame(HEADERS, END_HEADERS | END_STREAM, 1, &head));
        let answer = raw.wait_for(HEADERS).expect("an answer").payload;
        // The whole status is in the table, or it is a literal.
        let expected = if status == 404 { 0x8d } else { 0x8c };
        assert_eq!(answer[0], expected, "{head:?}");
    }
}

#[test]
fn given_a_shutdown_then_a_waiting_get_is_answered_and_the_connection_ends_in_order() {
    let mut server = tls::start(workers(2));
    tls::run(async {
        let client = Client::connect(server.address).await;
        let target = open(&client).await;
        let waiting = tokio::spawn(client.send(Method::GET, &target, None).await);
        assert_eq!(client.post(&target, br#"42["nothing"]"#).await.text().await, "ok");
        server.begin_stop(Duration::from_secs(10));
        let answer = waiting.await.unwrap().unwrap();
        assert_eq!((answer.status, answer.text().await.as_str()), (503, "1"));
        drop(client.send);
        assert!(client.ended.await.unwrap().is_ok(), "it ends without an error");
    });
    server.join();
    eventually("the session has ended", || server.log.count("/ ended: server is restarting") == 1);
}
