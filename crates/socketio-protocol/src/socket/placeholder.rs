//! Placeholders: objects like `{"_placeholder":true,"num":0}` that stand for binary attachments.

use super::error::DecodeError;
use crate::text::LossyStr;

/// Checks that every placeholder in `json`, which is valid, names one of `attachments` attachments.
///
/// It makes one pass over the text: the JSON parser would have to run again at every level of nesting, and it refuses
/// strings and numbers (lone surrogates, `1e999`) that the protocol allows.
pub(super) fn check(json: &str, attachments: usize) -> Result<(), DecodeError> {
    if attachments == 0 {
        return Ok(());
    }
    let mut open: Vec<Level> = Vec::new();
    let mut rest = json;
    while let Some(first) = rest.bytes().next() {
        let token = &rest[..token_len(rest)];
        rest = &rest[token.len()..];
        match (first, open.last_mut()) {
            (b'{' | b'[', above) => {
                if let Some(above) = above {
                    above.value("");
                }
                open.push(if first == b'{' { Level::Object(Object::default()) } else { Level::Array });
            }
            (b'}' | b']', _) => match open.pop() {
                Some(Level::Object(object)) if object.is_broken(attachments) => {
                    return Err(DecodeError::Placeholder);
                }
                _ => {}
            },
            (b',', Some(Level::Object(object))) => object.key = None,
            (b'"', Some(Level::Object(object))) if object.key.is_none() => object.key = Some(Key::of(token)),
            (b',' | b':' | b' ' | b'\t' | b'\n' | b'\r', _) | (_, None) => {}
            (_, Some(level)) => level.value(token),
        }
    }
    Ok(())
}

/// Length of the token at the start of `json`, which is not empty: a string, a number or word, or one character.
fn token_len(json: &str) -> usize {
    let bytes = json.as_bytes();
    match bytes[0] {
        b'"' => {
            let mut end = 1;
            while end < bytes.len() && bytes[end] != b'"' {
                end += if bytes[end] == b'\\' { 2 } else { 1 };
            }
            (end + 1).min(bytes.len())
        }
        b'-' | b'0'..=b'9' | b'a'..=b'z' => bytes
            .iter()
            .position(|byte| !matches!(byte, b'-' | b'+' | b'.' | b'0'..=b'9' | b'a'..=b'z' | b'E'))
            .unwrap_or(bytes.len()),
        _ => 1,
    }
}

/// An array or object that is still open.
enum Level {
    Array,
    Object(Object),
}

impl Level {
    /// Takes a value that is directly inside; for arrays and objects, only that there was one.
    fn value(&mut self, token: &str) {
        if let Level::Object(object) = self {
            match object.key {
                Some(Key::Placeholder) => object.placeholder = token == "true",
                Some(Key::Num) => object.num = token.parse().ok(),
                Some(Key::Other) | None => {}
            }
        }
    }
}

#[derive(Default)]
struct Object {
    /// The key whose value comes next; `None`: a key comes next.
    key: Option<Key>,
    placeholder: bool,
    num: Option<usize>,
}

impl Object {
    fn is_broken(&self, attachments: usize) -> bool {
        self.placeholder && self.num.is_none_or(|num| num >= attachments)
    }
}

enum Key {
    Placeholder,
    Num,
    Other,
}

impl Key {
    /// The key that is written as `token`, quotes included.
    fn of(token: &str) -> Self {
        match token {
            r#""_placeholder""# => Key::Placeholder,
            r#""num""# => Key::Num,
            _ if !token.contains('\\') => Key::Other,
            _ => match serde_json::from_str::<LossyStr<'_>>(token).as_ref().map(|key| &*key.0) {
                Ok("_placeholder") => Key::Placeholder,
                Ok("num") => Key::Num,
                _ => Key::Other,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_that_name_an_attachment_pass() {
        for json in [
            "[]",
            r#"[{"_placeholder":true,"num":0},{"num":1,"_placeholder":true}]"#,
            r#"[ { "_placeholder" : true , "num" : 1 } ]"#,
            r#"[{"a":[{"b":{"_placeholder":true,"num":0}}]}]"#,
            r#"[{"_placeholder":true,"num":0,"more":{"num":9}}]"#,
            r#"[{"_placeholder":true,"num":9,"num":0}]"#,
        ] {
            assert!(check(json, 2).is_ok(), "{json}");
        }
    }

    #[test]
    fn objects_that_only_resemble_placeholders_pass() {
        for json in [
            r#"[{"_placeholder":false,"num":9}]"#,
            r#"[{"_placeholder":"true","num":9}]"#,
            r#"[{"_placeholder":1}]"#,
            r#"[{"_placeholder":true,"_placeholder":null}]"#,
            r#"[{"_placeholder":{"true":true}}]"#,
            r#"["_placeholder",true,{"num":9}]"#,
            r#"["{\"_placeholder\":true,\"num\":9}"]"#,
            r#"[{"a":"_placeholder","b":true}]"#,
            r#"[{"\ud800":"\udfff","big":1e999,"neg":-1.5E+3}]"#,
        ] {
            assert!(check(json, 1).is_ok(), "{json}");
        }
    }

    #[test]
    fn placeholders_that_name_none_are_refused() {
        for json in [
            r#"[{"_placeholder":true,"num":2}]"#,
            r#"[{"_placeholder":true}]"#,
            r#"[{"_placeholder":true,"num":-1}]"#,
            r#"[{"_placeholder":true,"num":0.5}]"#,
            r#"[{"_placeholder":true,"num":"0"}]"#,
            r#"[{"_placeholder":true,"num":null}]"#,
            r#"[{"_placeholder":true,"num":[0]}]"#,
            r#"[{"_placeholder":true,"num":0,"num":{}}]"#,
            r#"[{"_placeholder":true,"num":99999999999999999999999}]"#,
            r#"[{"\u005fplaceholder":true,"n\u0075m":2}]"#,
            r#"[[{"a":{"_placeholder":true,"num":2}}],{"_placeholder":true,"num":0}]"#,
            r#"[{"x":{},"_placeholder":true,"y":[]}]"#,
        ] {
            assert!(matches!(check(json, 2), Err(DecodeError::Placeholder)), "{json}");
        }
    }

    #[test]
    fn without_attachments_nothing_is_a_placeholder() {
        assert!(check(r#"[{"_placeholder":true,"num":2}]"#, 0).is_ok());
    }
}
