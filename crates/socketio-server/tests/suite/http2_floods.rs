//! Clients of HTTP/2 that keep the server busy with nothing (CVE-2019-9512 and its kin, CVE-2023-44487,
//! CVE-2024-27316): they are ended, and meanwhile the others are served.

use crate::tls::{
    self, CONTINUATION, Client, DATA, END_HEADERS, END_STREAM, HEADERS, PING, RST_STREAM, Raw, SETTINGS,
    frame, get,
};
use socketio_server::Config;

/// Sends what `round` makes, again and again, until the server ends the connection. Others are served meanwhile.
#[track_caller]
fn is_ended(what: &str, mut round: impl FnMut(u32) -> Vec<u8>) {
    let server = tls::start(Config::default());
    let mut raw = Raw::connect(server.address);
    let mut has_ended = false;
    for count in 0..200_000 {
        if raw.try_send(&round(count)).is_err() {
            has_ended = true;
            break;
        }
        if count == 100 {
            tls::run(async {
                let client = Client::connect(server.address).await;
                assert_eq!(client.post("/echo", b"one").await.text().await, "one", "{what}");
            });
        }
    }
    assert!(has_ended || raw.ends(), "{what}: it goes on");
    tls::run(async {
        assert_eq!(Client::connect(server.address).await.get("/gone").await.status, 404, "{what}");
    });
}

#[test]
fn a_flood_of_frames_that_say_nothing_ends_the_connection() {
    is_ended("pings", |_| frame(PING, 0, 0, &[0; 8]).repeat(100));
    is_ended("settings", |_| frame(SETTINGS, 0, 0, &[]).repeat(100));
    is_ended("priorities", |_| frame(2, 0, 1, &[0; 5]).repeat(100));
    is_ended("unknown frames", |_| frame(99, 0, 0, &[]).repeat(100));
    is_ended("windows", |_| frame(8, 0, 0, &[0, 0, 0, 1]).repeat(100));
    is_ended("empty data", |count| {
        let head = frame(HEADERS, END_HEADERS, 1, &get("/echo"));
        let head = if count == 0 { head } else { Vec::new() };
        [head, frame(DATA, 0, 1, &[]).repeat(100)].concat()
    });
}

#[test]
fn streams_that_are_reset_as_soon_as_they_begin_end_the_connection() {
    is_ended("rapid resets", |count| {
        let pair = |stream: u32| {
            [
                frame(HEADERS, END_HEADERS | END_STREAM, stream, &get("/wait")),
                frame(RST_STREAM, 0, stream, &[0, 0, 0, 8]),
            ]
            .concat()
        };
        (0..50).flat_map(|step| pair((count * 50 + step) * 2 + 1)).collect()
    });
    // The server is made to reset them.
    is_ended("resets that are provoked", |count| {
        let pair = |stream: u32| {
            [frame(HEADERS, END_HEADERS | END_STREAM, stream, &get("/wait")), frame(8, 0, stream, &[0; 4])]
                .concat()
        };
        (0..50).flat_map(|step| pair((count * 50 + step) * 2 + 1)).collect()
    });
}

#[test]
fn a_head_that_goes_on_and_on_ends_the_connection() {
    is_ended("continuations", |count| match count {
        0 => frame(HEADERS, 0, 1, &get("/gone")),
        _ => frame(CONTINUATION, 0, 1, &[0x00, 0x01, b'a', 0x01, b'b']).repeat(100),
    });
    is_ended("empty continuations", |count| match count {
        0 => frame(HEADERS, 0, 1, &get("/gone")),
        _ => frame(CONTINUATION, 0, 1, &[]).repeat(100),
    });
}

#[test]
fn a_client_that_reads_a_lot_in_small_windows_is_no_flood() {
    let server = tls::start(Config::default());
    tls::run(async {
        let client = Client::with_window(server.address, 4000).await;
        let mut large = client.get("/large").await;
        assert!(large.read(16 << 20).await.len() >= 16 << 20);
    });
}
