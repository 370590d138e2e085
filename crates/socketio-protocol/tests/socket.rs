//! Socket.IO under random input: what is rendered decodes to the same, and nothing makes a decoder panic.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "helpers of tests")]

use bytes::Bytes;
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::Value;
use serde_json::value::RawValue;
use socketio_protocol::socket::{
    AckId, Args, Arguments, Decoder, MAX_ATTACHMENTS, MAX_DEPTH, Packet, Rendered, decode, encode,
};
use socketio_protocol::text::LossyString;

const LIMIT: usize = 1 << 20;

fn namespace() -> impl Strategy<Value = String> {
    prop_oneof![Just("/".to_owned()), "/[^,]{1,12}"]
}

fn ack_id() -> impl Strategy<Value = AckId> {
    prop_oneof![0..1000_u64, 0..=AckId::MAX.get()].prop_map(|id| AckId::new(id).expect("in range"))
}

fn event_name() -> impl Strategy<Value = String> {
    any::<String>().prop_filter("not reserved", |name| {
        !["connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"]
            .contains(&name.as_str())
    })
}

/// Any JSON value.
fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        // Not any `f64`: the parser that these tests read JSON with may be off in the last digit.
        any::<i32>().prop_map(|eighths| Value::from(f64::from(eighths) / 8.0)),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 16, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            vec((any::<String>(), inner), 0..4)
                .prop_map(|entries| Value::Object(entries.into_iter().collect())),
        ]
    })
}

fn json_object() -> impl Strategy<Value = Value> {
    vec((any::<String>(), json()), 0..4).prop_map(|entries| Value::Object(entries.into_iter().collect()))
}

/// Arguments, and what they are, with attachments in the places of `Err`.
fn arguments() -> impl Strategy<Value = (Arguments, Vec<Result<Value, Bytes>>)> {
    let attachment = vec(any::<u8>(), 0..32).prop_map(|data| Err(Bytes::from(data)));
    let item = prop_oneof![3 => json().prop_map(Ok), 1 => attachment];
    vec(item, 0..6).prop_map(|items| {
        let arguments = items.iter().fold(Arguments::new(), |arguments, item| match item {
            Ok(value) => arguments.json(value).expect("a value is JSON"),
            Err(data) => arguments.binary(data.clone()),
        });
        (arguments, items)
    })
}

/// Text that is likelier than chance to be nearly a packet.
fn packet_like() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[0-7]([0-9]{1,2}-)?(/[a-z?=]{0,3},?)?[0-9]{0,3}\\PC{0,20}",
        r#"[0-6]([0-2]-)?(/a,)?[0-9]{0,2}(\[|\{|"|a|_placeholder|num|:|,|1|true|\}|\]|\\u|d8|00){0,24}"#,
        r#"[25]([0-2]-)?[0-9]{0,1}\["[a-z]{0,3}"(,(1|"x"|null|\{"_placeholder":(true|false|1),"num":(0|1|2|-1|"0")\}|\[\])){0,3}\]"#,
    ]
}

fn raw(value: &Value) -> Box<RawValue> {
    serde_json::value::to_raw_value(value).expect("a value is JSON")
}

/// The text of a rendered packet without the Engine.IO type.
fn body(rendered: &Rendered) -> &str {
    rendered.text.strip_prefix('4').expect("a message")
}

/// Sends a rendered packet through a decoder and hands what comes out to `check`.
fn deliver<R>(rendered: &Rendered, check: impl FnOnce(&Packet<'_>, &[Bytes]) -> R) -> R {
    let mut decoder = Decoder::new();
    if let Some(packet) = decoder.text(body(rendered), LIMIT).expect("valid") {
        assert!(rendered.attachments.is_empty());
        return check(&packet, &[]);
    }
    let (last, before) = rendered.attachments.split_last().expect("waits for attachments");
    for data in before {
        assert!(decoder.binary(data.clone()).expect("valid").is_none());
    }
    let whole = decoder.binary(last.clone()).expect("valid").expect("complete");
    check(&whole.packet(), whole.attachments())
}

/// Arguments with their placeholders resolved.
fn resolve(args: &Args<'_>, attachments: &[Bytes]) -> Vec<Result<Value, Bytes>> {
    args.iter()
        .map(|arg| {
            let value: Value = serde_json::from_str(arg.get()).expect("JSON");
            match value.get("_placeholder") {
                Some(Value::Bool(true)) => {
                    let index = value["num"].as_u64().expect("checked");
                    Err(attachments[usize::try_from(index).expect("small")].clone())
                }
                _ => Ok(value),
            }
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn an_event_round_trips(
        ns in namespace(), ack in proptest::option::of(ack_id()), event in event_name(), (arguments, items) in arguments(),
    ) {
        let rendered = encode::event(&ns, ack, &event, &arguments);
        deliver(&rendered, |packet, data| {
            let Packet::Event { namespace, ack: id, name, args, attachments } = packet else { panic!("{packet:?}") };
            assert_eq!((*namespace, *id, &**name, *attachments), (&*ns, ack, &*event, data.len()));
            assert_eq!(resolve(args, data), items);
            let echo = encode::event(namespace, *id, name, &Arguments::from_incoming(args, data));
            assert_eq!(echo, rendered);
        });
    }

    #[test]
    fn an_ack_round_trips(ns in namespace(), ack in ack_id(), (arguments, items) in arguments()) {
        let rendered = encode::ack(&ns, ack, &arguments);
        deliver(&rendered, |packet, data| {
            let Packet::Ack { namespace, id, args, attachments } = packet else { panic!("{packet:?}") };
            assert_eq!((*namespace, *id, *attachments), (&*ns, ack, data.len()));
            assert_eq!(resolve(args, data), items);
            assert_eq!(encode::ack(namespace, *id, &Arguments::from_incoming(args, data)), rendered);
        });
    }

    #[test]
    fn a_connect_round_trips(ns in namespace(), sid in any::<String>(), auth in proptest::option::of(json_object())) {
        let rendered = encode::connect(&ns, &sid, None);
        let Ok(Packet::Connect { namespace, auth: Some(data) }) = decode(body(&rendered)) else { panic!("{rendered:?}") };
        prop_assert_eq!(namespace, &ns);
        prop_assert_eq!(serde_json::from_str::<Value>(data.get()).unwrap(), serde_json::json!({ "sid": sid }));

        let auth = auth.as_ref().map(raw);
        let rendered = encode::connect_request(&ns, auth.as_deref());
        let Ok(Packet::Connect { namespace, auth: data }) = decode(body(&rendered)) else { panic!("{rendered:?}") };
        prop_assert_eq!((namespace, data.map(RawValue::get)), (&*ns, auth.as_deref().map(RawValue::get)));
    }

    #[test]
    fn a_connect_error_round_trips(ns in namespace(), message in any::<String>(), data in proptest::option::of(json())) {
        let rendered = encode::connect_error(&ns, &message, data.as_ref().map(raw).as_deref());
        let Ok(Packet::ConnectError { namespace, data: Some(json) }) = decode(body(&rendered)) else {
            panic!("{rendered:?}")
        };
        let json: Value = serde_json::from_str(json.get()).unwrap();
        prop_assert_eq!(namespace, &ns);
        prop_assert_eq!((json["message"].as_str(), json.get("data")), (Some(&*message), data.as_ref()));
    }

    #[test]
    fn a_disconnect_round_trips(ns in namespace()) {
        let rendered = encode::disconnect(&ns);
        let Ok(Packet::Disconnect { namespace }) = decode(body(&rendered)) else { panic!("{rendered:?}") };
        prop_assert_eq!(namespace, &ns);
    }

    #[test]
    fn any_text_is_a_packet_within_bounds_or_an_error(text in packet_like()) {
        if let Ok(packet) = decode(&text) {
            prop_assert!(packet.namespace().starts_with('/'));
            prop_assert!(packet.attachments() <= MAX_ATTACHMENTS);
            if let Packet::Event { args, .. } | Packet::Ack { args, .. } = packet {
                for arg in args.iter() {
                    prop_assert!(serde_json::from_str::<serde::de::IgnoredAny>(arg.get()).is_ok());
                }
            }
        }
    }

    #[test]
    fn any_messages_give_packets_or_an_error(
        messages in vec(prop_oneof![2 => packet_like().prop_map(Ok), 1 => vec(any::<u8>(), 0..8).prop_map(Err)], 0..12),
        limit in 0..200_usize,
    ) {
        let mut decoder = Decoder::new();
        for message in messages {
            let pending = decoder.is_pending();
            match message {
                Ok(text) => match decoder.text(&text, limit) {
                    Ok(Some(packet)) => prop_assert!(!pending && packet.attachments() == 0),
                    Ok(None) => prop_assert!(!pending && decoder.is_pending()),
                    Err(_) => prop_assert!(!decoder.is_pending()),
                },
                Err(data) => match decoder.binary(data.into()) {
                    Ok(Some(whole)) => {
                        prop_assert_eq!(whole.packet().attachments(), whole.attachments().len());
                        prop_assert!(whole.attachments().iter().map(Bytes::len).sum::<usize>() <= limit);
                    }
                    Ok(None) => prop_assert!(pending && decoder.is_pending()),
                    Err(_) => prop_assert!(!decoder.is_pending()),
                },
            }
        }
    }

    #[test]
    fn depth_is_bounded_exactly(levels in 0..2 * MAX_DEPTH, object in any::<bool>(), decoy in "[\\[{\\\\\"]{0,100}") {
        let (open, close) = if object { (r#"{"k":"#, "}") } else { ("[", "]") };
        let decoy = serde_json::to_string(&decoy).unwrap();
        let text = format!("2[{decoy},{}{decoy}{}]", open.repeat(levels), close.repeat(levels));
        prop_assert_eq!(decode(&text).is_ok(), levels < MAX_DEPTH);
    }

    #[test]
    fn a_string_with_surrogates_reads_as_javascript_would_show_it(units in vec(prop_oneof![
        any::<u16>(), 0xd7f0..0xe010_u16, 0x20..0x7f_u16,
    ], 0..24)) {
        let escaped: String = units.iter().map(|unit| format!("\\u{unit:04x}")).collect();
        let LossyString(text) = serde_json::from_str(&format!("\"{escaped}\"")).unwrap();
        prop_assert_eq!(text, String::from_utf16_lossy(&units));
    }
}
