//! What is said in a room while somebody reads its log: the page may lack it, and it must not be missing between the
//! page and what is live. While nobody reads, nothing is kept.

use alert_core::event::{RoomEvent, What};
use alert_core::position::Position;
use std::{collections::VecDeque, sync::Arc};

/// Whoever misses more than this reads another page. A message counts with its size on the wire.
const MOST_BYTES: usize = 256 * 1024;

/// The last messages of a room, while there are readers; of a room that several servers share, all its events.
#[derive(Default)]
pub(super) struct Tail {
    readers: usize,
    events: VecDeque<Happened>,
    bytes: usize,
    /// The last message after which it is complete.
    complete_after: Option<Position>,
    /// The same among all events of a shared room.
    complete_after_seq: u64,
}

struct Happened {
    event: Arc<RoomEvent>,
    size: usize,
    /// Among all events of a shared room.
    seq: u64,
}

impl Tail {
    /// Somebody reads, who has everything up to `last`, which is the event `seq`; see [`Tail::ends`].
    pub(super) fn begins(&mut self, last: Position, seq: u64) {
        if self.readers == 0 {
            self.starts_over(last, seq);
        }
        self.readers += 1;
    }

    /// How many read.
    pub(super) fn readers(&self) -> usize {
        self.readers
    }

    /// A reader is done.
    pub(super) fn ends(&mut self) {
        self.readers -= 1;
        if self.readers == 0 {
            *self = Self::default();
        }
    }

    /// Nothing that was before has to do with what comes.
    pub(super) fn starts_over(&mut self, last: Position, seq: u64) {
        self.events.clear();
        self.bytes = 0;
        self.complete_after = Some(last);
        self.complete_after_seq = seq;
    }

    /// Something has happened.
    pub(super) fn push(&mut self, event: &Arc<RoomEvent>, size: usize, seq: u64) {
        if self.readers == 0 {
            return;
        }
        self.events.push_back(Happened { event: Arc::clone(event), size, seq });
        self.bytes += size;
        while self.bytes > MOST_BYTES
            && let Some(Happened { event, size, seq }) = self.events.pop_front()
        {
            self.bytes -= size;
            self.complete_after = Some(event.position);
            self.complete_after_seq = seq;
        }
    }

    /// A message has been removed from the log.
    pub(super) fn remove(&mut self, position: Position) {
        let is_it = |event: &RoomEvent| matches!(event.what, What::Said { .. }) && event.position == position;
        let events = &mut self.events;
        events.retain(|happened| !is_it(&happened.event));
        self.bytes = events.iter().map(|happened| happened.size).sum();
    }

    /// What has been removed since the first reader came.
    pub(super) fn removed(&self) -> impl Iterator<Item = &Arc<RoomEvent>> {
        let events = self.events.iter().map(|happened| &happened.event);
        events.filter(|event| matches!(event.what, What::Removed(_)))
    }

    /// What was said after this message; nothing where some of it is not here any more.
    pub(super) fn since(&self, last: Position) -> Option<Vec<Arc<RoomEvent>>> {
        let is_here = |from: Position| from.epoch == last.epoch && from.number <= last.number;
        let is_later = |event: &RoomEvent| {
            matches!(event.what, What::Said { .. }) && event.position.number > last.number
        };
        self.complete_after.is_some_and(is_here).then(|| {
            let later = self.events.iter().filter(|happened| is_later(&happened.event));
            later.map(|happened| Arc::clone(&happened.event)).collect()
        })
    }

    /// What has happened after this event of a shared room; nothing where some of it is not here any more.
    pub(super) fn events_since(&self, seq: u64) -> Option<Vec<Arc<RoomEvent>>> {
        let later = self.events.iter().filter(|happened| happened.seq > seq);
        (seq >= self.complete_after_seq).then(|| later.map(|happened| Arc::clone(&happened.event)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alert_core::names::UserName;
    use alert_core::position::{Epoch, Numbering, Run};
    use std::time::SystemTime;

    fn say(tail: &mut Tail, numbering: &mut Numbering, size: usize) {
        let what = What::Said { name: UserName::parse("Ada", 64).unwrap(), text: "hi".into() };
        let message = RoomEvent { at: SystemTime::UNIX_EPOCH, position: numbering.advance(), what };
        tail.push(&Arc::new(message), size, 0);
    }

    fn epoch() -> Epoch {
        Epoch { run: Run::new(1), part: 0 }
    }

    fn numbers(tail: &Tail, since: u64) -> Option<Vec<u64>> {
        Some(
            tail.since(Position { epoch: epoch(), number: since })?
                .iter()
                .map(|message| message.position.number)
                .collect(),
        )
    }

    #[test]
    fn a_tail_has_what_was_said_since_its_first_reader_came_until_the_last_is_done() {
        let (mut tail, mut numbering) =
            (Tail::default(), Numbering::new(Epoch { run: Run::new(1), part: 0 }));
        say(&mut tail, &mut numbering, 10);
        tail.begins(numbering.last(), 0);
        assert_eq!(numbers(&tail, 0), None, "the first came before the reader");
        assert_eq!(numbers(&tail, 1), Some(vec![]));
        say(&mut tail, &mut numbering, 10);
        tail.begins(numbering.last(), 0);
        say(&mut tail, &mut numbering, 10);
        assert_eq!(numbers(&tail, 1), Some(vec![2, 3]));
        tail.ends();
        assert_eq!(numbers(&tail, 2), Some(vec![3]));
        tail.ends();
        assert!(tail.events.is_empty());
    }

    #[test]
    fn a_tail_that_is_too_long_sends_its_readers_back_to_the_log() {
        let (mut tail, mut numbering) =
            (Tail::default(), Numbering::new(Epoch { run: Run::new(1), part: 0 }));
        tail.begins(numbering.last(), 0);
        for _ in 0..5 {
            say(&mut tail, &mut numbering, MOST_BYTES / 4);
        }
        assert_eq!(numbers(&tail, 0), None);
        assert_eq!(numbers(&tail, 1), Some(vec![2, 3, 4, 5]));
    }
}
