//! A shard: one thread, one runtime, the connections it owns, and nothing shared but its inbox.
//!
//! A turn drains the inbox, which puts frames into the members' queues and each connection once onto the dirty list;
//! then the first of that list are written, each with one system call. What is read between two turns joins the queues
//! that are still to be written, so under load a message does not wait for a pass that began before it.

mod beat;
pub(crate) mod behind;
mod close;
pub(crate) mod congestion;
pub(crate) mod inbox;
mod input;
mod members;
mod output;
mod pass;
mod probe;
mod sample;
mod survey;
pub(crate) mod timers;

use crate::{
    config::Config,
    connection::{
        Answers, Connection, ConnectionId, ConnectionKey, Output, Transport,
        intake::Intake,
        queue::{Gather, Queue},
    },
    engine::{Engine, Handshake},
    engineio::{polling::Farewell, sid::Sid, upgrade, websocket::SpareContext},
    figures::Counters,
    frame::Frame,
    http::{self, app::App, line::FreeLines},
    hub::Hub,
    ring::Ring,
    room::RoomId,
    shard::{inbox::Command, timers::Timers},
};
use behind::Pace;
use pass::Pass;
use sample::Samples;
use slotmap::SlotMap;
use socketio_protocol::engine::{handshake, heartbeat::Heartbeat};
use std::{
    cell::{Cell, RefCell},
    collections::{HashMap, HashSet, VecDeque},
    rc::Rc,
    sync::Arc,
    time::{Duration, Instant},
};
pub use survey::{Behind, Survey};
use tokio::sync::Notify;

/// How long a connection's input, or the commands of an inbox, may be processed before others run.
const TURN: Duration = Duration::from_micros(500);

/// Deliveries, or work that takes as long, between two looks at the clock: a look takes as long as one of them.
const LOOK_AFTER: usize = 64;

/// Bytes of the buffer that all connections of a shard are read into.
const SCRATCH: usize = 64 << 10;

pub(crate) struct Shard<E: Engine> {
    pub(crate) index: u16,
    /// Of several servers, what the ids of this one's sessions begin with; otherwise empty.
    pub(crate) name: Box<str>,
    pub(crate) hub: Hub,
    pub(crate) counters: Arc<Counters>,
    pub(super) samples: Samples<E::Session>,
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
    /// The farewells to long-polling clients. An entry leaves with its last answer, or after [`close::FAREWELL`].
    pub(crate) farewells: RefCell<HashMap<Sid, Farewell>>,
    /// Connections with something to write.
    dirty: RefCell<Pass<Connection<E::Session>>>,
    /// Members for whom too much waits. Entries leave in `behind::look_after`.
    behind: RefCell<HashSet<ConnectionKey>>,
    /// Who waits for which client's sign of life. Entries leave with that, or in [`Shard::close`].
    probes: RefCell<HashMap<ConnectionKey, Vec<probe::Probe>>>,
    /// Told when a queue that held answers is empty.
    drained: Notify,
    /// When the task that runs now has to let others run.
    turn_ends: Cell<Instant>,
    pub(crate) lines: FreeLines,
    /// Holds frames while the dirty list does.
    gather: RefCell<Gather>,
    /// Sends to many sockets at once.
    ring: RefCell<Ring>,
    timers: RefCell<Timers>,
    /// Turns are running: the last one ends with an empty dirty list, so nobody needs to wake it.
    turning: Cell<bool>,
    ping: Rc<Frame>,
    /// No new connections.
    pub(crate) shutting_down: Cell<bool>,
    /// Sockets that are being told why they are not served.
    pub(crate) turned_away: Cell<usize>,
    /// Sockets with a task of their own.
    pub(crate) sockets: Cell<usize>,
    /// Told when a socket or a farewell is gone.
    pub(crate) gone: Notify,
    /// Told on shutdown.
    going: Notify,
    /// Told when HTTP sockets are to end after the response under way.
    pub(crate) winding_up: Notify,
}

pub(crate) type ConnectionOf<E> = Rc<Connection<<E as Engine>::Session>>;
type Members<E> = Vec<ConnectionOf<E>>;

impl<E: Engine> Shard<E> {
    pub(crate) fn new(index: u16, hub: Hub, config: Arc<Config>, engine: Arc<E>, app: App) -> Rc<Self> {
        let ring = if config.uring { Ring::make() } else { Ring::none() };
        hub.counters(index).ring.add(ring.is_there().into());
        Rc::new(Self {
            ring: RefCell::new(ring),
            index,
            name: config.peers.as_ref().map(|peers| peers.this().to_string().into()).unwrap_or_default(),
            lines: FreeLines::default(),
            spare: SpareContext::new(&hub, config.max_payload),
            counters: Arc::clone(hub.counters(index)),
            samples: Samples::new(),
            hub,
            config,
            engine,
            app,
            scratch: RefCell::new(vec![0; SCRATCH].into()),
            connections: RefCell::default(),
            by_sid: RefCell::default(),
            rooms: RefCell::default(),
            farewells: RefCell::default(),
            dirty: RefCell::default(),
            behind: RefCell::default(),
            probes: RefCell::default(),
            drained: Notify::new(),
            turn_ends: Cell::new(Instant::now()),
            gather: RefCell::default(),
            timers: RefCell::default(),
            turning: Cell::new(false),
            ping: Rc::new(Frame::text("2")),
            shutting_down: Cell::new(false),
            turned_away: Cell::new(0),
            sockets: Cell::new(0),
            gone: Notify::new(),
            going: Notify::new(),
            winding_up: Notify::new(),
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
            loop {
                if batch.is_empty() {
                    self.hub.inbox(self.index).drain(&mut batch, self.hub.congestion());
                }
                let (mut now, mut work) = (self.begin_turn(), 0);
                if self.samples.are_open() {
                    self.samples.look(now, &self.counters);
                }
                while let Some(command) = batch.pop_front() {
                    if matches!(command, Command::Stop) {
                        return;
                    }
                    work += command.work();
                    self.carry_out(command);
                    if work >= LOOK_AFTER {
                        (now, work) = (Instant::now(), 0);
                        if self.turn_is_over(now) {
                            break;
                        }
                    }
                }
                self.run_timers(now);
                if self.flush_dirty() && batch.is_empty() {
                    if self.samples.are_open() {
                        self.samples.look(Instant::now(), &self.counters);
                    }
                    break;
                }
                tokio::task::yield_now().await;
            }
            self.turning.set(false);
            if batch.capacity() > 1024 {
                batch = VecDeque::new();
            }
        }
    }

    /// Begins a turn, and returns the time. Long work asks [`Shard::turn_is_over`] after each step.
    pub(crate) fn begin_turn(&self) -> Instant {
        let now = Instant::now();
        self.turn_ends.set(now + TURN);
        now
    }

    pub(crate) fn turn_is_over(&self, now: Instant) -> bool {
        now >= self.turn_ends.get()
    }

    /// Has a request carried out by the shard that owns its session: directly, if that is this one.
    pub(crate) fn hand_over(self: &Rc<Self>, sid: Sid, command: Command) {
        if sid.shard() == self.index {
            self.carry_out(command);
        } else {
            self.hub.push(sid.shard(), command);
        }
    }

    fn carry_out(self: &Rc<Self>, command: Command) {
        match command {
            Command::Accept { stream, peer, to_https, arrival } => {
                http::connection::accept(self, stream, peer, to_https, arrival);
            }
            Command::Join { room, connection } => self.seat(room, connection),
            Command::Leave { room, connection } => self.leave(room, connection),
            Command::Rouse { room } => self.rouse(room),
            Command::Deliver(delivery) => self.deliver(&delivery),
            Command::Send { connection, publication } => {
                if let Some(connection) = self.connection(connection) {
                    self.send(&connection, &publication);
                }
            }
            Command::Answer { connection, publication } => {
                if let Some(connection) = self.connection(connection) {
                    connection.answers.on_their_way.update(|bytes| bytes - publication.size());
                    connection.answers.in_queue.set(true);
                    self.send(&connection, &publication);
                }
            }
            Command::TellDrained { connection, reply } => {
                if let Some(connection) = self.connection(connection) {
                    self.tell_drained(&connection, reply);
                }
            }
            Command::Probe { connection, reply } => {
                if let Some(connection) = self.connection(connection) {
                    self.probe(&connection, reply);
                }
            }
            Command::Confirm { connection, done } => {
                if let Some(connection) = self.connection(connection) {
                    self.confirm(&connection, done);
                }
            }
            Command::Unconfirmed { connection, trusts_tcp, reply } => {
                if let Some(connection) = self.connection(connection) {
                    let _ = reply.send(connection.unconfirmed(trusts_tcp));
                }
            }
            Command::Turn { reply } => drop(reply.send(())),
            Command::Wake { connection, socket } => {
                if let Some(connection) = self.connection(connection) {
                    self.wake(&connection, socket);
                }
            }
            Command::Close { connection, reason } => {
                if let Some(connection) = self.connection(connection) {
                    self.close(&connection, reason);
                }
            }
            Command::Poll { sid, ticket, reply } => self.poll(sid, ticket, reply),
            Command::EndPoll { sid, ticket } => self.end_poll(sid, ticket),
            Command::PollGone { sid, ticket } => self.poll_gone(sid, ticket),
            Command::Post { sid, body, reply } => self.post(sid, body, reply),
            Command::Upgrade { sid, stream, early, place, is_relayed } => {
                upgrade::start(self, sid, stream, early, (place, is_relayed));
            }
            Command::Knows { sid, reply } => drop(reply.send(self.session(sid).is_some())),
            Command::Survey { reply } => self.survey(reply),
            Command::Shutdown { done } => self.shut_down(done),
            Command::WindUp { done } => self.wind_up(done),
            Command::Stop => {}
        }
    }

    /// Makes a connection for a client that has shaken hands. `transport` carries it from here on.
    pub(crate) fn open(self: &Rc<Self>, handshake: &Handshake<'_>, transport: Transport) -> ConnectionOf<E> {
        let connection = self.insert(transport);
        self.by_sid.borrow_mut().insert(connection.sid, connection.id.key);
        let session = self.engine.open(&connection.link(&self.hub), handshake);
        connection.session.replace(Some(session));
        self.arm(&connection);
        connection
    }

    pub(crate) fn insert(&self, transport: Transport) -> ConnectionOf<E> {
        let now = Instant::now();
        self.counters.opens(transport.place());
        let mut connections = self.connections.borrow_mut();
        let key = connections.insert_with_key(|key| {
            Rc::new(Connection {
                id: ConnectionId { shard: self.index, key },
                sid: Sid::random(self.index),
                transport: RefCell::new(transport),
                queue: RefCell::new(Queue::default()),
                output: Cell::new(Output::Flushed),
                closed: Cell::new(false),
                heartbeat: Cell::new(Heartbeat::new(now, &self.config.timing)),
                receipt: Cell::default(),
                pause: RefCell::default(),
                confirm_by: now + self.config.connect_timeout,
                confirmed: Cell::new(false),
                armed: Cell::new(None),
                intake: Cell::new(Intake::default()),
                message_since: Cell::new(None),
                waiting_event: RefCell::default(),
                place: Cell::new(None),
                is_relayed: Cell::new(false),
                answers: Answers::default(),
                pace: Cell::new(Pace::KeepsUp),
                rooms: RefCell::default(),
                left: RefCell::default(),
                session: RefCell::new(None),
            })
        });
        Rc::clone(&connections[key])
    }

    /// The Engine.IO handshake packet of a connection.
    pub(crate) fn handshake_packet(&self, connection: &Connection<E::Session>) -> String {
        let upgrades: &[&str] = match &*connection.transport.borrow() {
            Transport::Polling(_) => &["websocket"],
            Transport::WebSocket(_) | Transport::Subscriber(_) => &[],
        };
        handshake::Handshake {
            sid: &format!("{}{}", self.name, connection.sid),
            upgrades,
            ping_interval: self.config.timing.interval,
            ping_timeout: self.config.timing.timeout,
            max_payload: self.config.max_payload as u64,
        }
        .encode()
    }

    /// The names of all connections that there are now.
    pub(crate) fn connection_keys(&self) -> Vec<ConnectionKey> {
        self.connections.borrow().keys().collect()
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

    /// Returns when the server shuts down.
    pub(crate) async fn shuts_down(&self) {
        if !self.shutting_down.get() {
            self.going.notified().await;
        }
    }

    /// Counts a socket while the guard lives.
    pub(crate) fn count_socket(self: &Rc<Self>) -> SocketGuard<E> {
        self.sockets.update(|count| count + 1);
        SocketGuard(Rc::clone(self))
    }
}

pub(crate) struct SocketGuard<E: Engine>(Rc<Shard<E>>);

impl<E: Engine> Drop for SocketGuard<E> {
    fn drop(&mut self) {
        self.0.sockets.update(|count| count - 1);
        self.0.gone.notify_waiters();
    }
}
