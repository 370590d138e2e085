//! What a slow consumer's queue held is given back with its end.

use crate::{
    alone::alone,
    harness::{TestServer, eventually},
    http::Polling,
    ws::Ws,
};
use socketio_server::Config;

const CLIENTS: usize = 12;
const MESSAGE: usize = 500_000;
const LIMIT: usize = 10 * MESSAGE;

/// Resident memory of this process, in bytes.
fn resident() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
    statm.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4096
}

#[test]
fn the_memory_of_slow_consumers_returns() {
    alone("memory::the_memory_of_slow_consumers_returns", || {
        let server = TestServer::start(Config { queue_limit: LIMIT, ..Config::default() });
        let mut clients: Vec<_> = (0..CLIENTS).map(|_| Polling::connected(server.address)).collect();
        for client in &mut clients {
            client.send(r#"42["join","a"]"#);
        }
        // It is in no room itself, so that nothing holds it back.
        let mut speaker = Ws::connected(server.address);
        let event = format!("42[\"say\",\"a\",\"{}\"]", "x".repeat(MESSAGE));
        let before = resident();
        (0..9).for_each(|_| speaker.send(&event));
        server.log.wait_for(9, "event say");
        let waiting = 9 * MESSAGE;
        eventually("it all waits in memory", || resident() > before + waiting * 9 / 10);
        (0..2).for_each(|_| speaker.send(&event));
        server.log.wait_for_prefix("/ ended: slow consumer: ");
        eventually("it is given back", || resident() < before + waiting / 2);
        for client in &mut clients {
            assert_eq!(client.poll().status, 400, "and all are closed");
        }
    });
}
