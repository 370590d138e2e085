//! Characters that show nothing (Unicode's Default_Ignorable_Code_Point): none of them makes a name a different one.
//! They stay where a text looks wrong without them: joiners in scripts and emoji that need them, the emoji form of a
//! character, and the three flags that are spelt with tags.

use icu_properties::props::{
    CanonicalCombiningClass, DefaultIgnorableCodePoint, Emoji, EmojiModifier, EmojiPresentation,
    ExtendedPictographic, JoiningType,
};
use icu_properties::{CodePointMapData, CodePointSetData};

const ZWNJ: char = '\u{200C}';
const ZWJ: char = '\u{200D}';
/// Variation selector 16: shows the character before it as an emoji.
const AS_EMOJI: char = '\u{FE0F}';
const KEYCAP: char = '\u{20E3}';
const BLACK_FLAG: char = '\u{1F3F4}';
/// England, Scotland, Wales: tags after a black flag. Others show just the black flag.
const TAGGED: [&str; 3] = ["gbeng", "gbsct", "gbwls"];

/// Whether a character shows nothing and never changes what is next to it.
pub(super) fn is_void(c: char) -> bool {
    let annotation = matches!(c, '\u{FFF9}'..='\u{FFFB}');
    let in_context = matches!(c, ZWNJ | ZWJ | AS_EMOJI | '\u{E0020}'..='\u{E007F}');
    (annotation || CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(c)) && !in_context
}

/// Whether a character shows nothing, wherever it is.
pub(super) fn is_unseen(c: char) -> bool {
    is_void(c) || c == '\u{2800}' || CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(c)
}

/// `text`, which has no void characters, without those that change nothing where they are.
pub(super) fn without_idle(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        // Of several joiners the first one counts.
        let next = rest.as_str().trim_start_matches([ZWJ, ZWNJ]);
        let stays = match c {
            ZWJ => joins(&kept, next) || follows_virama(&kept),
            ZWNJ => separates(&kept, next) || follows_virama(&kept),
            AS_EMOJI => turns_into_emoji(&kept, next),
            '\u{E0020}'..='\u{E007F}' => false,
            _ => true,
        };
        if stays {
            kept.push(c);
        }
        if let Some(tags) = (c == BLACK_FLAG).then(|| tags(rest.as_str())).flatten() {
            kept.push_str(tags);
            rest = rest.as_str()[tags.len()..].chars();
        }
    }
    kept
}

/// ZWJ between two pictures makes one of them.
fn joins(before: &str, after: &str) -> bool {
    let modified = |&c: &char| c == AS_EMOJI || CodePointSetData::new::<EmojiModifier>().contains(c);
    let picture = before.chars().rev().find(|c| !modified(c));
    let is_picture =
        |c: Option<char>| c.is_some_and(|c| CodePointSetData::new::<ExtendedPictographic>().contains(c));
    is_picture(picture) && is_picture(after.chars().next())
}

/// ZWNJ between two letters that would join (RFC 5892, appendix A.1).
fn separates(before: &str, after: &str) -> bool {
    let joining = |c: &char| CodePointMapData::<JoiningType>::new().get(*c);
    let letter = |c: &char| joining(c) != JoiningType::Transparent;
    let last = before.chars().rev().find(letter).map(|c| joining(&c));
    let next = after.chars().find(letter).map(|c| joining(&c));
    matches!(last, Some(JoiningType::LeftJoining | JoiningType::DualJoining))
        && matches!(next, Some(JoiningType::RightJoining | JoiningType::DualJoining))
}

/// After a virama a joiner says which form the letters take (RFC 5892, appendix A.1 and A.2).
fn follows_virama(before: &str) -> bool {
    let class = |c| CodePointMapData::<CanonicalCombiningClass>::new().get(c);
    before.chars().next_back().is_some_and(|c| class(c) == CanonicalCombiningClass::Virama)
}

/// Whether the character has both forms, and is text by itself. Digits are emoji only as keycaps.
fn turns_into_emoji(before: &str, after: &str) -> bool {
    let is_emoji = |c| CodePointSetData::new::<Emoji>().contains(c);
    let is_by_itself = |c| CodePointSetData::new::<EmojiPresentation>().contains(c);
    let last = before.chars().next_back();
    last.is_some_and(|c| is_emoji(c) && !is_by_itself(c) && (!c.is_ascii() || after.starts_with(KEYCAP)))
}

/// The tags that turn the black flag into another.
fn tags(text: &str) -> Option<&str> {
    let end = text.find('\u{E007F}')?;
    let letters: Option<String> =
        text[..end].chars().map(|c| u32::from(c).checked_sub(0xE0000).and_then(char::from_u32)).collect();
    TAGGED.contains(&letters?.as_str()).then(|| &text[..end + '\u{E007F}'.len_utf8()])
}
