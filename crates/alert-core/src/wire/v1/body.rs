//! The body of a client event, read once: where the four keys of v1 are, whatever they hold.

use std::borrow::Cow;
use std::fmt;

use serde::Deserializer;
use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;
use socketio_protocol::text::LossyStr;

use super::Refusal;

/// The values under the keys that count, where present; as in JavaScript the last of equal keys wins. Strings are
/// still JSON: whether they count at all depends on who sends them.
#[derive(Clone, Copy, Default)]
pub(super) struct Body<'a> {
    pub(super) headless: bool,
    pub(super) name: Option<&'a RawValue>,
    pub(super) room: Option<&'a RawValue>,
    pub(super) msg: Option<&'a RawValue>,
}

impl<'a> Body<'a> {
    pub(super) fn parse(arg: Option<&'a RawValue>, has_attachments: bool) -> Result<Self, Refusal> {
        if has_attachments {
            return Err(Refusal::invalid_body("the body must be one JSON object without binary data."));
        }
        let json = arg.ok_or_else(|| Refusal::invalid_body("the body is missing; send one JSON object."))?;
        let (mut body, headless) = serde_json::Deserializer::from_str(json.get())
            .deserialize_map(BodyVisitor)
            .map_err(|_| Refusal::invalid_body("the body must be one JSON object."))?;
        body.headless = match headless.map(RawValue::get) {
            None | Some("false") => false,
            Some("true") => true,
            Some(_) => return Err(Refusal::invalid_body("headless must be true or false.")),
        };
        Ok(body)
    }
}

/// A JSON value as a string: a slice of the body where it has no escapes.
pub(super) fn string<'a>(key: &str, json: &'a RawValue) -> Result<Cow<'a, str>, Refusal> {
    serde_json::from_str(json.get())
        .map(|LossyStr(text)| text)
        .map_err(|_| Refusal::invalid_body(format!("{key} must be a string.")))
}

/// Gives `headless` beside the body, not yet read.
struct BodyVisitor;

impl<'de> Visitor<'de> for BodyVisitor {
    type Value = (Body<'de>, Option<&'de RawValue>);

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("one JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut body = Body::default();
        let mut headless = None;
        while let Some(key) = map.next_key_seed(KeySeed)? {
            let place = match key {
                Key::Headless => &mut headless,
                Key::Name => &mut body.name,
                Key::Room => &mut body.room,
                Key::Msg => &mut body.msg,
                Key::Unknown => {
                    map.next_value::<IgnoredAny>()?;
                    continue;
                }
            };
            *place = Some(map.next_value()?);
        }
        Ok((body, headless))
    }
}

enum Key {
    Headless,
    Name,
    Room,
    Msg,
    Unknown,
}

/// Reads keys as bytes: an unknown key is ignored even when it holds a lone surrogate, which is no `str`.
struct KeySeed;

impl<'de> DeserializeSeed<'de> for KeySeed {
    type Value = Key;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Key, D::Error> {
        deserializer.deserialize_bytes(self)
    }
}

impl Visitor<'_> for KeySeed {
    type Value = Key;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_bytes<E>(self, key: &[u8]) -> Result<Key, E> {
        Ok(match key {
            b"headless" => Key::Headless,
            b"name" => Key::Name,
            b"room" => Key::Room,
            b"msg" => Key::Msg,
            _ => Key::Unknown,
        })
    }
}
