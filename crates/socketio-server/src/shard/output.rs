//! What clients get: into the queues, and from there onto the sockets. The second half of the hot path.

use super::{
    ConnectionOf, Shard,
    input::LOOK_AGAIN,
    pass::{SLICE, Slice},
};
use crate::{
    connection::{
        CloseReason, Connection, Output, Transport,
        queue::{Flushed, Piece},
    },
    engine::Engine,
    frame::{Frame, Publication},
    ring::Send,
    room::Delivery,
    stream::{Sink, Stream},
};
use smallvec::SmallVec;
use std::{net::Shutdown, rc::Rc, time::Instant};
use tokio::{sync::oneshot, time::timeout};

/// For each connection of a slice, how many bytes its socket took.
type Taken = SmallVec<[usize; SLICE]>;

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
    pub(crate) fn deliver(self: &Rc<Self>, delivery: &Delivery) {
        let Delivery { room, publication, published, .. } = delivery;
        let room = room.id();
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
            self.note_delivery(members, frames, *published);
        }
        self.wake_for_dirty();
        for connection in full {
            self.relieve(&connection);
        }
    }

    /// Counts what has been put into the members' queues.
    #[inline]
    fn note_delivery(&self, members: &[ConnectionOf<E>], frames: &[Rc<Frame>], published: Instant) {
        let (counters, count) = (&self.counters, members.len() as u64);
        let bytes: usize = frames.iter().map(|frame| frame.wire().len()).sum();
        counters.published.add(1);
        counters.deliveries.add(count);
        counters.delivered_bytes.add(count * bytes as u64);
        if self.samples.wants(published, counters) {
            self.samples.begin(published, members, counters);
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
        // What was written in the meantime may be there once more, or twice: each connection is written once.
        slice.retain(|connection| {
            let is_dirty = connection.output.get() == Output::Dirty;
            if is_dirty {
                connection.output.set(Output::Flushed);
            }
            is_dirty
        });
        let sent = self.send_together(&slice);
        for (index, connection) in slice.iter().enumerate() {
            self.flush_rest(connection, sent.get(index).copied().unwrap_or(0));
        }
        let is_last = self.dirty.borrow().is_empty();
        if is_last {
            self.gather.borrow_mut().clear();
        }
        is_last
    }

    /// Sends what each of these connections has first in one system call, where the shard has a ring. Returns how many
    /// bytes each socket took. What none were taken of is for [`Shard::flush_rest`], which finds out why; so are
    /// connections that are not a plain socket, and one that would be alone.
    fn send_together(&self, slice: &Slice<Connection<E::Session>>) -> Taken {
        let mut ring = self.ring.borrow_mut();
        if slice.len() < 2 || !ring.is_there() {
            return Taken::new();
        }
        let mut places = SmallVec::<[usize; SLICE]>::new();
        let mut pieces = SmallVec::<[(Rc<Stream>, Piece); SLICE]>::new();
        for (place, connection) in slice.iter().enumerate() {
            if let Some(stream) = connection.stream()
                && stream.plain().is_some()
                && let Some(piece) = connection.queue.borrow().first_piece(&mut self.gather.borrow_mut())
            {
                places.push(place);
                pieces.push((stream, piece));
            }
        }
        let mut all = SmallVec::from_elem(0, slice.len());
        if pieces.len() > 1 {
            let sends: SmallVec<[Send<'_>; SLICE]> = pieces
                .iter()
                .filter_map(|(stream, piece)| Some(Send { socket: stream.plain()?, bytes: piece.bytes() }))
                .collect();
            let mut taken: Taken = SmallVec::from_elem(0, sends.len());
            if let Err(error) = ring.send(&sends, &mut taken) {
                self.counters.ring.take(1);
                tracing::warn!(%error, "io_uring failed: this thread sends with a system call for each socket from now on");
            }
            self.counters.batched.add(taken.iter().filter(|count| **count > 0).count() as u64);
            for (place, count) in places.into_iter().zip(taken) {
                all[place] = count;
            }
        }
        all
    }

    /// Writes what the client takes. A blocked socket gets a task that waits for it; then the connection queues again.
    pub(crate) fn flush(self: &Rc<Self>, connection: &ConnectionOf<E>) {
        self.flush_rest(connection, 0);
    }

    /// The same, after `sent` bytes of the first piece have been sent.
    fn flush_rest(self: &Rc<Self>, connection: &ConnectionOf<E>, sent: usize) {
        match connection.stream() {
            Some(stream) => self.write_out(connection, &stream, sent),
            None => self.flush_without_socket(connection),
        }
    }

    /// The client's responses do not have a socket to themselves.
    fn flush_without_socket(self: &Rc<Self>, connection: &ConnectionOf<E>) {
        let outlet = match &*connection.transport.borrow() {
            Transport::Subscriber(subscribed) => subscribed.carrier.outlet(),
            Transport::Polling(_) | Transport::WebSocket(_) => None,
        };
        match outlet {
            Some(outlet) => self.write_out(connection, &outlet, 0),
            None => self.flush_poll(connection),
        }
    }

    #[inline]
    fn write_out<S: Sink>(self: &Rc<Self>, connection: &ConnectionOf<E>, stream: &Rc<S>, sent: usize) {
        let before = connection.output.get();
        let flushed = {
            let mut queue = connection.queue.borrow_mut();
            let flushed = queue.flush(sent, &**stream, &mut self.gather.borrow_mut());
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
                let stream = Rc::clone(stream);
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
