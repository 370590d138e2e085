//! How a name looks. What is taken from somebody (a name that is reserved, a mute, a ban) is taken from whatever looks
//! like that name; what is given (the word) is given to exactly one.

use unicode_normalization::UnicodeNormalization;
use unicode_security::confusable_detection::skeleton;

use crate::names::UserName;

/// Some characters stand for many; longer names than this look like what they begin with.
const LONGEST: usize = 128;

/// A name as the letters that each place of it can be read as: letters of other scripts, wide and small forms, case,
/// spaces, marks and decoration are left out of it (Unicode Technical Standard 39, section 4, looked up for each character
/// as it is, small and capital, since some capitals look like letters of another script, and so do some small ones).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Look(Box<[Place]>);

/// What one place can be read as; unused ones repeat the first.
type Place = [char; 3];

impl Look {
    pub(super) fn of(name: &UserName) -> Self {
        let written: Vec<char> = name.as_str().nfkc().map(letter).take(LONGEST).collect();
        let mut places = Vec::with_capacity(written.len());
        for word in written.split(|c| c.is_whitespace()) {
            let is_loud = is_loud(word);
            word.iter().for_each(|c| read(*c, is_loud, &mut places));
        }
        join_strokes(&mut places);
        if places.is_empty() {
            // A name of nothing but decoration looks like itself.
            places.extend(written.iter().map(|c| [*c; 3]));
        }
        Self(places.into())
    }

    pub(super) fn is_like(&self, other: &Self) -> bool {
        let (one, other) = (&self.0, &other.0);
        let alike =
            |(one, other): (&Place, &Place)| one[0] == other[0] || one.iter().any(|c| other.contains(c));
        one.len() == other.len() && one.iter().zip(other).all(alike)
    }
}

/// Whether two names look like each other.
pub(in crate::room) fn is_like(one: &UserName, other: &UserName) -> bool {
    one == other || Look::of(one).is_like(&Look::of(other))
}

/// Letters that are drawn as pictures.
fn letter(c: char) -> char {
    let from = |first: u32| char::from_u32(u32::from('A') + (u32::from(c) - first)).unwrap_or(c);
    match c {
        '\u{1f150}'..='\u{1f169}' => from(0x1f150),
        '\u{1f170}'..='\u{1f189}' => from(0x1f170),
        _ => c,
    }
}

/// Whether a word is written in capitals, more than its first: there I is no l, and l may be an I.
fn is_loud(word: &[char]) -> bool {
    let is_capital = |c: &char| c.is_uppercase() && !is_stroke(*c);
    word.iter().skip(1).any(is_capital)
}

/// Drawn as one stroke, in most fonts.
fn is_stroke(c: char) -> bool {
    matches!(c, 'I' | 'l' | '1' | '|') || !c.is_ascii() && skeleton(c.encode_utf8(&mut [0; 4])).eq(['l'])
}

/// Appends what a character can be read as.
fn read(c: char, is_loud: bool, places: &mut Vec<Place>) {
    let strokes = match c {
        '0' => Some(['o'; 3]),
        '1' | '|' => Some(['l', 'i', 'l']),
        _ if !is_stroke(c) => None,
        _ if c.is_uppercase() => Some(['i', if is_loud { 'i' } else { 'l' }, 'i']),
        _ => Some(['l', if is_loud { 'i' } else { 'l' }, 'l']),
    };
    if let Some(place) = strokes {
        places.push(place);
    } else if c.is_ascii() {
        places.extend(c.is_ascii_alphanumeric().then(|| [c.to_ascii_lowercase(); 3]));
    } else if !is_mark(c) {
        let first = places.len();
        places.extend(letters(c.encode_utf8(&mut [0; 4])).map(|c| [c; 3]));
        for (number, cased) in [(1, c.to_lowercase().to_string()), (2, c.to_uppercase().to_string())] {
            let others: Vec<char> = letters(&cased).collect();
            if others.len() == places.len() - first {
                places[first..].iter_mut().zip(others).for_each(|(place, c)| place[number] = c);
            }
        }
    }
}

/// The letters and digits that a text looks like, small.
fn letters(text: &str) -> impl Iterator<Item = char> {
    let bare = skeleton(text).filter(|c| !is_mark(*c) || is_accent(*c));
    bare.filter(|c| c.is_alphanumeric() || is_accent(*c)).flat_map(char::to_lowercase)
}

/// Marks that belong to no letter are drawn over or under any, and some letters are not drawn at all.
fn is_mark(c: char) -> bool {
    is_accent(c)
        || matches!(c, '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}' | '\u{20d0}'..='\u{20ff}' | '\u{fe20}'..='\u{fe2f}')
        || matches!(c, '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}' | '\u{17b4}' | '\u{17b5}')
        // Stretches an Arabic word.
        || matches!(c, '\u{640}' | '\u{7fa}')
}

/// Left over by composition, one of these makes no other letter; in one that is composed, it does.
fn is_accent(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}')
}

/// Two letters that are drawn as one.
fn join_strokes(places: &mut Vec<Place>) {
    let mut kept = 0;
    for next in 0..places.len() {
        let pair = (kept > 0).then(|| (places[kept - 1], places[next]));
        match pair {
            Some((before, now)) if before == ['r'; 3] && now == ['n'; 3] => places[kept - 1] = ['m'; 3],
            Some((before, now)) if before == ['v'; 3] && now == ['v'; 3] => places[kept - 1] = ['w'; 3],
            _ => {
                places[kept] = places[next];
                kept += 1;
            }
        }
    }
    places.truncate(kept);
}

#[cfg(test)]
mod tests;
