//! A connection: one Engine.IO session, whatever carries it. It belongs to one shard and never leaves its thread.

pub(crate) mod intake;
pub(crate) mod queue;
mod reason;
pub(crate) mod receipt;

pub use reason::CloseReason;

use crate::{
    bounds::{Charge, Place},
    engine::{Link, WayOut},
    engineio::{polling::Polling, sid::Sid, websocket::Probe},
    http::subscriber::Subscribed,
    hub::Hub,
    room::{Room, RoomId},
    shard::behind::Pace,
    stream::Stream,
};
use intake::Intake;
use queue::Queue;
use receipt::Receipt;
use slotmap::Key;
use smallvec::SmallVec;
use socketio_protocol::engine::heartbeat::Heartbeat;
use std::{
    cell::{Cell, RefCell},
    fmt,
    rc::Rc,
    time::{Duration, Instant},
};
use tokio::sync::Notify;

/// Bytes of answers that may wait for a client before it is no longer read from.
const MOST_ANSWERS: usize = 64 << 10;

slotmap::new_key_type! {
    /// Names a connection within its shard; never used twice.
    pub(crate) struct ConnectionKey;
}

/// Names a connection from anywhere. After its end it names nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ConnectionId {
    pub(crate) shard: u16,
    pub(crate) key: ConnectionKey,
}

/// For a log: unique in this process.
impl fmt::Display for ConnectionId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}-{:x}", self.shard, self.key.data().as_ffi())
    }
}

pub(crate) struct Connection<S> {
    pub(crate) id: ConnectionId,
    pub(crate) sid: Sid,
    pub(crate) transport: RefCell<Transport>,
    pub(crate) queue: RefCell<Queue>,
    pub(crate) output: Cell<Output>,
    pub(crate) closed: Cell<bool>,
    pub(crate) heartbeat: Cell<Heartbeat>,
    pub(crate) receipt: Cell<Receipt>,
    /// Set while its input waits for the engine; told when that goes on.
    pub(crate) pause: RefCell<Option<Rc<Notify>>>,
    /// When it must have connected a namespace.
    pub(crate) confirm_by: Instant,
    pub(crate) confirmed: Cell<bool>,
    /// The earliest entry in the shard's timers that counts for it.
    pub(crate) armed: Cell<Option<Instant>>,
    pub(crate) intake: Cell<Intake>,
    /// When the message that is arriving over the WebSocket began.
    pub(crate) message_since: Cell<Option<Instant>>,
    /// An event that waits for its attachments.
    pub(crate) waiting_event: RefCell<Option<Box<WaitingEvent>>>,
    /// Its place in the bounds, if it counts apart from its sockets.
    pub(crate) place: Cell<Option<Place>>,
    /// Its WebSocket comes through another server, so what TCP has delivered may not be the client's.
    pub(crate) is_relayed: Cell<bool>,
    pub(crate) answers: Answers,
    pub(crate) pace: Cell<Pace>,
    /// Its places in the shard's lists of room members.
    pub(crate) rooms: RefCell<SmallVec<[Seat; 1]>>,
    /// The room that it left last. Entering and leaving speaks in a room as well, so it waits for that room too.
    pub(crate) left: RefCell<Option<Box<Left>>>,
    /// Taken at the close.
    pub(crate) session: RefCell<Option<S>>,
}

/// An event whose attachments are still to come.
pub(crate) struct WaitingEvent {
    pub(crate) since: Instant,
    pub(crate) charge: Charge,
}

/// What will write the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Output {
    /// Nothing: the queue was empty.
    Flushed,
    /// It is in the shard's dirty list.
    Dirty,
    /// A task that waits for the socket writes it.
    Blocked,
    /// Nobody: the client takes nothing any more. What it sent before it went still counts, so the connection ends
    /// once that has been read.
    Broken,
}

/// The answers to its own packets, from when they are made until the client has taken them.
#[derive(Debug, Default)]
pub(crate) struct Answers {
    /// Bytes on their way to the queue, through the shard's inbox.
    pub(crate) on_their_way: Cell<usize>,
    /// The queue has held one since it was last empty.
    pub(crate) in_queue: Cell<bool>,
}

/// A place in the shard's list of a room's members.
#[derive(Clone)]
pub(crate) struct Seat {
    pub(crate) room: Room,
    pub(crate) index: usize,
}

/// A room that a connection has left, and until when it waits for that at most.
pub(crate) struct Left {
    pub(crate) room: Room,
    pub(crate) until: Instant,
}

/// What an engine may ask of a connection, whatever its session is.
pub(crate) trait Carrier {
    /// Bytes that the client may not have received.
    fn unconfirmed(&self, trusts_tcp: bool) -> u64;
    /// Makes its input wait.
    fn pause(&self);
    /// Lets its input go on.
    fn resume(&self);
}

impl<S> Carrier for Connection<S> {
    fn unconfirmed(&self, trusts_tcp: bool) -> u64 {
        self.unconfirmed(trusts_tcp)
    }

    fn pause(&self) {
        self.pause.borrow_mut().get_or_insert_default();
    }

    fn resume(&self) {
        if let Some(pause) = self.pause.take() {
            pause.notify_one();
        }
    }
}

/// What carries a connection.
pub(crate) enum Transport {
    WebSocket(Rc<Stream>),
    Polling(Box<Polling>),
    Subscriber(Box<Subscribed>),
}

impl Transport {
    /// Its place among [`TRANSPORTS`](crate::figures::TRANSPORTS).
    pub(crate) fn place(&self) -> usize {
        match self {
            Self::Polling(_) => 0,
            Self::WebSocket(_) => 1,
            Self::Subscriber(_) => 2,
        }
    }

    /// The WebSocket that is trying to take over, if there is one.
    pub(crate) fn probe(&mut self) -> Option<&mut Probe> {
        match self {
            Self::Polling(polling) => polling.probe.as_mut(),
            Self::WebSocket(_) | Self::Subscriber(_) => None,
        }
    }
}

impl<S> Connection<S> {
    pub(crate) fn link<'a>(&'a self, hub: &'a Hub) -> Link<'a> {
        self.link_with(hub, WayOut::Inbox)
    }

    pub(crate) fn link_with<'a>(&'a self, hub: &'a Hub, way_out: WayOut<'a>) -> Link<'a> {
        Link { hub, id: self.id, confirmed: &self.confirmed, answers: &self.answers, carrier: self, way_out }
    }

    /// The socket that is written to directly, if there is one.
    pub(crate) fn stream(&self) -> Option<Rc<Stream>> {
        match &*self.transport.borrow() {
            Transport::WebSocket(stream) => Some(Rc::clone(stream)),
            Transport::Subscriber(subscribed) => subscribed.carrier.socket(),
            Transport::Polling(_) => None,
        }
    }

    /// Whether a room that it is in is under pressure. Many who were quiet may begin together, so each of them is
    /// checked before it is read from.
    pub(crate) fn must_not_speak(&self) -> bool {
        self.rooms.borrow().iter().any(|seat| seat.room.pressure().is_over())
    }

    /// A room under pressure that it speaks in.
    pub(crate) fn room_under_pressure(&self, now: Instant) -> Option<Room> {
        let is_on = |room: &&Room| room.pressure().is_on(now);
        let rooms = self.rooms.borrow();
        let in_it = rooms.iter().map(|seat| &seat.room).find(is_on);
        let left = self.left.borrow();
        let left = || left.as_ref().filter(|left| now < left.until).map(|left| &left.room).filter(is_on);
        in_it.or_else(left).cloned()
    }

    /// The flow that it is written with: the first of its rooms.
    pub(crate) fn flow(&self) -> Option<RoomId> {
        self.rooms.borrow().first().map(|seat| seat.room.id())
    }

    /// When something must be done for it unless something happens before.
    pub(crate) fn deadline(&self, message_timeout: Duration) -> Instant {
        let deadline = self.heartbeat.get().deadline();
        let deadline = if self.confirmed.get() { deadline } else { deadline.min(self.confirm_by) };
        self.unfinished_since().map_or(deadline, |since| deadline.min(since + message_timeout))
    }

    /// Since when it has owed the rest of a message, or of an event.
    pub(crate) fn unfinished_since(&self) -> Option<Instant> {
        let event = self.waiting_event.borrow().as_ref().map(|event| event.since);
        self.message_since.get().into_iter().chain(event).min()
    }

    /// Does not count time in which it was not read from.
    pub(crate) fn forgive(&self, time: Duration) {
        self.message_since.update(|since| since.map(|since| since + time));
        if let Some(event) = &mut *self.waiting_event.borrow_mut() {
            event.since += time;
        }
    }

    /// Changes the counts of its input.
    pub(crate) fn count(&self, change: impl FnOnce(&mut Intake)) {
        let mut intake = self.intake.get();
        change(&mut intake);
        self.intake.set(intake);
    }

    /// Whether answers to its own packets wait for the client to take them.
    pub(crate) fn owes_answers(&self) -> bool {
        let on_their_way = self.answers.on_their_way.get();
        (on_their_way > 0 || self.answers.in_queue.get())
            && on_their_way + self.queue.borrow().bytes() > MOST_ANSWERS
    }

    /// Changes the heartbeat, which is `Copy` so that no borrow is held.
    pub(crate) fn beat<T>(&self, change: impl FnOnce(&mut Heartbeat) -> T) -> T {
        let mut heartbeat = self.heartbeat.get();
        let result = change(&mut heartbeat);
        self.heartbeat.set(heartbeat);
        result
    }
}
