//! The order in which a shard writes: rooms take turns, so that a room with thousands of members, or with a lot to say,
//! does not make other rooms wait for a whole pass over it.
//!
//! As in fq_codel (RFC 8290, section 4.1): a room that had nothing to write goes first, once; then it queues up with
//! the others, and leaves when its turn comes and it has nothing to write. Connections in no room are one more flow.

use crate::room::RoomId;
use smallvec::SmallVec;
use std::{
    collections::{HashMap, VecDeque},
    hash::{BuildHasherDefault, Hasher},
    rc::Rc,
};

/// Connections that are written before the shard looks at what has come in, and of one flow before the next flow's
/// turn: some 0.1 ms of work.
pub(crate) const SLICE: usize = 32;

/// The connections to write now.
pub(crate) type Slice<T> = SmallVec<[Rc<T>; SLICE]>;

/// The room that a connection is written with; none if it is in no room.
pub(crate) type Flow = Option<RoomId>;

pub(crate) struct Pass<T> {
    /// Entries leave when their turn comes and they are empty, in [`Pass::next`].
    flows: HashMap<Flow, VecDeque<Rc<T>>, BuildHasherDefault<FlowHasher>>,
    /// Flows that had nothing to write before.
    fresh: VecDeque<Flow>,
    /// Flows that have had a slice.
    standing: VecDeque<Flow>,
}

impl<T> Default for Pass<T> {
    fn default() -> Self {
        Self { flows: HashMap::default(), fresh: VecDeque::new(), standing: VecDeque::new() }
    }
}

impl<T> Pass<T> {
    /// The line of a flow, to add several connections to it.
    pub(crate) fn line(&mut self, flow: Flow) -> &mut VecDeque<Rc<T>> {
        self.flows.entry(flow).or_insert_with(|| {
            self.fresh.push_back(flow);
            VecDeque::new()
        })
    }

    pub(crate) fn push(&mut self, flow: Flow, connection: Rc<T>) {
        self.line(flow).push_back(connection);
    }

    /// Whether there is nothing to write. It may say no once too often.
    pub(crate) fn is_empty(&self) -> bool {
        self.flows.len() <= 1 && self.flows.values().all(VecDeque::is_empty)
    }

    /// Takes the connections to write next, as many as `slice` has room for at most: first of one flow, then of the
    /// next.
    pub(crate) fn take(&mut self, slice: &mut Slice<T>) {
        while slice.len() < SLICE
            && let Some(flow) = self.fresh.pop_front().or_else(|| self.standing.pop_front())
        {
            let Some(line) = self.flows.get_mut(&flow) else { continue };
            if line.is_empty() {
                self.flows.remove(&flow);
                continue;
            }
            let count = line.len().min(SLICE - slice.len());
            slice.extend(line.drain(..count));
            // Even if its line is empty now, so that it does not go straight to the front again.
            self.standing.push_back(flow);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{config::Config, hub::Hub};

    fn take(pass: &mut Pass<&'static str>) -> Vec<&'static str> {
        let mut slice = Slice::new();
        pass.take(&mut slice);
        slice.iter().map(|name| **name).collect()
    }

    #[test]
    fn given_a_large_flow_when_a_small_one_comes_then_it_is_written_after_one_slice_and_both_get_their_turns()
    {
        let hub = Hub::new(&Config::default());
        let [large, small] = [(); 2].map(|()| Some(hub.room().id()));
        let mut pass = Pass::default();
        let put = |pass: &mut Pass<_>, flow, name, count| {
            (0..count).for_each(|_| pass.push(flow, Rc::new(name)));
        };
        put(&mut pass, large, "large", 2 * SLICE + 8);
        assert_eq!(take(&mut pass), ["large"; SLICE]);
        put(&mut pass, small, "small", 2);
        assert_eq!(
            take(&mut pass),
            [vec!["small"; 2], vec!["large"; SLICE - 2]].concat(),
            "what is new goes first"
        );
        // It was served just now, so it queues up like the other.
        put(&mut pass, small, "small", 2);
        put(&mut pass, None, "alone", 1);
        assert_eq!(take(&mut pass), [vec!["alone"], vec!["small"; 2], vec!["large"; 10]].concat());
        assert!(pass.is_empty());
        assert_eq!(take(&mut pass), [""; 0]);
    }
}
