//! JSON strings whose lone surrogates (`"\ud800"`) become U+FFFD instead of errors.
//!
//! JavaScript sends them, JSON allows them, and Rust's strings cannot hold them. These helpers ask the JSON parser for
//! bytes, so they do not work behind `#[serde(flatten)]` or untagged enums, which buffer. When asked for bytes, the
//! parser lets unescaped control characters pass, but a `RawValue`, which arguments are, has none.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, Visitor};

/// A string from JSON, owned. `#[serde(deserialize_with = "lossy_string")]` does the same for a plain [`String`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LossyString(pub String);

/// A string from JSON, borrowed from the input if it has no escapes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LossyStr<'a>(pub Cow<'a, str>);

/// For `#[serde(deserialize_with = "...")]` on a [`String`].
///
/// # Errors
/// The value is not a string.
pub fn lossy_string<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    LossyString::deserialize(deserializer).map(|string| string.0)
}

impl<'de> Deserialize<'de> for LossyString {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        LossyStr::deserialize(deserializer).map(|string| LossyString(string.0.into_owned()))
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for LossyStr<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_bytes(StringVisitor).map(LossyStr)
    }
}

struct StringVisitor;

impl<'de> Visitor<'de> for StringVisitor {
    type Value = Cow<'de, str>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a string")
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(text))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(text.to_owned()))
    }

    fn visit_borrowed_bytes<E: Error>(self, bytes: &'de [u8]) -> Result<Self::Value, E> {
        Ok(match std::str::from_utf8(bytes) {
            Ok(text) => Cow::Borrowed(text),
            Err(_) => Cow::Owned(replace_surrogates(bytes.to_vec())),
        })
    }

    fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Self::Value, E> {
        Ok(Cow::Owned(replace_surrogates(bytes.to_vec())))
    }
}

/// Turns WTF-8, which is UTF-8 that may hold surrogates (`ED A0..BF xx`), into UTF-8: each surrogate becomes one
/// U+FFFD, which is three bytes long too.
fn replace_surrogates(bytes: Vec<u8>) -> String {
    let mut bytes = match String::from_utf8(bytes) {
        Ok(text) => return text,
        Err(error) => error.into_bytes(),
    };
    for at in 0..bytes.len().saturating_sub(2) {
        if bytes[at] == 0xed && bytes[at + 1] >= 0xa0 {
            bytes[at..at + 3].copy_from_slice("\u{fffd}".as_bytes());
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lone_surrogate_becomes_one_replacement_character() {
        for (json, text) in [
            (r#""plain é""#, "plain é"),
            (r#""a\nb""#, "a\nb"),
            (r#""\ud800""#, "\u{fffd}"),
            (r#""a\udfffb\ud800\ud801c""#, "a\u{fffd}b\u{fffd}\u{fffd}c"),
            (r#""\ud83d\ude00""#, "😀"),
            (r#""\ude00\ud83d""#, "\u{fffd}\u{fffd}"),
            (r#""\ud7ff퟿\ud800""#, "\u{d7ff}\u{d7ff}\u{fffd}"),
        ] {
            assert_eq!(serde_json::from_str::<LossyString>(json).unwrap().0, text, "{json}");
            assert_eq!(serde_json::from_str::<LossyStr<'_>>(json).unwrap().0, text, "{json}");
        }
    }

    #[test]
    fn text_without_escapes_is_borrowed() {
        assert!(matches!(serde_json::from_str::<LossyStr<'_>>("\"é\"").unwrap().0, Cow::Borrowed("é")));
    }

    #[test]
    fn what_is_no_string_is_an_error() {
        for json in ["1", "null", "[97]", "{}", "true", "\"", "\"\\x\""] {
            assert!(serde_json::from_str::<LossyString>(json).is_err(), "{json}");
        }
    }

    #[test]
    fn fields_can_use_either_form() {
        #[derive(serde::Deserialize)]
        struct Body {
            name: Option<LossyString>,
            #[serde(deserialize_with = "lossy_string")]
            msg: String,
        }
        let body: Body = serde_json::from_str(r#"{"name":"\ud800","msg":"\udc00!"}"#).unwrap();
        assert_eq!((body.name, body.msg.as_str()), (Some(LossyString("\u{fffd}".into())), "\u{fffd}!"));
        let body: Body = serde_json::from_str(r#"{"msg":""}"#).unwrap();
        assert_eq!(body.name, None);
    }
}
