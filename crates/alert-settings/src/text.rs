//! The text of a file that people write: with an editor's byte order mark, or in another encoding.

/// Bytes that are no UTF-8.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it is not UTF-8 text; save it as UTF-8")]
pub struct NotUtf8;

/// The text without its byte order mark. Nothing else is changed.
///
/// # Errors
/// Where it is in another encoding.
pub fn text(bytes: Vec<u8>) -> Result<String, NotUtf8> {
    let mut text = String::from_utf8(bytes).map_err(|_| NotUtf8)?;
    if text.starts_with('\u{FEFF}') {
        text.remove(0);
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_a_byte_order_mark_then_it_is_dropped_and_nothing_else() {
        for (bytes, wanted) in [
            ("\u{FEFF}a = 1\n", "a = 1\n"),
            ("a\u{FEFF}", "a\u{FEFF}"),
            ("", ""),
            ("\u{FEFF}", ""),
            ("é", "é"),
        ] {
            assert_eq!(text(bytes.as_bytes().to_vec()).as_deref(), Ok(wanted));
        }
    }

    #[test]
    fn given_another_encoding_then_the_error_says_utf_8() {
        for bytes in [&b"caf\xE9"[..], b"\xFF\xFEa\0", b"\xFE\xFF\0a"] {
            assert!(text(bytes.to_vec()).unwrap_err().to_string().contains("UTF-8"));
        }
    }
}
