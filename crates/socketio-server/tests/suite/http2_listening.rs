//! Subscribers over HTTP/2: many on one connection, each with a queue, an end and a place of its own.

use crate::{
    harness::eventually,
    tls::{self, Client, a_moment},
};
use socketio_server::{Bounds, Config};
use std::time::Duration;

/// What a subscriber hears first.
const KEEP_ALIVE: &[u8] = b":\n";

#[test]
fn given_twenty_subscribers_on_one_connection_then_each_hears_everything_and_ends_by_itself() {
    let server = tls::start(Config::default());
    tls::run(async {
        let client = Client::connect(server.address).await;
        let mut listeners = Vec::new();
        for _ in 0..20 {
            let mut listener = client.get("/listen").await;
            assert_eq!(listener.read(2).await, KEEP_ALIVE);
            listeners.push(listener);
        }
        for text in ["one", "two"] {
            server.log.tell_listeners(text.as_bytes());
            for listener in &mut listeners {
                assert_eq!(listener.read(3).await, text.as_bytes());
            }
        }
        let mut gone = listeners.pop().unwrap();
        gone.stream.send_reset(h2::Reason::CANCEL);
        server.log.wait_for(1, "stopped listening: connection lost");
        server.log.tell_listeners(b"more");
        for listener in &mut listeners {
            assert_eq!(listener.read(4).await, b"more");
        }
        drop((listeners, client));
        server.log.wait_for(20, "stopped listening: connection lost");
    });
}

#[test]
fn given_a_subscriber_that_does_not_read_then_it_is_a_slow_consumer_and_the_others_on_its_connection_go_on() {
    let server = tls::start(Config { queue_limit: 256 << 10, ..Config::default() });
    tls::run(async {
        let client = Client::with_window(server.address, 10_000).await;
        let mut slow = client.get("/listen").await;
        let mut reader = client.get("/listen").await;
        reader.read(KEEP_ALIVE.len()).await;
        let message = vec![b'x'; 20_000];
        for round in 0.. {
            server.log.tell_listeners(&message);
            assert_eq!(reader.read(message.len()).await, message);
            if server.log.count_prefix("stopped listening: slow consumer") > 0 {
                // Its window, what its stream keeps, and its queue.
                assert!((12..40).contains(&round), "{round}");
                break;
            }
        }
        let mut came = 0;
        let end = loop {
            match slow.next().await.expect("no orderly end") {
                Ok(bytes) => came += bytes.len(),
                Err(error) => break error,
            }
        };
        assert_eq!(end.reason(), Some(h2::Reason::CANCEL));
        assert!(came <= 20_000, "{came}");
        server.log.tell_listeners(b"more");
        assert_eq!(reader.read(4).await, b"more");
    });
}

#[test]
fn given_a_subscriber_with_a_small_window_that_reads_then_it_gets_everything_in_order() {
    let server = tls::start(Config::default());
    tls::run(async {
        let client = Client::with_window(server.address, 1000).await;
        let mut listener = client.get("/listen").await;
        listener.read(KEEP_ALIVE.len()).await;
        let all: Vec<u8> = (0..500_000u32).flat_map(|count| count.to_be_bytes()).take(900_000).collect();
        all.chunks(9_000).for_each(|chunk| server.log.tell_listeners(chunk));
        assert!(listener.read(all.len()).await == all);
    });
}

#[test]
fn given_a_shutdown_then_subscribers_get_what_is_queued_and_an_orderly_end() {
    let mut server = tls::start(Config::default());
    tls::run(async {
        let client = Client::connect(server.address).await;
        let mut listener = client.get("/listen").await;
        listener.read(KEEP_ALIVE.len()).await;
        server.log.tell_listeners(&[b'x'; 500_000]);
        server.begin_stop(Duration::from_secs(10));
        assert_eq!(listener.text().await.len(), 500_000);
    });
    server.join();
    server.log.wait_for(1, "stopped listening: server is restarting");
}

#[test]
fn given_a_bound_for_an_address_then_each_subscriber_on_a_connection_counts() {
    let bounds = Bounds { connections_per_address: 3, ..Bounds::default() };
    let server = tls::start(Config { bounds, ..Config::default() });
    tls::run(async {
        let client = Client::connect(server.address).await;
        let mut listeners = [client.get("/listen").await, client.get("/listen").await];
        let refused = client.get("/listen").await;
        assert_eq!(refused.status, 429);
        assert!(refused.headers.contains_key("retry-after") && !refused.headers.contains_key("connection"));
        listeners[0].stream.send_reset(h2::Reason::CANCEL);
        server.log.wait_for(1, "stopped listening: connection lost");
        loop {
            match client.get("/listen").await.status {
                200 => break,
                _ => a_moment().await,
            }
        }
        // Requests that are answered do not.
        assert_eq!(client.post("/echo", b"one").await.text().await, "one");
    });
    eventually("all have gone", || server.log.count_prefix("stopped listening") == 3);
}
