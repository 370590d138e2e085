//! The body of a client event, read once: finds the keys that count, whatever they hold.

mod whole;

use std::borrow::Cow;
use std::fmt;

use serde::Deserializer;
use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;
use socketio_protocol::text::LossyStr;

use super::v1::{Limits, Refusal};
use crate::names::{RoomCode, UserName};
pub(super) use whole::whole;

/// The values under `keys`, if present, in that order; as in JavaScript the last of equal keys wins. Strings are still
/// JSON: whether they count at all may depend on who sends them.
pub(super) fn object<'a, const N: usize>(
    arg: Option<&'a RawValue>,
    has_attachments: bool,
    keys: &'static [&'static str; N],
) -> Result<[Option<&'a RawValue>; N], Refusal> {
    if has_attachments {
        return Err(Refusal::invalid_body("the body must be one JSON object without binary data."));
    }
    let json = arg.ok_or_else(|| Refusal::invalid_body("the body is missing; send one JSON object."))?;
    serde_json::Deserializer::from_str(json.get())
        .deserialize_map(BodyVisitor(keys))
        .map_err(|_| Refusal::invalid_body("the body must be one JSON object."))
}

/// A JSON value as a string: a slice of the body if it has no escapes.
pub(super) fn string<'a>(key: &str, json: &'a RawValue) -> Result<Cow<'a, str>, Refusal> {
    serde_json::from_str(json.get())
        .map(|LossyStr(text)| text)
        .map_err(|_| Refusal::invalid_body(format!("{key} must be a string.")))
}

/// A JSON value as a person's name.
pub(super) fn name(json: &RawValue, limits: &Limits) -> Result<UserName, Refusal> {
    UserName::parse(&string("name", json)?, limits.name_chars).map_err(Refusal::name)
}

/// A JSON value as a room's code.
pub(super) fn room(json: &RawValue, limits: &Limits) -> Result<RoomCode, Refusal> {
    RoomCode::parse(&string("room", json)?, limits.room_chars).map_err(Refusal::room)
}

/// A JSON value as a boolean; one that is missing is false.
pub(super) fn boolean(key: &str, json: Option<&RawValue>) -> Result<bool, Refusal> {
    match json.map(RawValue::get) {
        None | Some("false") => Ok(false),
        Some("true") => Ok(true),
        Some(_) => Err(Refusal::invalid_body(format!("{key} must be true or false."))),
    }
}

struct BodyVisitor<const N: usize>(&'static [&'static str; N]);

impl<'de, const N: usize> Visitor<'de> for BodyVisitor<N> {
    type Value = [Option<&'de RawValue>; N];

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("one JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut values = [None; N];
        while let Some(place) = map.next_key_seed(KeySeed(self.0))? {
            match place.and_then(|place| values.get_mut(place)) {
                Some(value) => *value = Some(map.next_value()?),
                None => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(values)
    }
}

/// Reads keys as bytes: an unknown key is ignored even when it holds a lone surrogate, which is no `str`.
struct KeySeed<const N: usize>(&'static [&'static str; N]);

impl<'de, const N: usize> DeserializeSeed<'de> for KeySeed<N> {
    type Value = Option<usize>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_bytes(self)
    }
}

impl<const N: usize> Visitor<'_> for KeySeed<N> {
    type Value = Option<usize>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_bytes<E>(self, key: &[u8]) -> Result<Self::Value, E> {
        Ok(self.0.iter().position(|known| known.as_bytes() == key))
    }
}
