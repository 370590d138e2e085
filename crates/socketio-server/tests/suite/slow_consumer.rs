//! A client that does not read is closed once what waits for it passes the limit. The others notice nothing.

use crate::{
    harness::{TestServer, heartbeat},
    http::Polling,
    ws::{PING, Ws, frame},
};
use socketio_server::Config;

const LIMIT: usize = 256 << 10;

fn start() -> TestServer {
    TestServer::start(Config { queue_limit: LIMIT, workers: 2, ..Config::default() })
}

fn join(ws: &mut Ws) {
    ws.send(r#"42["join","a"]"#);
    ws.settle();
}

#[test]
fn who_does_not_read_is_closed_and_the_others_get_everything() {
    let server = start();
    let mut slow = Ws::connected(server.address);
    let mut poller = Polling::connected(server.address);
    let mut others = [(); 3].map(|()| Ws::connected(server.address));
    join(&mut slow);
    poller.send(r#"42["join","a"]"#);
    others.iter_mut().for_each(join);
    let text = "x".repeat(50_000);
    // More and more, until it is more than the kernel's buffers and the queue take: for the one that does not read,
    // and for the one that does not poll.
    let mut said = 0;
    while server.log.count_prefix("/ ended: slow consumer: ") < 2 {
        assert!(said < 2_000, "100 MB and still not closed");
        others[0].send(format!("42[\"say\",\"a\",\"{text}\"]"));
        said += 1;
        for other in &mut others {
            assert_eq!(other.text(), format!("42[\"said\",{said},\"{text}\"]"));
        }
    }
    assert_eq!(poller.poll().status, 400);
    assert!(slow.drain() < said * text.len(), "it was cut off");
    others.iter_mut().for_each(Ws::settle);
}

#[test]
fn a_client_that_answers_pings_but_does_not_take_its_messages_is_closed_too() {
    let server = TestServer::start(Config { queue_limit: LIMIT, ..heartbeat(100, 10_000) });
    let mut ws = Ws::connected(server.address);
    ws.send(r#"42["flood",400,50000]"#);
    // Its pongs, and pings of its own, keep coming.
    let beat = [frame(crate::ws::TEXT, "3"), frame(PING, "p")].concat();
    crate::harness::eventually("it is closed", || ws.try_raw(&beat).is_err());
    server.log.wait_for_prefix("/ ended: slow consumer: ");
}

#[test]
fn a_client_that_never_polls_is_closed_at_the_limit() {
    let server = start();
    let mut client = Polling::connected(server.address);
    client.send(r#"42["flood",10,20000]"#);
    // Under the limit, everything waits for it.
    for _ in 0..10 {
        assert!(client.next().starts_with(r#"42["drop","xxx"#));
    }
    client.send(r#"42["flood",20,20000]"#);
    server.log.wait_for_prefix("/ ended: slow consumer: ");
    assert_eq!(client.poll().status, 400);
}

#[test]
fn a_burst_over_the_limit_to_a_client_that_reads_closes_nobody() {
    let server = start();
    let mut ws = Ws::connected(server.address);
    // Twice the limit in one turn of the server; the kernel takes it.
    ws.send(r#"42["flood",128,4000]"#);
    for _ in 0..128 {
        assert!(ws.text().starts_with(r#"42["drop","xxx"#));
    }
    ws.settle();
}

#[test]
fn a_flood_of_pings_from_a_client_that_does_not_read_ends_too() {
    let server = start();
    let mut ws = Ws::connected(server.address);
    let pings = frame(PING, "x".repeat(125)).repeat(1_000);
    crate::harness::eventually("it is closed", || ws.try_raw(&pings).is_err());
    server.log.wait_for_prefix("/ ended: flooding: ");
}
