//! Words with blanks, such as `Leave the building by the {door} door`.

use std::fmt;

/// The most bytes of a blank's name.
const MOST_BLANK: usize = 32;

/// A text with any number of blanks, each of which may be there several times.
#[derive(Clone, PartialEq, Eq)]
pub struct Template(Box<str>);

/// A text whose braces are no blanks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a blank is written as {{place}}: up to {MOST_BLANK} bytes of letters, digits, - and _ between braces"
)]
pub struct NotATemplate;

enum Piece<'a> {
    Words(&'a str),
    Blank(&'a str),
}

impl Template {
    /// Reads a text.
    ///
    /// # Errors
    /// If a brace in it makes no blank.
    pub fn parse(text: &str) -> Result<Self, NotATemplate> {
        for piece in pieces(text) {
            match piece {
                Piece::Words(words) if words.contains(['{', '}']) => return Err(NotATemplate),
                Piece::Blank(name) if !is_name(name) => return Err(NotATemplate),
                Piece::Words(_) | Piece::Blank(_) => {}
            }
        }
        Ok(Self(text.into()))
    }

    /// As it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The names of its blanks, in order.
    pub fn blanks(&self) -> impl Iterator<Item = &str> {
        pieces(&self.0).filter_map(|piece| match piece {
            Piece::Blank(name) => Some(name),
            Piece::Words(_) => None,
        })
    }

    /// With its blanks filled; one of which `value` knows nothing stays empty.
    pub(super) fn fill<'a>(&self, value: impl Fn(&str) -> Option<&'a str>) -> String {
        pieces(&self.0)
            .map(|piece| match piece {
                Piece::Words(words) => words,
                Piece::Blank(name) => value(name).unwrap_or_default(),
            })
            .collect()
    }
}

/// A brace that is not closed is words.
fn pieces(text: &str) -> impl Iterator<Item = Piece<'_>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let (piece, end) = match rest.strip_prefix('{').and_then(|after| after.split_once('}')) {
            Some((name, _)) => (Piece::Blank(name), name.len() + "{}".len()),
            None => {
                let end =
                    rest.char_indices().skip(1).find(|(_, c)| *c == '{').map_or(rest.len(), |(end, _)| end);
                (Piece::Words(&rest[..end]), end)
            }
        };
        rest = &rest[end..];
        Some(piece)
    })
}

fn is_name(name: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_');
    (1..=MOST_BLANK).contains(&name.len()) && name.chars().all(is_part)
}

impl fmt::Debug for Template {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_a_text_then_its_blanks_are_found_and_filled() {
        let template = Template::parse("{who}: leave {place} by the {t\u{fc}r-2} of {place}").unwrap();
        assert_eq!(template.blanks().collect::<Vec<_>>(), ["who", "place", "t\u{fc}r-2", "place"]);
        let filled = template.fill(|name| (name == "place").then_some("the {gym}"));
        assert_eq!(filled, ": leave the {gym} by the  of the {gym}", "what is filled in has no blanks");
        assert_eq!(Template::parse("no blanks").unwrap().blanks().count(), 0);
    }

    #[test]
    fn given_a_brace_that_makes_no_blank_then_it_is_no_template() {
        let long = format!("{{{}}}", "x".repeat(33));
        for text in ["{", "}", "a {place", "place}", "{}", "{a b}", "{{place}}", "{pl{ace}", "{\n}", &long] {
            assert_eq!(Template::parse(text), Err(NotATemplate), "{text}");
        }
    }
}
