//! Cells of a table for spreadsheets. What others said must not become a formula there, which could send the table
//! somewhere, or start a program.

use alert_core::printable::without_commands;

/// A cell as in RFC 4180. If a formula would begin, a `'` is put in front of it, which is how spreadsheets mark
/// text.
pub(super) fn cell(text: &str) -> String {
    let text = without_commands(text);
    let mut cell = String::with_capacity(text.len() + 2);
    cell.push('"');
    if text.starts_with(['\t', '\n']) {
        // Some drop it, and see what follows.
        cell.push('\'');
    }
    let mut rest = &*text;
    while !rest.is_empty() {
        if begins_formula(rest) {
            cell.push('\'');
        }
        // If a spreadsheet uses another separator than the file, as in some countries, quotes count for nothing.
        let end = rest.find(is_separator).map_or(rest.len(), |at| at + 1);
        cell.push_str(&rest[..end].replace('"', "\"\""));
        rest = &rest[end..];
    }
    cell.push('"');
    cell
}

fn is_separator(c: char) -> bool {
    matches!(c, ';' | '\t' | '\n')
}

fn begins_formula(text: &str) -> bool {
    let is_skipped = |c: char| {
        c.is_whitespace() && !is_separator(c)
            || matches!(c, '\u{FEFF}' | '\u{200B}'..='\u{200F}' | '\u{61C}' | '\u{2060}')
    };
    let first = text.trim_start_matches(is_skipped);
    // The wide forms are signs of a formula in East Asian versions.
    first.starts_with(['=', '+', '-', '@', '\u{FF1D}', '\u{FF0B}', '\u{FF0D}', '\u{FF20}'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_quoted_and_has_its_lines() {
        for (text, quoted) in [
            ("", r#""""#),
            ("hello, \"you\"; and you", r#""hello, ""you""; and you""#),
            ("a\r\nb\tc", "\"a\nb\tc\""),
            ("1-2=3 a@b.c", r#""1-2=3 a@b.c""#),
        ] {
            assert_eq!(cell(text), quoted, "{text:?}");
        }
    }

    #[test]
    fn nothing_that_was_said_begins_a_formula() {
        for (text, safe) in [
            ("=HYPERLINK(\"http://x\")", "'=HYPERLINK(\"\"http://x\"\")"),
            ("+49 1", "'+49 1"),
            ("-1", "'-1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\t=1", "'\t'=1"),
            ("\ta", "'\ta"),
            ("\r=1", "\\r=1"),
            ("\r\n=1", "'\n'=1"),
            ("  =1", "'  =1"),
            ("\u{FEFF}=1", "'\u{FEFF}=1"),
            ("\u{200B}\u{A0}=1", "'\u{200B}\u{A0}=1"),
            ("\u{FF1D}1", "'\u{FF1D}1"),
            ("\u{FF0D}1", "'\u{FF0D}1"),
            ("a;=1;\"", "a;'=1;\"\""),
            ("a\n=1;", "a\n'=1;"),
            ("a\t=1\t", "a\t'=1\t"),
        ] {
            assert_eq!(cell(text), format!("\"{safe}\""), "{text:?}");
        }
    }

    #[test]
    fn a_cell_commands_no_terminal() {
        assert_eq!(cell("\u{1b}[2J\u{9b}1m\u{202e}"), r#""\u001b[2J\u009b1m\u202e""#);
    }
}
