//! Other people's text, made fit for a terminal or a log: nothing in it can move the cursor, set colours, or reverse
//! the line.

use std::borrow::Cow;
use std::fmt::Write;

/// `text` as one line. Line breaks show as `\n`, other characters that control a terminal as in `\u001b`.
#[must_use]
pub fn one_line(text: &str) -> Cow<'_, str> {
    if !text.contains(is_unsafe_on_terminal) {
        return text.into();
    }
    let mut safe = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '\n' => safe.push_str("\\n"),
            '\r' => safe.push_str("\\r"),
            // Writing to a String does not fail.
            c if is_unsafe_on_terminal(c) => drop(write!(safe, "\\u{:04x}", u32::from(c))),
            c => safe.push(c),
        }
    }
    safe.into()
}

/// `text` with its line breaks, each followed by `indent`, so that no line of it passes for a separate one.
#[must_use]
pub fn with_lines(text: &str, indent: &str) -> String {
    let lines = text.split('\n').map(|line| one_line(line.strip_suffix('\r').unwrap_or(line)));
    lines.collect::<Vec<_>>().join(&format!("\n{indent}"))
}

/// `text` with its line breaks and tabs; other characters that command a terminal show as `\u001b`.
#[must_use]
pub fn without_commands(text: &str) -> String {
    text.split_inclusive('\n').fold(String::new(), |safe, line| {
        let (line, end) = match line.strip_suffix('\n') {
            Some(line) => (line.strip_suffix('\r').unwrap_or(line), "\n"),
            None => (line, ""),
        };
        safe + &one_line(line) + end
    })
}

/// Control characters, line and paragraph separators, and what sets the direction of text.
#[must_use]
pub fn is_unsafe(c: char) -> bool {
    let bidi =
        matches!(c, '\u{61C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}');
    c.is_control() || bidi || matches!(c, '\u{2028}' | '\u{2029}')
}

/// A tab does no harm, nor do the marks that right-to-left scripts need; overrides do.
fn is_unsafe_on_terminal(c: char) -> bool {
    is_unsafe(c) && !matches!(c, '\t' | '\u{61C}' | '\u{200E}' | '\u{200F}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_what_commands_a_terminal_then_it_is_shown_instead() {
        for (text, safe) in [
            ("Ada: hello\tB\u{e4}r \u{1F600} \\n", "Ada: hello\tB\u{e4}r \u{1F600} \\n"),
            ("\u{1B}[2J\u{1B}]0;title\u{7}", "\\u001b[2J\\u001b]0;title\\u0007"),
            ("\u{9B}31m\u{85}\0\u{7F}", "\\u009b31m\\u0085\\u0000\\u007f"),
            ("a\r\nBob: forged\u{2028}c", "a\\r\\nBob: forged\\u2028c"),
            ("\u{202E}adA\u{2066}", "\\u202eadA\\u2066"),
            ("\u{5D0}\u{200F}!", "\u{5D0}\u{200F}!"),
        ] {
            assert_eq!(one_line(text), safe);
        }
    }

    #[test]
    fn given_text_for_a_table_then_its_lines_stay_and_nothing_in_it_commands_a_terminal() {
        for (text, safe) in [
            ("a\n\nb\tc\n", "a\n\nb\tc\n"),
            ("a\r\nb\rc", "a\nb\\rc"),
            ("\u{1B}[2J\n\u{9B}31m\u{202E}", "\\u001b[2J\n\\u009b31m\\u202e"),
            ("", ""),
        ] {
            assert_eq!(without_commands(text), safe);
        }
    }

    #[test]
    fn given_several_lines_then_the_others_are_indented() {
        assert_eq!(with_lines("Ada: a\r\nBob: b\n\u{1B}c", "  "), "Ada: a\n  Bob: b\n  \\u001bc");
    }
}
