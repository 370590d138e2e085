//! The contract of v1, row by row: what comes in, and what goes out.

mod any_input;
mod every_event;
mod joined;
mod output;
mod text_and_left;

use serde_json::value::RawValue;

use super::*;

const LIMITS: Limits = Limits { name_chars: 8, room_chars: 9, msg_bytes: 10 };

fn raw(json: &str) -> &RawValue {
    serde_json::from_str(json).unwrap()
}

fn parse<'a>(event: &str, body: &'a str) -> Result<ClientEvent<'a>, Refusal> {
    ClientEvent::parse(event, [raw(body)], false, &LIMITS)
}

fn joined(body: &str) -> Result<Joined, ErrorCode> {
    match parse("joined", body) {
        Ok(ClientEvent::Joined(joined)) => Ok(joined),
        Ok(other) => panic!("{body} is {other:?}"),
        Err(refusal) => Err(refusal.code()),
    }
}

fn text(body: &str) -> Result<Text<'_>, ErrorCode> {
    match parse("text", body) {
        Ok(ClientEvent::Text(text)) => Ok(text),
        Ok(other) => panic!("{body} is {other:?}"),
        Err(refusal) => Err(refusal.code()),
    }
}

fn left(body: &str) -> Result<Left<'_>, ErrorCode> {
    match parse("left", body) {
        Ok(ClientEvent::Left(left)) => Ok(left),
        Ok(other) => panic!("{body} is {other:?}"),
        Err(refusal) => Err(refusal.code()),
    }
}
