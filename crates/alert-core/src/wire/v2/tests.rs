//! The contract of v2, row by row: what comes in, and what goes out.

mod alert_events;
mod any_input;
mod client_events;
mod output;

use serde_json::value::RawValue;

use super::*;
use crate::names::{RoomCode, UserName};
use crate::position::{Epoch, Position, Run};
use crate::wire::v1::{ErrorCode, Limits, Refusal};

const LIMITS: Limits = Limits { name_chars: 8, room_chars: 9, msg_bytes: 10 };
const POSITION: &str = "8f3a1c20b7d41-57";

fn raw(json: &str) -> &RawValue {
    serde_json::from_str(json).unwrap()
}

fn parse<'a>(event: &str, body: &'a str) -> Result<ClientEvent<'a>, Refusal> {
    ClientEvent::parse(event, [raw(body)], false, &LIMITS)
}

fn room(code: &str) -> RoomCode {
    RoomCode::parse(code, 64).unwrap()
}

fn name(text: &str) -> UserName {
    UserName::parse(text, 64).unwrap()
}

fn position(number: u64) -> Position {
    Position { epoch: Epoch { run: Run::new(0x8f3a_1c20_b7d4), part: 1 }, number }
}
