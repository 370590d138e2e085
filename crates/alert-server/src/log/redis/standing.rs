//! Where rooms stand, and who is in them.

use super::answer::State;
use super::keys::TAGS;
use super::link::Unavailable;
use super::page::parts;
use super::{Shared, answer, bytes, entry, keys};
use alert_core::members::Members;
use alert_core::names::{RoomCode, UserName};
use alert_core::position::{Epoch, Position};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

/// The event with which the last of some people entered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LastEntered(pub(super) u64);

/// Rooms that one call asks for.
const MOST_ROOMS: usize = 500;
/// Messages that are read with the state of a room.
pub(super) const MOST_MISSED: usize = 1_000;

impl Shared {
    /// Those whose time to come back is over leave. Returns the time until the next, if there is one.
    pub async fn expire(&self, room: &RoomCode) -> Result<Option<Duration>, Unavailable> {
        let mut args = self.begin();
        args.push(self.age());
        let millis: i64 = self.ask("expire", self.0.keys.of(room), args).await?;
        Ok(u64::try_from(millis).ok().map(Duration::from_millis))
    }

    /// Where a room stands, and what was said in it after a place. It is asked at once, before the answer is waited for.
    pub fn state(
        &self,
        room: &RoomCode,
        after: Option<Position>,
    ) -> impl Future<Output = Result<State, Unavailable>> + Send + use<> {
        let mut args = self.begin();
        let (epoch, last) = after.map(parts).unwrap_or_default();
        args.extend([epoch.into_bytes(), last.into_bytes(), bytes(MOST_MISSED + 1), self.age()]);
        let told = self.begin_to_ask("state", self.0.keys.of(room), args);
        let (node, age) = (self.node(), self.0.retention.age);
        async move { State::parse(answer(told).await?, &node, after, age).ok_or(Unavailable) }
    }

    /// The last events of rooms that somebody hears, as Redis knows them; nothing of those whose epoch is another one's.
    /// One call for all that are on the same master, and have the same tag. `keeps` has them not be forgotten meanwhile.
    pub async fn stand(
        &self,
        rooms: impl IntoIterator<Item = &RoomCode>,
        keeps: bool,
    ) -> Result<Vec<(RoomCode, Option<Epoch>, u64)>, Unavailable> {
        let mut tags: HashMap<usize, Vec<&RoomCode>> = HashMap::new();
        rooms.into_iter().for_each(|room| tags.entry(keys::tag(room)).or_default().push(room));
        let args = || vec![self.age(), bytes(u8::from(keeps))];
        let calls = tags.values().flat_map(|rooms| rooms.chunks(MOST_ROOMS)).map(|rooms| {
            let keys = rooms.iter().map(|room| self.0.keys.room(room)).collect();
            (rooms, self.begin_to_ask("stand", keys, args()))
        });
        // All of them are on their way before the first is waited for.
        let calls: Vec<_> = calls.collect();
        let mut all = Vec::new();
        for (rooms, told) in calls {
            let found: Vec<(u64, String)> = answer(told).await?;
            let found = rooms.iter().zip(found).map(|(room, (seq, epoch))| {
                ((*room).clone(), entry::position(&epoch, "0").map(|start| start.epoch), seq)
            });
            all.extend(found);
        }
        Ok(all)
    }

    /// The first people of a room.
    pub async fn members(&self, room: &RoomCode) -> Result<Members, Unavailable> {
        let (names, count, _) = self.first(room, Members::MOST).await?;
        Ok(Members::new(Arc::new(names), count))
    }

    /// All people of a room.
    ///
    /// # Errors
    /// Where Redis does not answer.
    pub async fn people(&self, room: &RoomCode) -> Result<(Vec<UserName>, LastEntered), Unavailable> {
        // Up to the one before the first, which is the last.
        self.first(room, 0).await.map(|(names, _, last)| (names, LastEntered(last)))
    }

    async fn first(&self, room: &RoomCode, most: usize) -> Result<(Vec<UserName>, usize, u64), Unavailable> {
        let keys = vec![self.0.keys.room(room)];
        let (names, count, last): (Vec<String>, usize, u64) =
            self.ask("members", keys, vec![bytes(most)]).await?;
        Ok((names.iter().filter_map(|name| entry::name(name)).collect(), count, last))
    }

    /// All rooms in which somebody is, and how many people. All tags are asked for at once: one round trip.
    pub async fn rooms(&self) -> Result<Vec<(RoomCode, usize)>, Unavailable> {
        // All of them are on their way before the first is waited for.
        let calls: Vec<_> = (0..TAGS)
            .map(|tag| self.begin_to_ask("rooms", vec![self.0.keys.rooms(tag)], Vec::new()))
            .collect();
        let mut all = Vec::new();
        for told in calls {
            let found: Vec<(String, usize)> = answer(told).await?;
            all.extend(found.into_iter().filter_map(|(base, count)| Some((self.0.keys.code(&base)?, count))));
        }
        Ok(all)
    }
}
