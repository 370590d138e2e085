//! The application that the tests speak to, and the log of what it saw.

use crate::harness::{DEADLINE, eventually};
use serde_json::value::RawValue;
use socketio_server::{
    Accepted, Answer, Arguments, CloseReason, ConnectionId, EndFn, Event, Handler, Handshake, Hub,
    Membership, Publication, Refused, Room, Socket, SocketIds, Waker,
    encode::{self, Rendered},
};
use std::{
    collections::HashMap,
    sync::{Arc, Condvar, Mutex},
    time::Instant,
};
use tokio::sync::oneshot;

/// What the application saw, one line for each thing.
#[derive(Default)]
pub(crate) struct Log {
    lines: Mutex<Vec<String>>,
    more: Condvar,
    /// The sockets that wait for a wake, in the order in which they came to that.
    waiting: Mutex<Vec<Waiting>>,
    listeners: Mutex<Vec<(Hub, ConnectionId)>>,
}

/// A socket whose CONNECT, or whose wake, another thread decides on.
#[derive(Clone)]
pub(crate) struct Waiting {
    waker: Waker,
    answer: Arc<Mutex<Option<Answer>>>,
}

impl Waiting {
    pub(crate) fn send(&self, name: &str) {
        self.publish(encode::event("/later", None, name, &Arguments::new()));
    }

    pub(crate) fn publish(&self, packet: Rendered) {
        self.waker.hub().send(self.waker.connection(), packet.into());
    }

    pub(crate) async fn drained(&self) -> bool {
        self.waker.hub().drained(self.waker.connection()).await
    }

    pub(crate) fn probe(&self) -> oneshot::Receiver<()> {
        self.waker.hub().probe(self.waker.connection())
    }

    pub(crate) async fn unconfirmed(&self) -> Option<u64> {
        self.waker.hub().unconfirmed(self.waker.connection(), false).await
    }

    pub(crate) fn decide(&self, answer: Answer) {
        self.answer.lock().unwrap().replace(answer);
    }

    pub(crate) fn wake(&self) {
        self.waker.wake();
    }
}

impl Log {
    /// What a look at what is unconfirmed gave: without what TCP says, and with it.
    pub(crate) fn receipt(&self, nth: usize) -> (usize, usize) {
        eventually("a receipt", || self.count_prefix("unconfirmed ") > nth);
        let lines = self.lines.lock().unwrap();
        let line = lines.iter().filter_map(|line| line.strip_prefix("unconfirmed ")).nth(nth).unwrap();
        let (without, with) = line.split_once(' ').unwrap();
        (without.parse().unwrap(), with.parse().unwrap())
    }

    /// Notes who listens, until it has gone.
    pub(crate) fn listen(self: &Arc<Self>, hub: &Hub, connection: ConnectionId) -> EndFn {
        self.listeners.lock().unwrap().push((hub.clone(), connection));
        let log = Arc::clone(self);
        log.add("listens");
        Box::new(move |reason| log.add(format!("stopped listening: {reason}")))
    }

    /// Sends to all who have listened.
    pub(crate) fn tell_listeners(&self, bytes: &[u8]) {
        let publication = Publication::bytes(bytes);
        for (hub, connection) in &*self.listeners.lock().unwrap() {
            hub.send(*connection, publication.clone());
        }
    }

    /// The socket that waits next.
    pub(crate) fn waiting(&self) -> Waiting {
        self.wait_for_prefix("/later waits");
        let mut lines = self.lines.lock().unwrap();
        lines.retain(|line| line != "/later waits");
        self.waiting.lock().unwrap().pop().expect("a socket")
    }

    pub(crate) fn add(&self, line: impl Into<String>) {
        self.lines.lock().unwrap().push(line.into());
        self.more.notify_all();
    }

    /// Keeps the thread until the test has added as many lines `go on` as have come here.
    pub(crate) fn stop_at_gate(&self) {
        self.add("at the gate");
        self.wait_for(self.count("at the gate"), "go on");
    }

    /// How many lines of the one kind came before the first of the other.
    pub(crate) fn count_before(&self, line: &str, end: &str) -> usize {
        let lines = self.lines.lock().unwrap();
        lines.iter().take_while(|other| *other != end).filter(|other| *other == line).count()
    }

    pub(crate) fn count(&self, line: &str) -> usize {
        self.lines.lock().unwrap().iter().filter(|other| *other == line).count()
    }

    pub(crate) fn count_prefix(&self, prefix: &str) -> usize {
        self.lines.lock().unwrap().iter().filter(|line| line.starts_with(prefix)).count()
    }

    /// Waits until the log has `count` such lines.
    pub(crate) fn wait_for(&self, count: usize, line: &str) {
        let start = Instant::now();
        let mut lines = self.lines.lock().unwrap();
        while lines.iter().filter(|other| *other == line).count() < count {
            let left = DEADLINE.checked_sub(start.elapsed());
            let left = left.unwrap_or_else(|| panic!("{line:?} did not come; the log: {lines:#?}"));
            lines = self.more.wait_timeout(lines, left).unwrap().0;
        }
    }

    /// Waits for a line that begins so.
    pub(crate) fn wait_for_prefix(&self, prefix: &str) -> String {
        let start = Instant::now();
        let mut lines = self.lines.lock().unwrap();
        loop {
            if let Some(line) = lines.iter().find(|line| line.starts_with(prefix)) {
                return line.clone();
            }
            let left = DEADLINE.checked_sub(start.elapsed());
            let left = left.unwrap_or_else(|| panic!("{prefix:?} did not come; the log: {lines:#?}"));
            lines = self.more.wait_timeout(lines, left).unwrap().0;
        }
    }
}

/// Namespaces `/` and `/custom`, and `/later`, whose CONNECT is answered from a test's thread. Events, each acknowledged with its arguments if asked for:
/// `echo` comes back; `join` and `leave` a room; `say` a text to a room, whose members get `said` with a number that
/// counts the room's messages; `flood` sends that many `drop`s of that many bytes; `close` has the server close; `hang`,
/// `gate` and `panic` do as they say; `pause` has the client wait for a wake; `receipt` notes what is unconfirmed, and after `panic when closed` the end of a connection panics; others count only.
pub(crate) struct Chat {
    log: Arc<Log>,
    rooms: Mutex<HashMap<String, (Room, u64)>>,
}

impl Chat {
    pub(crate) fn new(log: Arc<Log>) -> Self {
        Self { log, rooms: Mutex::default() }
    }

    /// Lets the test decide.
    fn later(&self, socket: &Socket<'_>, session: &Session) {
        let waiting = Waiting { waker: socket.waker(), answer: Arc::clone(&session.answer) };
        self.log.waiting.lock().unwrap().push(waiting);
        self.log.add("/later waits".to_owned());
    }
}

fn receipt(socket: &Socket<'_>) -> String {
    format!("unconfirmed {} {}", socket.unconfirmed(false), socket.unconfirmed(true))
}

fn emit(socket: &Socket<'_>, name: &str, args: &Arguments) {
    socket.send(encode::event(socket.namespace(), None, name, args));
}

pub(crate) fn args(values: &[&str]) -> Arguments {
    values.iter().fold(Arguments::new(), |args, value| args.json(value).unwrap())
}

#[derive(Default)]
pub(crate) struct Session {
    memberships: HashMap<String, Membership>,
    answer: Arc<Mutex<Option<Answer>>>,
}

impl Handler for Chat {
    type Peer = ();
    type Session = Session;

    fn open(&self, handshake: &Handshake<'_>) {
        self.log.add(format!("open from {}", handshake.ip().expect("over TCP")));
    }

    fn connect(
        &self,
        socket: &Socket<'_>,
        _peer: &(),
        auth: Option<&RawValue>,
    ) -> Result<Accepted<Session>, Refused> {
        let refused = |message: &str, data: Option<&RawValue>| {
            Err(Refused { message: message.to_owned(), data: data.map(ToOwned::to_owned) })
        };
        match (socket.namespace(), auth) {
            ("/", Some(auth)) => refused("no credentials are wanted", Some(auth)),
            ("/" | "/custom", _) => Ok(Accepted::Connected(Session::default(), SocketIds::default())),
            ("/later", _) => {
                let session = Session::default();
                self.later(socket, &session);
                Ok(Accepted::Later(session))
            }
            _ => Err(Refused::unknown_namespace()),
        }
    }

    fn answer(&self, _socket: &Socket<'_>, _peer: &(), session: &mut Session) -> Answer {
        self.log.add("asked".to_owned());
        session.answer.lock().unwrap().take().unwrap_or(Answer::Later)
    }

    fn connected(&self, socket: &Socket<'_>, _session: &mut Session) {
        if socket.namespace() == "/later" {
            emit(socket, "connected", &Arguments::new());
        }
    }

    fn woken(&self, socket: &Socket<'_>, _peer: &(), _session: &mut Session) {
        socket.resume();
        emit(socket, "woken", &Arguments::new());
    }

    fn event(&self, socket: &Socket<'_>, _peer: &(), session: &mut Session, event: &Event<'_>) {
        let text = |index: usize| -> String { serde_json::from_str(event.args[index].get()).unwrap() };
        let number = |index: usize| -> usize { event.args[index].get().parse().unwrap() };
        match event.name {
            "echo" => emit(socket, "echo", &Arguments::from_incoming(event.args, event.attachments)),
            "join" => {
                let mut rooms = self.rooms.lock().unwrap();
                let (room, _) = rooms.entry(text(0)).or_insert_with(|| (socket.hub().room(), 0));
                session.memberships.insert(text(0), room.join(socket.connection()));
            }
            "leave" => {
                let _rooms = self.rooms.lock().unwrap();
                session.memberships.remove(&text(0));
            }
            "say" => {
                let mut rooms = self.rooms.lock().unwrap();
                let (room, count) = rooms.get_mut(&text(0)).unwrap();
                *count += 1;
                let args = Arguments::new().json(count).unwrap().raw(event.args[1]);
                room.publish(&encode::event("/", None, "said", &args).into());
            }
            "flood" => {
                let args = args(&[&"x".repeat(number(1))]);
                for _ in 0..number(0) {
                    emit(socket, "drop", &args);
                }
            }
            "pause" => {
                socket.pause();
                self.later(socket, session);
            }
            "receipt" => self.log.add(receipt(socket)),
            "hang" => std::thread::park(),
            "gate" => self.log.stop_at_gate(),
            "panic" => panic!("as the client wants"),
            "close" => socket.hub().close(socket.connection()),
            _ => {}
        }
        if let Some(id) = event.ack {
            socket.ack(id, &Arguments::from_incoming(event.args, event.attachments));
        }
        self.log.add(format!("event {}", event.name));
    }

    fn disconnect(&self, socket: &Socket<'_>, _peer: &(), _session: Session, reason: &CloseReason) {
        self.log.add(receipt(socket));
        self.log.add(format!("{} ended: {reason}", socket.namespace()));
    }

    fn close(&self, _connection: ConnectionId, _peer: (), reason: &CloseReason) {
        assert_eq!(self.log.count("event panic when closed"), 0);
        self.log.add(format!("closed: {reason}"));
    }
}
