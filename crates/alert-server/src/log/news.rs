//! Wakes whoever waits for something to happen in a room of this server. It is told under the room's lock, and costs nothing
//! where nobody waits.

use alert_core::names::RoomCode;
use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;

/// Who waits for what.
#[derive(Default)]
pub(super) struct News(Arc<Inner>);

#[derive(Default)]
struct Inner {
    /// Entries leave with the last listener of their room.
    rooms: Mutex<HashMap<RoomCode, watch::Sender<()>>>,
    count: AtomicUsize,
}

/// Hears what happens in a room until it is dropped.
pub struct Listener {
    of: Arc<Inner>,
    room: RoomCode,
    happened: watch::Receiver<()>,
}

impl News {
    pub(super) fn tell(&self, room: &RoomCode) {
        if self.0.count.load(Ordering::Relaxed) == 0 {
            return;
        }
        if let Some(room) = self.0.rooms().get(room) {
            room.send_replace(());
        }
    }

    pub(super) fn listen(&self, room: &RoomCode) -> Listener {
        let mut rooms = self.0.rooms();
        let happened = rooms.entry(room.clone()).or_default().subscribe();
        self.0.count.store(rooms.len(), Ordering::Relaxed);
        drop(rooms);
        Listener { of: Arc::clone(&self.0), room: room.clone(), happened }
    }
}

impl Inner {
    fn rooms(&self) -> MutexGuard<'_, HashMap<RoomCode, watch::Sender<()>>> {
        // The map is whole between any two calls.
        self.rooms.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Listener {
    /// Waits until something happens that has not been heard of.
    pub async fn heard(&mut self) {
        // The sender stays for as long as anybody listens.
        let _ = self.happened.changed().await;
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let mut rooms = self.of.rooms();
        if rooms.get(&self.room).is_some_and(|room| room.receiver_count() <= 1) {
            rooms.remove(&self.room);
        }
        self.of.count.store(rooms.len(), Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;
    use tokio::time::timeout;

    #[tokio::test]
    async fn given_listeners_of_a_room_then_each_hears_what_happens_there_and_the_last_takes_its_entry_along()
    {
        let room = |code| RoomCode::parse(code, 64).unwrap();
        let news = News::default();
        let (mut one, mut two) = (news.listen(&room("one")), news.listen(&room("one")));
        news.tell(&room("two"));
        news.tell(&room("one"));
        news.tell(&room("one"));
        one.heard().await;
        two.heard().await;
        assert!(timeout(Duration::ZERO, one.heard()).await.is_err(), "once is enough");
        drop(one);
        news.tell(&room("one"));
        two.heard().await;
        drop(two);
        assert_eq!((news.0.rooms().len(), news.0.count.load(Ordering::Relaxed)), (0, 0));
    }
}
