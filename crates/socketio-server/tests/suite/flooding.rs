//! Whatever a client sends without pause: it is slowed, then closed with a reason, and the others notice nothing.

use crate::{
    harness::{DEADLINE, TestServer, eventually, rate},
    http::{Http, Polling},
    ws::{PING, PONG, TEXT, WEBSOCKET, Ws, frame, texts},
};
use socketio_server::Config;
use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
    time::Instant,
};

const FLOODING: &str = "/ ended: flooding: too many pings, pongs or empty frames";
/// A text without its end, and a fragment that adds nothing to it.
const OPEN_TEXT: u8 = 0x01;
const CONTINUATION: u8 = 0x00;

/// Writes `bytes` without pause until the server ends it, or the test does.
fn flood(address: SocketAddr, first: Vec<u8>, bytes: Vec<u8>, stop: &Arc<AtomicBool>) -> JoinHandle<()> {
    let stop = Arc::clone(stop);
    std::thread::spawn(move || {
        let mut ws = Ws::connected(address);
        ws.raw(first);
        let bytes = bytes.repeat((64 << 10) / bytes.len());
        while !stop.load(Ordering::Relaxed) && ws.try_raw(&bytes).is_ok() {}
    })
}

#[test]
fn given_two_who_send_frames_that_say_nothing_then_others_are_served_and_the_two_are_closed() {
    let kinds = [
        ("pongs of Engine.IO", vec![], frame(TEXT, "3")),
        ("noops of Engine.IO", vec![], frame(TEXT, "6")),
        ("pings", vec![], frame(PING, "p")),
        ("pongs", vec![], frame(PONG, "p")),
        ("empty fragments", frame(OPEN_TEXT, "4"), frame(CONTINUATION, "")),
        ("fragments of a byte", frame(OPEN_TEXT, "4"), frame(CONTINUATION, "x")),
    ];
    for (kind, first, bytes) in kinds {
        let server = TestServer::start(Config::default());
        let stop = Arc::new(AtomicBool::new(false));
        let floods = [(); 2].map(|()| flood(server.address, first.clone(), bytes.clone(), &stop));
        let (mut quiet, mut http) = (Ws::connected(server.address), Http::connect(server.address));
        let start = Instant::now();
        while server.log.count(FLOODING) < 2 {
            assert!(start.elapsed() < 2 * DEADLINE, "{kind}: not closed");
            quiet.send(r#"42["echo",1]"#);
            assert_eq!(quiet.message(), r#"42["echo",1]"#, "{kind}");
            assert_eq!(http.request("GET", "/nothing", &[]).status, 404, "{kind}");
        }
        stop.store(true, Ordering::Relaxed);
        floods.into_iter().for_each(|flood| flood.join().unwrap());
    }
}

#[test]
fn given_a_post_full_of_noops_then_the_session_ends_and_others_are_served() {
    let server = TestServer::start(Config::default());
    let mut quiet = Ws::connected(server.address);
    let mut client = Polling::connected(server.address);
    let noops = "6\u{1e}".repeat(400_000) + "6";
    client.post.send_request("POST", &client.target, &[], noops.as_bytes());
    quiet.settle();
    server.log.wait_for(1, FLOODING);
}

#[test]
fn given_probes_without_end_then_they_are_ended_and_others_are_served() {
    for probe in [frame(TEXT, "2probe"), frame(PING, "p")] {
        // Long, since an upgrade that takes too long ends just before the session would.
        let config = Config { upgrade_timeout: 4 * DEADLINE, ..Config::default() };
        let server = TestServer::start(config);
        let mut quiet = Ws::connected(server.address);
        let stop = Arc::new(AtomicBool::new(false));
        // Several, so that there is always something to read.
        let floods = [(); 3].map(|()| {
            let client = Polling::connected(server.address);
            let mut ws = Ws::shake_hands(server.address, &format!("{WEBSOCKET}&sid={}", client.sid));
            let mut answers = ws.0.0.get_ref().try_clone().unwrap();
            std::thread::spawn(move || std::io::copy(&mut answers, &mut std::io::sink()));
            let (bytes, stop) = (probe.repeat((64 << 10) / probe.len()), Arc::clone(&stop));
            std::thread::spawn(move || {
                let start = Instant::now();
                // Not for ever, should the server serve nobody else.
                while !stop.load(Ordering::Relaxed)
                    && start.elapsed() < 3 * DEADLINE
                    && ws.try_raw(&bytes).is_ok()
                {}
            })
        });
        let start = Instant::now();
        // Closed for the flood, or since the upgrade has taken too long, whichever comes first.
        while !floods.iter().all(JoinHandle::is_finished) {
            assert!(start.elapsed() < 2 * DEADLINE, "not closed");
            quiet.settle();
        }
        stop.store(true, Ordering::Relaxed);
    }
}

#[test]
fn given_bursts_that_clients_do_send_then_nobody_is_closed() {
    let server = TestServer::start(Config::default());
    let mut ws = Ws::connected(server.address);
    ws.raw(frame(TEXT, "3").repeat(300));
    ws.raw(frame(PONG, "").repeat(300));
    (0..300).for_each(|_| ws.raw(frame(PING, "p")));
    for _ in 0..300 {
        ws.expect(PONG, "p");
    }
    // Ten messages of a megabyte in fragments of a kilobyte.
    let fragment = "x".repeat(1000);
    for _ in 0..10 {
        ws.raw(frame(OPEN_TEXT, r#"42["echo",""#));
        (0..980).for_each(|_| ws.raw(frame(CONTINUATION, &fragment)));
        ws.raw(frame(0x80, "\"]"));
        assert_eq!(ws.message().len(), r#"42["echo",""]"#.len() + 980_000);
    }
    ws.settle();
}

#[test]
fn given_a_byte_rate_then_a_sender_is_slowed_and_loses_nothing() {
    let server = TestServer::start(Config { byte_rate: rate(400_000, 200_000), ..Config::default() });
    let mut ws = Ws::connected(server.address);
    let events: Vec<_> = (0..20).map(|n| format!("42[\"echo\",{n},\"{}\"]", "x".repeat(20_000))).collect();
    let start = Instant::now();
    ws.raw(texts(&events));
    for event in &events {
        assert_eq!(&ws.message(), event);
    }
    assert!(start.elapsed().as_millis() >= 300, "400 kB at 400 kB/s after 200 kB: {:?}", start.elapsed());
}

#[test]
fn given_large_answers_that_nobody_reads_then_no_more_are_made_until_they_are_read() {
    let server = TestServer::start(Config::default());
    let (mut greedy, mut other) = (Ws::connected(server.address), Ws::connected(server.address));
    let events = (0..500).map(|n| format!("42{n}[\"echo\",\"{}\"]", "x".repeat(100_000)));
    let reader = greedy.0.0.get_ref().try_clone().unwrap();
    let writing = std::thread::spawn(move || {
        events.for_each(|event| greedy.send(event));
        greedy
    });
    // What the kernel takes, and little more: 500 would be 100 MB.
    eventually("it is not read from", || {
        let before = server.log.count("event echo");
        (0..20).for_each(|_| other.settle());
        before > 0 && before == server.log.count("event echo")
    });
    assert!(server.log.count("event echo") < 200, "{}", server.log.count("event echo"));
    let mut reader = Ws(Http(std::io::BufReader::new(reader)));
    for n in 0..500 {
        assert!(reader.text().starts_with(r#"42["echo","xxx"#));
        assert!(reader.text().starts_with(&format!("43{n}[")));
    }
    writing.join().unwrap();
}
