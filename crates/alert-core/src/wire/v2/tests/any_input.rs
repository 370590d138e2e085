//! Given any JSON at all, then v2 does what the contract says.

use proptest::prelude::*;

use super::*;

/// A JSON value of any shape, with the keys of v2 more often than others.
fn json() -> impl Strategy<Value = serde_json::Value> {
    let known = prop::sample::select(vec!["all", "none", "20", "15m", POSITION, "r", "Ada"]);
    let string = prop_oneof![known.prop_map(str::to_owned), "\\PC{0,12}".boxed(), any::<String>().boxed()];
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        string.prop_map(Into::into),
    ];
    leaf.prop_recursive(3, 24, 6, |inner| {
        let keys = vec!["room", "name", "msg", "key", "since", "listen", "before", "after", "limit"];
        let key = prop_oneof![
            4 => prop::sample::select(keys).prop_map(str::to_owned),
            1 => any::<String>(),
        ];
        prop_oneof![
            1 => prop::collection::vec(inner.clone(), 0..4).prop_map(Into::into),
            4 => prop::collection::vec((key, inner), 0..6)
                .prop_map(|entries| serde_json::Value::Object(entries.into_iter().collect())),
        ]
    })
}

/// What the contract says of a `send`, over a parsed body: slower, and plain to read.
fn send_by_the_contract(body: &serde_json::Value) -> Result<(String, String, Option<String>), ErrorCode> {
    let body = body.as_object().ok_or(ErrorCode::InvalidBody)?;
    let text =
        |key: &str| body.get(key).map(|value| value.as_str().ok_or(ErrorCode::InvalidBody)).transpose();
    let room = text("room")?.ok_or(ErrorCode::RoomRequired)?;
    let room = RoomCode::parse(room, LIMITS.room_chars).map_err(|error| Refusal::room(error).code())?;
    let msg = text("msg")?.ok_or(ErrorCode::MsgRequired)?;
    match msg.len() {
        0 => return Err(ErrorCode::MsgRequired),
        len if len > LIMITS.msg_bytes => return Err(ErrorCode::MsgTooLong),
        _ => {}
    }
    let key = text("key")?.map(str::to_owned);
    if key.as_ref().is_some_and(|key| key.is_empty() || key.len() > MOST_KEY_BYTES) {
        return Err(ErrorCode::InvalidBody);
    }
    Ok((room.to_string(), msg.to_owned(), key))
}

proptest! {
    #[test]
    fn given_any_json_then_send_is_read_as_the_contract_says(body in json()) {
        let json = body.to_string();
        let read = match parse("send", &json) {
            Ok(ClientEvent::Send(Send { room, text, key, .. })) => {
                Ok((room.to_string(), text.msg.into_owned(), key.map(Into::into)))
            }
            Ok(other) => panic!("{other:?}"),
            Err(refusal) => Err(refusal.code()),
        };
        prop_assert_eq!(read, send_by_the_contract(&body));
    }

    #[test]
    fn given_any_json_then_an_event_is_understood_or_refused_in_one_line(
        event in prop::sample::select(vec!["join", "send", "history", "members", "leave", "other"]),
        body in json(),
        binary in any::<bool>(),
    ) {
        let json = body.to_string();
        match ClientEvent::parse(event, [raw(&json)], binary, &LIMITS) {
            Ok(ClientEvent::History(history)) => prop_assert!((1..=MOST_MESSAGES).contains(&history.limit)),
            Ok(_) => {}
            Err(refusal) => {
                prop_assert!(refusal.message().ends_with('.') && !refusal.message().contains(char::is_control));
            }
        }
    }
}
