//! Given any event from a client, then its name and the form of its body are right, or it is refused with this code.

use super::*;

#[test]
fn given_no_flags_then_the_limits_are_the_contract_s() {
    assert_eq!(Limits::default(), Limits { name_chars: 64, room_chars: 128, msg_bytes: 16_384 });
}

#[test]
fn given_any_event_with_a_body_that_is_not_one_object_then_it_is_an_invalid_body() {
    for event in ["joined", "text", "left"] {
        for body in ["null", "[]", "[{}]", "\"Ada\"", "5", "-1.5e3", "true"] {
            let refusal = parse(event, body).unwrap_err();
            assert_eq!(refusal.code(), ErrorCode::InvalidBody, "{event} {body}");
            assert_eq!(refusal.message(), "the body must be one JSON object.");
        }
        let missing = ClientEvent::parse(event, [], false, &LIMITS).unwrap_err();
        assert_eq!(missing.code(), ErrorCode::InvalidBody);
        assert_eq!(missing.message(), "the body is missing; send one JSON object.");
    }
}

#[test]
fn given_binary_then_it_is_an_invalid_body() {
    let body = r#"{"name":"Ada","headless":true,"room":"r","msg":"hi","x":{"_placeholder":true,"num":0}}"#;
    for event in ["joined", "text", "left"] {
        assert!(parse(event, body).is_ok());
        let refusal = ClientEvent::parse(event, [raw(body)], true, &LIMITS).unwrap_err();
        assert_eq!(refusal.code(), ErrorCode::InvalidBody);
        assert_eq!(refusal.message(), "the body must be one JSON object without binary data.");
    }
}

#[test]
fn given_a_headless_that_is_not_a_boolean_then_it_is_an_invalid_body() {
    for event in ["joined", "text", "left"] {
        for value in ["null", "1", "0", "\"true\"", "\"\"", "[]", "{}"] {
            let body = format!(r#"{{"name":"Ada","room":"r","msg":"hi","headless":{value}}}"#);
            let refusal = parse(event, &body).unwrap_err();
            assert_eq!(refusal.code(), ErrorCode::InvalidBody, "{event} {value}");
            assert_eq!(refusal.message(), "headless must be true or false.");
        }
        for value in ["true", "false"] {
            let body = format!(r#"{{"name":"Ada","room":"r","msg":"hi","headless": {value} }}"#);
            assert!(parse(event, &body).is_ok(), "{event} {value}");
        }
    }
}

#[test]
fn given_an_event_that_v1_does_not_have_then_it_is_unknown_whatever_the_body() {
    for event in ["", "Joined", "joined ", "status", "message", "join", "t\u{FFFD}xt"] {
        for (body, binary) in [("{}", false), ("null", false), ("{}", true)] {
            let refusal = ClientEvent::parse(event, [raw(body)], binary, &LIMITS).unwrap_err();
            assert_eq!(refusal.code(), ErrorCode::UnknownEvent, "{event}");
        }
    }
}

#[test]
fn given_further_arguments_then_they_do_not_count() {
    let args = [raw(r#"{"msg":"hi"}"#), raw("null"), raw(r#"{"msg":"no"}"#)];
    match ClientEvent::parse("text", args, false, &LIMITS) {
        Ok(ClientEvent::Text(text)) => assert_eq!(text.msg, "hi"),
        other => panic!("{other:?}"),
    }
}
