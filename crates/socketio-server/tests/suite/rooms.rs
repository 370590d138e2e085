//! Who hears what: one socket, or a room.

use crate::{
    harness::{TestServer, workers},
    http::Polling,
    ws::Ws,
};
use socketio_server::Config;

#[test]
fn a_room_hears_its_members_and_nobody_else_does() {
    let server = TestServer::start(workers(3));
    let mut members: Vec<_> = (0..6).map(|_| Ws::connected(server.address)).collect();
    let mut poller = Polling::connected(server.address);
    let mut outsider = Ws::connected(server.address);
    for member in &mut members {
        member.send(r#"42["join","a"]"#);
        member.settle();
    }
    poller.send(r#"42["join","a"]"#);
    outsider.send(r#"42["join","b"]"#);
    outsider.settle();
    members[0].send(r#"42["say","a","hello"]"#);
    for member in &mut members {
        assert_eq!(member.text(), r#"42["said",1,"hello"]"#);
    }
    assert_eq!(poller.next(), r#"42["said",1,"hello"]"#);
    outsider.send(r#"42["echo",1]"#);
    assert_eq!(outsider.text(), r#"42["echo",1]"#, "and nothing before it");
}

#[test]
fn who_has_left_hears_no_more_and_the_others_do() {
    let server = TestServer::start(workers(2));
    let mut members: Vec<_> = (0..5).map(|_| Ws::connected(server.address)).collect();
    for member in &mut members {
        member.send(r#"42["join","a"]"#);
        member.send(r#"42["join","b"]"#);
        member.settle();
    }
    // When the first leaves one room, the second its namespace, and the third goes.
    members[0].send(r#"42["leave","a"]"#);
    members[0].settle();
    members[1].send("41");
    drop(members.remove(2));
    server.log.wait_for(1, "/ ended: connection lost");
    server.log.wait_for(1, "/ ended: left the namespace");
    members[2].send(r#"42["say","a","one"]"#);
    members[2].send(r#"42["say","b","two"]"#);
    for member in &mut members[2..] {
        assert_eq!(member.text(), r#"42["said",1,"one"]"#);
        assert_eq!(member.text(), r#"42["said",1,"two"]"#);
    }
    assert_eq!(members[0].text(), r#"42["said",1,"two"]"#);
    members[1].send("40");
    assert!(members[1].text().starts_with("40{"), "and nothing before it");
}

#[test]
fn a_connection_that_the_server_closes_gets_what_was_sent_before() {
    let server = TestServer::start(workers(2));
    let mut ws = Ws::connected(server.address);
    ws.send(r#"42["echo",1]"#);
    ws.send(r#"42["close"]"#);
    assert_eq!(ws.text(), r#"42["echo",1]"#);
    assert_eq!(ws.close_code(), 1000);
    server.log.wait_for(1, "/ ended: closed by the server");
}

#[test]
fn readers_of_different_pace_each_get_everything_whole() {
    let config = Config { queue_limit: 64 << 20, ..Config::default() };
    let server = TestServer::start(config);
    let mut members = [(); 4].map(|()| Ws::connected(server.address));
    for member in &mut members {
        member.send(r#"42["join","a"]"#);
        member.settle();
    }
    // Of all sizes, and far more than a socket takes at once.
    let text = |n: usize| "y".repeat(if n % 100 == 99 { 200_000 } else { n * 7919 % 60_000 });
    let said: Vec<_> = (0..500).map(|n| format!("42[\"said\",{},\"{}\"]", n + 1, text(n))).collect();
    let [speaker, early, late, later] = &mut members;
    for n in 0..500 {
        speaker.send(format!("42[\"say\",\"a\",\"{}\"]", text(n)));
        assert!(speaker.text() == said[n], "message {n}");
        if n % 3 == 0 {
            // Always behind, by more and more.
            assert!(early.text() == said[n / 3], "message {}", n / 3);
        }
    }
    for (reader, first) in [(early, 167), (late, 0), (later, 0)] {
        for (n, said) in said.iter().enumerate().skip(first) {
            assert!(reader.text() == *said, "message {n}");
        }
        reader.settle();
    }
}
