//! In which order a shard writes: rooms take turns, so that a room with thousands of members, or with a lot to say,
//! makes no other room wait for a whole pass over it.
//!
//! As in fq_codel (RFC 8290, section 4.1): a room that had nothing to write goes first, once; then it stands in line
//! with the others, and leaves the line when it comes up with nothing to write. Connections that are in no room are
//! one more flow.

use crate::{connection::Connection, room::RoomId};
use std::{
    collections::{HashMap, VecDeque},
    hash::{BuildHasherDefault, Hasher},
    rc::Rc,
};

/// Connections of one flow that are written before the next one's: some 0.05 ms of work.
const SLICE: usize = 16;

/// The room that a connection is written with; none for one that is in no room.
pub(crate) type Flow = Option<RoomId>;

pub(crate) struct Pass<S> {
    /// Entries leave when they come up empty, in [`Pass::next`].
    flows: HashMap<Flow, VecDeque<Rc<Connection<S>>>, BuildHasherDefault<FlowHasher>>,
    /// Flows that had nothing to write before.
    fresh: VecDeque<Flow>,
    /// Flows that have had a slice.
    standing: VecDeque<Flow>,
    /// The flow whose slice it is, and how many of it are left.
    current: Option<(Flow, usize)>,
}

impl<S> Default for Pass<S> {
    fn default() -> Self {
        Self { flows: HashMap::default(), fresh: VecDeque::new(), standing: VecDeque::new(), current: None }
    }
}

impl<S> Pass<S> {
    /// The line of a flow, for putting several connections in.
    pub(crate) fn line(&mut self, flow: Flow) -> &mut VecDeque<Rc<Connection<S>>> {
        self.flows.entry(flow).or_insert_with(|| {
            self.fresh.push_back(flow);
            VecDeque::new()
        })
    }

    pub(crate) fn push(&mut self, flow: Flow, connection: Rc<Connection<S>>) {
        self.line(flow).push_back(connection);
    }

    /// The connection to be written next.
    pub(crate) fn next(&mut self) -> Option<Rc<Connection<S>>> {
        loop {
            let (flow, left) = match self.current.take() {
                Some(current) => current,
                None => (self.fresh.pop_front().or_else(|| self.standing.pop_front())?, SLICE),
            };
            let line = self.flows.get_mut(&flow)?;
            match line.pop_front() {
                Some(connection) => {
                    if left > 1 {
                        self.current = Some((flow, left - 1));
                    } else {
                        self.standing.push_back(flow);
                    }
                    return Some(connection);
                }
                // A flow that was served stands in line once more, so that it does not go first again at once.
                None if left < SLICE => self.standing.push_back(flow),
                None => {
                    self.flows.remove(&flow);
                }
            }
        }
    }
}

/// Rooms are numbered one by one: a multiplication spreads them well enough, and costs nothing.
#[derive(Default)]
pub(crate) struct FlowHasher(u64);

impl Hasher for FlowHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.write_u64((*byte).into()));
    }

    fn write_u64(&mut self, value: u64) {
        self.0 = (self.0.rotate_left(5) ^ value).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    }

    fn write_isize(&mut self, value: isize) {
        self.write_u64(value as u64);
    }
}
