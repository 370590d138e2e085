//! What a server counts is what happened.

use crate::{
    harness::{TestServer, eventually, workers},
    http::Polling,
    upgrade::probe,
    ws::Ws,
};
use socketio_server::{Config, Figures, Kinds, Survey};

fn of(kinds: &Kinds, name: &str) -> u64 {
    kinds.iter().find(|(kind, _)| *kind == name).unwrap_or_else(|| panic!("{name} is in {kinds:?}")).1
}

fn survey(server: &TestServer) -> Survey {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(server.hub.survey())
}

#[test]
fn what_comes_in_and_what_goes_out_is_counted_on_every_shard() {
    let server = TestServer::start(workers(3));
    let mut members = [(); 6].map(|()| Ws::connected(server.address));
    for member in &mut members {
        member.send(r#"42["join","a"]"#);
        member.settle();
    }
    let before = server.hub.figures();
    for said in 1..=5 {
        members[0].send(r#"42["say","a","hello"]"#);
        for member in &mut members {
            assert_eq!(member.text(), format!("42[\"said\",{said},\"hello\"]"));
        }
    }
    let after = server.hub.figures();
    let grown = |of: fn(&Figures) -> u64| of(&after) - of(&before);
    assert_eq!(grown(|figures| figures.received), 5);
    assert_eq!(grown(|figures| figures.received_bytes), 5 * r#"2["say","a","hello"]"#.len() as u64);
    assert_eq!(grown(|figures| figures.deliveries), 5 * 6);
    // A frame has two bytes before its payload.
    assert_eq!(
        grown(|figures| figures.delivered_bytes),
        5 * 6 * (2 + r#"42["said",1,"hello"]"#.len()) as u64
    );
    assert!(after.delivery.counts.iter().sum::<u64>() > 0, "some of them are measured");
}

#[test]
fn connections_are_counted_by_what_carries_them_and_by_how_they_end() {
    let server = TestServer::start(workers(2));
    let ws = Ws::connected(server.address);
    let mut poller = Polling::connected(server.address);
    let figures = server.hub.figures();
    assert_eq!((of(&figures.connections, "websocket"), of(&figures.connections, "polling")), (1, 1));
    poller.send("1");
    drop(ws);
    eventually("both are gone", || {
        let connections = server.hub.figures().connections;
        connections.iter().all(|(_, count)| *count == 0)
    });
    let figures = server.hub.figures();
    assert_eq!((of(&figures.opened, "websocket"), of(&figures.opened, "polling")), (1, 1));
    assert_eq!((of(&figures.closed, "close_packet"), of(&figures.closed, "connection_lost")), (1, 1));
}

#[test]
fn an_upgrade_moves_a_connection_from_one_transport_to_the_other() {
    let server = TestServer::start(workers(2));
    let mut poller = Polling::connected(server.address);
    let mut ws = probe(server.address, &poller);
    poller.poll().expect(200, "6");
    ws.send("5");
    ws.settle();
    let figures = server.hub.figures();
    assert_eq!((of(&figures.connections, "websocket"), of(&figures.connections, "polling")), (1, 0));
    assert_eq!(figures.upgraded, 1);
}

#[test]
fn a_survey_finds_what_waits_and_for_whom() {
    let server = TestServer::start(Config { queue_limit: 1 << 20, ..workers(2) });
    let mut poller = Polling::connected(server.address);
    let quiet = Ws::connected(server.address);
    assert_eq!(survey(&server).queue_bytes, 0);
    poller.send(r#"42["flood",20,20000]"#);
    eventually("it is behind", || survey(&server).behind == 1);
    let found = survey(&server);
    assert!((400_000..500_000).contains(&found.queue_bytes), "{found:?}");
    assert_eq!((found.slowest.len(), found.longest as u64), (1, found.queue_bytes));
    assert!(found.slowest[0].reads && found.silent_shards == 0);
    drop(quiet);
}
