//! What Redis answers to the steps of a room.

use super::entry::{name, number, position, time};
use super::link::Unavailable;
use super::page::Part;
use super::ruling::read_policy;
use super::standing::MOST_MISSED;
use super::stay::Taken;
use crate::log::{Page, Query, Start};
use alert_core::names::UserName;
use alert_core::position::Position;
use alert_core::room::policy::Policy;
use redis::{Value, from_redis_value};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// Where Redis has put something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placed {
    /// Of the message, or of the last one before it.
    pub position: Position,
    /// When.
    pub at: SystemTime,
    /// Among all events of the room.
    pub seq: u64,
}

/// What became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It has been said.
    Said(Placed),
    /// It was said before, with the same key.
    Again(Placed),
    /// Its key belongs to another message.
    KeyReused,
    /// Whoever says it spoke a moment ago, and has to wait for so long.
    TooFast(Duration),
}

/// Somebody has come, or gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// The person was not in the room before.
    pub is_new: bool,
    /// Where.
    pub placed: Placed,
    /// How many people there are now.
    pub count: usize,
}

/// Somebody has come, perhaps back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entering {
    /// Where.
    pub arrival: Arrival,
    /// What the connection takes the place of.
    pub taken: Option<Taken>,
    /// The nodes that have been asked whether they have its old one, half open.
    pub asked: Vec<String>,
}

/// There are as many people in the room as there may be, on all nodes together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RoomFull;

/// How somebody goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Going {
    /// They said so.
    Leaves,
    /// The connection was lost; this is how long they may take to come back.
    Lost(Duration),
}

/// Where a room stands.
#[derive(Clone, Debug)]
pub struct State {
    /// Of its last event.
    pub seq: u64,
    /// Of its last message.
    pub position: Position,
    /// The people in it, in the order in which they entered.
    pub people: Vec<UserName>,
    /// Whether it has people of the server that asks.
    pub knows_us: bool,
    /// Those who have been lost, and for how long they may still come back.
    pub lost: Vec<(UserName, Duration)>,
    /// What was said after the place that was asked for.
    pub missed: Page,
    /// What its hosts have decided.
    pub policy: Option<Arc<Policy>>,
}

impl Fate {
    /// Reads the answer of `say`.
    pub(super) fn parse(value: Value) -> Result<Self, Unavailable> {
        let parts: Vec<String> = from_redis_value(value).map_err(|_| Unavailable)?;
        let placed = || match &parts[1..] {
            [epoch, last, at, seq] => {
                Some(Placed { position: position(epoch, last)?, at: time(number(at)?), seq: number(seq)? })
            }
            _ => None,
        };
        match parts.first().map(String::as_str) {
            Some("said") => placed().map(Self::Said),
            Some("again") => placed().map(Self::Again),
            Some("reused") => Some(Self::KeyReused),
            Some("slow") => {
                parts.get(1).and_then(|wait| number(wait)).map(Duration::from_millis).map(Self::TooFast)
            }
            _ => None,
        }
        .ok_or(Unavailable)
    }
}

impl Entering {
    /// Reads the answer of `presence` to somebody who enters.
    pub(super) fn parse_or_full(value: Value) -> Result<Result<Self, RoomFull>, Unavailable> {
        match &value {
            Value::Array(parts) if parts.is_empty() => Ok(Err(RoomFull)),
            _ => Self::parse(value).map(Ok),
        }
    }

    /// Reads the answer of `presence`.
    pub(super) fn parse(value: Value) -> Result<Self, Unavailable> {
        type Answer = (u8, String, String, String, String, usize, Vec<String>, Vec<String>);
        let (is_new, epoch, last, at, seq, count, taken, asked): Answer =
            from_redis_value(value).map_err(|_| Unavailable)?;
        let placed = || {
            Some(Placed { position: position(&epoch, &last)?, at: time(number(&at)?), seq: number(&seq)? })
        };
        let arrival = Arrival { is_new: is_new == 1, placed: placed().ok_or(Unavailable)?, count };
        Ok(Self { arrival, taken: Taken::parse(&taken), asked })
    }
}

impl State {
    /// Reads the answer of `state`; of messages, those that are not older than `age` and come after a place. `node` has asked.
    pub(super) fn parse(value: Value, node: &[u8], after: Option<Position>, age: Duration) -> Option<Self> {
        type Answer =
            (String, String, String, String, Vec<String>, Vec<(String, f64)>, Vec<String>, Value, String);
        let (seq, epoch, last, at, people, lost, nodes, part, policy): Answer =
            from_redis_value(value).ok()?;
        let now: u64 = number(&at)?;
        let missed = match after {
            Some(after) => {
                let query = Query { start: Start::After(after), limit: MOST_MISSED };
                Part::parse(part).ok()?.page(query, age).0
            }
            None => Page::default(),
        };
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "milliseconds since 1970"
        )]
        let left = |deadline: f64| Duration::from_millis((deadline as u64).saturating_sub(now));
        let lost = lost.iter().filter_map(|(text, deadline)| Some((name(text)?, left(*deadline))));
        Some(Self {
            seq: number(&seq)?,
            position: position(&epoch, &last)?,
            lost: lost.collect(),
            people: people.iter().filter_map(|text| name(text)).collect(),
            knows_us: nodes.iter().any(|known| known.as_bytes() == node),
            missed,
            policy: read_policy(&policy).ok()?,
        })
    }
}
