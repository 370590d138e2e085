use proptest::prelude::*;

use super::*;

const SHORT: &str = "K7Q-FM2-XD9";
const LONG: &str = "7C0F2E9A41D84B6FA3520C9E6D18B7F4";

fn typed(text: &str) -> String {
    RoomCode::typed(text, 128).unwrap().to_string()
}

#[test]
fn given_a_made_code_in_any_spelling_then_it_is_the_one_that_was_made() {
    for text in [
        "K7Q-FM2-XD9",
        "k7q-fm2-xd9",
        "k7qfm2xd9",
        "K7Q FM2 XD9",
        " k7q\u{A0}fm2\u{3000}xd9 \n",
        "K7Q\u{2009}-\u{2009}FM2\u{202F}-\u{202F}XD9",
        "K7Q\u{2013}FM2\u{2014}XD9",
        "k7q\u{2011}fm2\u{2212}xd9",
        "k7q\u{30FC}fm2\u{FF0D}xd9",
        "\u{FF2B}\u{FF17}\u{FF31}\u{FF26}\u{FF2D}\u{FF12}\u{FF38}\u{FF24}\u{FF19}",
        "\u{201C}K7Q-FM2-XD9\u{201D}",
        "<K7Q-FM2-XD9>",
        "(K7Q-FM2-XD9).",
        "k 7 q f m 2 x d 9",
        "K7Q\u{2012}FM2\u{2012}XD9",
        "K7Q\u{B7}FM2\u{2022}XD9",
        "K\u{667}Q-FM\u{662}-XD\u{669}",
        "K\u{6F7}Q FM\u{6F2} XD\u{6F9}",
        "K\u{96D}Q FM\u{968} XD\u{96F}",
        "\u{24C0}\u{2466}Q-FM\u{2461}-XD\u{2468}",
        "\u{1D40A}7Q-FM2-XD9",
        "\u{2068}K7Q-FM2-XD9\u{2069}",
        "'K7Q-FM2-XD9'!",
        "**K7Q-FM2-XD9**",
        "K7Q\u{200B}-FM2\u{FEFF}-XD9\u{2060}",
        "K7Q\nFM2\nXD9",
    ] {
        assert_eq!(typed(text), SHORT, "{text:?}");
    }
    for text in [
        LONG,
        "7c0f2e9a41d84b6fa3520c9e6d18b7f4",
        "7C0F 2E9A 41D8 4B6F A352 0C9E 6D18 B7F4",
        "7COF 2E9A 4ID8 4B6F A352 OC9E 6Dl8 B7F4",
        "7c0f2e9a-41d8-4b6f-a352-0c9e6d18b7f4",
        "7C0F\u{2003}2E9A\n41D8\r\n4B6F\tA352 0C9E 6D18 B7F4\n",
    ] {
        assert_eq!(typed(text), LONG, "{text:?}");
    }
    assert_eq!(typed("o7q-fm2-xil"), "07Q-FM2-X11");
}

#[test]
fn given_a_code_that_people_chose_then_it_stays() {
    for text in [
        "classroom",
        "new-red-cat",
        "room12345",
        "Class-4b",
        "class 4b",
        "CLASS 4B",
        "r1",
        "R1",
        "bluewhale", // nine letters, one of them no letter of the alphabet
        "goodgames", // nine letters of the alphabet
        "abcdefgh2", // a digit, and no letter behind it
        "1o1il1abc", // of digits only 0 and 1
        "2-3-4-5-6-7-8-9-2",
        "K7Q-FM2-XD",
        "K7Q-FM2-XD99",
        "K7U-FM2-XD9",
        "7C0F2E9A41D84B6FA3520C9E6D18B7F", // 31
        "7C0F2E9A41D84B6FA3520C9E6D18B7F40",
        "7C0F2E9A41D84B6FA3520C9E6D18B7FG",
        "k7q_fm2_xd9",
        "K7Q.FM2.XD9",
        "code: K7Q-FM2-XD9",
        "\u{667}",
        "\u{41A}7Q-FM2-XD9",  // a Cyrillic letter
        "\u{338F}7Q-FM2-XD9", // one sign that stands for two letters
        "https://example.org/",
        "v1?room",
        "/v1",
        "\u{915}\u{94D}\u{937}",
    ] {
        assert_eq!(typed(text), text);
    }
    assert_eq!(typed(" Class  4b "), "Class  4b");
}

#[test]
fn given_a_link_then_it_is_its_room() {
    for (text, room) in [
        ("http://127.0.0.1:5000/v1?room=K7Q-FM2-XD9", SHORT),
        ("alert.example.org/v1?room=k7q%20fm2%20xd9\n", SHORT),
        ("https://alert.example.org/v1/chat?room=7c0f2e9a41d84b6fa3520c9e6d18b7f4", LONG),
        ("http://h/v1?room=Class+4b+%26+c%2F%C3%BC", "Class 4b & c/\u{FC}"),
        ("http://h/v1?room=new-red-cat", "new-red-cat"),
    ] {
        assert_eq!(typed(text), room, "{text}");
    }
    assert_eq!(RoomCode::typed("https://alert.example.org/v1", 128), Err(NameError::Empty));
    assert_eq!(RoomCode::typed("https://alert.example.org/v1?room=", 128), Err(NameError::Empty));
    assert_eq!(RoomCode::typed("https://h/v1?room=a%0Ab", 128), Err(NameError::Control));
    for text in ["https://h/v1?room=%FF", "https://h/v1/rooms/%FF", "https://h/v1?room=a%E9b"] {
        assert_eq!(RoomCode::typed(text, 128), Err(NameError::Empty), "{text}: in another encoding");
    }
}

#[test]
fn given_a_wrong_code_then_it_is_refused_as_ever() {
    assert_eq!(RoomCode::typed(" \u{200B} ", 128), Err(NameError::Empty));
    assert_eq!(RoomCode::typed("a\u{7}b", 128), Err(NameError::Control));
    assert_eq!(RoomCode::typed(&"x".repeat(129), 128), Err(NameError::TooLong { max: 128 }));
    assert_eq!(RoomCode::typed(LONG, 9), Err(NameError::TooLong { max: 9 }));
}

/// A code as servers make it, in its nine or 32 characters.
fn made() -> impl Strategy<Value = String> {
    let short = proptest::string::string_regex("[0-9BCDFGHJKMNP-TV-Z]{9}").unwrap();
    prop_oneof![short.prop_filter("told from a word", |code| is_marked(code)), "[0-9A-F]{32}"]
}

fn separator() -> impl Strategy<Value = String> {
    let spaces = "[ \t\u{A0}\u{1680}\u{2000}-\u{200B}\u{2028}\u{202F}\u{205F}\u{3000}\u{FEFF}]{0,2}";
    prop_oneof![3 => Just(String::new()), 1 => "[-\u{2010}-\u{2015}\u{2212}]", 1 => spaces]
}

fn respelled(c: char, choice: u8) -> String {
    let alias = match (c, choice % 4) {
        ('0', 1) => 'O',
        ('1', 1) => 'I',
        ('1', 2) => 'L',
        (c, _) => c,
    };
    if choice < 128 { alias.to_lowercase().collect() } else { alias.to_string() }
}

proptest! {
    #[test]
    fn given_any_spelling_of_a_made_code_then_it_is_that_code(
        code in made(),
        choices in prop::collection::vec((any::<u8>(), separator()), 32),
    ) {
        let spelled: String =
            code.chars().zip(&choices).map(|(c, (choice, gap))| format!("{gap}{}", respelled(c, *choice))).collect();
        let canonical = typed(&code);
        prop_assert_eq!(canonical.replace('-', ""), code);
        prop_assert_eq!(typed(&spelled), canonical.clone());
        prop_assert_eq!(typed(&format!("<http://h:1/v1?room={}>\r\n", canonical)), canonical);
    }

    #[test]
    fn given_any_text_then_typing_what_came_out_changes_nothing(text in "\\PC{0,40}") {
        if let Ok(code) = RoomCode::typed(&text, 128)
            && RoomLink::find(code.as_str()).is_none()
        {
            prop_assert_eq!(typed(code.as_str()), code.as_str());
        }
    }

    #[test]
    fn given_words_and_a_number_then_they_stay(text in "[a-zA-Z]{1,12}[- ]?[a-zA-Z]{0,8}[- ]?[0-9]{0,5}") {
        prop_assume!(generated(&text).is_none_or(|code| code.len() != HEX));
        prop_assert_eq!(typed(&text), text.trim());
    }

    #[test]
    fn given_any_code_in_a_link_of_the_page_then_it_is_exact(room in "\\PC{1,40}") {
        let query = form_urlencoded::Serializer::new(String::new()).append_pair("room", &room).finish();
        let link = RoomLink::find(&format!("http://h/v1?{query}")).unwrap();
        prop_assert_eq!(link.room, room);
    }
}
