//! Cleaning of names: two names that look the same for a cheap reason (spaces, invisible characters, another
//! composition) become the same, and no name can turn the text around it.

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization;

use super::NameError;

/// Canonical decomposition makes at most this many characters of one, so NFC shrinks a text at most this much
/// (Unicode Standard Annex 15, "Maximum Expansion Factor").
const NFC_SHRINKS_AT_MOST: usize = 4;

const ZWNJ: char = '\u{200C}';
const ZWJ: char = '\u{200D}';

/// Strips, trims and composes `text`, then checks it. Doing it again changes nothing.
pub(super) fn clean(text: &str, max_chars: usize) -> Result<String, NameError> {
    // Each message names its room and its speaker, most of them in ASCII: there is nothing to strip or to compose.
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
    let kept: String = text.chars().filter(|&c| !is_stripped(c)).collect();
    let kept = without_loose_joiners(kept.trim());
    let kept = kept.trim();
    if kept.chars().any(is_control) {
        return Err(NameError::Control);
    }
    if kept.chars().all(is_unseen) {
        return Err(NameError::Empty);
    }
    // Composing is the only step whose cost is more than a pass; a text that cannot become short enough is spared it.
    let too_long = NameError::TooLong { max: max_chars };
    if kept.chars().count() > max_chars.saturating_mul(NFC_SHRINKS_AT_MOST) {
        return Err(too_long);
    }
    let name: String = kept.nfc().collect();
    if name.chars().count() > max_chars {
        return Err(too_long);
    }
    Ok(name)
}

/// Removes ZWJ and ZWNJ at the ends and beside spaces; inside words and emoji they carry meaning.
fn without_loose_joiners(text: &str) -> Cow<'_, str> {
    if !text.contains(is_joiner) {
        return Cow::Borrowed(text);
    }
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(is_joiner) {
        let (before, from) = rest.split_at(start);
        let after = from.trim_start_matches(is_joiner);
        let joiners = &from[..from.len() - after.len()];
        kept.push_str(before);
        let joins = |side: Option<char>| side.is_some_and(|c| !c.is_whitespace());
        if joins(kept.chars().next_back()) && joins(after.chars().next()) {
            kept.push_str(joiners);
        }
        rest = after;
    }
    kept.push_str(rest);
    Cow::Owned(kept)
}

fn is_joiner(c: char) -> bool {
    matches!(c, ZWNJ | ZWJ)
}

/// Bidi marks, embeddings, overrides and isolates, and the zero-width characters but for the joiners.
pub(super) fn is_stripped(c: char) -> bool {
    matches!(c,
        '\u{00AD}' // soft hyphen
        | '\u{061C}' | '\u{200E}' | '\u{200F}' // bidi marks
        | '\u{180E}' // Mongolian vowel separator
        | '\u{200B}' // zero-width space
        | '\u{202A}'..='\u{202E}' // bidi embeddings and overrides
        | '\u{2060}'..='\u{206F}' // word joiner, invisible operators, bidi isolates, old format controls
        | '\u{FEFF}' // byte order mark
        | '\u{FFF9}'..='\u{FFFB}' // annotation marks
    )
}

/// C0, DEL and C1 controls (so also newlines), and the two separators that break a line as they do.
fn is_control(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')
}

/// Characters that show nothing on their own, but are part of words or emoji: a name of only these is empty.
pub(super) fn is_unseen(c: char) -> bool {
    is_joiner(c)
        || c.is_whitespace()
        || matches!(c,
            '\u{034F}' // combining grapheme joiner
            | '\u{115F}' | '\u{1160}' | '\u{3164}' | '\u{FFA0}' // Hangul fillers
            | '\u{17B4}' | '\u{17B5}' // Khmer inherent vowels
            | '\u{180B}'..='\u{180D}' | '\u{180F}' // Mongolian variation selectors
            | '\u{2800}' // Braille blank
            | '\u{FE00}'..='\u{FE0F}' | '\u{E0100}'..='\u{E01EF}' // variation selectors
            | '\u{E0000}'..='\u{E007F}' // tags, as in the flags of England and Scotland
        )
}

#[cfg(test)]
mod tests;
