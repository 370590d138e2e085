//! The account of one room: what was said, who has heard it, and whether in the right order. Pure: no I/O and no clock.

use std::collections::{HashMap, HashSet, VecDeque};

use super::tag::RoomTag;

/// A room.
#[derive(Debug)]
pub(super) struct Room {
    pub(super) tag: RoomTag,
    seats: Vec<Seat>,
    /// For each seat and sender: the sender's message that comes next.
    next: Vec<u32>,
    /// For each sender: messages sent.
    said: Vec<u32>,
    /// Messages that somebody still has to hear, oldest first.
    sent: VecDeque<Sent>,
    /// The number of the first of them.
    first: u32,
    /// Members that are there.
    present: u64,
    /// Deliveries that are still to come.
    due: u64,
    /// How many of them nobody waits for any more.
    written_off: u64,
    tally: Tally,
}

/// What became of a room's deliveries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    /// Messages sent.
    pub(super) messages: u64,
    /// Deliveries that arrived; duplicates do not count.
    pub(super) deliveries: u64,
    /// Deliveries that never came.
    pub(super) lost: u64,
    /// Deliveries that came again.
    pub(super) duplicates: u64,
    /// Deliveries that came after a later message of the same sender.
    pub(super) out_of_order: u64,
    /// Members that heard everything, but in a different order from the others.
    pub(super) other_order: u64,
}

#[derive(Debug, Default)]
struct Seat {
    present: bool,
    /// Something came late, twice or not at all, so that its order says nothing.
    faulty: bool,
    /// A running hash of what it heard.
    order: u64,
    /// Messages that were passed over: sender and the sender's number.
    missing: HashSet<(u32, u32)>,
}

#[derive(Clone, Copy, Debug)]
struct Sent {
    /// When it was sent, or should have been.
    at: u64,
    sender: u32,
    /// The sender's number for it.
    number: u32,
    /// Members that still have to hear it.
    due: u32,
}

impl Room {
    pub(super) fn new(tag: RoomTag, members: u32, senders: u32) -> Self {
        Self {
            tag,
            seats: (0..members).map(|_| Seat::default()).collect(),
            next: vec![0; members as usize * senders as usize],
            said: vec![0; senders as usize],
            sent: VecDeque::new(),
            first: 0,
            present: 0,
            due: 0,
            written_off: 0,
            tally: Tally::default(),
        }
    }

    /// A member entered. All must be there before the first message.
    pub(super) fn enter(&mut self, member: u32) {
        self.seats[member as usize].present = true;
        self.present += 1;
    }

    /// A member is gone; what it has not heard is lost.
    pub(super) fn leave(&mut self, member: u32) {
        let seat = &mut self.seats[member as usize];
        if !std::mem::take(&mut seat.present) {
            return;
        }
        self.present -= 1;
        let senders = self.said.len();
        let next = &self.next[member as usize * senders..][..senders];
        for sent in &mut self.sent {
            let expected = sent.number >= next[sent.sender as usize];
            if expected || seat.missing.contains(&(sent.sender, sent.number)) {
                sent.due -= 1;
                self.due -= 1;
                self.tally.lost += 1;
            }
        }
        self.forget_heard();
    }

    /// The next sender in turn who is there and can speak now: one may be on the way back.
    pub(super) fn sender(&self, can_speak: impl Fn(u32) -> bool) -> Option<u32> {
        let senders = self.said.len() as u64;
        let by_turns = (0..senders).map(|turn| ((self.tally.messages + turn) % senders) as u32);
        by_turns.into_iter().find(|sender| self.seats[*sender as usize].present && can_speak(*sender))
    }

    /// A sender says something. Returns the message's number in the room.
    pub(super) fn say(&mut self, sender: u32, at: u64) -> u32 {
        let number = self.first.wrapping_add(self.sent.len() as u32);
        let said = &mut self.said[sender as usize];
        self.sent.push_back(Sent { at, sender, number: *said, due: self.present as u32 });
        *said += 1;
        self.due += self.present;
        self.tally.messages += 1;
        number
    }

    /// Who said a message that somebody still has to hear.
    pub(super) fn sender_of(&self, number: u32) -> Option<u32> {
        self.sent.get(number.wrapping_sub(self.first) as usize).map(|sent| sent.sender)
    }

    /// A member heard a message. Returns when it was sent, unless this delivery does not count.
    #[inline]
    pub(super) fn hear(&mut self, member: u32, number: u32) -> Option<u64> {
        let seat = &mut self.seats[member as usize];
        let Some(sent) = self.sent.get_mut(number.wrapping_sub(self.first) as usize) else {
            // All have heard it before.
            seat.faulty = true;
            self.tally.duplicates += 1;
            return None;
        };
        let next = &mut self.next[member as usize * self.said.len() + sent.sender as usize];
        if sent.number == *next {
            *next += 1;
        } else {
            seat.faulty = true;
            if sent.number > *next {
                seat.missing.extend((*next..sent.number).map(|passed_over| (sent.sender, passed_over)));
                *next = sent.number + 1;
            } else if seat.missing.remove(&(sent.sender, sent.number)) {
                self.tally.out_of_order += 1;
            } else {
                self.tally.duplicates += 1;
                return None;
            }
        }
        seat.order = seat.order.wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add(u64::from(number) + 1);
        let at = sent.at;
        sent.due -= 1;
        self.due -= 1;
        self.tally.deliveries += 1;
        self.forget_heard();
        Some(at)
    }

    /// Whether fewer than `window` messages are in flight, counted in whole messages' worth of deliveries: one more may
    /// be sent for as many deliveries as the room has members.
    #[inline]
    pub(super) fn has_place(&self, window: u32) -> bool {
        self.due.saturating_sub(self.written_off) <= (u64::from(window) - 1) * self.present
    }

    /// Stops waiting for what is due, so that a lost message does not block the window forever.
    pub(super) fn write_off(&mut self) {
        self.written_off = self.due;
    }

    /// Deliveries that are still to come.
    pub(super) fn due(&self) -> u64 {
        self.due
    }

    /// The account so far.
    pub(super) fn tally(&self) -> Tally {
        self.tally
    }

    /// The account at the end: what is due is lost.
    pub(super) fn close(mut self) -> Tally {
        self.tally.lost += self.due;
        let senders = self.said.len();
        let mut orders: HashMap<u64, u64> = HashMap::new();
        for (member, seat) in self.seats.iter().enumerate() {
            let heard_all = self.next[member * senders..][..senders] == self.said;
            if seat.present && !seat.faulty && heard_all {
                *orders.entry(seat.order).or_default() += 1;
            }
        }
        let usual = orders.values().copied().max().unwrap_or(0);
        self.tally.other_order = orders.values().sum::<u64>() - usual;
        self.tally
    }

    fn forget_heard(&mut self) {
        while self.sent.front().is_some_and(|sent| sent.due == 0) {
            self.sent.pop_front();
            self.first = self.first.wrapping_add(1);
        }
        self.written_off = self.written_off.min(self.due);
    }
}

#[cfg(test)]
mod tests;
