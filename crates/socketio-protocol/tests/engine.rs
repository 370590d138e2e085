//! Engine.IO under random input: what is encoded decodes to the same, and nothing makes a decoder panic.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "helpers of tests")]

use std::time::{Duration, Instant};

use bytes::Bytes;
use proptest::collection::vec;
use proptest::prelude::*;
use socketio_protocol::engine::{
    Beat, Heartbeat, Packet, PacketError, Query, Timing, TransportName, payload,
};

/// Any text packet.
fn text_packet() -> impl Strategy<Value = Packet<'static>> {
    prop_oneof![
        any::<String>().prop_map(|data| Packet::Open(data.into())),
        Just(Packet::Close),
        any::<String>().prop_map(|data| Packet::Ping(data.into())),
        any::<String>().prop_map(|data| Packet::Pong(data.into())),
        any::<String>().prop_map(|data| Packet::Message(data.into())),
        Just(Packet::Upgrade),
        Just(Packet::Noop),
    ]
}

/// Any packet that fits into a payload: its text holds no separator.
fn payload_packet() -> impl Strategy<Value = Packet<'static>> {
    let text =
        text_packet().prop_filter("no separator", |packet| !encoded(packet).contains(payload::SEPARATOR));
    prop_oneof![3 => text, 1 => vec(any::<u8>(), 0..64).prop_map(|data| Packet::Binary(data.into()))]
}

/// Text that is likelier than chance to look like a payload.
fn payload_like() -> impl Strategy<Value = String> {
    prop_oneof![any::<String>(), "([0-6b][a-zA-Z0-9+/={}\"é]{0,8}\u{1e}?){0,6}"]
}

fn encoded(packet: &Packet<'_>) -> String {
    let mut out = String::new();
    packet.encode_into(&mut out);
    out
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_text_packet_round_trips(packet in text_packet()) {
        let text = encoded(&packet);
        prop_assert_eq!(Packet::decode(&text), Ok(packet));
    }

    #[test]
    fn a_payload_round_trips(packets in vec(payload_packet(), 1..8)) {
        let mut encoder = payload::Encoder::new();
        for packet in &packets {
            match packet {
                Packet::Binary(data) => encoder.binary(data),
                text => encoder.text(&encoded(text)),
            }
        }
        let expected: String = packets.iter().map(encoded).collect::<Vec<_>>().join("\u{1e}");
        let body = encoder.finish();
        prop_assert_eq!(&body, &expected);
        prop_assert_eq!(payload::decode(&body).collect::<Result<Vec<_>, _>>(), Ok(packets));
    }

    #[test]
    fn any_text_is_a_packet_or_an_error(text in payload_like()) {
        match Packet::decode(&text) {
            // Base64 may come without its padding.
            Ok(packet @ Packet::Binary(_)) => {
                prop_assert!(text.starts_with(encoded(&packet).trim_end_matches('=')));
            }
            Ok(packet) => prop_assert!(text.starts_with(&encoded(&packet))),
            Err(PacketError::Empty) => prop_assert!(text.is_empty()),
            Err(_) => prop_assert!(!text.starts_with(['0', '1', '2', '3', '4', '5', '6'])),
        }
    }

    #[test]
    fn any_payload_gives_packets_and_then_at_most_one_error(body in payload_like()) {
        let packets: Vec<_> = payload::decode(&body).collect();
        let (last, before) = packets.split_last().expect("at least one");
        prop_assert!(before.iter().all(Result::is_ok));
        if last.is_ok() {
            prop_assert_eq!(packets.len(), body.split('\u{1e}').count());
        }
    }

    #[test]
    fn a_session_id_survives_percent_encoding(sid in any::<String>(), websocket in any::<bool>()) {
        let transport = if websocket { TransportName::WebSocket } else { TransportName::Polling };
        let escaped: String = sid.bytes().map(|byte| format!("%{byte:02x}")).collect();
        let text = format!("EIO=4&transport={}&sid={escaped}", transport.as_str());
        let query = Query::parse(&text);
        let sid = (!sid.is_empty()).then_some(sid.into());
        prop_assert_eq!(query, Ok(Query { transport, sid }));
    }

    #[test]
    fn any_query_is_valid_or_an_error(text in prop_oneof![
        any::<String>(),
        "((EIO|transport|sid|t)(=(4|3|polling|websocket|abc|%[0-9a-f]{0,2}))?&?){0,5}",
    ]) {
        if let Ok(query) = Query::parse(&text) {
            prop_assert!(query.sid.is_some_and(|sid| !sid.is_empty()) || text.contains("EIO"));
        }
    }

    /// A client that answers every ping immediately is never lost, however it is polled and held back.
    #[test]
    fn a_client_that_answers_lives(steps in vec((0_u64..19_000, any::<bool>()), 1..100)) {
        let timing = Timing { interval: Duration::from_secs(25), timeout: Duration::from_secs(20) };
        let mut now = Instant::now();
        let mut heart = Heartbeat::new(now, &timing);
        for (step, hold) in steps {
            let asked = heart.deadline();
            now += Duration::from_millis(step);
            if hold { heart.hold(now) } else { heart.release(now) }
            match heart.poll(now, &timing) {
                Beat::Idle => prop_assert!(heart.deadline() > now),
                Beat::SendPing => {
                    prop_assert!(now >= asked);
                    heart.pong(now, &timing);
                    prop_assert_eq!(heart.deadline(), now + timing.interval);
                }
                Beat::TimedOut => prop_assert!(false, "it answered"),
            }
        }
    }

    /// A client that never answers is lost, at the latest when all of the time that it was not held back has passed.
    #[test]
    fn a_silent_client_is_lost_after_its_time(steps in vec((1_u64..5_000, any::<bool>()), 100)) {
        let timing = Timing { interval: Duration::from_secs(25), timeout: Duration::from_secs(20) };
        let start = Instant::now();
        let mut now = start;
        let mut heart = Heartbeat::new(now, &timing);
        let (mut held, mut counted) = (false, Duration::ZERO);
        for (step, hold) in steps {
            let before = now;
            now += Duration::from_millis(step);
            if !held {
                // Only time after the ping was due counts.
                counted += now.saturating_duration_since(before.max(start + timing.interval));
            }
            if hold { heart.hold(now) } else { heart.release(now) }
            held = hold;
            let beat = heart.poll(now, &timing);
            prop_assert_eq!(beat == Beat::TimedOut, counted >= timing.timeout, "counted {:?}", counted);
            if beat == Beat::TimedOut {
                break;
            }
        }
    }
}

#[test]
fn a_payload_of_many_packets_keeps_their_order() {
    let mut encoder = payload::Encoder::new();
    for number in 0..1_000 {
        encoder.text(&format!("4{number}"));
    }
    encoder.binary(&Bytes::from_static(b"end"));
    let body = encoder.finish();
    let packets: Vec<_> = payload::decode(&body).map(Result::unwrap).collect();
    assert_eq!(packets.len(), 1_001);
    assert_eq!(packets[999], Packet::Message("999".into()));
    assert_eq!(packets[1_000], Packet::Binary(Bytes::from_static(b"end")));
}
