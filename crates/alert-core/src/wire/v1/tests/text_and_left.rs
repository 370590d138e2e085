//! Given `text` or `left`, then it says what and in whose name, or it is refused with this code.

use std::borrow::Cow;

use super::*;
use crate::names::UserName;

fn name(text: &str) -> UserName {
    UserName::parse(text, 64).unwrap()
}

#[test]
fn given_text_then_msg_is_passed_on_untouched_or_refused() {
    let rows = [
        (r#"{"msg":"hi"}"#, Ok("hi")),
        (r#"{"msg":" \n\t "}"#, Ok(" \n\t ")),
        (r#"{"msg":"\u0000\u202e\u200b"}"#, Ok("\0\u{202E}\u{200B}")),
        (r#"{"msg":"Jose\u0301"}"#, Ok("Jose\u{301}")),
        (r#"{"msg":"<b>&\"'\\"}"#, Ok("<b>&\"'\\")),
        (r#"{"msg":"a\ud800b"}"#, Ok("a\u{FFFD}b")),
        (r#"{"msg":"1234567890"}"#, Ok("1234567890")),
        (r#"{"msg":"\u00e9\u00e9\u00e9\u00e9\u00e9"}"#, Ok("\u{E9}\u{E9}\u{E9}\u{E9}\u{E9}")),
        (r#"{"msg":1,"msg":"hi"}"#, Ok("hi")),
        (r#"{"msg":"hi","room":5,"name":5}"#, Ok("hi")),
        (r"{}", Err(ErrorCode::MsgRequired)),
        (r#"{"msg":""}"#, Err(ErrorCode::MsgRequired)),
        (r#"{"msg":null}"#, Err(ErrorCode::InvalidBody)),
        (r#"{"msg":5}"#, Err(ErrorCode::InvalidBody)),
        (r#"{"msg":false}"#, Err(ErrorCode::InvalidBody)),
        (r#"{"msg":["hi"]}"#, Err(ErrorCode::InvalidBody)),
        (r#"{"msg":[104]}"#, Err(ErrorCode::InvalidBody)),
        (r#"{"msg":{"hi":1}}"#, Err(ErrorCode::InvalidBody)),
        (r#"{"msg":"12345678901"}"#, Err(ErrorCode::MsgTooLong)),
        (r#"{"msg":"\u00e9\u00e9\u00e9\u00e9\u00e9."}"#, Err(ErrorCode::MsgTooLong)),
    ];
    for (body, expected) in rows {
        let msg = text(body).map(|text| text.msg.into_owned());
        assert_eq!(msg.as_deref().map_err(|code| *code), expected, "{body}");
    }
    assert!(matches!(text(r#"{"msg":"hi"}"#).unwrap().msg, Cow::Borrowed(_)), "no copy without need");
}

#[test]
fn given_text_or_left_on_a_headless_connection_then_the_body_s_name_goes_before_the_joined_one() {
    let rows = [
        (r#"{"msg":"hi"}"#, Ok(name("Ada"))),
        (r#"{"msg":"hi","headless":false}"#, Ok(name("Ada"))),
        (r#"{"msg":"hi","name":"Bob"}"#, Ok(name("Bob"))),
        (r#"{"msg":"hi","name":" Bob ","headless":true}"#, Ok(name("Bob"))),
        (r#"{"msg":"hi","name":""}"#, Err(ErrorCode::NameRequired)),
        (r#"{"msg":"hi","name":"B\nb"}"#, Err(ErrorCode::NameInvalid)),
        (r#"{"msg":"hi","name":"123456789"}"#, Err(ErrorCode::NameTooLong)),
        (r#"{"msg":"hi","name":null}"#, Err(ErrorCode::InvalidBody)),
        (r#"{"msg":"hi","name":5}"#, Err(ErrorCode::InvalidBody)),
    ];
    for (body, expected) in rows {
        for speaker in [text(body).unwrap().speaker, left(body).unwrap().speaker] {
            let who = speaker.or_joined(&name("Ada"), &LIMITS);
            assert_eq!(who.map_err(|refusal| refusal.code()), expected, "{body}");
        }
    }
}

#[test]
fn given_left_then_only_its_form_counts() {
    for body in ["{}", r#"{"msg":5,"room":[]}"#, r#"{"name":5,"headless":true}"#] {
        assert!(left(body).is_ok(), "{body}");
    }
}
