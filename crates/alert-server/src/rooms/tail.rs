//! What is said in a room while somebody reads its log: the page may lack it, and it must not be missing between the
//! page and what is live. While nobody reads, nothing is kept.

use alert_core::event::RoomEvent;
use alert_core::position::Position;
use std::{collections::VecDeque, sync::Arc};

/// Whoever misses more than this reads another page. A message counts with its size on the wire.
const MOST_BYTES: usize = 256 * 1024;

/// The last messages of a room, while there are readers.
#[derive(Default)]
pub(super) struct Tail {
    readers: usize,
    messages: VecDeque<(Arc<RoomEvent>, usize)>,
    bytes: usize,
    /// The number of the message after which it is complete.
    complete_after: u64,
}

impl Tail {
    /// Somebody reads, who has everything up to `last`; see [`Tail::ends`].
    pub(super) fn begins(&mut self, last: Position) {
        if self.readers == 0 {
            self.complete_after = last.number;
        }
        self.readers += 1;
    }

    /// A reader is done.
    pub(super) fn ends(&mut self) {
        self.readers -= 1;
        if self.readers == 0 {
            *self = Self::default();
        }
    }

    /// Something was said.
    pub(super) fn push(&mut self, message: &Arc<RoomEvent>, size: usize) {
        if self.readers == 0 {
            return;
        }
        self.messages.push_back((Arc::clone(message), size));
        self.bytes += size;
        while self.bytes > MOST_BYTES
            && let Some((message, size)) = self.messages.pop_front()
        {
            self.bytes -= size;
            self.complete_after = message.position.number;
        }
    }

    /// What was said after the message with `number`; `None` if part of that is gone.
    pub(super) fn since(&self, number: u64) -> Option<Vec<Arc<RoomEvent>>> {
        let later = self.messages.iter().filter(|(message, _)| message.position.number > number);
        (number >= self.complete_after).then(|| later.map(|(message, _)| Arc::clone(message)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alert_core::event::What;
    use alert_core::names::UserName;
    use alert_core::position::{Epoch, Numbering, Run};
    use std::time::SystemTime;

    fn say(tail: &mut Tail, numbering: &mut Numbering, size: usize) {
        let what = What::Said { name: UserName::parse("Ada", 64).unwrap(), text: "hi".into() };
        let message = RoomEvent { at: SystemTime::UNIX_EPOCH, position: numbering.advance(), what };
        tail.push(&Arc::new(message), size);
    }

    fn numbers(tail: &Tail, since: u64) -> Option<Vec<u64>> {
        Some(tail.since(since)?.iter().map(|message| message.position.number).collect())
    }

    #[test]
    fn a_tail_has_what_was_said_since_its_first_reader_came_until_the_last_is_done() {
        let (mut tail, mut numbering) =
            (Tail::default(), Numbering::new(Epoch { run: Run::new(1), part: 0 }));
        say(&mut tail, &mut numbering, 10);
        tail.begins(numbering.last());
        assert_eq!(numbers(&tail, 0), None, "the first came before the reader");
        assert_eq!(numbers(&tail, 1), Some(vec![]));
        say(&mut tail, &mut numbering, 10);
        tail.begins(numbering.last());
        say(&mut tail, &mut numbering, 10);
        assert_eq!(numbers(&tail, 1), Some(vec![2, 3]));
        tail.ends();
        assert_eq!(numbers(&tail, 2), Some(vec![3]));
        tail.ends();
        assert!(tail.messages.is_empty());
    }

    #[test]
    fn a_tail_that_is_too_long_sends_its_readers_back_to_the_log() {
        let (mut tail, mut numbering) =
            (Tail::default(), Numbering::new(Epoch { run: Run::new(1), part: 0 }));
        tail.begins(numbering.last());
        for _ in 0..5 {
            say(&mut tail, &mut numbering, MOST_BYTES / 4);
        }
        assert_eq!(numbers(&tail, 0), None);
        assert_eq!(numbers(&tail, 1), Some(vec![2, 3, 4, 5]));
    }
}
