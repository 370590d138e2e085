use proptest::prelude::*;

use super::*;

fn found(text: &str) -> Option<(String, String)> {
    RoomLink::find(text).map(|link| (link.server, link.room))
}

#[test]
fn given_a_link_however_it_is_passed_on_then_server_and_room_are_found() {
    for (text, server, room) in [
        ("http://127.0.0.1:5000/v1?room=R1", "http://127.0.0.1:5000", "R1"),
        ("https://alert.example.org/v1/?room=R1&why=login-unknown#top", "https://alert.example.org", "R1"),
        ("Https://Alert.Example.org/v1?room=R1\n", "Https://Alert.Example.org", "R1"),
        ("https://h/v1/chat?room=R1", "https://h", "R1"),
        ("https://h/v1/screen?room=R1&missing=1", "https://h", "R1"),
        ("https://h/v1/rooms/R1", "https://h", "R1"),
        ("https://h/v1/rooms/a%2Fb/events", "https://h", "a/b"),
        ("https://h/v1/room/R1/", "https://h", "R1"),
        ("https://[::1]:5000/v1?x=y&room=R1", "https://[::1]:5000", "R1"),
        ("alert.example.org/v1?room=R1", "alert.example.org", "R1"),
        ("localhost:5000/v1/rooms/R1", "localhost:5000", "R1"),
        ("/v1?room=R1", "", "R1"),
        ("<https://h/v1?room=R1>", "https://h", "R1"),
        ("\"https://h/v1?room=R1\"", "https://h", "R1"),
        ("\u{201C}h/v1?room=R1\u{201D}", "h", "R1"),
        ("'https://h/v1?room=R1'", "https://h", "R1"),
        ("[Room 1](https://h/v1?room=R1)", "https://h", "R1"),
        ("href=\"https://h/v1?room=R1\">Enter</a>", "https://h", "R1"),
        ("K7Q - Alert\r\nhttps://h/v1?room=R1", "https://h", "R1"),
        ("Come to https://h/v1?room=R1, all of you", "https://h", "R1"),
        ("https://h/v1?room=caf%C3%A9+%26+bar", "https://h", "caf\u{E9} & bar"),
        ("https://h/v1?room=Klasse-4\u{FC}", "https://h", "Klasse-4\u{FC}"),
        ("https://m\u{FC}nchen.example/v1?room=R1", "https://m\u{FC}nchen.example", "R1"),
        ("https://h/v1?room=R1.", "https://h", "R1."),
        ("https://h/?room=R1", "https://h", "R1"),
        ("https://h?room=R1", "https://h", "R1"),
        ("h:5000/?room=R1", "h:5000", "R1"),
        ("https://h/V1?Room=R1", "https://h", "R1"),
        ("HTTPS://H/V1/ROOMS/r%C3%BC", "HTTPS://H", "r\u{FC}"),
        ("wss://h/v1?room=R1", "wss://h", "R1"),
        ("WS://h/v1?room=R1", "WS://h", "R1"),
        ("https://h/v1?room=%FF", "https://h", ""),
        ("https://h/v1/rooms/%FF", "https://h", ""),
        ("https://h/v1", "https://h", ""),
        ("https://h/v1?room=", "https://h", ""),
    ] {
        assert_eq!(found(text), Some((server.to_owned(), room.to_owned())), "{text}");
    }
}

#[test]
fn given_no_link_to_a_room_then_there_is_none() {
    for text in [
        "",
        "R1",
        "a/b",
        "v1",
        "/v1",
        "h/v1",
        "/v1/rooms/",
        "https://",
        "https:///v1?room=R1",
        "https://example.org/",
        "https://example.org/room=R1",
        "https://example.org/alert/v1?room=R1",
        "ftp://h/v1?room=R1",
        "https://h/v10?room=R1",
        "h/v1/rooms/%FF",
        "https://h",
        "https://h/?rooms=R1",
        "/?x",
        "?room=R1",
        "h{}/v1?room=R1",
    ] {
        assert_eq!(found(text), None, "{text}");
    }
}

proptest! {
    #[test]
    fn given_any_text_then_looking_for_a_link_ends(text in "(\\PC|https?://|/v1|[?]room=|%[0-9A-F]{0,2}){0,12}") {
        let _ = RoomLink::find(&text);
    }
}
