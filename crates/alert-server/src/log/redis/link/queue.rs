//! The calls with one tag, in their order. They are with one master at a time, so that their order is kept wherever they
//! go: what is on the way is answered, or lost, before the next ones are sent.

use super::super::fault::{Fault, is_early};
use super::{Unavailable, Waiting};
use redis::{RedisError, Value};
use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

/// Between two attempts at a slot that is being moved.
const MOVING: Duration = Duration::from_millis(20);

#[derive(Default)]
pub(super) struct Queue {
    /// The oldest first. The first ones have been sent.
    calls: VecDeque<(u64, Waiting)>,
    sent: usize,
    /// A lane has it among those that it will take calls of.
    pub(super) is_ready: bool,
    pause: Option<Instant>,
    /// How often what was sent was lost, so that Redis can tell what comes late from what was sent again.
    pub(super) turn: u64,
}

/// What became of those that were sent.
pub(super) enum Outcome {
    Answered,
    /// The tag has another master.
    Moved(String),
    /// The tag is tried again a little later.
    Waits,
    /// The connection is of no use any more.
    Lost(String),
}

impl Queue {
    /// `ticket` grows from call to call.
    pub(super) fn push(&mut self, ticket: u64, call: Waiting) {
        self.calls.push_back((ticket, call));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.calls.is_empty()
    }

    /// Whether calls can be taken.
    pub(super) fn has_work(&self, now: Instant) -> bool {
        self.sent == 0 && !self.calls.is_empty() && self.pause.is_none_or(|pause| pause <= now)
    }

    /// The ticket of the oldest call.
    pub(super) fn oldest(&self) -> Option<u64> {
        self.calls.front().map(|(ticket, _)| *ticket)
    }

    /// Takes up to so many calls, which count as sent: hands each over, with the number of the numbered call before it with
    /// the same keys. Gives how many, and when the last has to be answered.
    pub(super) fn take(
        &mut self,
        most: usize,
        mut send: impl FnMut(&super::Call, Option<&[u8]>),
    ) -> (usize, Option<Instant>) {
        self.calls.retain(|(_, waiting)| waiting.answer.is_some());
        self.sent = self.calls.len().min(most);
        let mut numbers: HashMap<&str, &[u8]> = HashMap::new();
        for (_, Waiting { call, .. }) in self.calls.iter().take(self.sent) {
            let before = match (call.numbered, call.keys.first()) {
                (Some(place), Some(key)) => Some(numbers.insert(key, &call.args[place]).unwrap_or_default()),
                _ => None,
            };
            send(call, before);
        }
        (self.sent, self.calls.get(self.sent.wrapping_sub(1)).map(|(_, last)| last.deadline))
    }

    /// Answers those that were sent, as far as they have been carried out. Once one has not, all after it count as if they
    /// had not been either: they are sent again behind it.
    pub(super) fn answer(
        &mut self,
        now: Instant,
        answers: impl Iterator<Item = Result<Value, RedisError>>,
    ) -> Outcome {
        self.sent = 0;
        self.pause = None;
        for answer in answers {
            let outcome = match answer {
                Ok(answer) if is_early(&answer) => return self.wait(now),
                Ok(answer) => Ok(answer),
                Err(error) => match Fault::of(&error) {
                    Fault::Moved(to) => return Outcome::Moved(to),
                    Fault::Wait => return self.wait(now),
                    Fault::Server => return Outcome::Lost(error.to_string()),
                    Fault::Call => {
                        tracing::error!("Redis refuses a call: {error}");
                        Err(Unavailable)
                    }
                },
            };
            if let Some(answer) = self.calls.pop_front().and_then(|(_, waiting)| waiting.answer) {
                answer(outcome);
            }
        }
        Outcome::Answered
    }

    fn wait(&mut self, now: Instant) -> Outcome {
        self.pause = Some(now + MOVING);
        Outcome::Waits
    }

    /// Those that were sent may have been carried out or not: they are sent again.
    pub(super) fn lose(&mut self) {
        self.turn += u64::from(self.sent > 0);
        self.sent = 0;
    }

    /// Answers those who have waited too long. What has been sent keeps its place: its answer may still come.
    pub(super) fn expire(&mut self, now: Instant) {
        for (_, waiting) in self.calls.iter_mut().take_while(|(_, waiting)| waiting.deadline <= now) {
            if let Some(answer) = waiting.answer.take() {
                answer(Err(Unavailable));
            }
        }
        if self.sent == 0 {
            while self.calls.front().is_some_and(|(_, first)| first.answer.is_none()) {
                self.calls.pop_front();
            }
        }
    }
}
