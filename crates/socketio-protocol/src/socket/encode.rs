//! Rendering packets, once for all receivers.

use std::fmt::Write as _;

use bytes::Bytes;
use serde::Serialize;
use serde_json::value::RawValue;

use super::packet::AckId;

/// A packet ready to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendered {
    /// The Engine.IO message that holds the packet, its type `4` included. It can be sent as it is, as a WebSocket text
    /// frame or a record of a polling payload.
    pub text: String,
    /// Binary messages that follow it directly.
    pub attachments: Vec<Bytes>,
}

/// Spare room behind the text of an event or an ack, so that it can become a WebSocket frame in place.
const FRAME_HEADER: usize = 10;

/// Arguments of an event or ack, in order.
#[derive(Clone, Debug, Default)]
pub struct Arguments {
    /// JSON values, each with a comma before it.
    json: String,
    attachments: Vec<Bytes>,
}

impl Arguments {
    /// No arguments.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Arguments that came in, unchanged, with the attachments that came with them.
    #[must_use]
    pub fn from_incoming(args: &[&RawValue], attachments: &[Bytes]) -> Self {
        let arguments = args.iter().copied().fold(Self::new(), Self::raw);
        Self { attachments: attachments.to_vec(), ..arguments }
    }

    /// Adds a value.
    ///
    /// # Errors
    /// The value cannot be written as JSON, for example because a map has keys that are not strings.
    pub fn json<T: Serialize + ?Sized>(mut self, value: &T) -> Result<Self, serde_json::Error> {
        let mut json = self.json.into_bytes();
        json.push(b',');
        serde_json::to_writer(&mut json, value)?;
        self.json = String::from_utf8(json).map_err(serde::ser::Error::custom)?;
        Ok(self)
    }

    /// Adds a value that is JSON text already.
    #[must_use]
    pub fn raw(mut self, value: &RawValue) -> Self {
        self.push(value.get());
        self
    }

    /// Adds a binary value: a placeholder here, and the data as an attachment. Receivers refuse packets with more than
    /// [`MAX_ATTACHMENTS`](super::MAX_ATTACHMENTS).
    #[must_use]
    pub fn binary(mut self, data: Bytes) -> Self {
        let placeholder = format!(r#"{{"_placeholder":true,"num":{}}}"#, self.attachments.len());
        self.push(&placeholder);
        self.attachments.push(data);
        self
    }

    fn push(&mut self, json: &str) {
        self.json.push(',');
        self.json.push_str(json);
    }
}

/// The server grants a namespace: `40{"sid":"..."}`, and with a `pid` to a client that recovers its state.
#[must_use]
pub fn connect(namespace: &str, sid: &str, pid: Option<&str>) -> Rendered {
    let mut text = head('0', 0, namespace, None);
    text.push_str(r#"{"sid":"#);
    push_string(&mut text, sid);
    if let Some(pid) = pid {
        text.push_str(r#","pid":"#);
        push_string(&mut text, pid);
    }
    text.push('}');
    Rendered { text, attachments: Vec::new() }
}

/// A client asks for a namespace: `40` with credentials, if there are any. They must be a JSON object.
#[must_use]
pub fn connect_request(namespace: &str, auth: Option<&RawValue>) -> Rendered {
    let mut text = head('0', 0, namespace, None);
    text.push_str(auth.map_or("", RawValue::get));
    Rendered { text, attachments: Vec::new() }
}

/// The server refuses a namespace: `44{"message":"...","data":...}`.
#[must_use]
pub fn connect_error(namespace: &str, message: &str, data: Option<&RawValue>) -> Rendered {
    let mut text = head('4', 0, namespace, None);
    text.push_str(r#"{"message":"#);
    push_string(&mut text, message);
    if let Some(data) = data {
        text.push_str(r#","data":"#);
        text.push_str(data.get());
    }
    text.push('}');
    Rendered { text, attachments: Vec::new() }
}

/// Leaves a namespace: `41`.
#[must_use]
pub fn disconnect(namespace: &str) -> Rendered {
    Rendered { text: head('1', 0, namespace, None), attachments: Vec::new() }
}

/// An event: `42["name",...]`, or `45n-...` with attachments.
#[must_use]
pub fn event(namespace: &str, ack: Option<AckId>, name: &str, arguments: &Arguments) -> Rendered {
    let kind = if arguments.attachments.is_empty() { '2' } else { '5' };
    let mut text = head(kind, arguments.attachments.len(), namespace, ack);
    text.reserve(name.len() + arguments.json.len() + 4 + FRAME_HEADER);
    text.push('[');
    push_string(&mut text, name);
    text.push_str(&arguments.json);
    text.push(']');
    Rendered { text, attachments: arguments.attachments.clone() }
}

/// An event with one argument, which is written straight into the packet. `size` is roughly how long it is.
///
/// # Errors
/// The argument cannot be written as JSON, for example because a map has keys that are not strings.
pub fn event_of<T: Serialize + ?Sized>(
    namespace: &str,
    name: &str,
    argument: &T,
    size: usize,
) -> Result<Rendered, serde_json::Error> {
    let mut text = head('2', 0, namespace, None).into_bytes();
    text.reserve(name.len() + size + 8 + FRAME_HEADER);
    text.push(b'[');
    serde_json::to_writer(&mut text, name)?;
    text.push(b',');
    serde_json::to_writer(&mut text, argument)?;
    text.push(b']');
    let text = String::from_utf8(text).map_err(serde::ser::Error::custom)?;
    Ok(Rendered { text, attachments: Vec::new() })
}

/// As [`event_of`], for a client that recovers its state: the event ends with `offset`, by which the client says how
/// far it got when it reconnects.
///
/// # Errors
/// As those of [`event_of`].
pub fn event_at<T: Serialize + ?Sized>(
    namespace: &str,
    name: &str,
    argument: &T,
    offset: &str,
    size: usize,
) -> Result<Rendered, serde_json::Error> {
    let mut rendered = event_of(namespace, name, argument, size + offset.len() + 3)?;
    rendered.text.truncate(rendered.text.len() - 1);
    rendered.text.push(',');
    push_string(&mut rendered.text, offset);
    rendered.text.push(']');
    Ok(rendered)
}

/// Acknowledges an event: `43id[...]`, or `46n-...` with attachments.
#[must_use]
pub fn ack(namespace: &str, id: AckId, arguments: &Arguments) -> Rendered {
    let kind = if arguments.attachments.is_empty() { '3' } else { '6' };
    let mut text = head(kind, arguments.attachments.len(), namespace, Some(id));
    text.reserve(arguments.json.len() + 2 + FRAME_HEADER);
    text.push('[');
    text.push_str(arguments.json.strip_prefix(',').unwrap_or_default());
    text.push(']');
    Rendered { text, attachments: arguments.attachments.clone() }
}

/// What comes before the payload. `namespace` begins with `/` and holds no comma.
fn head(kind: char, attachments: usize, namespace: &str, ack: Option<AckId>) -> String {
    let mut text = String::with_capacity(namespace.len() + 32);
    text.push('4');
    text.push(kind);
    if attachments > 0 {
        // Writing to a string cannot fail.
        let _ = write!(text, "{attachments}-");
    }
    if namespace != "/" {
        text.push_str(namespace);
        text.push(',');
    }
    if let Some(id) = ack {
        let _ = write!(text, "{id}");
    }
    text
}

fn push_string(text: &mut String, value: &str) {
    #[expect(clippy::expect_used, reason = "a string always serializes")]
    text.push_str(&serde_json::to_string(value).expect("a string always serializes"));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::socket::{Decoder, Packet};

    fn raw(json: &str) -> &RawValue {
        serde_json::from_str(json).unwrap()
    }

    fn id(id: u64) -> AckId {
        AckId::new(id).unwrap()
    }

    #[test]
    fn the_specifications_packets_encode() {
        let none = Arguments::new();
        let binary = none.clone().binary(Bytes::from_static(&[1, 2, 3]));
        for (rendered, text) in [
            (connect("/", "wZX3oN0bSVIhsaknAAAI", None), r#"40{"sid":"wZX3oN0bSVIhsaknAAAI"}"#),
            (connect("/admin", "a\"b", None), r#"40/admin,{"sid":"a\"b"}"#),
            (connect("/", "a", Some("b\\")), r#"40{"sid":"a","pid":"b\\"}"#),
            (connect_request("/", None), "40"),
            (connect_request("/admin", None), "40/admin,"),
            (connect_request("/admin", Some(raw(r#"{"token":"123"}"#))), r#"40/admin,{"token":"123"}"#),
            (connect_error("/", "Not authorized", None), r#"44{"message":"Not authorized"}"#),
            (
                connect_error("/admin", "Not authorized", Some(raw(r#"{"code":"E001"}"#))),
                r#"44/admin,{"message":"Not authorized","data":{"code":"E001"}}"#,
            ),
            (disconnect("/"), "41"),
            (disconnect("/admin"), "41/admin,"),
            (event("/", None, "foo", &none), r#"42["foo"]"#),
            (event("/admin", Some(id(13)), "bar", &none), r#"42/admin,13["bar"]"#),
            (
                event("/", Some(id(0)), "a\nb", &none.clone().json(&1).unwrap().raw(raw("[ 2 ]"))),
                r#"420["a\nb",1,[ 2 ]]"#,
            ),
            (ack("/", id(12), &none), "4312[]"),
            (ack("/admin", id(13), &none.clone().json("bar").unwrap()), r#"43/admin,13["bar"]"#),
            (event("/", None, "baz", &binary), r#"451-["baz",{"_placeholder":true,"num":0}]"#),
            (
                ack("/admin", AckId::MAX, &binary.clone().binary(Bytes::new())),
                r#"462-/admin,9007199254740991[{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]"#,
            ),
        ] {
            assert_eq!(rendered.text, text);
        }
        assert_eq!(event("/", None, "baz", &binary).attachments, [Bytes::from_static(&[1, 2, 3])]);
        assert!(event("/", None, "baz", &none).attachments.is_empty());
    }

    #[test]
    fn an_echo_repeats_arguments_and_attachments() {
        let text = r#"51-7["a",{"x": {"_placeholder":true,"num":0}},"\ud800",1.50]"#;
        let mut decoder = Decoder::new();
        decoder.text(text, 100).unwrap();
        let whole = decoder.binary(Bytes::from_static(b"data")).unwrap().unwrap();
        let Packet::Event { namespace, ack: id, name, args, .. } = whole.packet() else { panic!("an event") };
        let echo = Arguments::from_incoming(&args, whole.attachments());
        let rendered = event(namespace, id, &name, &echo);
        assert_eq!((rendered.text, rendered.attachments), (format!("4{text}"), whole.attachments().to_vec()));
    }

    #[test]
    fn an_event_of_one_argument_is_the_same_packet() {
        for namespace in ["/", "/admin"] {
            let arguments = Arguments::new().json("b\n").unwrap();
            assert_eq!(
                event_of(namespace, "a\"", "b\n", 0).unwrap(),
                event(namespace, None, "a\"", &arguments)
            );
        }
    }

    #[test]
    fn an_event_with_an_offset_ends_with_it() {
        for namespace in ["/", "/admin"] {
            let arguments = Arguments::new().json("b").unwrap().json("7\"-1").unwrap();
            let packet = event_at(namespace, "a", "b", "7\"-1", 3).unwrap();
            assert_eq!(packet, event(namespace, None, "a", &arguments));
            assert!(packet.text.capacity() >= packet.text.len() + FRAME_HEADER);
        }
    }

    #[test]
    fn what_is_no_json_is_an_error() {
        let map = std::collections::HashMap::from([((1, 2), 3)]);
        assert!(Arguments::new().json(&map).is_err());
        assert!(event_of("/", "a", &map, 0).is_err());
    }
}
