//! The turn's bound: whoever always has more to read, or more requests in a row, lets others in between. The clock of a
//! turn runs while the application holds the thread at its gate, so what is counted here does not depend on speed.

use crate::{
    harness::{TestServer, workers},
    http::Http,
    ws::Ws,
};
use std::time::Duration;

/// How often the greedy client stops at the gate.
const STOPS: usize = 15;
/// More than a turn.
const WHILE: Duration = Duration::from_millis(1);

/// Opens the gate [`STOPS`] times. When the application is there first, `quiet` says something, and each time
/// `go_on` has the greedy client send more. Returns how often it came to the gate before `quiet` was heard.
fn stops_before_others(server: &TestServer, quiet: &mut Ws, mut go_on: impl FnMut(usize)) -> usize {
    for stop in 1..=STOPS {
        server.log.wait_for(stop, "at the gate");
        if stop == 1 {
            quiet.send(r#"42["echo",1]"#);
        }
        go_on(stop);
        std::thread::sleep(WHILE);
        server.log.add("go on");
    }
    assert_eq!(quiet.text(), r#"42["echo",1]"#);
    server.log.count_before("at the gate", "event echo")
}

#[test]
fn requests_in_a_row_let_others_in_between() {
    let server = TestServer::start(workers(1));
    let (mut greedy, mut quiet) = (Http::connect(server.address), Ws::connected(server.address));
    greedy.send("GET /gate HTTP/1.1\r\nHost: a\r\n\r\n".repeat(STOPS));
    let stops = stops_before_others(&server, &mut quiet, |_| {});
    assert!(stops < 5, "{stops}");
    (0..STOPS).for_each(|_| greedy.response().expect(200, ""));
}

#[test]
fn messages_of_which_the_next_is_always_there_let_others_in_between() {
    let server = TestServer::start(workers(1));
    let (mut greedy, mut quiet) = (Ws::connected(server.address), Ws::connected(server.address));
    greedy.send(r#"42["gate"]"#);
    let stops = stops_before_others(&server, &mut quiet, |stop| {
        if stop < STOPS {
            greedy.send(r#"42["gate"]"#);
        }
    });
    assert!(stops < 5, "{stops}");
}
