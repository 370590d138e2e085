//! What somebody who was lost and comes back has missed: read from the log, as much as they can be given at once.

use super::{Admitted, CatchUp, Rooms};
use crate::log::{Page, Query, ReadError, Start};
use alert_core::event::{RoomEvent, What};
use alert_core::position::Position;
use alert_core::room::{Before, Doubt, Sent};
use alert_core::wire;
use std::{
    collections::VecDeque,
    sync::Arc,
    time::{Duration, SystemTime},
};
use tokio::{sync::SemaphorePermit, time::timeout};

/// The most messages that somebody is given.
const MOST_MESSAGES: usize = 1_000;
/// How long the log may take. After that, they come in without what they missed, and are told so.
const LONGEST_READ: Duration = Duration::from_secs(5);
/// How many read at a time; the others wait for their turn.
pub(super) const READERS: usize = 32;

/// What somebody is given, oldest first.
#[derive(Debug)]
pub struct Replay {
    messages: VecDeque<Arc<RoomEvent>>,
    /// The most that the messages can take on the wire.
    bytes: usize,
    most_bytes: usize,
    before: Before,
}

impl Rooms {
    /// Waits until one more may read what it missed, which it may while it keeps what is returned.
    pub async fn turn(&self) -> Option<SemaphorePermit<'_>> {
        // The semaphore is never closed.
        self.0.readers.acquire().await.ok()
    }

    /// Reads what somebody missed. The room goes on meanwhile: the reader has what is said from now on.
    pub async fn missed(&self, reader: &mut CatchUp, room: &Admitted, doubt: &Doubt) -> Replay {
        let mut replay = Replay::new(self.0.most_given);
        match timeout(LONGEST_READ, self.read(reader, room, doubt)).await {
            Ok(Ok((messages, before))) => {
                replay.before = before;
                replay.extend(messages);
            }
            failed => {
                replay.before = Before::Unknown;
                let why = failed.map_or(ReadError::Busy, |result| result.err().unwrap_or(ReadError::Failed));
                tracing::warn!(room = room.code().as_str(), "what somebody missed cannot be read: {why}");
            }
        }
        replay
    }

    async fn read(
        &self,
        reader: &mut CatchUp,
        room: &Admitted,
        doubt: &Doubt,
    ) -> Result<(Vec<Arc<RoomEvent>>, Before), ReadError> {
        let (mut messages, mut before) = self.doubtful(room, doubt).await?;
        // This comes last, since the reader goes on from where it ends.
        let missed = reader.page(Query { start: Start::After(doubt.upto), limit: MOST_MESSAGES }).await?;
        if missed.more {
            let page = reader.page(Query { start: Start::Newest, limit: MOST_MESSAGES }).await?;
            let number = page.messages.first().map(|first| first.position);
            before =
                number.and_then(|first| between(doubt.upto, first)).map_or(Before::NotKept, Before::Many);
            return Ok((page.messages.to_vec(), before));
        }
        if missed.gap.is_some() {
            before = Before::NotKept;
        }
        messages.extend(missed.messages.iter().cloned());
        Ok((messages, before))
    }

    /// The last messages before the loss, which may not have arrived.
    async fn doubtful(
        &self,
        room: &Admitted,
        doubt: &Doubt,
    ) -> Result<(Vec<Arc<RoomEvent>>, Before), ReadError> {
        let most = doubt.most(wire::LEAST_SIZE);
        if most == 0 {
            return Ok((Vec::new(), Before::Nothing));
        }
        let behind = Position { number: doubt.upto.number + 1, ..doubt.upto };
        let query = Query { start: Start::Before(behind), limit: most.min(MOST_MESSAGES) };
        let Page { messages, gap, .. } = self.log().page(room.code().clone(), query).await?;
        if self.are_shared() {
            return self.doubtful_in_order(room, doubt, messages, gap.is_some()).await;
        }
        let count = doubt.among(messages.iter().map(sent), &|run| self.0.lost.order(run));
        let messages = messages[messages.len() - count..].to_vec();
        Ok((messages, if gap.is_some() { Before::NotKept } else { Before::Nothing }))
    }

    /// The same of a log in which the order of messages does not follow from their runs: where it begins that may be in
    /// doubt is read there.
    async fn doubtful_in_order(
        &self,
        room: &Admitted,
        doubt: &Doubt,
        messages: Arc<[Arc<RoomEvent>]>,
        is_gap: bool,
    ) -> Result<(Vec<Arc<RoomEvent>>, Before), ReadError> {
        let query = Query { start: Start::After(doubt.entered), limit: 1 };
        let after = self.log().page(room.code().clone(), query).await?;
        let Some(first) = after.messages.first() else { return Ok((Vec::new(), Before::Nothing)) };
        let place = messages.iter().position(|message| message.position == first.position);
        let later = match place {
            Some(place) => &messages[place..],
            // It is before the first of these, or nothing of these is in doubt.
            None if messages.first().is_some_and(|oldest| oldest.at >= first.at) => &messages[..],
            None => &[],
        };
        let count = doubt.among_later(later.iter().map(sent));
        let is_cut = is_gap || (after.gap.is_some() && count == messages.len());
        let messages = later[later.len() - count..].to_vec();
        Ok((messages, if is_cut { Before::NotKept } else { Before::Nothing }))
    }
}

/// How many messages there are between two, if that is known.
fn between(last: Position, next: Position) -> Option<u64> {
    (last.epoch == next.epoch).then(|| next.number.saturating_sub(last.number + 1))
}

impl Replay {
    /// Nothing was missed.
    pub fn nothing() -> Self {
        Self::new(0)
    }

    fn new(most_bytes: usize) -> Self {
        Self { messages: VecDeque::new(), bytes: 0, most_bytes, before: Before::Nothing }
    }

    /// Adds messages, and drops the oldest if they are too many.
    pub fn extend(&mut self, messages: impl IntoIterator<Item = Arc<RoomEvent>>) {
        for message in messages {
            self.bytes += size(&message);
            self.messages.push_back(message);
            while self.messages.len() > MOST_MESSAGES
                || (self.bytes > self.most_bytes && self.messages.len() > 1)
            {
                let Some(oldest) = self.messages.pop_front() else { break };
                self.bytes -= size(&oldest);
                self.before = match self.before {
                    Before::Nothing => Before::Many(1),
                    Before::Many(count) => Before::Many(count + 1),
                    before @ (Before::NotKept | Before::Unknown) => before,
                };
            }
        }
    }

    /// How many messages there are.
    pub fn count(&self) -> usize {
        self.messages.len()
    }

    /// When the oldest of the messages was said.
    pub fn oldest(&self) -> Option<SystemTime> {
        self.messages.front().map(|message| message.at)
    }

    /// The messages, what was missed before them, and their bytes on the wire.
    pub fn into_parts(self) -> (Vec<Arc<RoomEvent>>, Before, usize) {
        (self.messages.into(), self.before, self.bytes)
    }
}

fn sent(message: &Arc<RoomEvent>) -> Sent {
    Sent { position: message.position, at: message.at, least: least(message) }
}

/// The most bytes that a message has on the wire.
fn size(message: &RoomEvent) -> usize {
    match &message.what {
        What::Said { name, text } => wire::size(name, text),
        _ => 0,
    }
}

/// The fewest bytes that a message has on the wire.
fn least(message: &RoomEvent) -> usize {
    match &message.what {
        What::Said { name, text } => wire::least_size(name, text),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alert_core::names::UserName;
    use alert_core::position::{Epoch, Numbering, Run};
    use std::time::SystemTime;

    fn messages(count: usize, bytes: usize) -> Vec<Arc<RoomEvent>> {
        let mut numbering = Numbering::new(Epoch { run: Run::new(1), part: 0 });
        let said = |_| {
            let what =
                What::Said { name: UserName::parse("Ada", 64).unwrap(), text: "x".repeat(bytes).into() };
            Arc::new(RoomEvent { at: SystemTime::UNIX_EPOCH, position: numbering.advance(), what })
        };
        (0..count).map(said).collect()
    }

    fn given(count: usize, bytes: usize) -> (usize, Before) {
        let mut replay = Replay::new(200_000);
        let messages = messages(count, bytes);
        replay.extend(messages.clone());
        let (given, before, size) = replay.into_parts();
        assert_eq!(given, messages[count - given.len()..], "the newest");
        assert!(size <= 200_000 || given.len() == 1);
        (given.len(), before)
    }

    #[test]
    fn whoever_missed_more_than_they_can_be_given_gets_the_newest_and_hears_how_many_there_were() {
        assert_eq!(given(1_000, 10), (1_000, Before::Nothing));
        assert_eq!(given(1_005, 10), (1_000, Before::Many(5)));
        let (count, before) = given(100, 4_000);
        assert!((40..50).contains(&count), "{count}");
        assert_eq!(before, Before::Many(100 - count as u64));
        assert_eq!(given(3, 300_000), (1, Before::Many(2)), "one is always given");
    }
}
