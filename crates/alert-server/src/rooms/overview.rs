//! Who is where, for people who may see that; and the rooms as the person who runs the server sees them, and what they say to
//! all of them.

use super::door::Badge;
use super::live_room::Speaker;
use super::{Admitted, Refused, Rooms, Speech, say_shared};
use crate::log::redis::Unavailable;
use alert_core::access::{Principal, Right, Rights};
use alert_core::members::Members;
use alert_core::names::{RoomCode, UserName};
use alert_core::position::Position;
use alert_core::room::policy::{Until, Whom};
use std::sync::Arc;
use std::time::SystemTime;

/// Rooms that are spoken to before others have their turn.
const PORTION: usize = 32;

/// A room on this server.
#[derive(Clone, Debug)]
pub struct Overview {
    /// Its code.
    pub room: RoomCode,
    /// People in it, on all servers that share it.
    pub people: usize,
    /// Of those, here.
    pub here: usize,
    /// Who hears it without being in it, here.
    pub listeners: usize,
    /// Of its last message: its number grows by one with each.
    pub position: Position,
    /// Its speakers have to wait.
    pub is_under_pressure: bool,
}

impl Rooms {
    /// Who is in a room. A room that does not exist is empty.
    ///
    /// # Errors
    /// Where the right is missing.
    pub async fn members(&self, room: &Admitted) -> Result<Arc<Members>, Refused> {
        room.may(Right::Read)?;
        if let Some(shared) = self.log().shared() {
            return Ok(Arc::new(shared.members(room.code()).await?));
        }
        let room = self.lock().get(room.code()).cloned();
        Ok(room.map(|room| room.members()).unwrap_or_default())
    }

    /// All rooms in which somebody is, and how many people.
    ///
    /// # Errors
    /// Where `who` may not see them.
    pub async fn all(&self, who: &Principal) -> Result<Vec<(RoomCode, usize)>, Refused> {
        who.may_list()?;
        if let Some(shared) = self.log().shared() {
            return Ok(shared.rooms().await?);
        }
        let rooms: Vec<_> = self.lock().values().cloned().collect();
        let counted = rooms.iter().map(|room| (room.code.clone(), room.count()));
        Ok(counted.filter(|(_, count)| *count > 0).collect())
    }

    /// Every room of this server; those with most people come first.
    pub fn overview(&self) -> Vec<Overview> {
        let live: Vec<_> = self.lock().values().cloned().collect();
        let mut all: Vec<_> = live.iter().map(|room| room.overview()).collect();
        all.sort_by(|a, b| b.people.cmp(&a.people).then_with(|| a.room.as_str().cmp(b.room.as_str())));
        all
    }

    /// Who is in a room; nobody, where there is no such room.
    ///
    /// # Errors
    /// If the store that servers share does not answer.
    pub async fn people(&self, room: &RoomCode) -> Result<Arc<Members>, Unavailable> {
        if let Some(shared) = self.log().shared() {
            return Ok(Arc::new(shared.members(room).await?));
        }
        let room = self.lock().get(room).cloned();
        Ok(room.map(|room| room.members()).unwrap_or_default())
    }

    /// How many hear a room on this server without being in it.
    pub fn listeners(&self, room: &RoomCode) -> usize {
        let room = self.lock().get(room).cloned();
        room.map_or(0, |room| room.listeners())
    }

    /// Who is banned, in all rooms: those that end last, or never, come first.
    ///
    /// # Errors
    /// If the store that servers share does not answer.
    pub async fn bans(&self) -> Result<Vec<(RoomCode, Whom, Until)>, Unavailable> {
        let policies = match self.log().shared() {
            Some(shared) => shared.banned().await?,
            None => self.0.policies.with_bans(),
        };
        let now = SystemTime::now();
        let each = policies.iter().flat_map(|(room, policy)| {
            let counts = policy.bans.iter().filter(|(_, until)| until.is_none_or(|until| until > now));
            counts.map(|(whom, until)| (room.clone(), whom.clone(), *until))
        });
        let mut all: Vec<_> = each.collect();
        all.sort_by(|(a, _, first), (b, _, second)| {
            let order = (second.is_none(), second).cmp(&(first.is_none(), first));
            order.then_with(|| a.as_str().cmp(b.as_str()))
        });
        Ok(all)
    }

    /// Says something to every room in which somebody is, on all servers that share them. Returns how many these are.
    ///
    /// # Errors
    /// If the store that servers share does not answer.
    pub async fn announce(&self, name: &UserName, text: &str) -> Result<usize, Unavailable> {
        let rooms: Vec<RoomCode> = match self.log().shared() {
            Some(shared) => shared.rooms().await?.into_iter().map(|(room, _)| room).collect(),
            None => self.lock().keys().cloned().collect(),
        };
        for (count, room) in rooms.iter().enumerate() {
            let live = self.lock().get(room).cloned();
            let speech = Speech { name, text, key: None, done: None };
            self.0.counts.said_outside.count();
            // Whoever runs the server is above what hosts have decided.
            let standing = Principal::with(Rights::OPEN.with(Right::Moderate)).in_room(room);
            let speaker = Speaker { name: None, standing: &standing, badge: &Badge::default() };
            match (self.log().shared(), live) {
                (Some(shared), live) => _ = say_shared(shared, room, live, speaker, speech),
                // One that has just been left hears nothing.
                (None, Some(live)) => _ = live.say_from_outside(self, speaker, &mut Some(speech)),
                (None, None) => {}
            }
            if count % PORTION == PORTION - 1 {
                tokio::task::yield_now().await;
            }
        }
        tracing::info!(name = name.as_str(), rooms = rooms.len(), "said to all rooms");
        Ok(rooms.len())
    }
}
