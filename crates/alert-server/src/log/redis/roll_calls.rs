//! Roll calls and rosters in Redis: each mark is a step there, which counts and tells the nodes that hear the room.

use super::entry::{name, number, time};
use super::{Shared, Unavailable, bytes};
use crate::log::Stored;
use crate::log::roll_calls::{
    AGE, MOST_OF_ROOM, Marking, OnCounts, OnKept, OnPerson, OnRollCall, OnRoster, RollCalls, RollError,
};
use alert_core::names::{RoomCode, UserName};
use alert_core::room::alerts::AlertId;
use alert_core::room::roll_call::{Counts, MOST_PEOPLE, Mark, Person, RollCall, Roster, Stage};
use redis::{FromRedisValue, Value, from_redis_value};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// People that are marked in one step: Redis does nothing else meanwhile.
const PORTION: usize = 500;

impl From<Unavailable> for RollError {
    fn from(_: Unavailable) -> Self {
        Self::Unavailable
    }
}

impl RollCalls for Shared {
    fn mark(&self, Marking { room, alert, names, mark, at: _ }: Marking, done: OnKept) {
        let (kind, answer, by) = match &mark {
            Mark::Expected => ("expected", "", ""),
            Mark::Reached => ("reached", "", ""),
            Mark::Shown => ("shown", "", ""),
            Mark::Confirmed { answer, by } => {
                ("confirmed", answer.as_deref().unwrap_or_default(), by.as_ref().map_or("", UserName::as_str))
            }
        };
        let left = Arc::new(AtomicUsize::new(names.len().div_ceil(PORTION)));
        let done = Arc::new(std::sync::Mutex::new(Some(done)));
        for portion in names.chunks(PORTION) {
            let mut args: Vec<_> =
                [alert.as_str(), kind, answer, by].map(|text| text.as_bytes().to_vec()).into();
            args.extend([bytes(AGE.as_millis()), bytes(MOST_PEOPLE), bytes(MOST_OF_ROOM)]);
            args.extend(portion.iter().map(|name| name.as_str().as_bytes().to_vec()));
            let (left, done) = (Arc::clone(&left), Arc::clone(&done));
            self.call("mark", vec![self.0.keys.room(&room)], args, move |answer| {
                let kept = read::<String>(answer).and_then(|kept| match &*kept {
                    "marked" => Ok(Stored::Durably),
                    _ => Err(RollError::Full),
                });
                // The first that fails says so; otherwise the last says that all are noted.
                if left.fetch_sub(1, Ordering::Relaxed) == 1 || kept.is_err() {
                    let done = done.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take();
                    done.into_iter().for_each(|done| done(kept));
                }
            });
        }
    }

    fn roll_call(&self, room: &RoomCode, alert: AlertId, done: OnRollCall) {
        self.call("roll_call", vec![self.0.keys.room(room)], vec![alert.as_str().into()], |answer| {
            done(read::<HashMap<String, String>>(answer).map(|people| {
                let mut roll = RollCall::default();
                let people = people.iter().filter_map(|(of, text)| Some((name(of)?, person(text)?)));
                people.for_each(|(name, person)| _ = roll.put(name, person));
                (!roll.is_empty()).then_some(roll)
            }));
        });
    }

    fn roll_person(&self, room: &RoomCode, alert: AlertId, name: &UserName, done: OnPerson) {
        let args = vec![alert.as_str().into(), name.as_str().into()];
        self.call("roll_person", vec![self.0.keys.room(room)], args, |answer| {
            done(read::<String>(answer).map(|text| person(&text)));
        });
    }

    fn roll_counts(&self, room: &RoomCode, alert: AlertId, done: OnCounts) {
        self.call("roll_counts", vec![self.0.keys.room(room)], vec![alert.as_str().into()], |answer| {
            done(
                read::<HashMap<String, usize>>(answer)
                    .map(|counts| (!counts.is_empty()).then(|| self::counts(counts))),
            );
        });
    }

    fn put_roster(&self, room: &RoomCode, roster: Roster, done: OnKept) {
        let names = roster.names().iter().map(UserName::as_str).collect::<Vec<_>>().join("\n");
        let args = vec![names.into_bytes(), bytes(AGE.as_millis())];
        self.call("put_roster", vec![self.0.keys.room(room)], args, |answer| {
            done(answer.map(|_| Stored::Durably).map_err(RollError::from));
        });
    }

    fn roster(&self, room: &RoomCode, done: OnRoster) {
        self.call("roster_of", vec![self.0.keys.room(room)], Vec::new(), |answer| {
            done(read::<String>(answer).map(|names| {
                // There are no more of them than a node has taken.
                Roster::of(names.lines().filter_map(name)).unwrap_or_default()
            }));
        });
    }
}

fn read<T: FromRedisValue>(answer: Result<Value, Unavailable>) -> Result<T, RollError> {
    from_redis_value(answer?).map_err(|_| RollError::Unavailable)
}

/// A person as `library/roll.lua` writes them.
pub(super) fn person(text: &str) -> Option<Person> {
    let mut lines = text.split('\n');
    let [expected, stage, at, by, answer] = std::array::from_fn(|_| lines.next());
    let kept = |text: Option<&str>| text.filter(|text| !text.is_empty()).map(str::to_owned);
    Some(Person {
        is_expected: expected? == "1",
        stage: *Stage::ALL.get(number::<usize>(stage?)?)?,
        at: kept(at).and_then(|at| number(&at)).map(time),
        by: kept(by).and_then(|by| name(&by)),
        answer: kept(answer).map(Into::into),
    })
}

fn counts(fields: HashMap<String, usize>) -> Counts {
    let mut counts = Counts::default();
    for (field, count) in fields.into_iter().filter(|(_, count)| *count > 0) {
        match field.split_once(':') {
            None => counts.expected = count,
            Some(("stage", stage)) => {
                let place = number::<usize>(stage).and_then(|stage| counts.stages.get_mut(stage));
                place.into_iter().for_each(|place| *place = count);
            }
            Some((_, answer)) => _ = counts.answers.insert(answer.into(), count),
        }
    }
    counts
}
