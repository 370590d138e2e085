//! What the threads of the store share: what waits to be written, and whoever waits to hear of it. The room's thread
//! takes a short lock here and never waits for the disk.

mod pace;
mod seating;

use super::devices::Changed;
use super::hooks;
use super::roll_calls::Rolls;
use super::unwritten::{Message, Unwritten};
use crate::log::{Append, Decision, Figures, OnStored, Seat, SeatId, Stay, StayId, Stored, Untold};
use crate::log::{seats, stays};
use alert_core::names::RoomCode;
use alert_core::position::Position;
use alert_core::room::policy::Audit;
pub(super) use seating::{Seating, Seats, Stays};
use socketio_server::SharedHistogram;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// This many messages wait in the queue while the writer takes none; beyond that, whoever appends moves them on.
const QUEUE: usize = 8192;
/// When this many wait for their acks, the next batch begins early.
const IMPATIENT: usize = 32;
/// A disk that takes longer than this for one batch is stalled.
const STALLED: Duration = Duration::from_secs(2);

/// What the threads share. `unwritten` is locked before `state`.
#[derive(Default)]
pub(super) struct Shared {
    state: Mutex<State>,
    unwritten: Mutex<Unwritten>,
    counts: Counts,
    to_writer: Condvar,
    to_watch: Condvar,
}

/// What the writer has done.
#[derive(Default)]
struct Counts {
    commits: SharedHistogram,
    failures: AtomicU64,
    lost: AtomicU64,
}

#[derive(Default)]
pub(super) struct State {
    queue: Vec<Message>,
    /// How many messages were ever appended.
    appended: u64,
    /// Who waits for which message, by its number.
    waiting: VecDeque<(u64, OnStored)>,
    /// Who waits for rulings, and behind which message these are written; and for those that are being written.
    waiting_for_rulings: Vec<(u64, OnStored)>,
    waiting_in_hand: Vec<OnStored>,
    /// Grows when a message is removed, and when that is on disk.
    removals: u64,
    /// What has to be written besides messages.
    seating: Seating,
    /// What is being written of it.
    seating_in_hand: Arc<Seating>,
    /// Since when the writer has been at the disk.
    busy_since: Option<Instant>,
    trouble: Option<Trouble>,
    is_writer_waiting: bool,
    is_writer_resting: bool,
    /// Messages have gone from the queue to `unwritten` since the writer looked there last.
    is_gathered: bool,
    is_watch_waiting: bool,
    pub(super) is_closing: bool,
}

/// Why messages are not stored at the moment.
#[derive(Clone, Debug)]
pub(super) struct Trouble {
    pub(super) since: Instant,
    pub(super) words: String,
}

impl Shared {
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        // A panic ends the process; in tests, the state is whole between any two statements.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn unwritten(&self) -> MutexGuard<'_, Unwritten> {
        self.unwritten.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a message. Returns whoever has to be told at once that it will not be stored.
    pub(super) fn append(&self, mut append: Append) -> Option<(OnStored, Stored)> {
        let message = Message::of(&append);
        let mut state = self.state();
        let untold = self.queue(&mut state, message, append.stored.take());
        self.wake_writer(state);
        untold
    }

    fn queue(&self, state: &mut State, message: Message, stored: Option<OnStored>) -> Untold {
        state.queue.push(message);
        state.appended += 1;
        if state.queue.len() >= QUEUE
            && let Ok(mut unwritten) = self.unwritten.try_lock()
            && state.gather(&mut unwritten)
        {
            state.begin_trouble("the disk does not keep up: too many messages wait to be written");
            self.to_watch.notify_all();
        }
        let stored = stored?;
        if state.trouble.is_some() {
            return Some((stored, Stored::Failed));
        }
        let number = state.appended;
        state.waiting.push_back((number, stored));
        None
    }

    pub(super) fn put_seat(&self, id: SeatId, seat: Option<Seat>) {
        let mut state = self.state();
        let seats = &mut state.seating.seats;
        if seats.len() < seats::MOST || seat.is_none() || seats.contains_key(&id) {
            seats.insert(id, seat);
        }
        self.wake_writer(state);
    }

    pub(super) fn put_stay(&self, id: StayId, stay: Option<Stay>) {
        let mut state = self.state();
        let stays = &mut state.seating.stays;
        if stays.len() < stays::MOST || stay.is_none() || stays.contains_key(&id) {
            stays.insert(id, stay);
        }
        self.wake_writer(state);
    }

    /// Takes a policy, a line of the audit log, and what is said with them. Returns whoever has to be told at once that it will
    /// not be stored.
    pub(super) fn put_decision(&self, decision: Decision) -> Vec<(OnStored, Stored)> {
        let Decision { room, kept, audit, said, stored } = decision;
        let mut state = self.state();
        // The writer takes messages before policies: none of them between the two.
        let mut untold = Vec::new();
        let does_say = !said.is_empty();
        for mut append in said {
            let stored = append.stored.take();
            untold.extend(self.queue(&mut state, Message::of(&append), stored));
        }
        let behind = if does_say { state.appended } else { 0 };
        let rulings = &mut state.seating.rulings;
        rulings.note(&room, audit);
        let behind = rulings.put(room, kept, behind);
        untold.extend(state.wait_for_rulings(behind, stored));
        self.wake_writer(state);
        untold
    }

    /// Takes what has changed in roll calls and rosters. Returns whoever has to be told at once that it will not be stored.
    pub(super) fn put_rolls(&self, note: impl FnOnce(&mut Rolls), stored: OnStored) -> Untold {
        let mut state = self.state();
        note(&mut state.seating.rolls);
        let untold = state.wait_for_rulings(0, Some(stored));
        self.wake_writer(state);
        untold
    }

    /// Takes what has changed of devices.
    pub(super) fn put_devices(&self, note: impl FnOnce(&mut Changed)) {
        let mut state = self.state();
        note(&mut state.seating.devices);
        self.wake_writer(state);
    }

    /// Takes what has changed of webhooks. Returns whoever has to be told at once that it will not be stored.
    pub(super) fn put_hooks(&self, note: impl FnOnce(&mut hooks::Rows), stored: OnStored) -> Untold {
        let mut state = self.state();
        note(&mut state.seating.hooks);
        let untold = state.wait_for_rulings(0, Some(stored));
        self.wake_writer(state);
        untold
    }

    /// Removes a message, whether or not it is on disk.
    pub(super) fn remove(
        &self,
        room: &RoomCode,
        position: Position,
        audit: Audit,
        stored: OnStored,
    ) -> Untold {
        self.gathered().remove(room, position);
        let mut state = self.state();
        state.removals += 1;
        state.seating.rulings.removals.push((room.clone(), position));
        state.seating.rulings.note(room, Some(audit));
        let untold = state.wait_for_rulings(0, Some(stored));
        self.wake_writer(state);
        untold
    }

    /// A number that another page goes with than before, where messages have been removed.
    pub(super) fn removals(&self) -> u64 {
        self.state().removals
    }

    /// A seat that is not on disk yet; `Some(None)` is one that was given up.
    pub(super) fn unwritten_seat(&self, id: SeatId) -> Option<Option<Seat>> {
        let state = self.state();
        state.seating.seats.get(&id).or_else(|| state.seating_in_hand.seats.get(&id)).cloned()
    }

    fn wake_writer(&self, mut state: MutexGuard<'_, State>) {
        // The first to wait ends a long rest, and many end a short one.
        let ends_rest = state.is_writer_resting
            && (matches!(state.waiting.len(), 1 | IMPATIENT) || !state.waiting_for_rulings.is_empty());
        if std::mem::take(&mut state.is_writer_waiting) || ends_rest {
            drop(state);
            self.to_writer.notify_one();
        }
    }

    /// What is not on disk, with everything that was appended before this call.
    pub(super) fn gathered(&self) -> MutexGuard<'_, Unwritten> {
        let mut unwritten = self.unwritten();
        let mut state = self.state();
        if state.gather(&mut unwritten) {
            state.begin_trouble("the disk does not keep up: too many messages wait to be written");
            self.to_watch.notify_all();
        }
        drop(state);
        unwritten
    }

    /// The writer begins a batch up to the message with this number. Returns what goes with it, and whether anybody
    /// waits for it, or has to hear that the disk works again.
    pub(super) fn begin(&self, end: u64) -> (Arc<Seating>, bool) {
        let mut state = self.state();
        self.is_at_work(&mut state);
        let mut seating = std::mem::take(&mut state.seating);
        state.seating.rulings.policies = seating.rulings.split_off(end);
        state.seating_in_hand = Arc::new(seating);
        let waiting = std::mem::take(&mut state.waiting_for_rulings);
        let (now, later) = waiting.into_iter().partition(|(behind, _)| *behind <= end);
        state.waiting_for_rulings = later;
        state.waiting_in_hand = now.into_iter().map(|(_, stored)| stored).collect();
        let is_waited_for = state.waiting.front().is_some_and(|(number, _)| *number <= end)
            || !state.waiting_in_hand.is_empty();
        let is_urgent = is_waited_for || state.trouble.is_some() || state.is_closing;
        (Arc::clone(&state.seating_in_hand), is_urgent)
    }

    fn is_at_work(&self, state: &mut State) {
        state.busy_since = Some(Instant::now());
        if std::mem::take(&mut state.is_watch_waiting) {
            self.to_watch.notify_all();
        }
    }

    /// Does something on the disk other than writing a batch: the disk may fail to answer then too.
    pub(super) fn at_work<T>(&self, work: impl FnOnce() -> T) -> T {
        self.is_at_work(&mut self.state());
        let done = work();
        self.state().busy_since = None;
        done
    }

    /// All messages up to the one with this number are on disk. Returns whoever waits for that, and the trouble that
    /// is over.
    pub(super) fn succeeded(&self, end: u64, is_all: bool) -> (Vec<OnStored>, Option<Trouble>) {
        let mut state = self.state();
        state.busy_since = None;
        let in_hand = std::mem::take(&mut state.seating_in_hand);
        state.removals += u64::from(!in_hand.rulings.removals.is_empty());
        let done = state.waiting.partition_point(|(number, _)| *number <= end);
        let mut told = std::mem::take(&mut state.waiting_in_hand);
        told.extend(state.waiting.drain(..done).map(|(_, stored)| stored));
        (told, if is_all { state.trouble.take() } else { None })
    }

    /// The batch could not be written. Returns whoever waits, and whether this is news.
    pub(super) fn failed(&self, words: &str) -> (Vec<OnStored>, bool) {
        let mut state = self.state();
        state.busy_since = None;
        let in_hand = std::mem::take(&mut state.seating_in_hand);
        state.seating.go_before(&in_hand);
        let is_news = state.begin_trouble(words);
        self.counts.failures.fetch_add(1, Ordering::Relaxed);
        (state.tell_nobody_else(), is_news)
    }

    /// Waits until the disk is stalled. Returns whoever waits for it, and since when; `None` when the store closes.
    pub(super) fn wait_for_stall(&self) -> Option<(Vec<OnStored>, Option<Instant>)> {
        let mut state = self.state();
        loop {
            if state.is_closing {
                return None;
            }
            let stalled = state.busy_since.map(|since| (since, since.elapsed()));
            match stalled {
                _ if state.trouble.is_some() && state.is_waited_for() => {
                    return Some((state.tell_nobody_else(), None));
                }
                Some((since, elapsed)) if elapsed >= STALLED && state.trouble.is_none() => {
                    state.begin_trouble("the disk does not answer");
                    return Some((state.tell_nobody_else(), Some(since)));
                }
                Some((_, elapsed)) if state.trouble.is_none() => {
                    let left = STALLED.saturating_sub(elapsed);
                    (state, _) =
                        self.to_watch.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner);
                }
                _ => {
                    state.is_watch_waiting = true;
                    state = self.to_watch.wait(state).unwrap_or_else(PoisonError::into_inner);
                    state.is_watch_waiting = false;
                }
            }
        }
    }

    /// A batch is on disk, after so long.
    pub(super) fn count_commit(&self, took: Duration) {
        self.counts.commits.observe(took);
    }

    /// Messages will never be on disk.
    pub(super) fn count_lost(&self, lost: u64) {
        self.counts.lost.fetch_add(lost, Ordering::Relaxed);
    }

    /// What was counted, and what waits.
    pub(super) fn figures(&self) -> Figures {
        let waiting = self.unwritten().waiting() + self.state().queue.len();
        Figures {
            commits: self.counts.commits.read(),
            failures: self.counts.failures.load(Ordering::Relaxed),
            waiting,
            lost: self.counts.lost.load(Ordering::Relaxed),
        }
    }

    /// Why messages are not stored at the moment.
    pub(super) fn trouble(&self) -> Option<Trouble> {
        self.state().trouble.clone()
    }

    pub(super) fn close(&self) {
        self.state().is_closing = true;
        self.to_writer.notify_all();
        self.to_watch.notify_all();
    }
}

impl State {
    /// Moves the queue into `unwritten`. Returns whether that was too much.
    fn gather(&mut self, unwritten: &mut Unwritten) -> bool {
        // A reader may do this after the writer was called and before it wakes, and it then finds the queue empty.
        self.is_gathered |= !self.queue.is_empty();
        unwritten.take(&mut self.queue)
    }

    fn begin_trouble(&mut self, words: &str) -> bool {
        match &mut self.trouble {
            Some(trouble) => {
                let is_news = trouble.words != words;
                words.clone_into(&mut trouble.words);
                is_news
            }
            None => {
                self.trouble = Some(Trouble { since: Instant::now(), words: words.to_owned() });
                true
            }
        }
    }

    fn tell_nobody_else(&mut self) -> Vec<OnStored> {
        let messages = self.waiting.drain(..).map(|(_, stored)| stored);
        let rulings = self.waiting_for_rulings.drain(..).map(|(_, stored)| stored);
        messages.chain(self.waiting_in_hand.drain(..)).chain(rulings).collect()
    }

    fn is_waited_for(&self) -> bool {
        !self.waiting.is_empty() || !self.waiting_in_hand.is_empty() || !self.waiting_for_rulings.is_empty()
    }

    fn wait_for_rulings(&mut self, behind: u64, stored: Option<OnStored>) -> Untold {
        let stored = stored?;
        if self.trouble.is_some() {
            return Some((stored, Stored::Failed));
        }
        self.waiting_for_rulings.push((behind, stored));
        None
    }
}
