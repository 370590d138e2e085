//! Given `joined`, then it says where the identity comes from, or it is refused with this code.

use super::*;
use crate::names::{RoomCode, UserName};

fn headless(name: &str, room: &str) -> Joined {
    Joined::Headless {
        name: UserName::parse(name, 64).unwrap(),
        room: RoomCode::parse(room, 64).unwrap(),
        password: None,
    }
}

fn session(room: Option<&str>) -> Joined {
    Joined::Session { room: room.map(|room| RoomCode::parse(room, 64).unwrap()), password: None }
}

#[test]
fn given_joined_with_headless_true_then_name_and_room_come_from_the_body() {
    let rows = [
        (r#"{"name":"Ada","headless":true,"room":"r"}"#, Ok(headless("Ada", "r"))),
        (r#" { "room" : "r" , "headless" : true , "name" : "Ada" } "#, Ok(headless("Ada", "r"))),
        (r#"{"name":" Jose\u0301 ","headless":true,"room":"\u200br\t"}"#, Ok(headless("Jos\u{E9}", "r"))),
        (r#"{"name":"12345678","headless":true,"room":"123456789"}"#, Ok(headless("12345678", "123456789"))),
        (
            r#"{"name":"\ud83d\ude00\ud800","headless":true,"room":"\udc00"}"#,
            Ok(headless("\u{1F600}\u{FFFD}", "\u{FFFD}")),
        ),
        (r#"{"n\u0061me":"Ada","headless":true,"room":"r"}"#, Ok(headless("Ada", "r"))),
        (
            r#"{"name":"Ada","headless":true,"room":"r","msg":5,"x":[{}],"\ud800":1}"#,
            Ok(headless("Ada", "r")),
        ),
        (
            r#"{"name":"Eve","name":"Ada","headless":1,"room":"q","room":"r","headless":true}"#,
            Ok(headless("Ada", "r")),
        ),
        (r#"{"name":"Ada","headless":true,"room":"r","name":5}"#, Err(ErrorCode::InvalidBody)),
        (r#"{"headless":true}"#, Err(ErrorCode::NameRequired)),
        (r#"{"headless":true,"room":"r"}"#, Err(ErrorCode::NameRequired)),
        (r#"{"headless":true,"Name":"Ada","room":"r"}"#, Err(ErrorCode::NameRequired)),
        (r#"{"headless":true,"room":"r","name":""}"#, Err(ErrorCode::NameRequired)),
        (r#"{"headless":true,"room":"r","name":" \u200d\u202e "}"#, Err(ErrorCode::NameRequired)),
        (r#"{"headless":true,"room":"r","name":"A\nB"}"#, Err(ErrorCode::NameInvalid)),
        (r#"{"headless":true,"room":"r","name":"A\u2028B"}"#, Err(ErrorCode::NameInvalid)),
        (r#"{"headless":true,"room":"r","name":"123456789"}"#, Err(ErrorCode::NameTooLong)),
        (r#"{"headless":true,"room":"r","name":null}"#, Err(ErrorCode::InvalidBody)),
        (r#"{"headless":true,"room":"r","name":5}"#, Err(ErrorCode::InvalidBody)),
        (r#"{"headless":true,"room":"r","name":["Ada"]}"#, Err(ErrorCode::InvalidBody)),
        (r#"{"headless":true,"room":"r","name":[65]}"#, Err(ErrorCode::InvalidBody)),
        (r#"{"headless":true,"room":"r","name":{"a":"b"}}"#, Err(ErrorCode::InvalidBody)),
        (r#"{"headless":true,"name":"Ada"}"#, Err(ErrorCode::RoomRequired)),
        (r#"{"headless":true,"name":"Ada","room":" "}"#, Err(ErrorCode::RoomRequired)),
        (r#"{"headless":true,"name":"Ada","room":"a\u0000"}"#, Err(ErrorCode::RoomInvalid)),
        (r#"{"headless":true,"name":"Ada","room":"1234567890"}"#, Err(ErrorCode::RoomTooLong)),
        (r#"{"headless":true,"name":"Ada","room":null}"#, Err(ErrorCode::InvalidBody)),
        (r#"{"headless":true,"name":"Ada","room":7}"#, Err(ErrorCode::InvalidBody)),
    ];
    for (body, expected) in rows {
        assert_eq!(joined(body), expected, "{body}");
    }
}

#[test]
fn given_joined_without_headless_then_the_session_says_who_and_the_name_does_not_count() {
    let rows = [
        (r"{}", Ok(session(None))),
        (r#"{"room":" r "}"#, Ok(session(Some("r")))),
        (r#"{"headless":false,"room":"r"}"#, Ok(session(Some("r")))),
        (r#"{"headless":false,"name":"Eve","room":"r"}"#, Ok(session(Some("r")))),
        (r#"{"name":"A\nB"}"#, Ok(session(None))),
        (r#"{"name":5}"#, Ok(session(None))),
        (r#"{"room":""}"#, Err(ErrorCode::RoomRequired)),
        (r#"{"room":"a\u0085b"}"#, Err(ErrorCode::RoomInvalid)),
        (r#"{"room":"1234567890"}"#, Err(ErrorCode::RoomTooLong)),
        (r#"{"room":null}"#, Err(ErrorCode::InvalidBody)),
        (r#"{"room":["r"]}"#, Err(ErrorCode::InvalidBody)),
    ];
    for (body, expected) in rows {
        assert_eq!(joined(body), expected, "{body}");
    }
}
