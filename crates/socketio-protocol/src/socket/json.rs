//! The JSON payload of a packet, read once; arguments stay raw.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserializer as _, SeqAccess, Visitor};
use serde_json::value::RawValue;
use smallvec::SmallVec;

use super::error::DecodeError;
use super::packet::Args;
use crate::text::LossyStr;

/// Deepest nesting of arrays and objects in a payload, its outermost one included.
pub const MAX_DEPTH: usize = 64;

/// Names that the protocol's libraries reserve for themselves.
pub(super) const RESERVED: [&str; 6] =
    ["connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"];

/// Refuses JSON that is nested too deep. The parser skips raw values without a bound on their depth, and whoever parses
/// them later may recurse.
pub(super) fn check_depth(json: &str) -> Result<(), DecodeError> {
    // `{` and `[` differ in one bit. With few of them, in strings or not, nothing can be deep, and counting is fast.
    if json.bytes().filter(|byte| byte | 0x20 == b'{').count() <= MAX_DEPTH {
        return Ok(());
    }
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    for byte in json.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            _ if in_string => {}
            b'[' | b'{' if depth == MAX_DEPTH => return Err(DecodeError::TooDeep),
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    Ok(())
}

/// No payload, or a JSON value.
pub(super) fn optional(payload: &str) -> Result<Option<&RawValue>, DecodeError> {
    if payload.is_empty() {
        return Ok(None);
    }
    serde_json::from_str(payload).map(Some).map_err(DecodeError::Json)
}

/// The payload of an event: its name and arguments.
pub(super) fn event(payload: &str) -> Result<(Cow<'_, str>, Args<'_>), DecodeError> {
    let (name, args) = array(payload, EventVisitor)?.ok_or(DecodeError::MissingName)?;
    let name = serde_json::from_str::<LossyStr<'_>>(name.get()).map_err(|_| DecodeError::NameNotString)?.0;
    if RESERVED.contains(&&*name) {
        return Err(DecodeError::ReservedName);
    }
    Ok((name, args))
}

/// The payload of an ack.
pub(super) fn arguments(payload: &str) -> Result<Args<'_>, DecodeError> {
    array(payload, ArgsVisitor)
}

/// Reads a payload that must be an array and nothing else.
fn array<'a, V: Visitor<'a>>(payload: &'a str, visitor: V) -> Result<V::Value, DecodeError> {
    match payload.trim_start_matches([' ', '\t', '\n', '\r']).chars().next() {
        None => return Err(DecodeError::MissingPayload),
        Some('[') => {}
        Some(_) => return Err(DecodeError::NotAnArray),
    }
    let mut json = serde_json::Deserializer::from_str(payload);
    let value = json.deserialize_seq(visitor).map_err(DecodeError::Json)?;
    json.end().map_err(DecodeError::Json)?;
    Ok(value)
}

struct EventVisitor;

impl<'de> Visitor<'de> for EventVisitor {
    /// The name, raw (so that it is checked as strictly as the arguments), and the arguments; `None`: an empty array.
    type Value = Option<(&'de RawValue, Args<'de>)>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an array of an event name and arguments")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut array: A) -> Result<Self::Value, A::Error> {
        let Some(name) = array.next_element()? else {
            return Ok(None);
        };
        Ok(Some((name, rest(array)?)))
    }
}

struct ArgsVisitor;

impl<'de> Visitor<'de> for ArgsVisitor {
    type Value = Args<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an array of arguments")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, array: A) -> Result<Self::Value, A::Error> {
        rest(array)
    }
}

fn rest<'de, A: SeqAccess<'de>>(mut array: A) -> Result<Args<'de>, A::Error> {
    let mut args = SmallVec::new();
    while let Some(arg) = array.next_element()? {
        args.push(arg);
    }
    Ok(Args(args))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::socket::decode;

    #[test]
    fn nesting_is_bounded_outside_of_strings() {
        let nested = |levels: usize| format!("2[\"a\",{}{}]", "[".repeat(levels), "]".repeat(levels));
        assert!(decode(&nested(MAX_DEPTH - 1)).is_ok());
        assert!(matches!(decode(&nested(MAX_DEPTH)), Err(DecodeError::TooDeep)));
        assert!(matches!(decode(&nested(100_000)), Err(DecodeError::TooDeep)));
        assert!(matches!(decode(&"0{\"a\":".repeat(100)), Err(DecodeError::TooDeep)));
        let wide = format!("2[\"a\"{}]", ",[{}]".repeat(1000));
        assert!(decode(&wide).is_ok());
        let text = format!("2[\"a\",\"\\\"{}\\\\\"]", "[{".repeat(1000));
        assert!(decode(&text).is_ok(), "{:?}", decode(&text));
    }
}
