//! A store of rooms that a server orders itself, as tests use it: the test has the rooms' order.

use super::{Audit, DEADLINE, Policy, Said, Stage, ada, read, room};
use crate::log::{Append, Backend, Decision, KeptPolicy, KeyDigest, Page, Recorder, Start, Stored};
use alert_core::event::{RoomEvent, What};
use alert_core::names::RoomCode;
use alert_core::position::{Epoch, Numbering, Position, Run};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, mpsc},
    time::{Duration, SystemTime},
};

/// A store that a test has opened.
pub(in crate::log) struct Desk {
    pub(in crate::log) store: Box<dyn Recorder>,
    /// The server keeps them while it runs; a store that survives it has them at the next start.
    policies: Mutex<HashMap<RoomCode, Policy>>,
    pub(in crate::log) run: Run,
    parts: u64,
    /// Where the store is. It stands last, so that the store is dropped first.
    _folder: Option<tempfile::TempDir>,
}

/// A room in which the test speaks.
pub(in crate::log) struct Speaker {
    code: RoomCode,
    numbering: Numbering,
}

impl Desk {
    pub(in crate::log) fn new(store: Box<dyn Recorder>, run: Run) -> Self {
        Self { store, policies: Mutex::default(), run, parts: 0, _folder: None }
    }

    /// Removes the folder with the store.
    pub(in crate::log) fn keeping(self, folder: tempfile::TempDir) -> Self {
        Self { _folder: Some(folder), ..self }
    }

    /// A room in a new epoch, as when somebody enters an empty room.
    pub(in crate::log) fn room(&mut self, code: &str) -> Speaker {
        let epoch = Epoch { run: self.run, part: self.parts };
        self.parts += 1;
        Speaker { code: room(code), numbering: Numbering::new(epoch) }
    }

    pub(in crate::log) fn say_at(
        &self,
        room: &mut Speaker,
        text: &str,
        at: SystemTime,
    ) -> (Position, mpsc::Receiver<Stored>) {
        self.append(room, text, at, None)
    }

    pub(in crate::log) fn append(
        &self,
        room: &mut Speaker,
        text: &str,
        at: SystemTime,
        key: Option<KeyDigest>,
    ) -> (Position, mpsc::Receiver<Stored>) {
        let mut append = self.message(room, text, at, key);
        let position = append.message.position;
        let (tell, told) = mpsc::channel();
        append.stored = Some(Box::new(move |stored| _ = tell.send(stored)));
        if let Some((on_stored, stored)) = self.store.append(append) {
            on_stored(stored);
        }
        (position, told)
    }

    /// A message with the room's next position.
    #[expect(clippy::unused_self, reason = "a message belongs to a desk")]
    pub(in crate::log) fn message(
        &self,
        room: &mut Speaker,
        text: &str,
        at: SystemTime,
        key: Option<KeyDigest>,
    ) -> Append {
        let position = room.numbering.advance();
        let what = What::Said { name: ada(), text: text.into() };
        let message = Arc::new(RoomEvent { at, position, what });
        Append { room: room.code.clone(), message, key, stored: None }
    }

    /// Says it, and waits until the store has answered.
    pub(in crate::log) fn say(&self, room: &mut Speaker, text: &str) -> Position {
        let (position, told) = self.say_at(room, text, SystemTime::now());
        assert_ne!(told.recv_timeout(DEADLINE).unwrap(), Stored::Failed);
        position
    }

    /// Says it as somebody who has just made the room.
    pub(in crate::log) fn say_in(&mut self, code: &str, text: &str) -> Position {
        let mut room = self.room(code);
        self.say(&mut room, text)
    }

    pub(in crate::log) fn read(&self, code: &str, start: Start, limit: usize) -> Page {
        read(&*self.store, code, start, limit)
    }
}

impl Speaker {
    /// Where the room stands.
    pub(in crate::log) fn position(&self) -> Position {
        self.numbering.last()
    }
}

impl Stage for Desk {
    type Room = Speaker;

    fn backend(&self) -> &dyn Backend {
        &*self.store
    }

    fn room(&mut self, code: &str) -> Speaker {
        Self::room(self, code)
    }

    fn rule(&self, code: &str, policy: &Policy, audit: Audit) {
        let (tell, told) = mpsc::channel();
        let kept = KeptPolicy { policy: Arc::new(policy.clone()), used: SystemTime::now() };
        let stored = Box::new(move |stored| _ = tell.send(stored));
        for (tell, stored) in self.store.put_decision(Decision {
            kept: Some(kept),
            audit: Some(audit),
            stored: Some(stored),
            ..Decision::forget(room(code))
        }) {
            tell(stored);
        }
        if told.recv_timeout(DEADLINE).unwrap() == Stored::NotMeant {
            self.policies.lock().unwrap().insert(room(code), policy.clone());
        }
    }

    fn policy(&self, code: &str) -> Option<Policy> {
        let kept = self.store.policies().into_iter().find(|(of, _)| *of == room(code));
        let kept = kept.map(|(_, kept)| Policy::clone(&kept.policy));
        kept.or_else(|| self.policies.lock().unwrap().get(&room(code)).cloned())
    }

    fn remove(&self, code: &str, position: Position, audit: Audit) -> bool {
        let (tell, told) = mpsc::channel();
        self.store.remove(&room(code), position, audit, Box::new(move |was_there| _ = tell.send(was_there)));
        told.recv_timeout(DEADLINE).unwrap().unwrap()
    }

    fn begin(&self, room: &mut Speaker, text: &str, ago: Duration) -> mpsc::Receiver<Said> {
        let (position, stored) = self.say_at(room, text, SystemTime::now() - ago);
        let (tell, told) = mpsc::channel();
        std::thread::spawn(move || {
            let stored = stored.recv_timeout(DEADLINE).unwrap();
            let _ = tell.send(Said { position, stored });
        });
        told
    }
}
