//! Somebody who hears a room.

use super::*;
use std::sync::Mutex;

/// Hears a room, and hands on what it hears.
pub(super) struct Listener(Mutex<mpsc::UnboundedSender<Heard>>);

#[derive(Debug, PartialEq)]
pub(super) enum Heard {
    Begins,
    Entry(Entry),
}

impl Ear for Listener {
    fn hear(&self, entry: Entry) {
        let _ = self.0.lock().unwrap().send(Heard::Entry(entry));
    }

    fn begins(&self) {
        let _ = self.0.lock().unwrap().send(Heard::Begins);
    }
}

pub(super) struct Listening {
    heard: mpsc::UnboundedReceiver<Heard>,
    _subscribed: Subscribed,
}

impl Listening {
    pub(super) async fn new(node: &Shared, room: &RoomCode) -> Self {
        let (tell, heard) = mpsc::unbounded_channel();
        let subscribed = node.hear(room, Arc::new(Listener(Mutex::new(tell))));
        let mut listening = Self { heard, _subscribed: subscribed };
        assert_eq!(listening.next().await, Heard::Begins);
        listening
    }

    pub(super) async fn next(&mut self) -> Heard {
        timeout(DEADLINE, self.heard.recv()).await.expect("in time").unwrap()
    }

    pub(super) async fn change(&mut self) -> Change {
        match self.next().await {
            Heard::Entry(entry) => entry.change,
            Heard::Begins => panic!("it had begun"),
        }
    }
}
