//! The messages that are not in their rooms on disk yet, oldest first. When there are too many, because the disk is
//! full or does not answer, the oldest are dropped, and their rooms remember up to where they are incomplete.

use crate::log::policies::removed;
use crate::log::{Append, KeyDigest};
use alert_core::event::{RoomEvent, What};
use alert_core::names::RoomCode;
use alert_core::position::Position;
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::SystemTime;

/// Beyond this many, the oldest are dropped.
const MOST: usize = 65_536;
const MOST_BYTES: usize = 64 << 20;
/// What a message takes besides its name and text.
const AROUND: usize = 256;

/// A message on its way to the disk.
#[derive(Clone)]
pub(super) struct Message {
    pub(super) room: RoomCode,
    pub(super) event: Arc<RoomEvent>,
    pub(super) key: Option<KeyDigest>,
}

/// The last message of a room that was dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Lost {
    /// How many messages there were up to it.
    pub(super) number: u64,
    pub(super) position: Position,
    pub(super) at: SystemTime,
}

/// A message at its position.
#[derive(Clone)]
pub(super) struct Entry {
    pub(super) position: Position,
    /// If there is none, the messages up to there are lost.
    pub(super) message: Option<Arc<RoomEvent>>,
    /// Its number among what came in, if it is there.
    pub(super) incoming: Option<u64>,
}

/// What is not in the rooms of the file yet.
#[derive(Default)]
pub(super) struct Unwritten {
    /// What is not on disk.
    messages: VecDeque<Message>,
    /// How many messages were appended before the first of these.
    before: u64,
    bytes: usize,
    /// Everything in `messages` comes after these. Emptied by the writer.
    lost: HashMap<RoomCode, Lost>,
    lost_count: u64,
    /// What is on disk but not in its room yet, where no reader looks for it.
    unsettled: HashMap<RoomCode, Vec<Entry>>,
}

/// The part that is being written.
pub(super) struct Batch {
    pub(super) messages: Vec<Message>,
    pub(super) lost: Vec<(RoomCode, Lost)>,
    /// How many messages there were before the first of these.
    pub(super) before: u64,
    /// How many messages will have left when it is written.
    pub(super) end: u64,
}

impl Message {
    pub(super) fn of(append: &Append) -> Self {
        Self { room: append.room.clone(), event: Arc::clone(&append.message), key: append.key }
    }

    pub(super) fn size(&self) -> usize {
        let What::Said { name, text } = &self.event.what else { return AROUND };
        AROUND + name.as_str().len() + text.len()
    }
}

impl Unwritten {
    /// Messages that are not on disk.
    pub(super) fn waiting(&self) -> usize {
        self.messages.len()
    }

    /// Takes what was appended, and drops the oldest if that is too much. Returns whether it had to.
    pub(super) fn take(&mut self, queue: &mut Vec<Message>) -> bool {
        self.bytes += queue.iter().map(Message::size).sum::<usize>();
        self.messages.extend(queue.drain(..));
        let is_over = self.is_over();
        while self.is_over()
            && let Some(message) = self.pop()
        {
            self.lost_count += 1;
            let Message { room, event, .. } = message;
            self.lost.insert(room, Lost { number: self.before, position: event.position, at: event.at });
        }
        is_over
    }

    fn is_over(&self) -> bool {
        self.messages.len() > MOST || self.bytes > MOST_BYTES
    }

    fn pop(&mut self) -> Option<Message> {
        let message = self.messages.pop_front()?;
        self.before += 1;
        self.bytes -= message.size();
        Some(message)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.messages.is_empty() && self.lost.is_empty()
    }

    /// The oldest, at most `most` of them.
    pub(super) fn batch(&self, most: usize) -> Batch {
        let messages: Vec<_> = self.messages.iter().take(most).cloned().collect();
        let lost = self.lost.iter().map(|(room, lost)| (room.clone(), *lost)).collect();
        Batch { before: self.before, end: self.before + messages.len() as u64, messages, lost }
    }

    /// The batch is on disk and, if `is_settled`, all that came in is in its rooms.
    pub(super) fn written(&mut self, batch: Batch, is_settled: bool) {
        let mut messages = batch.messages;
        while self.before < batch.end
            && let Some(message) = self.pop()
        {
            // As it is now: it may have been removed meanwhile.
            let place = usize::try_from(self.before - batch.before - 1).ok();
            place
                .and_then(|place| messages.get_mut(place))
                .into_iter()
                .for_each(|old| *old = message.clone());
        }
        for (room, lost) in batch.lost {
            if self.lost.get(&room) == Some(&lost) {
                self.lost.remove(&room);
            }
            let entry = Entry { position: lost.position, message: None, incoming: Some(lost.number) };
            self.unsettled.entry(room).or_default().push(entry);
        }
        if is_settled {
            self.unsettled = HashMap::new();
        } else {
            self.note_unsettled(batch.before, messages);
        }
        if self.messages.is_empty() {
            self.messages.shrink_to(1024);
            self.lost.shrink_to(0);
        }
    }

    fn note_unsettled(&mut self, before: u64, messages: Vec<Message>) {
        for (number, Message { room, event, .. }) in (before + 1..).zip(messages) {
            let entry = Entry { position: event.position, message: Some(event), incoming: Some(number) };
            self.unsettled.entry(room).or_default().push(entry);
        }
    }

    /// Whether a message is here that has not been removed.
    pub(super) fn has(&self, room: &RoomCode, position: Position) -> bool {
        let is_it = |event: &Arc<RoomEvent>| event.position == position && removed(event).is_some();
        let waits = |message: &Message| message.room == *room && is_it(&message.event);
        let settles = |entry: &Entry| entry.message.as_ref().is_some_and(is_it);
        self.messages.iter().any(waits) || self.unsettled.get(room).is_some_and(|all| all.iter().any(settles))
    }

    /// Leaves only the place of a message.
    pub(super) fn remove(&mut self, room: &RoomCode, position: Position) {
        let is_it = |event: &RoomEvent| event.position == position;
        for message in
            self.messages.iter_mut().filter(|message| message.room == *room && is_it(&message.event))
        {
            self.bytes -= message.size();
            message.event = removed(&message.event).unwrap_or_else(|| Arc::clone(&message.event));
            self.bytes += message.size();
        }
        let unsettled = self.unsettled.get_mut(room).into_iter().flatten();
        for event in unsettled.filter_map(|entry| entry.message.as_mut()).filter(|event| is_it(event)) {
            *event = removed(event).unwrap_or_else(|| Arc::clone(event));
        }
    }

    /// How many were dropped since the last call.
    pub(super) fn lost_count(&mut self) -> u64 {
        std::mem::take(&mut self.lost_count)
    }

    /// A room's messages, oldest first.
    pub(super) fn of_room(&self, room: &RoomCode) -> Vec<Entry> {
        let mut all = self.unsettled.get(room).cloned().unwrap_or_default();
        let waiting = |position, message| Entry { position, message, incoming: None };
        all.extend(self.lost.get(room).map(|lost| waiting(lost.position, None)));
        let messages = self.messages.iter().filter(|message| message.room == *room);
        let messages = messages.map(|message| Arc::clone(&message.event));
        all.extend(messages.map(|message| waiting(message.position, Some(message))));
        all
    }
}
