//! A part of a room's log, as Redis gives it: what is missing is seen from the numbers.

use super::entry::{millis, name, number, position, time};
use crate::log::{Gap, Page, Query, Start};
use alert_core::event::{RoomEvent, What};
use alert_core::position::Position;
use redis::{ParsingError, Value, from_redis_value};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// A message of a stream: its id, and its fields in turns with their values.
type Entry = (String, Vec<Vec<u8>>);

/// What the library gives for a part of the log.
pub(super) struct Part {
    /// The epochs of the room: `of:NAME`, `name:ORDINAL`, `end:ORDINAL`.
    epochs: HashMap<String, String>,
    /// The epoch that is under way, its last number, and its ordinal.
    current: Option<(String, u64, u64)>,
    /// The oldest message that is kept.
    oldest: Option<Entry>,
    entries: Vec<Entry>,
    /// There are more, too large for this part.
    is_cut: bool,
    /// The ordinal of the epoch that was asked for.
    asked: Option<u64>,
    /// By the clock of Redis.
    at: SystemTime,
}

impl Part {
    /// How a query is put to the library: which, epoch, number, limit.
    pub(super) fn args(query: Query) -> Vec<Vec<u8>> {
        let (which, place) = match query.start {
            Start::After(position) => ("after", Some(position)),
            Start::Before(position) => ("before", Some(position)),
            Start::Newest => ("newest", None),
            Start::Oldest => ("oldest", None),
            Start::Time(_) => ("time", None),
        };
        let (epoch, mut number) = place.map(parts).unwrap_or_default();
        if let Start::Time(since) = query.start {
            // With what is now, since the clock of Redis may be another one.
            number = format!("{} {}", millis(since), millis(SystemTime::now()));
        }
        // One more shows whether there is more.
        let limit = query.limit.saturating_add(1);
        [which.to_owned(), epoch, number, limit.to_string()].map(String::into_bytes).into()
    }

    /// Reads the library's answer.
    pub(super) fn parse(value: Value) -> Result<Self, ParsingError> {
        type Answer = (
            HashMap<String, String>,
            (Option<String>, Option<u64>, Option<u64>),
            Vec<Entry>,
            Vec<Entry>,
            String,
            String,
            u8,
        );
        let (epochs, (epoch, last, ordinal), oldest, entries, asked, at, is_cut): Answer =
            from_redis_value(value)?;
        let current = epoch.zip(last).zip(ordinal).map(|((epoch, last), ordinal)| (epoch, last, ordinal));
        let at = time(number(&at).unwrap_or(0));
        let (oldest, asked, is_cut) = (oldest.into_iter().next(), number(&asked), is_cut == 1);
        Ok(Self { epochs, current, oldest, entries, is_cut, asked, at })
    }

    /// The page that was asked for, of messages that are not older than `age`; and whether all that were read are, so that there
    /// may be more which are not.
    pub(super) fn page(mut self, query: Query, age: Duration) -> (Page, bool) {
        let oldest = self.at.checked_sub(age).unwrap_or(SystemTime::UNIX_EPOCH);
        let is_backwards = query.start.is_backwards();
        if is_backwards {
            self.entries.reverse();
        }
        let mut messages: Vec<_> = self.entries.iter().filter_map(|entry| self.message(entry)).collect();
        let unknown = (self.entries.len() - messages.len()) as u64;
        if unknown > 0 {
            tracing::error!(unknown, "Redis has messages in a form that this version of Alert does not know");
        }
        let all = messages.len();
        messages.retain(|(_, message)| message.at >= oldest);
        let too_old = (all - messages.len()) as u64;
        let is_too_many = messages.len() > query.limit;
        let more = is_too_many || self.is_cut;
        if is_too_many && is_backwards {
            messages.drain(..messages.len() - query.limit);
        } else {
            messages.truncate(query.limit);
        }
        let last = messages.last().map(|(ordinal, _)| *ordinal).filter(|_| more);
        let gap = self.gap(query.start, last);
        let is_after = matches!(query.start, Start::After(_));
        let gap = match (gap, unknown + if is_after { too_old } else { 0 }) {
            (gap, 0) => gap,
            (Some(Gap { missed }), more) => Some(Gap { missed: missed.map(|missed| missed + more) }),
            (None, more) => Some(Gap { missed: Some(more) }),
        };
        let are_too_old = messages.is_empty() && too_old > 0;
        (
            Page { messages: messages.into_iter().map(|(_, message)| message).collect(), gap, more },
            are_too_old,
        )
    }

    /// A message, and the ordinal of its epoch.
    fn message(&self, (id, fields): &Entry) -> Option<(u64, Arc<RoomEvent>)> {
        let [_, who, _, said, _, at, ..] = &**fields else { return None };
        let (ordinal, last) = id.split_once('-')?;
        let epoch = self.epochs.get(&format!("name:{ordinal}"))?;
        let [who, said, at] = [who, said, at].map(|field| str::from_utf8(field).ok());
        let what = What::Said { name: name(who?)?, text: said?.into() };
        let message = RoomEvent { at: time(number(at?)?), position: position(epoch, last)?, what };
        Some((number(ordinal)?, Arc::new(message)))
    }

    /// What is missing between the position that was asked for and the first message after it; and what nodes have heard
    /// and Redis has lost, up to the epoch of the `last` message, where there are more.
    fn gap(&self, start: Start, last: Option<u64>) -> Option<Gap> {
        const UNKNOWN: Option<Gap> = Some(Gap { missed: None });
        let (asked, is_after) = match start {
            Start::After(position) => (position, true),
            Start::Before(position) => (position, false),
            Start::Oldest | Start::Newest | Start::Time(_) => return None,
        };
        let Some(ordinal) = self.asked else { return UNKNOWN };
        if !is_after {
            return None;
        }
        let end = self.end(ordinal);
        // It was given by a Redis that had more than this one.
        if end.is_none_or(|end| asked.number > end) {
            return UNKNOWN;
        }
        let (first_ordinal, first) = match &self.oldest {
            Some((id, _)) => {
                id.split_once('-').and_then(|(ordinal, first)| Some((number(ordinal)?, number(first)?)))?
            }
            // Nothing is kept: the next one will be the first.
            None => self.current.as_ref().map(|(_, last, ordinal)| (*ordinal, last + 1))?,
        };
        let lost = self.lost(ordinal, last);
        if first_ordinal < ordinal || (first_ordinal == ordinal && first <= asked.number + 1) {
            return (lost > 0).then_some(Gap { missed: Some(lost) });
        }
        let missed: u64 = if first_ordinal == ordinal {
            first.saturating_sub(asked.number + 1)
        } else {
            let rest = end.unwrap_or(asked.number) - asked.number;
            let between =
                (ordinal + 1..first_ordinal).map(|ordinal| self.end(ordinal).unwrap_or(0)).sum::<u64>();
            rest + between + (first - 1)
        };
        Some(Gap { missed: Some(missed + lost) })
    }

    /// How many messages nodes have heard and Redis has lost, from an epoch up to another, which does not count.
    fn lost(&self, from: u64, upto: Option<u64>) -> u64 {
        let lost = self.epochs.iter().filter_map(|(key, last)| {
            let ordinal: u64 = number(key.strip_prefix("lost:")?)?;
            let is_here = ordinal >= from && upto.is_none_or(|upto| ordinal < upto);
            let last: u64 = number(last)?;
            is_here.then(|| last.saturating_sub(self.end(ordinal).unwrap_or(last)))
        });
        lost.sum()
    }

    /// The last number of an epoch.
    fn end(&self, ordinal: u64) -> Option<u64> {
        match &self.current {
            Some((_, last, current)) if *current == ordinal => Some(*last),
            _ => self.epochs.get(&format!("end:{ordinal}")).and_then(|end| number(end)),
        }
    }
}

/// A position's epoch and number, as texts.
pub(super) fn parts(position: Position) -> (String, String) {
    let text = position.to_string();
    text.split_once('-').map(|(epoch, number)| (epoch.to_owned(), number.to_owned())).unwrap_or_default()
}
