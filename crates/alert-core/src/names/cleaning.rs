//! Cleaning of names: two names that look the same for a simple reason (spaces, invisible characters, another
//! composition) become the same, and no name can reverse the text around it.

use unicode_normalization::UnicodeNormalization;

use super::NameError;
use super::invisible::{is_unseen, is_void, without_idle};

/// Canonical decomposition makes at most this many characters of one, so NFC shrinks a text at most this much
/// (Unicode Standard Annex 15, "Maximum Expansion Factor").
const NFC_SHRINKS_AT_MOST: usize = 4;

const BRAILLE_BLANK: char = '\u{2800}';

/// Strips, trims and composes `text`, then checks it. Doing it again changes nothing.
pub(super) fn clean(text: &str, max_chars: usize) -> Result<String, NameError> {
    // Each message names its room and its speaker, mostly in ASCII, where there is nothing to strip or compose.
    if text.is_ascii() { clean_ascii(text.trim(), max_chars) } else { clean_any(text, max_chars) }
}

fn clean_ascii(name: &str, max_chars: usize) -> Result<String, NameError> {
    if name.bytes().any(|byte| byte.is_ascii_control()) {
        Err(NameError::Control)
    } else if name.is_empty() {
        Err(NameError::Empty)
    } else if name.len() > max_chars {
        Err(NameError::TooLong { max: max_chars })
    } else {
        Ok(name.to_owned())
    }
}

fn clean_any(text: &str, max_chars: usize) -> Result<String, NameError> {
    let seen: String = text.chars().filter(|&c| !is_void(c)).map(plain_space).collect();
    let kept = without_idle(seen.trim());
    let kept = kept.trim();
    if kept.chars().any(is_control) {
        return Err(NameError::Control);
    }
    if kept.is_empty() {
        return Err(NameError::Empty);
    }
    // Composing is the only step that costs more than one pass: skip it for a text that cannot become short enough.
    let too_long = NameError::TooLong { max: max_chars };
    if kept.chars().count() > max_chars.saturating_mul(NFC_SHRINKS_AT_MOST) {
        return Err(too_long);
    }
    // The whole text is composed first: before that, a joiner may not be next to the letter that it is for.
    let name = composed(seen.trim());
    if name.chars().count() > max_chars {
        return Err(too_long);
    }
    Ok(name)
}

/// A text of one line that shows something, without what does not show or turns the text around it; line ends and tabs are
/// spaces. `None` if nothing is left to be seen.
pub(crate) fn plain_line(text: &str) -> Option<String> {
    let is_blank = |c: char| c.is_whitespace() || matches!(c, '\u{85}' | BRAILLE_BLANK);
    let spaced = text.chars().map(|c| if is_blank(c) { ' ' } else { c });
    let line: String = spaced.filter(|&c| !is_void(c) && !is_control(c)).collect();
    let line = without_idle(line.trim());
    line.chars().any(|c| c != ' ' && !is_unseen(c)).then_some(line)
}

/// In NFC, and without what is idle after that: composing moves marks, so a joiner may get another neighbour.
fn composed(text: &str) -> String {
    let mut name: String = text.nfc().collect();
    loop {
        let next: String = without_idle(&name).trim().nfc().collect();
        // Each round takes something out, or is the last.
        if next == name {
            return name;
        }
        name = next;
    }
}

/// Blanks that look like a space become one.
fn plain_space(c: char) -> char {
    let is_line_end = matches!(c, '\t'..='\r' | '\u{85}' | '\u{2028}' | '\u{2029}');
    let is_blank = c == BRAILLE_BLANK || (c.is_whitespace() && !is_line_end);
    if is_blank { ' ' } else { c }
}

/// C0, DEL and C1 controls (so newlines too), and the two separators that break a line as they do.
fn is_control(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')
}

#[cfg(test)]
mod tests;
