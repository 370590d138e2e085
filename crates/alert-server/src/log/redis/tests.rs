//! The library and the link, against a Redis of their own.

use super::*;
use crate::config::RedisAddress;
use crate::log::contract::{DEADLINE, shown};
use crate::log::{Backend, Page, Query, Start};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use tempfile::TempDir;
use tokio::sync::mpsc;
use tokio::time::timeout;

/// A Redis that a test has started.
struct Server {
    process: Child,
    folder: TempDir,
}

impl Server {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let process = Self::run(&folder);
        Self { process, folder }
    }

    fn run(folder: &TempDir) -> Child {
        let path = |name: &str| folder.path().join(name).display().to_string();
        Command::new("redis-server")
            .args(["--port", "0", "--unixsocket", &path("redis"), "--dir", &path(""), "--appendonly", "yes"])
            .stdout(Stdio::null())
            .spawn()
            .expect("redis-server is installed")
    }

    fn settings(&self) -> RedisSettings {
        let address =
            RedisAddress::parse(&format!("unix://{}", self.folder.path().join("redis").display())).unwrap();
        RedisSettings { address, prefix: "alert".to_owned(), timeout: Duration::from_secs(5) }
    }

    async fn node(&self, run: u64) -> Shared {
        let retention = Retention { messages: 100, age: Duration::from_secs(7 * 24 * 3600), bytes: 1 << 20 };
        let opened = async {
            loop {
                if let Ok(node) = Shared::connect(&self.settings(), Run::new(run), retention).await {
                    return node;
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        timeout(DEADLINE, opened).await.expect("Redis starts")
    }

    fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    fn start_again(&mut self) {
        self.process = Self::run(&self.folder);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Hears a room, and hands on what it hears.
struct Listener(Mutex<mpsc::UnboundedSender<Heard>>);

#[derive(Debug, PartialEq)]
enum Heard {
    Begins,
    Entry(Entry),
}

impl Ear for Listener {
    fn hear(&self, entry: Entry) {
        let _ = self.0.lock().unwrap().send(Heard::Entry(entry));
    }

    fn begins(&self) {
        let _ = self.0.lock().unwrap().send(Heard::Begins);
    }
}

struct Listening {
    heard: mpsc::UnboundedReceiver<Heard>,
    _subscribed: Subscribed,
}

impl Listening {
    async fn new(node: &Shared, room: &RoomCode) -> Self {
        let (tell, heard) = mpsc::unbounded_channel();
        let subscribed = node.hear(room, Arc::new(Listener(Mutex::new(tell))));
        let mut listening = Self { heard, _subscribed: subscribed };
        assert_eq!(listening.next().await, Heard::Begins);
        listening
    }

    async fn next(&mut self) -> Heard {
        timeout(DEADLINE, self.heard.recv()).await.expect("in time").unwrap()
    }

    async fn change(&mut self) -> Change {
        match self.next().await {
            Heard::Entry(entry) => entry.change,
            Heard::Begins => panic!("it had begun"),
        }
    }
}

fn room(code: &str) -> RoomCode {
    RoomCode::parse(code, 64).unwrap()
}

fn name(text: &str) -> UserName {
    UserName::parse(text, 64).unwrap()
}

async fn say(
    node: &Shared,
    room: &RoomCode,
    text: &str,
    key: Option<KeyDigest>,
) -> Result<Fate, Unavailable> {
    let (tell, told) = tokio::sync::oneshot::channel();
    node.say(room, (&name("Ada"), text), key, |fate| _ = tell.send(fate));
    timeout(DEADLINE, told).await.expect("in time").unwrap()
}

async fn said(node: &Shared, room: &RoomCode, text: &str) -> Position {
    match say(node, room, text, None).await {
        Ok(Fate::Said(placed)) => placed.position,
        other => panic!("{other:?}"),
    }
}

async fn enter(node: &Shared, room: &RoomCode, who: &str, connections: u32) -> Arrival {
    let (tell, told) = tokio::sync::oneshot::channel();
    node.enter(room, &name(who), connections, |arrival| _ = tell.send(arrival));
    timeout(DEADLINE, told).await.expect("in time").unwrap().unwrap()
}

async fn read(node: &Shared, room: &RoomCode, start: Start, limit: usize) -> Page {
    let (tell, told) = tokio::sync::oneshot::channel();
    node.read(room.clone(), Query { start, limit }, Box::new(|page| drop(tell.send(page))));
    timeout(DEADLINE, told).await.expect("in time").unwrap().unwrap()
}

fn is_said(change: &Change, expected: &str) -> bool {
    matches!(change, Change::Event(alert_core::event::What::Said { text, .. }) if **text == *expected)
}

#[tokio::test]
async fn given_two_nodes_then_both_hear_one_order_and_read_one_log() {
    let server = Server::start();
    let (one, two) = (server.node(1).await, server.node(2).await);
    let room = room("K7Q-FM2-XD9 é{x}");
    let (mut at_one, mut at_two) = (Listening::new(&one, &room).await, Listening::new(&two, &room).await);
    let a = said(&one, &room, "a").await;
    let b = said(&two, &room, "b\n\u{1f600}").await;
    assert_eq!((b.epoch, b.number), (a.epoch, a.number + 1));
    for listening in [&mut at_one, &mut at_two] {
        assert!(is_said(&listening.change().await, "a"));
        assert!(is_said(&listening.change().await, "b\n\u{1f600}"));
    }
    for node in [&one, &two] {
        assert_eq!(shown(&read(node, &room, Start::After(a), 9).await), (vec!["b\n\u{1f600}"], None, false));
        assert_eq!(shown(&read(node, &room, Start::Newest, 1).await), (vec!["b\n\u{1f600}"], None, true));
        assert_eq!(shown(&read(node, &room, Start::Before(b), 9).await), (vec!["a"], None, false));
    }
}

#[tokio::test]
async fn given_a_key_then_it_is_said_once_whichever_node_it_comes_to() {
    let server = Server::start();
    let (one, two) = (server.node(1).await, server.node(2).await);
    let (room, key) = (room("room"), Some(KeyDigest([7; 16])));
    let Ok(Fate::Said(first)) = say(&one, &room, "a", key).await else { panic!() };
    let Ok(Fate::Again(again)) = say(&two, &room, "a", key).await else { panic!() };
    assert_eq!((first.position, first.at), (again.position, again.at));
    assert_eq!(say(&two, &room, "b", key).await, Ok(Fate::KeyReused));
    assert_eq!(read(&one, &room, Start::Oldest, 9).await.messages.len(), 1);
}

#[tokio::test]
async fn given_a_person_on_two_nodes_then_they_enter_once_and_leave_once() {
    let server = Server::start();
    let (one, two) = (server.node(1).await, server.node(2).await);
    let room = room("room");
    let mut heard = Listening::new(&one, &room).await;
    let ada = name("Ada");
    assert!(enter(&one, &room, "Ada", 1).await.is_new);
    assert!(!enter(&two, &room, "Ada", 1).await.is_new);
    one.go(&room, &ada, 0, Going::Leaves, |_| {});
    assert_eq!(one.members(&room).await.unwrap().count(), 1);
    assert_eq!(two.rooms().await, Ok(vec![(room.clone(), 1)]));
    two.go(&room, &ada, 0, Going::Lost(Duration::from_secs(60)), |_| {});
    let state = one.state(&room, None).await.unwrap();
    assert_eq!((state.people.len(), state.lost.len()), (1, 1));
    assert!(!enter(&one, &room, "Ada", 1).await.is_new, "back within the grace");
    one.go(&room, &ada, 0, Going::Lost(Duration::from_millis(1)), |_| {});
    loop {
        let next = one.expire(&room).await.unwrap();
        if next.is_none() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    assert_eq!(one.rooms().await, Ok(vec![]));
    let mut kinds = Vec::new();
    while kinds.last() != Some(&"left") {
        kinds.push(match heard.change().await {
            Change::Event(alert_core::event::What::Entered { count: 1, .. }) => "entered",
            Change::Event(alert_core::event::What::Left { count: 0, .. }) => "left",
            Change::Again(_) => "again",
            Change::Lost(..) => "lost",
            other @ Change::Event(_) => panic!("{other:?}"),
        });
    }
    assert_eq!(kinds, ["entered", "again", "lost", "again", "lost", "left"]);
}

#[tokio::test]
async fn given_a_node_that_has_ended_then_its_people_leave_and_nobody_else_does() {
    let server = Server::start();
    let (one, two) = (server.node(1).await, server.node(2).await);
    let room = room("room");
    enter(&one, &room, "Ada", 1).await;
    enter(&one, &room, "Bob", 2).await;
    enter(&two, &room, "Bob", 1).await;
    enter(&two, &room, "Cy", 1).await;
    two.declare_of(Run::new(1), true, &room, []);
    let state = two.state(&room, None).await.unwrap();
    assert_eq!(state.people, ["Bob", "Cy"].map(name));
    // It was only cut off: it says who is there.
    one.declare(&room, [(&name("Ada"), 1)]);
    assert_eq!(one.state(&room, None).await.unwrap().people, ["Bob", "Cy", "Ada"].map(name));
}

#[tokio::test]
async fn given_a_redis_that_is_killed_then_nothing_that_was_acknowledged_is_lost_or_said_twice() {
    let mut server = Server::start();
    let node = server.node(1).await;
    let room = room("room");
    let mut heard = Listening::new(&node, &room).await;
    let mut last = said(&node, &room, "0").await;
    for round in 1..=3 {
        server.kill();
        let (tell, told) = tokio::sync::oneshot::channel();
        node.say(&room, (&name("Ada"), &round.to_string()), None, |fate| _ = tell.send(fate));
        server.start_again();
        let Ok(Fate::Said(placed)) = timeout(DEADLINE, told).await.unwrap().unwrap() else {
            panic!("{round}")
        };
        assert_ne!(placed.position.epoch, last.epoch, "another start of Redis");
        last = placed.position;
    }
    let page = read(&node, &room, Start::Oldest, 9).await;
    assert_eq!(shown(&page).0, ["0", "1", "2", "3"]);
    assert_eq!(
        shown(&read(&node, &room, Start::After(page.messages[0].position), 9).await).0,
        ["1", "2", "3"]
    );
    let mut begins = 0;
    while begins < 3 {
        if heard.next().await == Heard::Begins {
            begins += 1;
        }
    }
}

#[tokio::test]
async fn given_many_threads_that_speak_at_once_then_each_message_is_said_once() {
    let server = Server::start();
    let node = server.node(1).await;
    let room = room("room");
    let (tell, mut told) = mpsc::unbounded_channel();
    let speakers: Vec<_> = (0..8)
        .map(|_| {
            let (node, room, tell) = (node.clone(), room.clone(), tell.clone());
            std::thread::spawn(move || {
                for _ in 0..250 {
                    let tell = tell.clone();
                    node.say(&room, (&name("Ada"), "x"), None, move |fate| tell.send(fate).unwrap());
                }
            })
        })
        .collect();
    let mut numbers = std::collections::HashSet::new();
    for _ in 0..2_000 {
        match timeout(DEADLINE, told.recv()).await.expect("in time").unwrap() {
            Ok(Fate::Said(placed)) => assert!(numbers.insert(placed.position.number), "{placed:?} twice"),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(said(&node, &room, "the last").await.number, 2_001);
    speakers.into_iter().for_each(|speaker| speaker.join().unwrap());
}

#[tokio::test]
async fn given_a_call_that_is_repeated_then_it_is_carried_out_once_even_if_its_message_is_gone() {
    let server = Server::start();
    let node = server.node(1).await;
    let room = room("room");
    let first = said(&node, &room, "0").await;
    let repeat = async || {
        let texts = ["1", "Ada", "0", "", ""].map(str::as_bytes).map(<[u8]>::to_vec);
        let mut args = [node.begin(), vec![node.node()], texts.into()].concat();
        args.extend([bytes(100), node.age(), bytes(KEY_AGE.as_millis())]);
        let call = Call { function: "say", keys: node.0.keys.of(&room), args, numbered: None };
        match Fate::parse(node.0.link.ask(call).await.unwrap()) {
            Ok(Fate::Said(placed)) => placed.position,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(repeat().await, first, "the answer of the first");
    for number in 1..=100 {
        said(&node, &room, &number.to_string()).await;
    }
    let last = repeat().await;
    assert_eq!(last.number, 101, "its own place is not known any more");
    let page = read(&node, &room, Start::Oldest, 1000).await;
    assert_eq!((page.messages.len(), shown(&page).0[99]), (100, "100"));
}

#[tokio::test]
async fn given_a_redis_that_went_back_then_whoever_had_more_hears_of_a_gap() {
    let server = Server::start();
    let node = server.node(1).await;
    let room = room("room");
    let mut at = Vec::new();
    for text in ["a", "b", "c"] {
        at.push(said(&node, &room, text).await);
    }
    // As after a failover to a replica that had only the first.
    let base = Keys::new("alert").room(&room);
    let run = |args: &[&str]| {
        let socket = server.folder.path().join("redis");
        let done = Command::new("redis-cli").arg("-s").arg(socket).args(args).output().unwrap();
        assert!(done.status.success(), "{done:?}");
    };
    run(&["XDEL", &format!("{base}:log"), "1-2", "1-3"]);
    run(&["HSET", &format!("{base}:meta"), "number", "1", "token", "of another"]);
    let d = said(&node, &room, "d").await;
    assert_ne!(d.epoch, at[0].epoch);
    let unknown = Some(crate::log::Gap { missed: None });
    assert_eq!(shown(&read(&node, &room, Start::After(at[0]), 9).await), (vec!["d"], None, false));
    assert_eq!(shown(&read(&node, &room, Start::After(at[2]), 9).await), (vec!["d"], unknown, false));
}

#[tokio::test]
async fn given_too_many_messages_then_the_oldest_go_and_the_gap_is_counted() {
    let server = Server::start();
    let node = server.node(1).await;
    let room = room("room");
    let mut at = Vec::new();
    for number in 0..150 {
        at.push(said(&node, &room, &number.to_string()).await);
    }
    let page = read(&node, &room, Start::After(at[9]), 1000).await;
    assert_eq!((page.messages.len(), page.gap), (100, Some(crate::log::Gap { missed: Some(40) })));
    assert_eq!(read(&node, &room, Start::After(at[49]), 1000).await.gap, None);
    assert_eq!(read(&node, &room, Start::Oldest, 10).await.messages.len(), 10);
}
