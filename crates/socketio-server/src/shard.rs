//! A shard: one thread, one runtime, the connections it owns, and nothing shared but its inbox.
//!
//! A turn drains the inbox, which puts frames into the members' queues and each connection once onto the dirty list;
//! then one pass writes every dirty connection with one system call. What is read while the turn waits for the
//! processor is gathered into the same pass.

mod close;
mod members;

use crate::{
    app::App,
    config::Config,
    connection::{
        CloseReason, Connection, ConnectionId, ConnectionKey, Output, Transport,
        queue::{Flushed, Queue},
    },
    engine::{AskError, Engine, Handshake},
    frame::{Frame, Publication},
    http,
    hub::Hub,
    inbox::Command,
    rate::Bucket,
    room::RoomId,
    sid::Sid,
    stream::Stream,
    timers::Timers,
    transport::{upgrade, websocket::SpareContext},
};
use slotmap::SlotMap;
use smallvec::SmallVec;
use socketio_protocol::engine::{
    handshake,
    heartbeat::{Beat, Heartbeat},
    packet::Packet,
};
use std::{
    cell::{Cell, RefCell},
    collections::{HashMap, VecDeque},
    rc::Rc,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::sync::Notify;

/// Bytes of the buffer that all connections of a shard are read into.
const SCRATCH: usize = 64 << 10;

pub(crate) struct Shard<E: Engine> {
    pub(crate) index: u16,
    pub(crate) hub: Hub,
    pub(crate) config: Arc<Config>,
    pub(crate) engine: Arc<E>,
    pub(crate) app: App,
    pub(crate) scratch: RefCell<Box<[u8]>>,
    pub(crate) spare: SpareContext,
    /// Entries leave in [`Shard::close`].
    connections: RefCell<SlotMap<ConnectionKey, Rc<Connection<E::Session>>>>,
    /// Entries leave in [`Shard::close`].
    by_sid: RefCell<HashMap<Sid, ConnectionKey>>,
    /// Entries leave with the last member, in [`Shard::unseat`].
    rooms: RefCell<HashMap<RoomId, Members<E>>>,
    /// The last words to long-polling clients that had no request waiting. Entries leave when the client asks, or
    /// with the linger time.
    pub(crate) farewells: RefCell<HashMap<Sid, String>>,
    dirty: RefCell<Vec<Rc<Connection<E::Session>>>>,
    timers: RefCell<Timers>,
    /// The turn is on: its end flushes, so nobody needs to wake it.
    turning: Cell<bool>,
    ping: Rc<Frame>,
    /// No new connections.
    pub(crate) shutting_down: Cell<bool>,
    /// Sockets with a task of their own.
    pub(crate) sockets: Cell<usize>,
    /// Told when a socket or a farewell goes.
    pub(crate) gone: Notify,
    /// Told when HTTP sockets are to end after the response under way.
    pub(crate) wind_up: Notify,
}

type ConnectionOf<E> = Rc<Connection<<E as Engine>::Session>>;
type Members<E> = Vec<ConnectionOf<E>>;

impl<E: Engine> Shard<E> {
    pub(crate) fn new(index: u16, hub: Hub, config: Arc<Config>, engine: Arc<E>, app: App) -> Rc<Self> {
        Rc::new(Self {
            index,
            hub,
            spare: SpareContext::new(config.max_payload),
            config,
            engine,
            app,
            scratch: RefCell::new(vec![0; SCRATCH].into()),
            connections: RefCell::default(),
            by_sid: RefCell::default(),
            rooms: RefCell::default(),
            farewells: RefCell::default(),
            dirty: RefCell::default(),
            timers: RefCell::default(),
            turning: Cell::new(false),
            ping: Rc::new(Frame::text("2")),
            shutting_down: Cell::new(false),
            sockets: Cell::new(0),
            gone: Notify::new(),
            wind_up: Notify::new(),
        })
    }

    /// Works until it is told to stop.
    pub(crate) async fn run(self: Rc<Self>) {
        let mut batch = VecDeque::new();
        let mut armed = None;
        let sleep = tokio::time::sleep(Duration::ZERO);
        tokio::pin!(sleep);
        loop {
            let next = self.timers.borrow().next();
            if let Some(next) = next.filter(|_| next != armed) {
                sleep.as_mut().reset(next.into());
            }
            armed = next;
            tokio::select! {
                biased;
                () = self.hub.inbox(self.index).wake.notified() => {}
                () = &mut sleep, if armed.is_some() => {}
            }
            self.turning.set(true);
            if self.hub.inbox(self.index).drain(&mut batch) {
                self.hub.relieved();
            }
            for command in batch.drain(..) {
                if matches!(command, Command::Stop) {
                    return;
                }
                self.carry_out(command);
            }
            self.run_timers();
            self.flush_dirty();
            self.turning.set(false);
            if batch.capacity() > 1024 {
                batch = VecDeque::new();
            }
        }
    }

    fn carry_out(self: &Rc<Self>, command: Command) {
        match command {
            Command::Accept { stream, peer } => http::accept(self, stream, peer),
            Command::Join { room, connection } => self.seat(room, connection),
            Command::Leave { room, connection } => self.leave(room, connection),
            Command::Deliver { room, publication } => self.deliver(room, &publication),
            Command::Send { connection, publication } => {
                if let Some(connection) = self.connection(connection) {
                    self.send(&connection, &publication);
                }
            }
            Command::SendAll { namespace, publication } => {
                let hears = |session: &Option<E::Session>| {
                    session.as_ref().is_some_and(|session| self.engine.hears(session, &namespace))
                };
                let all: Vec<_> = self.connections.borrow().values().cloned().collect();
                for connection in all.iter().filter(|connection| hears(&connection.session.borrow())) {
                    self.send(connection, &publication);
                }
            }
            Command::Ask { connection, ask } => match self.connection(connection) {
                None => (ask.answer)(Err(AskError::Disconnected)),
                Some(connection) => {
                    let mut session = connection.session.borrow_mut();
                    let publication = session
                        .as_mut()
                        .and_then(|session| self.engine.ask(&connection.link(&self.hub), session, *ask));
                    drop(session);
                    if let Some(publication) = publication {
                        self.send(&connection, &publication);
                    }
                }
            },
            Command::Close { connection, reason } => {
                if let Some(connection) = self.connection(connection) {
                    self.close(&connection, reason);
                }
            }
            Command::Poll { sid, ticket, reply } => self.poll(sid, ticket, reply),
            Command::PollGone { sid, ticket } => self.poll_gone(sid, ticket),
            Command::Post { sid, body, reply } => self.post(sid, body, reply),
            Command::Upgrade { sid, stream, early } => upgrade::start(self, sid, stream, early),
            Command::MayUpgrade { sid, reply } => drop(reply.send(upgrade::may_start(self, sid))),
            Command::Shutdown { done } => self.shut_down(done),
            Command::Stop => {}
        }
    }

    /// Makes a connection of a client that has shaken hands. `transport` carries it from here on.
    pub(crate) fn open(self: &Rc<Self>, handshake: &Handshake<'_>, transport: Transport) -> ConnectionOf<E> {
        let now = Instant::now();
        let sid = Sid::random(self.index);
        let connection = {
            let mut connections = self.connections.borrow_mut();
            let key = connections.insert_with_key(|key| {
                Rc::new(Connection {
                    id: ConnectionId { shard: self.index, key },
                    sid,
                    transport: RefCell::new(transport),
                    queue: RefCell::new(Queue::default()),
                    output: Cell::new(Output::Flushed),
                    closed: Cell::new(false),
                    heartbeat: Cell::new(Heartbeat::new(now, &self.config.timing)),
                    confirm_by: now + self.config.connect_timeout,
                    confirmed: Cell::new(false),
                    armed: Cell::new(None),
                    bucket: Cell::new(Bucket::full(now, self.config.event_rate)),
                    rooms: RefCell::default(),
                    session: RefCell::new(None),
                })
            });
            Rc::clone(&connections[key])
        };
        self.by_sid.borrow_mut().insert(sid, connection.id.key);
        let session = self.engine.open(&connection.link(&self.hub), handshake);
        connection.session.replace(Some(session));
        self.arm(&connection);
        connection
    }

    /// The Engine.IO handshake packet of a connection.
    pub(crate) fn handshake_packet(&self, connection: &Connection<E::Session>) -> String {
        let upgrades: &[&str] = match &*connection.transport.borrow() {
            Transport::Polling(_) => &["websocket"],
            Transport::WebSocket(_) => &[],
        };
        handshake::Handshake {
            sid: &connection.sid.to_string(),
            upgrades,
            ping_interval: self.config.timing.interval,
            ping_timeout: self.config.timing.timeout,
            max_payload: self.config.max_payload as u64,
        }
        .encode()
    }

    pub(crate) fn connection(&self, key: ConnectionKey) -> Option<ConnectionOf<E>> {
        self.connections.borrow().get(key).cloned()
    }

    /// Finds the session that a request names; one whose ping timeout has passed is closed here and now.
    pub(crate) fn session(self: &Rc<Self>, sid: Sid) -> Option<ConnectionOf<E>> {
        let key = *self.by_sid.borrow().get(&sid)?;
        let connection = self.connection(key)?;
        self.beat(&connection, Instant::now());
        (!connection.closed.get()).then_some(connection)
    }

    /// Counts a socket while the guard lives.
    pub(crate) fn count_socket(self: &Rc<Self>) -> SocketGuard<E> {
        self.sockets.update(|count| count + 1);
        SocketGuard(Rc::clone(self))
    }

    /// Handles one Engine.IO packet from the client.
    pub(crate) fn receive(
        self: &Rc<Self>,
        connection: &ConnectionOf<E>,
        packet: Packet<'_>,
    ) -> Result<(), CloseReason> {
        let wrong = |rule: &str| Err(CloseReason::ProtocolError(rule.to_owned()));
        let mut session = connection.session.borrow_mut();
        let Some(session) = session.as_mut() else {
            return Ok(());
        };
        let link = connection.link(&self.hub);
        match packet {
            Packet::Message(text) => {
                self.count_message(connection);
                self.engine.text(&link, session, &text)
            }
            Packet::Binary(data) => {
                self.count_message(connection);
                self.engine.binary(&link, session, data)
            }
            Packet::Pong(_) => {
                connection.beat(|heartbeat| heartbeat.pong(Instant::now(), &self.config.timing));
                self.arm(connection);
                Ok(())
            }
            Packet::Close => Err(CloseReason::ClientClosed),
            Packet::Noop => Ok(()),
            Packet::Ping(_) => wrong("the server pings, not the client"),
            Packet::Open(_) => wrong("an open packet from the client"),
            Packet::Upgrade => wrong("an upgrade packet without a probe"),
        }
    }

    fn count_message(&self, connection: &Connection<E::Session>) {
        if self.config.event_rate.is_some() {
            let mut bucket = connection.bucket.get();
            bucket.take();
            connection.bucket.set(bucket);
        }
    }

    /// How long the sender is over its rate.
    pub(crate) fn must_wait(&self, connection: &Connection<E::Session>) -> Option<Duration> {
        let rate = self.config.event_rate?;
        let mut bucket = connection.bucket.get();
        let wait = bucket.wait(Instant::now(), rate);
        connection.bucket.set(bucket);
        wait
    }

    /// Waits until the sender may be read from: it is under its rate, and no inbox is over its limit. Time spent here
    /// does not count towards the ping timeout, since a pong may be among what is not read.
    pub(crate) async fn hold(&self, connection: &Connection<E::Session>) {
        connection.beat(|heartbeat| heartbeat.hold(Instant::now()));
        while let Some(wait) = self.must_wait(connection) {
            tokio::time::sleep(wait).await;
        }
        self.hub.relief().await;
        connection.beat(|heartbeat| heartbeat.release(Instant::now()));
    }

    /// Puts a publication into a connection's queue.
    pub(crate) fn send(self: &Rc<Self>, connection: &ConnectionOf<E>, publication: &Publication) {
        for frame in publication.frames() {
            self.push(connection, &Rc::new(frame.clone()));
        }
    }

    pub(crate) fn push(self: &Rc<Self>, connection: &ConnectionOf<E>, frame: &Rc<Frame>) {
        if self.enqueue(connection, frame) {
            self.relieve(connection);
        }
    }

    /// Sends to a room's members: the hot path. One copy of the frames serves all members on this shard.
    fn deliver(self: &Rc<Self>, room: RoomId, publication: &Publication) {
        let frames: SmallVec<[Rc<Frame>; 1]> =
            publication.frames().iter().map(|frame| Rc::new(frame.clone())).collect();
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
        if connection.closed.get() {
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
            self.dirty.borrow_mut().push(Rc::clone(connection));
            if !self.turning.get() {
                self.hub.inbox(self.index).wake.notify_one();
            }
        }
    }

    fn flush_dirty(self: &Rc<Self>) {
        // Taken, since a connection that breaks may make others dirty: those go with the next turn.
        let mut dirty = self.dirty.take();
        for connection in dirty.drain(..) {
            if connection.output.get() == Output::Dirty {
                connection.output.set(Output::Flushed);
                self.flush(&connection);
            }
        }
        let late = self.dirty.replace(dirty);
        if !late.is_empty() {
            self.dirty.borrow_mut().extend(late);
            self.hub.inbox(self.index).wake.notify_one();
        }
    }

    /// Writes what the client takes. A blocked socket gets a task that waits for it; the others go on.
    pub(crate) fn flush(self: &Rc<Self>, connection: &ConnectionOf<E>) {
        let Some(stream) = connection.websocket() else { return self.flush_poll(connection) };
        if !self.flush_stream(connection, &stream)
            && connection.output.replace(Output::Blocked) != Output::Blocked
        {
            let (shard, connection) = (Rc::clone(self), Rc::clone(connection));
            tokio::task::spawn_local(async move {
                while stream.writable().await.is_ok() && !shard.flush_stream(&connection, &stream) {}
                connection.output.set(Output::Flushed);
            });
        }
    }

    /// False when the socket takes no more for now.
    fn flush_stream(self: &Rc<Self>, connection: &ConnectionOf<E>, stream: &Stream) -> bool {
        let flushed = connection.queue.borrow_mut().flush(stream);
        match flushed {
            Ok(Flushed::Blocked) => return false,
            Ok(Flushed::All) if connection.closed.get() => stream.shut(std::net::Shutdown::Write),
            Ok(Flushed::All) => {}
            Err(_) => self.close(connection, CloseReason::ConnectionLost),
        }
        true
    }

    /// Sees to it that the timers come back to the connection at its deadline.
    pub(crate) fn arm(&self, connection: &Connection<E::Session>) {
        let deadline = connection.deadline();
        if connection.armed.get().is_some_and(|armed| armed <= deadline) {
            return;
        }
        connection.armed.set(Some(deadline));
        let mut timers = self.timers.borrow_mut();
        let is_first = timers.next().is_none_or(|next| deadline < next);
        timers.add(deadline, connection.id.key);
        if is_first && !self.turning.get() {
            self.hub.inbox(self.index).wake.notify_one();
        }
    }

    fn run_timers(self: &Rc<Self>) {
        let now = Instant::now();
        loop {
            let due = self.timers.borrow_mut().pop_due(now);
            let Some((at, key)) = due else { return };
            let Some(connection) = self.connection(key) else {
                continue;
            };
            if connection.armed.get() == Some(at) {
                connection.armed.set(None);
                self.beat(&connection, now);
                self.arm(&connection);
            }
        }
    }

    /// Does what is due for a connection.
    fn beat(self: &Rc<Self>, connection: &ConnectionOf<E>, now: Instant) {
        if !connection.confirmed.get() && now >= connection.confirm_by {
            return self.close(connection, CloseReason::ConnectTimeout);
        }
        match connection.beat(|heartbeat| heartbeat.poll(now, &self.config.timing)) {
            Beat::Idle => {}
            Beat::SendPing => self.push(connection, &self.ping.clone()),
            Beat::TimedOut => self.close(connection, CloseReason::PingTimeout),
        }
    }
}

pub(crate) struct SocketGuard<E: Engine>(Rc<Shard<E>>);

impl<E: Engine> Drop for SocketGuard<E> {
    fn drop(&mut self) {
        self.0.sockets.update(|count| count - 1);
        self.0.gone.notify_waiters();
    }
}
