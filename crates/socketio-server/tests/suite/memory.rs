//! What a slow consumer's queue held is given back with its end.

use crate::{
    alone::alone,
    harness::{TestServer, eventually},
    http::Polling,
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
        let before = resident();
        for client in &mut clients {
            client.send(format!("42[\"flood\",9,{MESSAGE}]"));
        }
        let waiting = CLIENTS * 9 * MESSAGE;
        eventually("it all waits in memory", || resident() > before + waiting * 9 / 10);
        for client in &mut clients {
            client.send(format!("42[\"flood\",2,{MESSAGE}]"));
        }
        eventually("it is given back", || resident() < before + waiting / 4);
        for client in &mut clients {
            assert_eq!(client.poll().status, 400, "and all are closed");
        }
    });
}
