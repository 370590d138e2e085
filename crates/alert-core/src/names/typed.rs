//! Room codes as people give them: read aloud, copied from a page, sent as a link. Codes that a server made are
//! recognised in any of these; what people chose themselves stays as they spell it.

use unicode_normalization::UnicodeNormalization;

use super::invisible::is_unseen;
use super::{NameError, RoomCode, RoomLink};

/// Crockford's base 32: ten digits, and the letters except I, L, O and U.
const ALPHABET: &str = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const SPOKEN: usize = 9;
const HEX: usize = 32;

impl RoomCode {
    /// The room that a person means by `text`; `max_chars` as for [`Self::parse`].
    ///
    /// A link to a room stands for its code. White space, dashes and case do not count, and O is 0, I and L are 1, if
    /// that gives
    /// - nine characters of Crockford's alphabet with a digit from 2 to 9 somewhere before a letter: `K7Q-FM2-XD9`;
    /// - 32 hex digits: `7C0F2E9A41D84B6FA3520C9E6D18B7F4`.
    ///
    /// Anything else is what the person chose, so `classroom`, `new-red-cat` and `room12345` stay as they are. For
    /// people only: programs mean exactly what they send.
    ///
    /// # Errors
    /// As [`Self::parse`]; a link without a room is [`NameError::Empty`].
    pub fn typed(text: &str, max_chars: usize) -> Result<Self, NameError> {
        let link = RoomLink::find(text);
        let text = link.as_ref().map_or(text, |link| &link.room);
        match generated(text) {
            Some(code) => Self::parse(&code, max_chars),
            None => Self::parse(text, max_chars),
        }
    }
}

/// Crockford's alphabet without the vowels: no code is a word.
const FRESH: [char; 30] = [
    '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'B', 'C', 'D', 'F', 'G', 'H', 'J', 'K', 'M', 'N', 'P',
    'Q', 'R', 'S', 'T', 'V', 'W', 'X', 'Y', 'Z',
];

impl RoomCode {
    /// A code that can be said and typed, as web/src/roomcode.ts makes it: 44 bits of these random ones. Nothing where it
    /// would not be recognised when it is typed in; then others are needed.
    #[must_use]
    pub fn made_of(random: [u8; 16]) -> Option<Self> {
        // Eight times the alphabet: higher bytes would make its first characters more likely than the others.
        let even = random.iter().filter(|&&byte| byte < 240);
        let code: String = even.map(|&byte| FRESH[usize::from(byte % 30)]).take(SPOKEN).collect();
        Self::typed(&code, 128).ok().filter(|code| code.as_str().contains('-'))
    }
}

/// The spelling that the server gave, if it made this code.
fn generated(text: &str) -> Option<String> {
    let mut code = String::with_capacity(HEX);
    // In brackets, in quotes, at the end of a sentence.
    for c in text.trim_matches(|c: char| !c.is_alphanumeric()).chars() {
        if is_separator(c) {
            continue;
        }
        let c = match plain(c).to_ascii_uppercase() {
            'O' => '0',
            'I' | 'L' => '1',
            c if c.is_ascii_alphanumeric() => c,
            _ => return None,
        };
        if code.len() == HEX {
            return None;
        }
        code.push(c);
    }
    match code.len() {
        HEX if code.bytes().all(|c| c.is_ascii_hexdigit()) => Some(code),
        SPOKEN if code.chars().all(|c| ALPHABET.contains(c)) && is_marked(&code) => {
            Some([&code[..3], &code[3..6], &code[6..]].join("-"))
        }
        _ => None,
    }
}

/// What tells a code from a word followed by a number.
fn is_marked(code: &str) -> bool {
    code.find(|c| matches!(c, '2'..='9'))
        .is_some_and(|digit| code[digit..].contains(|c: char| c.is_ascii_alphabetic()))
}

/// White space of every kind, invisible characters, and dashes as keyboards and text programs make them.
fn is_separator(c: char) -> bool {
    is_unseen(c)
        || c.is_whitespace()
        || matches!(
            c,
            '-' | '\u{58A}' | '\u{5BE}' | '\u{1806}' | '\u{2010}'
                ..='\u{2015}' | '\u{2043}' | '\u{2212}'
            | '\u{2E3A}' | '\u{2E3B}'
            | '\u{301C}' | '\u{30FC}' | '\u{FF70}' // what a Japanese keyboard gives for a dash
            | '\u{FE58}' | '\u{FE63}' | '\u{FF0D}' | '\u{B7}' | '\u{2022}' | '\u{30FB}'
        )
}

/// The ASCII letter or digit that this is another form of: the wide ones of Chinese and Japanese keyboards, the digits
/// of Arabic, Persian and Indian ones, those in circles.
fn plain(c: char) -> char {
    let digit = |zero| char::from_digit(u32::from(c) - zero, 10).unwrap_or(c);
    match c {
        '\u{660}'..='\u{669}' => digit(0x660),
        '\u{6F0}'..='\u{6F9}' => digit(0x6F0),
        '\u{966}'..='\u{96F}' => digit(0x966),
        c if c.is_ascii() => c,
        c => {
            let mut forms = std::iter::once(c).nfkc();
            forms.next().filter(|form| form.is_ascii() && forms.next().is_none()).unwrap_or(c)
        }
    }
}

#[cfg(test)]
mod tests;
