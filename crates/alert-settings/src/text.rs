//! The text of a file that people write, perhaps with an editor's byte order mark, or in another encoding.

/// Bytes that are not text in UTF-8. UTF-16 without a byte order mark is recognised by its NUL characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line} is not UTF-8; save it as UTF-8")]
pub struct NotUtf8 {
    /// The first line that is not, from 1.
    pub line: usize,
}

/// The text of a whole file or input, without its byte order mark. Nothing else is changed.
///
/// # Errors
/// If it is in another encoding.
pub fn text(bytes: &[u8]) -> Result<&str, NotUtf8> {
    line(bytes).map(|text| text.strip_prefix('\u{FEFF}').unwrap_or(text))
}

/// Part of such a text: only the first line of a file may have a byte order mark.
///
/// # Errors
/// If it is in another encoding.
pub fn line(bytes: &[u8]) -> Result<&str, NotUtf8> {
    let (read, utf8) = match std::str::from_utf8(bytes) {
        Ok(text) => (Ok(text), bytes),
        Err(error) => (Err(()), &bytes[..error.valid_up_to()]),
    };
    let nul = utf8.iter().position(|&byte| byte == 0);
    let right = &utf8[..nul.unwrap_or(utf8.len())];
    let error = NotUtf8 { line: right.iter().filter(|&&byte| byte == b'\n').count() + 1 };
    if nul.is_some() { Err(error) } else { read.map_err(|()| error) }
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
            assert_eq!(text(bytes.as_bytes()), Ok(wanted));
        }
    }

    #[test]
    fn given_another_encoding_then_the_error_says_utf_8() {
        for (bytes, line) in [
            (&b"caf\xE9"[..], 1),
            (b"\xFF\xFEa\0", 1),
            (b"\xFE\xFF\0a", 1),
            (b"\xC3\xA9\na\n\xE9\n\xE9", 3),
            (b"a\0 \0=\0", 1), // UTF-16 without its mark
            (b"\0a\0 ", 1),
            (b"a\nb\n\0", 3),
            (b"\0\xE9", 1),
        ] {
            let said = text(bytes).unwrap_err().to_string();
            assert_eq!(said, format!("line {line} is not UTF-8; save it as UTF-8"));
        }
    }
}
