//! A sequence of text and binary messages through the decoder of one connection.
//!
//! The first byte is the limit on what may be outstanding; then messages are separated by `0xff`, which UTF-8 has not:
//! one that begins with `B` is binary, any other is text if it is UTF-8.

#![no_main]

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use socketio_protocol::socket::{Arguments, Decoder, Packet, encode};

fuzz_target!(|data: &[u8]| {
    let Some((limit, data)) = data.split_first() else { return };
    let limit = usize::from(*limit);
    let mut decoder = Decoder::new();
    let mut held = 0;
    for message in data.split(|byte| *byte == 0xff) {
        let pending = decoder.is_pending();
        if let Some(binary) = message.strip_prefix(b"B") {
            match decoder.binary(Bytes::copy_from_slice(binary)) {
                Ok(Some(whole)) => {
                    assert!(pending && !decoder.is_pending());
                    assert!(held + binary.len() <= limit);
                    let packet = whole.packet();
                    assert_eq!(packet.attachments(), whole.attachments().len());
                    echo(&packet, whole.attachments());
                }
                Ok(None) => {
                    assert!(pending && decoder.is_pending());
                    held += binary.len();
                    assert!(held <= limit);
                }
                Err(_) => return assert!(!decoder.is_pending()),
            }
        } else if let Ok(text) = std::str::from_utf8(message) {
            match decoder.text(text, limit) {
                Ok(Some(packet)) => {
                    assert!(!pending);
                    assert_eq!(packet.attachments(), 0);
                }
                Ok(None) => {
                    assert!(!pending && decoder.is_pending());
                    held = text.len();
                    assert!(held <= limit);
                }
                Err(_) => return assert!(!decoder.is_pending()),
            }
        }
    }
});

/// Renders what came in, and sends that through a decoder again.
fn echo(packet: &Packet<'_>, attachments: &[Bytes]) {
    let rendered = match packet {
        Packet::Event { namespace, ack, name, args, .. } => {
            encode::event(namespace, *ack, name, &Arguments::from_incoming(args, attachments))
        }
        Packet::Ack { namespace, id, args, .. } => {
            encode::ack(namespace, *id, &Arguments::from_incoming(args, attachments))
        }
        other => panic!("{other:?} has no attachments"),
    };
    let mut decoder = Decoder::new();
    assert!(decoder.text(&rendered.text[1..], usize::MAX).expect("what is rendered decodes").is_none());
    let mut whole = None;
    for data in rendered.attachments {
        assert!(whole.is_none());
        whole = decoder.binary(data).expect("it was announced");
    }
    let whole = whole.expect("all attachments came");
    assert_eq!(whole.attachments(), attachments);
    assert_eq!(format!("{:?}", whole.packet()), format!("{packet:?}"));
}
