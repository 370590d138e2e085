//! The one place where a connection ends, and all of them on shutdown.

use super::{ConnectionOf, Shard};
use crate::{
    connection::{CloseReason, Output, Transport, queue::Queue},
    engine::Engine,
    engineio::{
        polling::{Farewell, Poll, PollEnd},
        sid::Sid,
    },
    frame::Frame,
    shard::behind::Pace,
    stream::Stream,
};
use bytes::Bytes;
use std::{net::Shutdown, rc::Rc, time::Duration};
use tokio::{
    sync::oneshot,
    time::{Instant, sleep, timeout_at},
};

/// How long the client of a closed connection may take to read what is still queued, and to close its side.
const LINGER: Duration = Duration::from_secs(3);
/// The same on shutdown, when everything has been written: about one round trip.
const PARTING: Duration = Duration::from_millis(250);
/// How long long-polling clients have to fetch their farewells on shutdown: about one round trip.
const FAREWELL: Duration = Duration::from_secs(1);

impl<E: Engine> Shard<E> {
    /// Ends a connection: it is forgotten, and its client is told why, if possible.
    pub(crate) fn close(self: &Rc<Self>, connection: &ConnectionOf<E>, reason: CloseReason) {
        if connection.closed.replace(true) {
            return;
        }
        self.counters.closes(connection.transport.borrow().place(), reason.place());
        self.connections.borrow_mut().remove(connection.id.key);
        self.by_sid.borrow_mut().remove(&connection.sid);
        self.probes.borrow_mut().remove(&connection.id.key);
        connection.place.take();
        connection.waiting_event.take();
        for seat in connection.rooms.take() {
            self.unseat(connection, seat);
        }
        connection.pace.set(Pace::KeepsUp);
        if let Some(session) = connection.session.take() {
            self.engine.close(&connection.link(&self.hub), session, &reason);
        }
        match &mut *connection.transport.borrow_mut() {
            Transport::WebSocket(stream) => match reason.close_code() {
                None => {
                    connection.queue.borrow_mut().clear();
                    stream.shut(Shutdown::Both);
                }
                Some(code) => {
                    let frame = Frame::close(code, &reason.to_string());
                    connection.queue.borrow_mut().push(Rc::new(frame));
                    self.mark_dirty(connection);
                    self.linger_with(connection, stream);
                }
            },
            Transport::Subscriber(subscriber) => {
                if let Some(at_end) = subscriber.at_end.take() {
                    at_end(&reason);
                }
                subscriber.closed.notify_one();
                if reason.close_code().is_none() {
                    connection.queue.borrow_mut().clear();
                    subscriber.carrier.cut_off();
                } else {
                    connection.queue.borrow_mut().push(Rc::clone(&subscriber.last));
                    self.mark_dirty(connection);
                    // A stream of HTTP/2 sees to its end itself.
                    if let Some(stream) = subscriber.carrier.socket() {
                        self.linger_with(connection, &stream);
                    }
                }
            }
            Transport::Polling(polling) => {
                if let Some(probe) = polling.probe.take() {
                    probe.stream.shut(Shutdown::Both);
                }
                let queue = connection.queue.take();
                self.part_from_poller(connection.sid, polling.take_poll(), queue, &reason);
            }
        }
    }

    fn linger_with(self: &Rc<Self>, connection: &ConnectionOf<E>, stream: &Rc<Stream>) {
        let connection = Rc::downgrade(connection);
        self.linger(stream, move || {
            let output = connection.upgrade().map(|connection| connection.output.get());
            matches!(output, Some(Output::Dirty | Output::Blocked))
        });
    }

    /// Cuts off a closed socket when its client takes too long to close its side. On shutdown that is soon, but not
    /// while there is still something to write.
    pub(crate) fn linger(self: &Rc<Self>, stream: &Rc<Stream>, has_output: impl Fn() -> bool + 'static) {
        // Weak, so that the socket of a client that closes right away is freed right away.
        let (shard, stream) = (Rc::clone(self), Rc::downgrade(stream));
        tokio::task::spawn_local(async move {
            let end = Instant::now() + LINGER;
            if !shard.shutting_down.get() {
                let goes = shard.going.notified();
                let _ = timeout_at(end, goes).await;
            }
            while Instant::now() < end {
                sleep(PARTING).await;
                if !has_output() {
                    break;
                }
            }
            if let Some(stream) = stream.upgrade() {
                stream.shut(Shutdown::Both);
            }
        });
    }

    fn part_from_poller(
        self: &Rc<Self>,
        sid: Sid,
        poll: Option<Poll>,
        mut queue: Queue,
        reason: &CloseReason,
    ) {
        let last_word = match reason {
            // Packet `1` in an error response: python-engineio reads a `1` in a 200 as an order to go for good (its
            // `disconnect` with SERVER_DISCONNECT), and does not come back. The official JavaScript client comes back
            // either way.
            CloseReason::Shutdown => Err(PollEnd::Restart),
            CloseReason::ServerDisconnect | CloseReason::Dismissed(_) => Ok(Bytes::from_static(b"1")),
            // A client that closed by itself gets a noop for its pending poll, as from the reference server.
            reason => {
                let end = if *reason == CloseReason::ClosePacket { "6" } else { "1" };
                return poll.into_iter().for_each(|poll| poll.answer(Ok(queue.take_payload(Some(end)))));
            }
        };
        let mut farewell = Farewell::new(queue, last_word);
        if let Some(poll) = poll {
            let (words, is_last) = farewell.next();
            poll.answer(words);
            if is_last {
                return;
            }
        }
        self.say_farewell(sid, farewell);
    }

    /// Keeps the farewell to a client until it asks for it.
    fn say_farewell(self: &Rc<Self>, sid: Sid, farewell: Farewell) {
        self.farewells.borrow_mut().insert(sid, farewell);
        let shard = Rc::clone(self);
        tokio::task::spawn_local(async move {
            sleep(FAREWELL).await;
            shard.farewells.borrow_mut().remove(&sid);
            shard.gone.notify_waiters();
        });
    }

    /// Closes every connection so that it comes back. `done` is told when the farewells have been fetched.
    pub(super) fn shut_down(self: &Rc<Self>, done: oneshot::Sender<()>) {
        self.shutting_down.set(true);
        self.going.notify_waiters();
        let all: Vec<_> = self.connections.borrow().values().cloned().collect();
        for connection in all {
            self.close(&connection, CloseReason::Shutdown);
        }
        self.tell_when(done, |shard| shard.farewells.borrow().is_empty());
    }

    /// Lets HTTP end, but not before the farewells of all shards have been fetched: a client may fetch its own over a
    /// socket of any shard. `done` is told when no socket is left.
    pub(super) fn wind_up(self: &Rc<Self>, done: oneshot::Sender<()>) {
        self.winding_up.notify_waiters();
        self.tell_when(done, |shard| shard.sockets.get() == 0);
    }

    fn tell_when(self: &Rc<Self>, done: oneshot::Sender<()>, is_so: impl Fn(&Self) -> bool + 'static) {
        let shard = Rc::clone(self);
        tokio::task::spawn_local(async move {
            loop {
                let gone = shard.gone.notified();
                if is_so(&shard) {
                    break;
                }
                gone.await;
            }
            // If the server's time to shut down is up, nobody listens any more.
            let _ = done.send(());
        });
    }
}
