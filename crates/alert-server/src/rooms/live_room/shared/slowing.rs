//! Whoever speaks waits for members on other servers who read and are behind, and for a Redis that is slow: a server tells
//! the others, for a short time, each time that it hears something while its members are behind.

use super::super::super::Rooms;
use super::super::LiveRoom;
use socketio_server::Hub;
use std::time::{Duration, Instant};

/// How long those who speak elsewhere wait, unless they are told again.
const HOLD: Duration = Duration::from_millis(250);
/// They are told no more often.
const PAUSE: Duration = Duration::from_millis(100);

impl LiveRoom {
    /// Members here are behind.
    pub(super) fn slow_others(&self) {
        let Some(shared) = self.log.shared() else { return };
        let now = Instant::now();
        {
            let mut state = self.lock();
            let Some(following) = &mut state.following else { return };
            if following.slowed.is_some_and(|last| now.saturating_duration_since(last) < PAUSE) {
                return;
            }
            following.slowed = Some(now);
        }
        shared.slow_down(&self.code, HOLD);
    }

    /// Members elsewhere are behind.
    pub(super) fn hold(&self, time: Duration) {
        if let Some(room) = self.lock().audience.room() {
            room.hold_until(Instant::now() + time.min(HOLD));
        }
    }
}

impl Rooms {
    /// Has no client read from while too much waits for Redis.
    pub fn hold_clients(&self, hub: Hub) {
        let Some(shared) = self.log().shared() else { return };
        let mut strain = shared.strain();
        shared.runtime().spawn(async move {
            while strain.wait_for(|is_strained| *is_strained).await.is_ok() {
                let _held = hub.hold_all();
                tracing::warn!("Redis does not keep up: clients are not read from until it does");
                if strain.wait_for(|is_strained| !is_strained).await.is_err() {
                    return;
                }
            }
        });
    }
}
