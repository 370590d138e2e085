//! One Socket.IO packet: what decodes is within bounds and renders to something that decodes to the same.

#![no_main]

use libfuzzer_sys::fuzz_target;
use serde::de::IgnoredAny;
use socketio_protocol::socket::{Arguments, MAX_ATTACHMENTS, Packet, Rendered, decode, encode};
use socketio_protocol::text::LossyString;

fuzz_target!(|text: &str| {
    // The string helper is reached through any argument; here it gets the input itself too.
    let _ = serde_json::from_str::<LossyString>(text);
    let Ok(packet) = decode(text) else { return };
    assert!(packet.namespace().starts_with('/'));
    assert!(packet.attachments() <= MAX_ATTACHMENTS);
    match &packet {
        Packet::Event { namespace, ack, name, args, attachments } => {
            let arguments = Arguments::from_incoming(args, &vec![bytes::Bytes::new(); *attachments]);
            same(&packet, &encode::event(namespace, *ack, name, &arguments));
        }
        Packet::Ack { namespace, id, args, attachments } => {
            let arguments = Arguments::from_incoming(args, &vec![bytes::Bytes::new(); *attachments]);
            same(&packet, &encode::ack(namespace, *id, &arguments));
        }
        Packet::Connect { namespace, auth } => same(&packet, &encode::connect_request(namespace, *auth)),
        Packet::Disconnect { namespace } => same(&packet, &encode::disconnect(namespace)),
        Packet::ConnectError { .. } => {}
    }
    if let Packet::Event { args, .. } | Packet::Ack { args, .. } = &packet {
        for arg in args.iter() {
            assert!(serde_json::from_str::<IgnoredAny>(arg.get()).is_ok());
            // Recursion is bounded, so that this neither overflows the stack nor meets the parser's own limit.
            if let Err(error) = serde_json::from_str::<serde_json::Value>(arg.get()) {
                assert!(!error.to_string().contains("recursion"), "{error}");
            }
        }
    }
});

fn same(packet: &Packet<'_>, rendered: &Rendered) {
    let again = decode(&rendered.text[1..]).expect("what is rendered decodes");
    assert_eq!(format!("{again:?}"), format!("{packet:?}"));
    assert_eq!(rendered.attachments.len(), packet.attachments());
}
