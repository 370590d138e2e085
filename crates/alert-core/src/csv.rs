//! Tables for spreadsheets, and lists that come from there. What others said must not become a formula, which could send the
//! table somewhere, or start a program.

use crate::printable::without_commands;

/// A text that is no table.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it is no CSV: {0}")]
pub struct NotCsv(String);

/// A cell as in RFC 4180. If a formula would begin, a `'` is put in front of it, which is how spreadsheets mark
/// text.
#[must_use]
pub fn cell(text: &str) -> String {
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

/// A row of cells, with its line end.
#[must_use]
pub fn row<'a>(cells: impl IntoIterator<Item = &'a str>) -> String {
    let cells: Vec<_> = cells.into_iter().map(cell).collect();
    cells.join(",") + "\r\n"
}

/// The first cell of each row that has anything in it, as spreadsheets of any country write them. What marks text there is
/// left out.
///
/// # Errors
/// If it is not a table.
pub fn first_column(text: &str) -> Result<Vec<String>, NotCsv> {
    let text = text.trim_start_matches('\u{FEFF}');
    let separator = separator(text);
    let mut reader = csv::ReaderBuilder::new();
    reader.has_headers(false).flexible(true).delimiter(separator).trim(csv::Trim::All);
    let mut cells = Vec::new();
    for row in reader.from_reader(text.as_bytes()).records() {
        let row = row.map_err(|problem| NotCsv(problem.to_string()))?;
        let cell = row.get(0).unwrap_or_default();
        let cell = cell.strip_prefix('\'').filter(|rest| begins_formula(rest)).unwrap_or(cell);
        if !cell.is_empty() {
            cells.push(cell.to_owned());
        }
    }
    Ok(cells)
}

/// What is between the columns. A list with semicolons need not quote a comma, as in "Ortega, Ada"; one with commas may have a
/// semicolon in quotes.
fn separator(text: &str) -> u8 {
    let first = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    // Outside of quotes.
    let open: Vec<_> = first.split('"').step_by(2).collect();
    [b';', b'\t']
        .into_iter()
        .find(|separator| open.iter().any(|part| part.as_bytes().contains(separator)))
        .unwrap_or(b',')
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
    fn the_first_column_is_read_as_spreadsheets_write_it() {
        for (text, names) in [
            ("", vec![]),
            ("Ada\nBea\r\n\r\nCy", vec!["Ada", "Bea", "Cy"]),
            ("\u{FEFF}name,class\r\n\"Ortega, Ms\",7b\r\n,7b\r\n", vec!["name", "Ortega, Ms"]),
            ("Ada;7b\nBea;7c\n", vec!["Ada", "Bea"]),
            ("Ortega, Ada;7b\nOrtega, Bea;7b\n", vec!["Ortega, Ada", "Ortega, Bea"]),
            ("Name, first name;class\n\"Ortega, Ada\";7b\n", vec!["Name, first name", "Ortega, Ada"]),
            ("\"a;b\",7b\nBea,7c\n", vec!["a;b", "Bea"]),
            ("Ortega, Ada\t7b\n", vec!["Ortega, Ada"]),
            (" Ada , x\n\"say \"\"hi\"\"\"\n", vec!["Ada", "say \"hi\""]),
            ("'=1\n'twas\n", vec!["=1", "'twas"]),
        ] {
            assert_eq!(first_column(text).unwrap(), names, "{text:?}");
        }
    }

    #[test]
    fn names_that_are_written_are_read_again() {
        let names = ["Ada", "=1", "O'Hara, \"Sam\"", "-x;=y"];
        let table: String = names.iter().map(|name| row([*name, "x"])).collect();
        let read = first_column(&table).unwrap();
        assert_eq!(read[..3], names[..3]);
    }

    #[test]
    fn a_cell_commands_no_terminal() {
        assert_eq!(cell("\u{1b}[2J\u{9b}1m\u{202e}"), r#""\u001b[2J\u009b1m\u202e""#);
    }
}
