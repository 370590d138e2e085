//! The contract's sentence about cleaning, row by row, and what must hold for any text.

use proptest::prelude::*;
use unicode_normalization::is_nfc;

use super::*;

const MAX: usize = 64;

#[test]
fn given_text_that_needs_cleaning_then_this_is_the_name() {
    let rows = [
        ("plain", "Ada", "Ada"),
        ("case is kept", "aDa LOVELACE", "aDa LOVELACE"),
        ("trimmed", "  Ada Lovelace\t", "Ada Lovelace"),
        ("a line break at the end is trimmed", "Ada\r\n", "Ada"),
        ("other spaces are trimmed", "\u{A0}\u{3000}Ada\u{2003}\u{2028}", "Ada"),
        ("inner spaces stay", "Ada  L", "Ada  L"),
        ("blanks that look like a space are one", "A\u{A0}d\u{2800}a\u{3000}L\u{202F}x", "A d a L x"),
        ("composed", "Jose\u{301}", "Jos\u{E9}"),
        ("composed once an invisible is gone", "Jose\u{200B}\u{301}", "Jos\u{E9}"),
        ("Hangul composed", "\u{1112}\u{1161}\u{11AB}", "\u{D55C}"),
        ("singletons composed", "\u{212B}", "\u{C5}"),
        ("compatibility characters stay", "\u{FF21}\u{FB01}", "\u{FF21}\u{FB01}"),
        ("overrides", "A\u{202E}d\u{202D}a\u{202C}", "Ada"),
        ("embeddings", "\u{202A}A\u{202B}da\u{202C}", "Ada"),
        ("isolates", "\u{2066}A\u{2067}d\u{2068}a\u{2069}", "Ada"),
        ("bidi marks", "\u{200E}A\u{200F}da\u{61C}", "Ada"),
        ("zero width", "\u{FEFF}A\u{200B}d\u{2060}a\u{AD}", "Ada"),
        ("a space behind a zero width", "\u{200B} Ada \u{200B} ", "Ada"),
        ("ZWJ in an emoji stays", "\u{1F469}\u{200D}\u{1F4BB}", "\u{1F469}\u{200D}\u{1F4BB}"),
        (
            "a family of emoji with skin and hair stays",
            "\u{1F469}\u{1F3FD}\u{200D}\u{1F9B0}\u{2764}\u{FE0F}\u{200D}\u{1F525}",
            "\u{1F469}\u{1F3FD}\u{200D}\u{1F9B0}\u{2764}\u{FE0F}\u{200D}\u{1F525}",
        ),
        ("ZWNJ in a word stays", "\u{645}\u{6CC}\u{200C}\u{62E}", "\u{645}\u{6CC}\u{200C}\u{62E}"),
        (
            "ZWNJ stays between letters with marks",
            "\u{645}\u{64E}\u{200C}\u{64E}\u{62E}",
            "\u{645}\u{64E}\u{200C}\u{64E}\u{62E}",
        ),
        (
            "joiners after a virama stay",
            "\u{D9A}\u{DCA}\u{200D}\u{DBB}\u{915}\u{94D}\u{200C}\u{937}",
            "\u{D9A}\u{DCA}\u{200D}\u{DBB}\u{915}\u{94D}\u{200C}\u{937}",
        ),
        ("joiners that join nothing go", "A\u{200D}d\u{200C}a\u{200D}\u{1F4BB}\u{200D}x", "Ada\u{1F4BB}x"),
        ("joiners twice are one", "\u{1F469}\u{200D}\u{200D}\u{200C}\u{1F4BB}", "\u{1F469}\u{200D}\u{1F4BB}"),
        ("joiners at the ends go", "\u{200D}\u{200C}Ada\u{200C}\u{200D}", "Ada"),
        ("joiners at the ends go, then spaces", "\u{200D} Ada \u{200C}", "Ada"),
        ("joiners beside spaces go", "A\u{200D} \u{200C}B \u{200D}\u{200D} C", "A B  C"),
        ("a joiner beside an override goes by its neighbours", "A\u{200D}\u{202E} B", "A B"),
        ("the emoji form stays", "\u{2764}\u{FE0F}", "\u{2764}\u{FE0F}"),
        ("a keycap stays", "1\u{FE0F}\u{20E3}", "1\u{FE0F}\u{20E3}"),
        ("the emoji form of what has none goes", "A\u{FE0F}1\u{FE0F}\u{5D0}\u{FE0F}", "A1\u{5D0}"),
        ("the emoji form of what is one goes", "\u{1F600}\u{FE0F}", "\u{1F600}"),
        ("the emoji form twice is once", "\u{2764}\u{FE0F}\u{FE0F}", "\u{2764}\u{FE0F}"),
        (
            "other variation selectors go",
            "A\u{FE00}\u{845B}\u{E0100}\u{1820}\u{180B}\u{2764}\u{FE0E}",
            "A\u{845B}\u{1820}\u{2764}",
        ),
        (
            "the flag of Scotland stays",
            "\u{1F3F4}\u{E0067}\u{E0062}\u{E0073}\u{E0063}\u{E0074}\u{E007F}",
            "\u{1F3F4}\u{E0067}\u{E0062}\u{E0073}\u{E0063}\u{E0074}\u{E007F}",
        ),
        ("tags that make no flag go", "\u{1F3F4}\u{E0078}\u{E007F}A\u{E0064}\u{E007F}", "\u{1F3F4}A"),
        (
            "a flag without its end is black",
            "\u{1F3F4}\u{E0067}\u{E0062}\u{E0073}\u{E0063}\u{E0074}",
            "\u{1F3F4}",
        ),
        (
            "fillers and what else shows nothing",
            "A\u{34F}\u{115F}d\u{1160}\u{3164}\u{FFA0}a\u{17B4}\u{180E}\u{1D173}\u{1BCA0}\u{E0001}\u{E0FFF}\u{FFF0}",
            "Ada",
        ),
        ("markup is only text", "<img src=x onerror=alert(1)>", "<img src=x onerror=alert(1)>"),
    ];
    for (row, text, name) in rows {
        assert_eq!(clean(text, MAX).as_deref(), Ok(name), "{row}");
    }
}

#[test]
fn given_nothing_to_see_then_it_is_empty() {
    let rows = [
        "",
        " ",
        "\t\n",
        "\u{200B}",
        "\u{202E}\u{2069}",
        "\u{200D}",
        " \u{200C} ",
        "\u{3164}",
        "\u{2800}\u{3164} \u{180B}",
        "\u{2800}\u{2800}",
        "\u{FE0F}",
        "\u{E0041}\u{E0042}",
        "\u{FEFF}",
    ];
    for text in rows {
        assert_eq!(clean(text, MAX), Err(NameError::Empty), "{text:?}");
    }
}

#[test]
fn given_a_control_character_inside_then_it_is_an_error() {
    for c in ('\0'..='\u{1F}').chain('\u{7F}'..='\u{9F}').chain(['\u{2028}', '\u{2029}']) {
        assert_eq!(clean(&format!("Ada{c}Bob"), MAX), Err(NameError::Control), "{c:?}");
        // At the ends white space is trimmed; what is left over is an error there as well.
        let at_end = if c.is_whitespace() { Ok("Ada".to_owned()) } else { Err(NameError::Control) };
        assert_eq!(clean(&format!("Ada{c}"), MAX), at_end, "{c:?}");
    }
}

#[test]
fn given_the_limit_then_scalar_values_are_counted_after_cleaning() {
    let too_long = Err(NameError::TooLong { max: 4 });
    let rows = [
        ("Adas", Ok("Adas".to_owned())),
        ("Adasu", too_long.clone()),
        ("  Adas  \u{200B}\u{200B}", Ok("Adas".to_owned())),
        ("\u{1F600}\u{1F600}\u{1F600}\u{1F600}", Ok("\u{1F600}\u{1F600}\u{1F600}\u{1F600}".to_owned())),
        ("e\u{301}e\u{301}e\u{301}e\u{301}", Ok("\u{E9}\u{E9}\u{E9}\u{E9}".to_owned())),
        ("x\u{301}x\u{301}x", too_long),
    ];
    for (text, result) in rows {
        assert_eq!(clean(text, 4), result, "{text:?}");
    }
    let fully_decomposed = "\u{3B1}\u{313}\u{300}\u{345}".repeat(4);
    assert_eq!(clean(&fully_decomposed, 4).as_deref(), Ok("\u{1F82}\u{1F82}\u{1F82}\u{1F82}"));
    assert_eq!(clean(&"x".repeat(100_000), MAX), Err(NameError::TooLong { max: MAX }));
}

#[test]
fn given_a_joiner_after_marks_that_composing_reorders_then_every_order_is_the_same_name() {
    for text in ["\u{C1}\u{94D}\u{200C}", "A\u{301}\u{94D}\u{200C}", "A\u{94D}\u{301}\u{200C}"] {
        assert_eq!(clean(text, MAX).as_deref(), Ok("\u{C1}\u{94D}\u{200C}"), "{text:?}");
    }
}

/// Some of each kind.
const INVISIBLE: &str = "\u{AD}\u{34F}\u{61C}\u{115F}\u{1160}\u{17B4}\u{17B5}\u{180B}\u{180E}\u{180F}\u{200B}\u{200C}\u{200D}\u{200E}\
    \u{202E}\u{2060}\u{2064}\u{2066}\u{206F}\u{3164}\u{FE00}\u{FE0E}\u{FE0F}\u{FEFF}\u{FFA0}\u{FFF0}\u{FFF9}\u{1BCA3}\u{1D17A}\u{E0001}\
    \u{E0041}\u{E007F}\u{E0100}\u{E01EF}\u{E0FFF}";

#[test]
fn given_a_text_of_lines_then_it_is_one_line_without_what_does_not_show() {
    for (text, line) in [
        ("Ice on the stairs", Some("Ice on the stairs")),
        (" Ice\nBea has left the room.\r\n", Some("Ice Bea has left the room.")),
        ("a\tb\u{2028}c\u{85}d", Some("a b c d")),
        ("\u{1b}[31mred\u{7}", Some("[31mred")),
        ("\u{202e}txt\u{2066}", Some("txt")),
        ("\u{1F468}\u{200D}\u{1F469} run", Some("\u{1F468}\u{200D}\u{1F469} run")),
        ("", None),
        (" \n ", None),
        ("\u{200b}\u{feff}", None),
        ("\0\u{1}", None),
        ("\u{2800}\u{200d}", None),
    ] {
        assert_eq!(plain_line(text).as_deref(), line, "{text:?}");
    }
}

/// Any text, but rich in the characters that cleaning is about.
fn texts() -> impl Strategy<Value = String> {
    let special = prop::sample::select(
        "\u{200B}\u{200C}\u{200D}\u{202E}\u{2066}\u{FEFF}\u{301}\u{323}e \t\u{3000}A\u{3164}\u{FE0F}\u{1F469}\u{1112}\u{1161}\u{2764}\u{94D}\u{915}\u{645}\u{64E}\u{1F3F4}\u{E007F}1\u{20E3}"
            .chars()
            .collect::<Vec<_>>(),
    );
    prop::collection::vec(prop_oneof![3 => special, 1 => any::<char>()], 0..24).prop_map(String::from_iter)
}

proptest! {
    #[test]
    fn given_any_name_then_cleaning_it_again_changes_nothing(text in texts()) {
        if let Ok(name) = clean(&text, MAX) {
            prop_assert_eq!(clean(&name, MAX), Ok(name));
        }
    }

    #[test]
    fn given_any_name_then_it_is_what_the_contract_says(text in texts(), max in 1_usize..32) {
        match clean(&text, max) {
            Ok(name) => {
                prop_assert!(is_nfc(&name));
                prop_assert_eq!(name.trim(), &name);
                prop_assert!(!name.chars().any(|c| is_void(c) || is_control(c)));
                prop_assert!((1..=max).contains(&name.chars().count()));
            }
            Err(NameError::TooLong { max: told }) => {
                prop_assert_eq!(told, max);
                let name = clean(&text, usize::MAX).map_err(|error| TestCaseError::fail(error.to_string()))?;
                prop_assert!(name.chars().count() > max);
            }
            Err(error) => prop_assert_eq!(clean(&text, usize::MAX), Err(error)),
        }
    }

    #[test]
    fn given_a_name_with_an_invisible_character_anywhere_then_it_is_the_same_person(
        name in "[A-Za-z\u{C0}-\u{17F}\u{3B1}-\u{3C9}]{1,8}",
        c in prop::sample::select(INVISIBLE.chars().collect::<Vec<_>>()),
        at in 0_usize..8,
    ) {
        let mut other: Vec<char> = name.chars().collect();
        other.insert(at.min(other.len()), c);
        prop_assert_eq!(clean(&String::from_iter(other), MAX), clean(&name, MAX));
    }

    #[test]
    fn given_any_way_to_compose_a_text_then_it_is_the_same_name(text in texts()) {
        let decomposed: String = text.nfd().collect();
        prop_assert_eq!(clean(&decomposed, MAX), clean(&text, MAX));
    }

    #[test]
    fn given_ascii_then_the_short_way_says_the_same(text in "[\\x00-\\x7f]{0,12}", max in 1_usize..12) {
        prop_assert_eq!(clean(&text, max), clean_any(&text, max));
    }
}
