//! The messages that are not on disk yet, oldest first. When there are too many, because the disk is full or does not
//! answer, the oldest are dropped, and their rooms remember up to where they are incomplete.

use crate::log::{Append, KeyDigest};
use alert_core::event::{RoomEvent, What};
use alert_core::names::RoomCode;
use alert_core::position::Position;
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

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

/// What is not on disk yet.
#[derive(Default)]
pub(super) struct Unwritten {
    messages: VecDeque<Message>,
    /// How many messages were appended before the first of these.
    before: u64,
    bytes: usize,
    /// The last message of each room that was dropped: everything in `messages` comes after it. Emptied by the writer.
    lost: HashMap<RoomCode, Position>,
    lost_count: u64,
}

/// The part that is being written.
pub(super) struct Batch {
    pub(super) messages: Vec<Message>,
    pub(super) lost: Vec<(RoomCode, Position)>,
    /// How many messages will have left once it is written.
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
    /// Takes what was appended, and drops the oldest if that is too much. Returns whether it had to.
    pub(super) fn take(&mut self, queue: &mut Vec<Message>) -> bool {
        self.bytes += queue.iter().map(Message::size).sum::<usize>();
        self.messages.extend(queue.drain(..));
        let is_over = self.is_over();
        while self.is_over()
            && let Some(message) = self.pop()
        {
            self.lost_count += 1;
            self.lost.insert(message.room, message.event.position);
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
        let lost = self.lost.iter().map(|(room, position)| (room.clone(), *position)).collect();
        Batch { end: self.before + messages.len() as u64, messages, lost }
    }

    /// The batch is on disk.
    pub(super) fn written(&mut self, batch: &Batch) {
        while self.before < batch.end && self.pop().is_some() {}
        for (room, position) in &batch.lost {
            if self.lost.get(room) == Some(position) {
                self.lost.remove(room);
            }
        }
        if self.messages.is_empty() {
            self.messages.shrink_to(1024);
            self.lost.shrink_to(0);
        }
    }

    /// How many were dropped since the last call.
    pub(super) fn lost_count(&mut self) -> u64 {
        std::mem::take(&mut self.lost_count)
    }

    /// A room's part: its last message that was dropped, and those that wait.
    pub(super) fn of_room(&self, room: &RoomCode) -> (Option<Position>, Vec<Arc<RoomEvent>>) {
        let waiting = self.messages.iter().filter(|message| message.room == *room);
        (self.lost.get(room).copied(), waiting.map(|message| Arc::clone(&message.event)).collect())
    }
}
