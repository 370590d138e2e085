//! A client that ends its side of the socket after its request still gets the answer (RFC 9112, section 9.6); one that
//! has gone altogether is lost all the same.

use crate::{
    harness::{LARGE, TestServer, workers},
    http::{Http, POLLING, Polling, Response},
};
use socketio_server::Config;
use std::{io::Read, net::Shutdown};

const ROUNDS: usize = 60;

fn half_close(http: &Http) {
    http.0.get_ref().shutdown(Shutdown::Write).unwrap();
}

fn ask(server: &TestServer, method: &str, target: &str, body: &[u8]) -> Response {
    let mut http = Http::connect(server.address);
    http.send_request(method, target, &[], body);
    half_close(&http);
    let response = http.response();
    assert_eq!(http.rest(), b"", "{method} {target}");
    response
}

#[test]
fn every_request_is_answered() {
    let server = TestServer::start(workers(2));
    for round in 0..ROUNDS {
        ask(&server, "GET", "/nothing", b"").expect(404, "nothing here");
        ask(&server, "POST", "/echo", b"back").expect(200, "back");
        let long = vec![b'x'; 300_000];
        ask(&server, "POST", "/echo", &long).expect(200, std::str::from_utf8(&long).unwrap());
        ask(&server, "POST", POLLING, b"").expect(400, r#"{"code":2,"message":"Bad handshake method"}"#);
        assert!(ask(&server, "GET", POLLING, b"").text().starts_with("0{"), "round {round}");
    }
    assert_eq!(ask(&server, "GET", "/large", b"").text().len(), LARGE);
}

#[test]
fn requests_in_one_segment_are_all_answered() {
    let server = TestServer::start(Config::default());
    let mut http = Http::connect(server.address);
    http.send("GET /a HTTP/1.1\r\nHost: a\r\n\r\n".repeat(20));
    half_close(&http);
    for _ in 0..20 {
        http.response().expect(404, "nothing here");
    }
    assert_eq!(http.rest(), b"");
}

#[test]
fn a_body_that_ends_early_is_answered() {
    let server = TestServer::start(Config::default());
    for _ in 0..ROUNDS {
        let mut http = Http::connect(server.address);
        http.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhalf");
        half_close(&http);
        http.response().expect(400, "The body ended early.\n");
    }
}

#[test]
fn a_session_can_be_led_by_requests_that_are_half_closed() {
    let server = TestServer::start(workers(2));
    let client = Polling::open(server.address);
    for round in 0..ROUNDS {
        // A GET that has to wait is answered at once, with nothing.
        let first = ask(&server, "GET", &client.target, b"");
        if first.text() != "6" {
            assert!(round == 1 && first.text().starts_with("40{"), "{first:?}");
        }
        let packet = if round == 0 { "40".to_owned() } else { format!("42[\"echo\",{round}]") };
        ask(&server, "POST", &client.target, packet.as_bytes()).expect(200, "ok");
        if round > 0 {
            let got = ask(&server, "GET", &client.target, b"");
            assert!(got.text().contains(&packet), "{got:?}");
        }
    }
    assert_eq!(server.log.count("/ ended: connection lost"), 0);
}

#[test]
fn a_client_that_ends_its_side_while_its_get_waits_keeps_its_session() {
    let server = TestServer::start(workers(2));
    let mut client = Polling::connected(server.address);
    client.begin_poll();
    client.send(r#"42["echo",1]"#);
    client.get.response().expect(200, r#"42["echo",1]"#);
    client.begin_poll();
    half_close(&client.get);
    client.get.response().expect(200, "6");
    let mut end = [0];
    assert_eq!(client.get.0.get_mut().read(&mut end).unwrap(), 0);
    client.get = Http::connect(server.address);
    client.send(r#"42["echo",2]"#);
    assert_eq!(client.next(), r#"42["echo",2]"#);
}

#[test]
fn a_client_that_has_gone_while_its_get_waits_is_lost_at_once() {
    let server = TestServer::start(workers(2));
    for count in 1..=ROUNDS {
        let mut client = Polling::connected(server.address);
        client.begin_poll();
        client.send(r#"42["settle"]"#);
        drop(client);
        // Not only when the next ping is due.
        server.log.wait_for(count, "/ ended: connection lost");
    }
}
