//! What clients get: into the queues, and from the queues onto the sockets. The second half of the hot path.

use super::{ConnectionOf, Shard};
use crate::{
    connection::{CloseReason, Output, queue::Flushed},
    engine::Engine,
    frame::{Frame, Publication},
    room::RoomId,
    stream::Stream,
};
use smallvec::SmallVec;
use std::{net::Shutdown, rc::Rc};

/// Connections that a turn writes before it looks at what has come in: some 0.05 ms of work.
const FLUSHES: usize = 16;

impl<E: Engine> Shard<E> {
    /// Puts a publication into a connection's queue.
    pub(crate) fn send(self: &Rc<Self>, connection: &ConnectionOf<E>, publication: &Publication) {
        for frame in publication.frames() {
            self.push(connection, &Rc::new(frame.of_shard()));
        }
    }

    pub(crate) fn push(self: &Rc<Self>, connection: &ConnectionOf<E>, frame: &Rc<Frame>) {
        if self.enqueue(connection, frame) {
            self.relieve(connection);
        }
    }

    /// Sends to a room's members: the hot path. One copy of the frames serves all members on this shard.
    pub(crate) fn deliver(self: &Rc<Self>, room: RoomId, publication: &Publication) {
        let frames: SmallVec<[Rc<Frame>; 1]> =
            publication.frames().iter().map(|frame| Rc::new(frame.of_shard())).collect();
        let mut full = Vec::new();
        if let Some(members) = self.rooms.borrow().get(&room) {
            for member in members {
                let mut is_full = false;
                for frame in &frames {
                    is_full |= self.enqueue(member, frame);
                }
                if is_full {
                    full.push(Rc::clone(member));
                }
            }
        }
        for connection in full {
            self.relieve(&connection);
        }
    }

    /// True when the queue has passed its limit.
    fn enqueue(&self, connection: &ConnectionOf<E>, frame: &Rc<Frame>) -> bool {
        if connection.closed.get() || connection.output.get() == Output::Broken {
            return false;
        }
        let mut queue = connection.queue.borrow_mut();
        queue.push(Rc::clone(frame));
        self.mark_dirty(connection);
        queue.bytes() > self.config.queue_limit
    }

    /// A queue over its limit is written first: a burst within one turn is not the client's fault. What the client
    /// does not take then makes it a slow consumer.
    fn relieve(self: &Rc<Self>, connection: &ConnectionOf<E>) {
        self.flush(connection);
        let bytes = connection.queue.borrow().bytes();
        if bytes > self.config.queue_limit {
            self.close(connection, CloseReason::SlowConsumer(bytes));
        }
    }

    pub(crate) fn mark_dirty(&self, connection: &ConnectionOf<E>) {
        if connection.output.get() == Output::Flushed {
            connection.output.set(Output::Dirty);
            self.dirty.borrow_mut().push_back(Rc::clone(connection));
            if !self.turning.get() {
                self.hub.inbox(self.index).wake.notify_one();
            }
        }
    }

    /// Writes the first of the dirty list, as many as a turn may. True when none is left.
    pub(crate) fn flush_dirty(self: &Rc<Self>) -> bool {
        for _ in 0..FLUSHES {
            // Not borrowed meanwhile: a connection that breaks may make others dirty.
            let Some(connection) = self.dirty.borrow_mut().pop_front() else {
                self.gather.borrow_mut().clear();
                return true;
            };
            if connection.output.get() == Output::Dirty {
                connection.output.set(Output::Flushed);
                self.flush(&connection);
            }
        }
        false
    }

    /// Writes what the client takes. A blocked socket gets a task that waits for it; the others go on.
    pub(crate) fn flush(self: &Rc<Self>, connection: &ConnectionOf<E>) {
        let Some(stream) = connection.stream() else { return self.flush_poll(connection) };
        let before = connection.output.get();
        let output = self.write_out(connection, &stream);
        connection.output.set(output);
        if output == Output::Blocked && before != Output::Blocked {
            let (shard, connection) = (Rc::clone(self), Rc::clone(connection));
            tokio::task::spawn_local(async move {
                while connection.output.get() == Output::Blocked && stream.writable().await.is_ok() {
                    connection.output.set(shard.write_out(&connection, &stream));
                }
            });
        }
    }

    fn write_out(&self, connection: &ConnectionOf<E>, stream: &Stream) -> Output {
        let mut queue = connection.queue.borrow_mut();
        match queue.flush(stream, &mut self.gather.borrow_mut()) {
            Ok(Flushed::Blocked) => Output::Blocked,
            Ok(Flushed::All) => {
                if connection.closed.get() {
                    stream.shut(Shutdown::Write);
                }
                Output::Flushed
            }
            Err(_) => {
                queue.clear();
                Output::Broken
            }
        }
    }
}
