//! An Engine.IO payload, and the query string of its request.

#![no_main]

use libfuzzer_sys::fuzz_target;
use socketio_protocol::engine::{Packet, Query, payload};

fuzz_target!(|text: &str| {
    if let Ok(query) = Query::parse(text) {
        assert!(query.sid.is_none_or(|sid| !sid.is_empty()));
    }
    let mut encoder = payload::Encoder::new();
    let mut packets = Vec::new();
    let mut failed = false;
    for packet in payload::decode(text) {
        assert!(!failed, "nothing follows an error");
        let Ok(packet) = packet else {
            failed = true;
            continue;
        };
        if let Packet::Binary(data) = &packet {
            encoder.binary(data);
        } else {
            let mut out = String::new();
            packet.encode_into(&mut out);
            assert_eq!(Packet::decode(&out).as_ref(), Ok(&packet));
            encoder.text(&out);
        }
        packets.push(packet);
    }
    assert!(failed || !packets.is_empty());
    if !packets.is_empty() {
        let body = encoder.finish();
        let again: Result<Vec<_>, _> = payload::decode(&body).collect();
        assert_eq!(again, Ok(packets));
    }
});
