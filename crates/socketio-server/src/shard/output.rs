//! What clients get: into the queues, and from there onto the sockets. The second half of the hot path.

use super::{ConnectionOf, Shard, input::LOOK_AGAIN, pass::Slice};
use crate::{
    connection::{CloseReason, Connection, Output, queue::Flushed},
    engine::Engine,
    frame::{Frame, Publication},
    room::RoomId,
};
use smallvec::SmallVec;
use std::{net::Shutdown, rc::Rc};
use tokio::{sync::oneshot, time::timeout};

impl<E: Engine> Shard<E> {
    /// Puts a publication into a connection's queue.
    pub(crate) fn send(self: &Rc<Self>, connection: &ConnectionOf<E>, publication: &Publication) {
        if let Some(whole) = publication.whole()
            && connection.stream().is_some()
        {
            return self.push(connection, &Rc::new(whole.shared()));
        }
        for frame in publication.frames() {
            self.push(connection, &Rc::new(frame.of_shard()));
        }
    }

    pub(crate) fn push(self: &Rc<Self>, connection: &ConnectionOf<E>, frame: &Rc<Frame>) {
        let bytes = enqueue(connection, frame);
        if bytes == 0 {
            return;
        }
        self.mark_dirty(connection);
        if bytes > self.large_queue() {
            self.note_growth(connection);
            if bytes > self.config.queue_limit {
                self.relieve(connection);
            }
        }
    }

    /// Sends to a room's members: the hot path. One copy of the frames serves all members on this shard.
    pub(crate) fn deliver(self: &Rc<Self>, room: RoomId, publication: &Publication) {
        let frames: SmallVec<[Rc<Frame>; 1]> =
            publication.frames().iter().map(|frame| Rc::new(frame.of_shard())).collect();
        let frames = &*frames;
        let mut full = Vec::new();
        let large = self.large_queue();
        if let Some(members) = self.rooms.borrow().get(&room) {
            let mut dirty = self.dirty.borrow_mut();
            let line = dirty.line(Some(room));
            for member in members {
                let mut bytes = 0;
                for frame in frames {
                    bytes = enqueue(member, frame);
                }
                if member.output.get() == Output::Flushed {
                    member.output.set(Output::Dirty);
                    line.push_back(Rc::clone(member));
                }
                if bytes > large {
                    self.note_growth(member);
                    if bytes > self.config.queue_limit {
                        full.push(Rc::clone(member));
                    }
                }
            }
        }
        self.wake_for_dirty();
        for connection in full {
            self.relieve(&connection);
        }
    }

    /// Writes a queue that is over its limit: a burst within one turn is not the client's fault. A client that does not
    /// take enough then is a slow consumer.
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
            self.dirty.borrow_mut().push(connection.flow(), Rc::clone(connection));
            self.wake_for_dirty();
        }
    }

    fn wake_for_dirty(&self) {
        if !self.turning.get() {
            self.hub.inbox(self.index).wake.notify_one();
        }
    }

    /// Writes the first connections of the dirty list, as many as a turn may. True when none is left.
    pub(crate) fn flush_dirty(self: &Rc<Self>) -> bool {
        let mut slice = Slice::new();
        self.dirty.borrow_mut().take(&mut slice);
        for connection in slice {
            if connection.output.get() == Output::Dirty {
                connection.output.set(Output::Flushed);
                self.flush(&connection);
            }
        }
        let is_last = self.dirty.borrow().is_empty();
        if is_last {
            self.gather.borrow_mut().clear();
        }
        is_last
    }

    /// Writes what the client takes. A blocked socket gets a task that waits for it; then the connection queues again.
    pub(crate) fn flush(self: &Rc<Self>, connection: &ConnectionOf<E>) {
        let Some(stream) = connection.stream() else { return self.flush_poll(connection) };
        let before = connection.output.get();
        let flushed = {
            let mut queue = connection.queue.borrow_mut();
            let flushed = queue.flush(&stream, &mut self.gather.borrow_mut());
            if flushed.is_err() {
                queue.clear();
            }
            flushed
        };
        self.note_progress(connection);
        let output = match flushed {
            Ok(Flushed::All | Flushed::More) => Output::Flushed,
            Ok(Flushed::Blocked) => Output::Blocked,
            Err(_) => Output::Broken,
        };
        connection.output.set(output);
        match flushed {
            Ok(Flushed::All) => {
                self.note_drained(connection);
                if connection.closed.get() {
                    stream.shut(Shutdown::Write);
                }
            }
            Ok(Flushed::More) => self.mark_dirty(connection),
            Ok(Flushed::Blocked) if before != Output::Blocked => {
                let (shard, connection) = (Rc::clone(self), Rc::clone(connection));
                tokio::task::spawn_local(async move {
                    let can_go_on = stream.writable().await.is_ok();
                    if can_go_on && connection.output.get() == Output::Blocked {
                        connection.output.set(Output::Flushed);
                        shard.mark_dirty(&connection);
                    }
                });
            }
            Ok(Flushed::Blocked) | Err(_) => {}
        }
    }

    /// Answers when a connection's queue is empty. If the connection ends first, `reply` is dropped.
    pub(super) fn tell_drained(self: &Rc<Self>, connection: &ConnectionOf<E>, reply: oneshot::Sender<()>) {
        let (shard, connection) = (Rc::clone(self), Rc::clone(connection));
        tokio::task::spawn_local(async move {
            while !connection.closed.get() && !connection.queue.borrow().is_empty() {
                // So that `drained` is told when it is empty.
                connection.answers.in_queue.set(true);
                // A notice between the check and the wait is lost; checking again makes up for that.
                drop(timeout(LOOK_AGAIN, shard.drained.notified()).await);
            }
            if !connection.closed.get() {
                // Whoever asked may be gone by now.
                let _ = reply.send(());
            }
        });
    }

    /// Nothing waits for a connection any more.
    pub(crate) fn note_drained(&self, connection: &Connection<E::Session>) {
        if connection.answers.in_queue.replace(false) {
            self.drained.notify_waiters();
        }
    }
}

/// Returns how many bytes wait after that: none for a connection that takes nothing any more.
#[inline]
fn enqueue<S>(connection: &Connection<S>, frame: &Rc<Frame>) -> usize {
    if connection.closed.get() {
        return 0;
    }
    let mut queue = connection.queue.borrow_mut();
    if connection.output.get() == Output::Broken {
        queue.push_in_vain(frame);
        return 0;
    }
    queue.push(Rc::clone(frame));
    queue.bytes()
}
