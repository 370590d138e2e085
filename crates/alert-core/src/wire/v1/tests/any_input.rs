//! Given any JSON at all, then v1 does what the contract says.

use proptest::prelude::*;

use super::*;

/// A JSON value of any shape, with the keys of v1 more often than others.
fn json() -> impl Strategy<Value = serde_json::Value> {
    let string = prop_oneof!["\\PC{0,12}", any::<String>()];
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        string.prop_map(Into::into),
    ];
    leaf.prop_recursive(3, 24, 6, |inner| {
        let key = prop_oneof![
            4 => prop::sample::select(vec!["name", "room", "headless", "msg"]).prop_map(str::to_owned),
            1 => any::<String>(),
        ];
        prop_oneof![
            1 => prop::collection::vec(inner.clone(), 0..4).prop_map(Into::into),
            4 => prop::collection::vec((key, inner), 0..6)
                .prop_map(|entries| serde_json::Value::Object(entries.into_iter().collect())),
        ]
    })
}

/// What the contract says of a `text`, over a parsed body: slower, and plain to read.
fn text_by_the_contract(body: &serde_json::Value) -> Result<String, ErrorCode> {
    let body = body.as_object().ok_or(ErrorCode::InvalidBody)?;
    if body.get("headless").is_some_and(|value| !value.is_boolean()) {
        return Err(ErrorCode::InvalidBody);
    }
    let msg = body.get("msg").ok_or(ErrorCode::MsgRequired)?.as_str().ok_or(ErrorCode::InvalidBody)?;
    match msg.len() {
        0 => Err(ErrorCode::MsgRequired),
        len if len > LIMITS.msg_bytes => Err(ErrorCode::MsgTooLong),
        _ => Ok(msg.to_owned()),
    }
}

proptest! {
    #[test]
    fn given_any_json_then_text_is_read_as_the_contract_says(body in json()) {
        let json = body.to_string();
        let msg = text(&json).map(|text| text.msg.into_owned());
        prop_assert_eq!(msg, text_by_the_contract(&body));
    }

    #[test]
    fn given_any_json_then_an_event_is_understood_or_refused_in_one_line(
        event in prop::sample::select(vec!["joined", "text", "left", "other"]),
        body in json(),
        binary in any::<bool>(),
    ) {
        let json = body.to_string();
        if let Err(refusal) = ClientEvent::parse(event, [raw(&json)], binary, &LIMITS) {
            prop_assert!(refusal.message().ends_with('.') && !refusal.message().contains(char::is_control));
        }
    }
}
