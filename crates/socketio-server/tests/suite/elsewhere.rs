//! Polling requests that come to another server than that of their session.

use crate::{
    harness::{DEADLINE, TestServer, eventually, heartbeat, workers},
    http::{Http, POLLING, Polling},
    peers::{Table, two},
    refusals::UNKNOWN_SID,
    ws::{WEBSOCKET, Ws},
};
use socketio_server::{Bounds, Config};
use std::{
    io::{BufRead, BufReader, Read},
    net::{Shutdown, TcpListener},
    time::Duration,
};

const LIMIT: Duration = Duration::from_secs(10);

fn waits(server: &TestServer, client: &mut Polling) {
    client.begin_poll();
    let count = server.log.count("event settle");
    client.send(r#"42["settle"]"#);
    server.log.wait_for(count + 1, "event settle");
}

#[test]
fn a_session_goes_on_wherever_its_requests_arrive() {
    let (_table, owner, other) = two(|| workers(3));
    let mut client = Polling::connected(owner.address);
    assert_eq!(client.sid.len(), 32, "the name of its server is in front");
    for round in 0..12 {
        client = client.via(if round % 3 == 2 { &owner } else { &other });
        let event = format!(r#"42["echo",{round}]"#);
        client.send(&event);
        assert_eq!(client.next(), event);
    }
    assert_eq!(other.log.count_prefix("open"), 0);
    assert_eq!(owner.log.count_prefix("open"), 1);
    assert_eq!(owner.log.count_prefix("closed"), 0);
}

#[test]
fn one_socket_carries_requests_of_sessions_here_and_there_also_pipelined() {
    let (_table, owner, other) = two(|| workers(2));
    let clients = [&owner, &other, &owner].map(|server| Polling::connected(server.address));
    let mut http = Http::connect(other.address);
    for round in 0..10 {
        let events: Vec<_> = (0..3).map(|client| format!(r#"42["echo",{round},{client}]"#)).collect();
        for (client, event) in clients.iter().zip(&events) {
            http.send_request("POST", &client.target, &[], event.as_bytes());
            http.send_request("GET", &client.target, &[], b"");
        }
        http.send_request("GET", "/nothing", &[], b"");
        for event in &events {
            http.response().expect(200, "ok");
            http.response().expect(200, event);
        }
        http.response().expect(404, "nothing here");
    }
}

#[test]
fn answers_are_those_of_the_owner_and_headers_are_as_ever() {
    let (_table, owner, other) = two(Config::default);
    let client = Polling::connected(owner.address);
    let answers = [&owner, &other].map(|server| {
        let mut http = Http::connect(server.address);
        let origin = format!("Origin: http://{}", server.address);
        let host = format!("Host: {}", server.address);
        http.send(format!(
            "POST {} HTTP/1.1\r\n{host}\r\n{origin}\r\nContent-Length: 10\r\n\r\n42[\"nope\"]",
            client.target
        ));
        let posted = http.response();
        posted.expect(200, "ok");
        let names = [
            "access-control-allow-origin",
            "access-control-allow-credentials",
            "vary",
            "content-type",
            "cache-control",
            "content-length",
            "transfer-encoding",
            "connection",
        ];
        assert_eq!(posted.header(names[0]), origin.strip_prefix("Origin: "));
        names[1..].iter().map(|name| posted.header(name).map(ToOwned::to_owned)).collect::<Vec<_>>()
    });
    assert_eq!(answers[0], answers[1]);
    let mut http = Http::connect(other.address);
    http.request("PUT", &client.target, &[]).expect(400, r#"{"code":3,"message":"Bad request"}"#);
    let refused = http.request("GET", &client.target, &["Origin: http://evil.example"]);
    assert_eq!(refused.status, 403);
    assert_eq!(http.request("OPTIONS", &client.target, &["Origin: http://test"]).status, 204);
}

#[test]
fn a_body_may_be_as_large_as_here_and_no_larger() {
    let (_table, owner, other) = two(Config::default);
    let mut client = Polling::connected(owner.address).via(&other);
    let limit = Config::default().max_payload;
    let largest = format!(r#"42["echo","{}"]"#, "x".repeat(limit - 11 - 2));
    client.begin_poll();
    client.send(&largest);
    assert!(client.get.response().text() == largest);
    let refused = client.post.post(&client.target, "x".repeat(limit + 1));
    refused.expect(413, "The body is larger than this server takes.\n");
}

#[test]
fn a_get_waits_until_there_is_something_to_say() {
    let (_table, owner, other) = two(|| heartbeat(1_000, 14_000));
    let mut client = Polling::connected(owner.address).via(&other);
    for _ in 0..2 {
        assert_eq!(client.next(), "2");
        client.send("3");
    }
}

#[test]
fn a_client_that_goes_away_while_its_get_waits_is_lost_at_once() {
    let (_table, owner, other) = two(|| workers(2));
    for count in 1..=20 {
        let mut client = Polling::connected(owner.address).via(&other);
        waits(&owner, &mut client);
        drop(client);
        owner.log.wait_for(count, "/ ended: connection lost");
    }
}

#[test]
fn a_session_can_be_led_by_requests_that_are_half_closed() {
    let (_table, owner, other) = two(|| workers(2));
    let client = Polling::connected(owner.address);
    let ask = |method: &str, body: &str| {
        let mut http = Http::connect(other.address);
        http.send_request(method, &client.target, &[], body.as_bytes());
        http.0.get_ref().shutdown(Shutdown::Write).unwrap();
        let response = http.response();
        assert_eq!(http.rest(), b"");
        response
    };
    for round in 0..20 {
        ask("GET", "").expect(200, "6");
        let event = format!(r#"42["echo",{round}]"#);
        ask("POST", &event).expect(200, "ok");
        ask("GET", "").expect(200, &event);
    }
    assert_eq!(owner.log.count("/ ended: connection lost"), 0);
}

#[test]
fn a_server_that_is_not_there_any_more_took_its_sessions_with_it() {
    let (table, owner, other) = two(Config::default);
    let mut client = Polling::connected(owner.address).via(&other);
    client.send(r#"42["nothing"]"#);
    // Connections to it are refused.
    drop(owner);
    let unknown = |http: &mut Http| {
        http.request("GET", &client.target, &[]).expect(400, UNKNOWN_SID);
        http.post(&client.target, "3").expect(400, UNKNOWN_SID);
        let (_, upgrade) = Ws::handshake(other.address, &format!("{WEBSOCKET}&sid={}", client.sid), &[]);
        upgrade.expect(400, UNKNOWN_SID);
    };
    unknown(&mut client.post);
    table.remove(1);
    unknown(&mut client.post);
}

#[test]
fn a_server_that_answers_no_more_is_waited_for_until_it_is_known_to_have_ended() {
    let (table, owner, other) = two(Config::default);
    let mut client = Polling::connected(owner.address).via(&other);
    // Its port is open, as that of a process that has been stopped.
    let stopped = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    table.put(1, stopped.local_addr().unwrap());
    client.begin_poll();
    client.post.send_request("POST", &client.target, &[], b"3");
    let accepted = [(); 2].map(|()| {
        let (stream, _) = stopped.accept().unwrap();
        let mut stream = BufReader::new(stream);
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            stream.read_line(&mut head).unwrap();
        }
        assert!(head.contains("x-passed-on: "), "{head}");
        stream
    });
    table.remove(1);
    client.get.response().expect(400, UNKNOWN_SID);
    client.post.response().expect(400, UNKNOWN_SID);
    for mut stream in accepted {
        stream.read_to_end(&mut Vec::new()).expect("it is closed");
    }
}

#[test]
fn nothing_is_passed_on_twice() {
    let table = Table::default();
    let (one, other) = (table.start(1, Config::default()), table.start(2, Config::default()));
    let client = Polling::connected(one.address);
    // Whoever says that it was passed on, with the key or without.
    for server in [&one, &other] {
        let mut http = Http::connect(server.address);
        let get = http.request("GET", &format!("{POLLING}&sid=AAAAAAAD{}", &client.sid[8..]), &[]);
        get.expect(400, UNKNOWN_SID);
    }
    let mut http = Http::connect(other.address);
    http.request("GET", &client.target, &["X-Passed-On: made-up"]).expect(400, UNKNOWN_SID);
    // Two that take each other for a third.
    table.put(3, one.address);
    let target = format!("{POLLING}&sid=AAAAAAAD{}", &client.sid[8..]);
    http.request("GET", &target, &[]).expect(400, UNKNOWN_SID);
    table.put(3, other.address);
    http.request("GET", &target, &[]).expect(400, UNKNOWN_SID);
}

#[test]
fn where_connections_are_bounded_those_to_other_servers_count() {
    let bounds = Bounds { connections: 3, ..Bounds::default() };
    let table = Table::default();
    let owner = table.start(1, Config::default());
    let other = table.start(2, Config { bounds, ..Config::default() });
    let mut client = Polling::connected(owner.address).via(&other);
    client.send(r#"42["nothing"]"#);
    let _third = Http::connect(other.address).request("GET", "/nothing", &[]);
    client.begin_poll();
    owner.log.wait_for(1, "event nothing");
    // Two sockets, and a line for the GET: none is left for the POST.
    let refused = || {
        let mut http = Http::connect(other.address);
        http.send_request("POST", &client.target, &[], b"3");
        http.try_response().is_ok_and(|response| response.status == 503)
    };
    eventually("a refusal", refused);
}

#[test]
fn a_relay_does_not_count_for_its_address() {
    let bounds = Bounds { connections_per_address: 12, ..Bounds::default() };
    let table = Table::default();
    let owner = table.start(1, Config { bounds, ..Config::default() });
    let other = table.start(2, Config::default());
    // Each session is one for its client; its sockets are at the other server.
    let mut clients: Vec<_> = (0..8).map(|_| Polling::connected(owner.address).via(&other)).collect();
    for client in &mut clients {
        waits(&owner, client);
    }
    for client in &mut clients {
        client.send(r#"42["echo",1]"#);
        assert_eq!(client.get.response().text(), r#"42["echo",1]"#);
    }
}

#[test]
fn when_the_server_in_between_shuts_down_the_get_ends_and_the_session_goes_on() {
    let (_table, owner, mut other) = two(|| workers(2));
    let mut clients: Vec<_> = (0..4).map(|_| Polling::connected(owner.address).via(&other)).collect();
    for client in &mut clients {
        waits(&owner, client);
    }
    other.begin_stop(LIMIT);
    for mut client in clients {
        client.get.response().expect(200, "6");
        assert_eq!(client.get.rest(), b"");
        client = client.via(&owner);
        client.send(r#"42["echo",1]"#);
        assert_eq!(client.next(), r#"42["echo",1]"#);
    }
    other.join();
    assert_eq!(owner.log.count_prefix("closed"), 0);
}

#[test]
fn when_the_owner_shuts_down_its_clients_hear_so() {
    let (_table, mut owner, other) = two(|| workers(2));
    let mut clients: Vec<_> = (0..4).map(|_| Polling::connected(owner.address).via(&other)).collect();
    for client in &mut clients {
        waits(&owner, client);
    }
    owner.begin_stop(DEADLINE);
    for mut client in clients {
        client.get.response().expect(503, "1");
    }
    owner.join();
    owner.log.wait_for(4, "/ ended: server is restarting");
}
