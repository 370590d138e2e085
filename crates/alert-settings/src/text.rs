//! The text of a file that people write, perhaps with an editor's byte order mark, or in another encoding.

/// Bytes that are not UTF-8.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line} is not UTF-8; save it as UTF-8")]
pub struct NotUtf8 {
    /// The first line that is not, from 1.
    pub line: usize,
}

/// The text without its byte order mark. Nothing else is changed.
///
/// # Errors
/// If it is in another encoding.
pub fn text(bytes: Vec<u8>) -> Result<String, NotUtf8> {
    let mut text = String::from_utf8(bytes).map_err(|problem| {
        let right = &problem.as_bytes()[..problem.utf8_error().valid_up_to()];
        NotUtf8 { line: right.iter().filter(|&&byte| byte == b'\n').count() + 1 }
    })?;
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
        for (bytes, line) in
            [(&b"caf\xE9"[..], 1), (b"\xFF\xFEa\0", 1), (b"\xFE\xFF\0a", 1), (b"\xC3\xA9\na\n\xE9\n\xE9", 3)]
        {
            let said = text(bytes.to_vec()).unwrap_err().to_string();
            assert_eq!(said, format!("line {line} is not UTF-8; save it as UTF-8"));
        }
    }
}
