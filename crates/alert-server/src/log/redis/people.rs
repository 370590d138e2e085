//! Who comes to a node and goes from it, and what it says of all that are there.

use super::answer::{Arrival, Entering, Going, RoomFull};
use super::link::Unavailable;
use super::stay::{StayEnd, StayHere};
use super::{Shared, Unsaid, bytes, keys};
use crate::log::{StayId, stays};
use alert_core::names::{RoomCode, UserName};
use alert_core::position::Run;
use alert_core::room::ClientKey;
use redis::Value;
use std::sync::{MutexGuard, PoisonError};
use std::time::Duration;

impl Shared {
    /// A person has come to this node. `connections` is how many they have to the room here now; `stay` is that of the
    /// connection, if its client knows nothing of recovery; `most` people may be in the room.
    pub fn enter(
        &self,
        room: &RoomCode,
        name: &UserName,
        connections: u32,
        stay: Option<(StayId, ClientKey)>,
        most: usize,
        done: impl FnOnce(Result<Result<Entering, RoomFull>, Unavailable>) + Send + 'static,
    ) {
        let mut args = self.presence(name, connections, "enter", Duration::ZERO);
        args.extend(self.coming(stay));
        args.push(bytes(most));
        self.call("presence", self.0.keys.of(room), args, move |answer| {
            done(answer.and_then(Entering::parse_or_full))
        });
    }

    /// A connection of a person has gone from this node; `connections` are left here. If Redis does not answer,
    /// [`Shared::declare`] has to follow.
    pub fn go(
        &self,
        room: &RoomCode,
        name: &UserName,
        connections: u32,
        how: Going,
        stay: Option<(StayId, StayEnd)>,
        done: impl FnOnce(Result<Arrival, Unavailable>) + Send + 'static,
    ) {
        let (how, grace) = match how {
            Going::Leaves => ("leave", Duration::ZERO),
            Going::Lost(grace) => ("lose", grace),
        };
        let mut args = self.presence(name, connections, how, grace);
        args.extend(self.ending(stay));
        let (shared, code, name) = (self.clone(), room.clone(), name.clone());
        self.call("presence", self.0.keys.of(room), args, move |answer| {
            let gone = answer.and_then(Entering::parse);
            let gone = gone.map(|gone| gone.arrival);
            if gone.is_err() {
                let mut unsaid = shared.unsaid();
                if let Some((id, end)) = stay
                    && unsaid.ends.len() < stays::MOST
                {
                    unsaid.ends.insert(id, (code.clone(), name, end));
                }
                unsaid.rooms.insert(code);
            }
            done(gone);
        });
    }

    pub(super) fn unsaid(&self) -> MutexGuard<'_, Unsaid> {
        // Both tables are whole between any two calls.
        self.0.unsaid.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says who is in a room on this node, and that nobody else is.
    pub fn declare<'a>(
        &self,
        room: &RoomCode,
        people: impl IntoIterator<Item = (&'a UserName, u32)>,
        stays: &[StayHere],
    ) {
        self.declare_of((self.0.run, None), room, people, stays, |_| {});
    }

    /// Of a node, or of one that has given its last sign of life then, in milliseconds.
    pub(super) fn declare_of<'a>(
        &self,
        (node, died): (Run, Option<String>),
        room: &RoomCode,
        people: impl IntoIterator<Item = (&'a UserName, u32)>,
        stays: &[StayHere],
        done: impl FnOnce(Result<Value, Unavailable>) + Send + 'static,
    ) {
        let mut args = self.begin();
        args.extend([keys::name(node).into_bytes(), self.age(), died.unwrap_or_default().into_bytes()]);
        args.extend(self.absence().args());
        let people: Vec<_> = people.into_iter().collect();
        args.push(bytes(people.len()));
        for (name, connections) in people {
            args.extend([name.as_str().into(), bytes(connections)]);
        }
        args.extend(stays.iter().flat_map(|stay| self.here(stay)));
        self.call("declare", self.0.keys.of(room), args, done);
    }

    fn presence(&self, name: &UserName, connections: u32, how: &str, grace: Duration) -> Vec<Vec<u8>> {
        let mut args = self.begin();
        args.push(self.node());
        args.push(name.as_str().into());
        args.push(bytes(connections));
        args.push(how.into());
        args.push(bytes(grace.as_millis()));
        args.push(self.age());
        args
    }
}
