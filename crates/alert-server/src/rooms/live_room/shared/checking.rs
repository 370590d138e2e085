//! Each second a server asks Redis where the rooms stand that somebody hears here. An event that was lost on the way is
//! missed at once, and not only when the next one comes.

use super::super::super::Rooms;
use super::super::LiveRoom;
use super::following::Phase;
use crate::log::redis::Shared;
use alert_core::names::RoomCode;
use alert_core::position::Epoch;
use std::{collections::HashMap, sync::Arc, time::Duration};
use tokio::time::{MissedTickBehavior, interval, sleep};

/// Between two checks.
const CHECK: Duration = Duration::from_secs(1);
/// How long an event may be on its way, when Redis has told already that it has happened.
const ON_THE_WAY: Duration = Duration::from_millis(300);
/// Every so many checks, the rooms are kept from being forgotten for their age.
const KEEPS: u32 = 60;

/// Where a room stands: its epoch, and the number of its last event.
type Stand = (Epoch, u64);

/// Checks all rooms, forever.
pub(in crate::rooms) async fn keep_in_step(rooms: Rooms, shared: Shared) {
    let mut ticks = interval(CHECK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut checks = 0_u32;
    loop {
        ticks.tick().await;
        checks = checks.wrapping_add(1);
        let live: Vec<Arc<LiveRoom>> = rooms.lock().values().cloned().collect();
        let before: HashMap<RoomCode, (Arc<LiveRoom>, Stand)> = live
            .into_iter()
            .filter_map(|room| room.stands().map(|stand| (room.code.clone(), (room, stand))))
            .collect();
        if before.is_empty() {
            continue;
        }
        let Ok(found) = shared.stand(before.keys(), checks.is_multiple_of(KEEPS)).await else { continue };
        let mut behind = Vec::new();
        for (code, epoch, seq) in found {
            let Some((room, (known_epoch, known))) = before.get(&code) else { continue };
            if epoch != Some(*known_epoch) || seq < *known {
                behind.push((Arc::clone(room), None));
            } else if seq > *known {
                behind.push((Arc::clone(room), Some(seq)));
            }
        }
        if behind.is_empty() {
            continue;
        }
        sleep(ON_THE_WAY).await;
        for (room, seq) in behind {
            let known = before.get(&room.code).map(|(_, stand)| stand);
            let is_behind = room.stands().is_some_and(|stand| match seq {
                Some(seq) => stand.1 < seq,
                // It has not taken up another epoch by itself.
                None => Some(&stand.0) == known.map(|(epoch, _)| epoch),
            });
            if is_behind {
                tracing::info!(room = room.code.as_str(), "an event did not come: asking Redis for it");
                room.ask(&rooms);
            }
        }
    }
}

impl LiveRoom {
    /// Where the room stands; nothing while that is being asked.
    fn stands(&self) -> Option<Stand> {
        let state = self.lock();
        let following = state.following.as_ref()?;
        let is_followed = matches!(following.phase, Phase::Follows) && !state.is_retired;
        is_followed.then(|| (state.numbering.last().epoch, following.seq))
    }
}
