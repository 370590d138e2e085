//! Clusters of three masters: a room is whole and in order wherever its slot is.

use super::process::{Process, eventually, free_port};
use super::*;
use crate::log::{Seat, SeatId};
use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, AtomicUsize};
use std::time::{SystemTime, UNIX_EPOCH};
use tokio::time::interval;

struct Cluster {
    /// Three masters, then a replica of each if there are any.
    servers: Vec<Process>,
}

impl Cluster {
    fn start(replicas: bool, flags: &[&str]) -> Self {
        let count = if replicas { 6 } else { 3 };
        let cluster = Self { servers: (0..count).map(|_| member(flags)).collect() };
        for server in &cluster.servers[1..] {
            cluster.meet(server);
        }
        cluster.know_each_other(count);
        for (place, server) in cluster.servers.iter().enumerate() {
            if place < 3 {
                let (first, last) = (place * 16_384 / 3, (place + 1) * 16_384 / 3 - 1);
                assert_eq!(
                    server.cli(&["CLUSTER", "ADDSLOTSRANGE", &first.to_string(), &last.to_string()]),
                    "OK"
                );
            } else {
                let master = cluster.servers[place - 3].cli(&["CLUSTER", "MYID"]);
                assert_eq!(server.cli(&["CLUSTER", "REPLICATE", &master]), "OK");
            }
        }
        cluster.is_whole();
        cluster
    }

    fn meet(&self, server: &Process) {
        let first = &self.servers[0];
        let (port, bus) = (first.port.to_string(), first.cli(&["CONFIG", "GET", "cluster-port"]));
        server.cli(&["CLUSTER", "MEET", "127.0.0.1", &port, bus.lines().last().unwrap()]);
    }

    fn know_each_other(&self, count: usize) {
        for server in &self.servers {
            eventually("the members know each other", || {
                let nodes = server.cli(&["CLUSTER", "NODES"]);
                nodes.lines().count() == count && !nodes.contains("handshake")
            });
        }
    }

    fn is_whole(&self) {
        for server in &self.servers {
            eventually("the cluster is whole", || {
                let info = server.cli(&["CLUSTER", "INFO"]);
                info.contains("cluster_state:ok") && info.contains("cluster_slots_ok:16384")
            });
            eventually("the replicas follow", || {
                let info = server.cli(&["INFO", "replication"]);
                info.contains("role:master") || info.contains("master_link_status:up")
            });
        }
    }

    /// Named by one of its members, or all.
    fn settings(&self, url: &str) -> RedisSettings {
        let address = RedisAddress::parse(url).unwrap();
        RedisSettings { address, prefix: "alert".to_owned(), timeout: Duration::from_secs(5) }
    }

    async fn node(&self, run: u64) -> Shared {
        node_at(&self.settings(&self.servers[1].url()), run, WEEK).await
    }

    /// Which of its members has a slot.
    fn owner(&self, slot: usize) -> usize {
        let asked = self.servers.iter().find(|server| server.cli(&["PING"]) == "PONG").unwrap();
        let nodes = asked.cli(&["CLUSTER", "NODES"]);
        let has = |line: &&str| {
            let mut words = line.split(' ').skip(8);
            words.any(|range| {
                let (first, last) = range.split_once('-').unwrap_or((range, range));
                let is_in = |first: usize, last: usize| (first..=last).contains(&slot);
                first.parse().is_ok_and(|first| last.parse().is_ok_and(|last| is_in(first, last)))
            })
        };
        let line = nodes.lines().find(has).unwrap();
        let port = |server: &Process| line.contains(&format!(":{}@", server.port));
        self.servers.iter().position(port).unwrap()
    }

    /// Moves a slot with its keys, a few at a time.
    fn move_slot(&self, slot: usize, to: usize) {
        let from = &self.servers[self.owner(slot)];
        let to = &self.servers[to];
        let (from_id, to_id, slot) =
            (from.cli(&["CLUSTER", "MYID"]), to.cli(&["CLUSTER", "MYID"]), slot.to_string());
        assert_eq!(to.cli(&["CLUSTER", "SETSLOT", &slot, "IMPORTING", &from_id]), "OK");
        assert_eq!(from.cli(&["CLUSTER", "SETSLOT", &slot, "MIGRATING", &to_id]), "OK");
        let port = to.port.to_string();
        loop {
            let keys = from.cli(&["CLUSTER", "GETKEYSINSLOT", &slot, "2"]);
            if keys.is_empty() {
                break;
            }
            let mut migrate = vec!["MIGRATE", "127.0.0.1", &port, "", "0", "5000", "KEYS"];
            migrate.extend(keys.lines());
            let answer = from.cli(&migrate);
            assert!(answer == "OK" || answer == "NOKEY", "{answer}");
        }
        for server in [to, from].into_iter().chain(&self.servers) {
            server.cli(&["CLUSTER", "SETSLOT", &slot, "NODE", &to_id]);
        }
    }
}

fn member(flags: &[&str]) -> Process {
    let bus = free_port().to_string();
    let own = ["--cluster-enabled", "yes", "--cluster-node-timeout", "1000", "--cluster-port", &bus];
    let member = Process::new(&[&own, &["--repl-diskless-sync-delay", "0"][..], flags].concat(), &[]);
    member.answers();
    member
}

/// Two people who speak in a room on two nodes as fast as they are answered, until they are stopped; what was said is in
/// the ledger.
struct Speakers {
    stop: Arc<AtomicBool>,
    /// How much has been acknowledged.
    count: Arc<AtomicUsize>,
    said: Vec<tokio::task::JoinHandle<Vec<Position>>>,
}

impl Speakers {
    fn start(nodes: [&Shared; 2], room: &RoomCode) -> Self {
        let (stop, count) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let speak = |(place, node): (usize, &Shared)| {
            let (node, room, stop, count) =
                (node.clone(), room.clone(), Arc::clone(&stop), Arc::clone(&count));
            tokio::spawn(async move {
                let (tell, mut told) = mpsc::unbounded_channel();
                let (mut said, mut number, mut waits) = (Vec::new(), 0, 0);
                let mut pace = interval(Duration::from_millis(1));
                while !stop.load(Ordering::Relaxed) || waits > 0 {
                    // Many are on the way at a time.
                    while waits < 16 && !stop.load(Ordering::Relaxed) {
                        let (tell, text) = (tell.clone(), format!("{place} {number}"));
                        node.say(&room, (&name("Ada"), &text), None, None, move |fate| {
                            _ = tell.send((number, fate))
                        });
                        (number, waits) = (number + 1, waits + 1);
                    }
                    let (number, fate) = timeout(DEADLINE, told.recv()).await.expect("in time").unwrap();
                    waits -= 1;
                    match fate {
                        Ok(Fate::Said(placed)) => said.push(placed.position),
                        other => panic!("{place} {number}: {other:?}"),
                    }
                    count.fetch_add(1, Ordering::Relaxed);
                    pace.tick().await;
                }
                said
            })
        };
        let said = nodes.into_iter().enumerate().map(speak).collect();
        Self { stop, count, said }
    }

    /// Gives what waits until as much more has been said.
    fn progress(&self) -> impl Fn() + Send + use<> {
        let count = Arc::clone(&self.count);
        move || {
            let before = count.load(Ordering::Relaxed);
            eventually("more to be said", || count.load(Ordering::Relaxed) > before + 100);
        }
    }

    /// Makes sure that everything that was acknowledged is in the log, once and in order.
    async fn stop(self, node: &Shared, room: &RoomCode) -> Vec<String> {
        self.stop.store(true, Ordering::Relaxed);
        let mut acknowledged = HashSet::new();
        for said in self.said {
            for position in said.await.unwrap() {
                assert!(acknowledged.insert(position), "{position} twice");
            }
        }
        let mut texts = Vec::new();
        let mut page = read(node, room, Start::Oldest, 500).await;
        while let Some(last) = page.messages.last().map(|last| last.position) {
            texts.extend(shown(&page).0.into_iter().map(str::to_owned));
            for message in page.messages.iter() {
                assert!(acknowledged.remove(&message.position), "{} was not acknowledged", message.position);
            }
            page = read(node, room, Start::After(last), 500).await;
            assert_eq!(page.gap, None);
        }
        assert!(acknowledged.is_empty(), "{} are lost", acknowledged.len());
        for place in 0..2 {
            let own = texts.iter().filter_map(|text| text.strip_prefix(&format!("{place} ")));
            let numbers: Vec<usize> = own.map(|number| number.parse().unwrap()).collect();
            assert!(numbers.is_sorted_by(|one, other| one < other), "{numbers:?}");
            assert_eq!(numbers.len(), numbers.last().map_or(0, |last| last + 1));
        }
        texts
    }
}

async fn keeps_many(cluster: &Cluster, run: u64) -> Shared {
    let retention = Retention { messages: 100_000, age: WEEK, bytes: 1 << 20 };
    let settings = cluster.settings(&cluster.servers[0].url());
    Shared::connect(&settings, Run::new(run), retention).await.unwrap()
}

/// Waits until the events come again from wherever the room is. What is said before is looked for in the log.
async fn hears_again(listening: &mut Listening, node: &Shared, room: &RoomCode) {
    for attempt in 0..50 {
        let text = format!("again {attempt}");
        said(node, room, &text).await;
        let heard = async {
            while !matches!(listening.next().await, Heard::Entry(entry) if is_said(&entry.change, &text)) {}
        };
        if timeout(Duration::from_millis(300), heard).await.is_ok() {
            return;
        }
    }
    panic!("no events come");
}

fn slot_of(room: &RoomCode) -> usize {
    keys::slot_of(keys::tag(room))
}

#[tokio::test]
async fn given_a_cluster_then_each_room_is_on_one_master_and_all_together_are_one() {
    let cluster = Cluster::start(false, &[]);
    let (one, two) = (cluster.node(1).await, cluster.node(2).await);
    let rooms: Vec<RoomCode> = (0..50).map(|number| room(&format!("room {number}"))).collect();
    let mut owners = HashMap::new();
    for room in &rooms {
        let mut heard = Listening::new(&two, room).await;
        assert!(enter(&one, room, "Ada", 1).await.is_new);
        said(&one, room, "a").await;
        assert!(matches!(heard.change().await, Change::Event(alert_core::event::What::Entered { .. })));
        assert!(is_said(&heard.change().await, "a"));
        assert_eq!(shown(&read(&two, room, Start::Oldest, 9).await).0, ["a"]);
        *owners.entry(cluster.owner(slot_of(room))).or_insert(0) += 1;
    }
    assert_eq!(owners.len(), 3, "{owners:?}");
    let mut listed: Vec<_> = two.rooms().await.unwrap();
    listed.sort();
    let mut all: Vec<_> = rooms.iter().map(|room| (room.clone(), 1)).collect();
    all.sort();
    assert_eq!(listed, all);
    assert_eq!(one.session_key().await.unwrap().to_text(), two.session_key().await.unwrap().to_text());
    for number in 0..20 {
        let seat = Seat {
            room: rooms[0].clone(),
            name: name("Ada"),
            by_login: false,
            socket: "sid".into(),
            position: "8f3a1c20b7d41-57".parse().unwrap(),
            resumed: false,
            at: SystemTime::checked_add(&UNIX_EPOCH, Duration::from_millis(1_764_382_000_123)).unwrap(),
        };
        one.put_seat(SeatId([number; 16]), Some(seat.clone()));
        one.0.link.settle().await;
        let (tell, told) = tokio::sync::oneshot::channel();
        two.seat(SeatId([number; 16]), Box::new(move |seat| _ = tell.send(seat)));
        assert_eq!(timeout(DEADLINE, told).await.unwrap().unwrap(), Some(seat));
    }
    // A node that ends gives its people up on every master.
    assert!(one.renew().await.unwrap().0 || two.renew().await.is_ok());
    two.bury(&keys::name(Run::new(1)), "1").await;
    assert_eq!(two.rooms().await, Ok(vec![]));
    // One connection for calls and one for events to each master from each node; one is the question itself.
    for server in &cluster.servers {
        let clients = server.cli(&["CLIENT", "LIST", "TYPE", "normal"]).lines().count() - 1;
        let listeners = server.cli(&["CLIENT", "LIST", "TYPE", "pubsub"]).lines().count();
        assert!(clients + listeners <= 4, "{}", server.cli(&["CLIENT", "LIST"]));
    }
}

#[tokio::test]
async fn given_a_slot_that_is_moved_under_load_then_nothing_is_lost_or_said_twice_and_the_order_holds() {
    let cluster = Cluster::start(false, &[]);
    let (one, two) = (keeps_many(&cluster, 1).await, keeps_many(&cluster, 2).await);
    let room = room("room");
    let slot = slot_of(&room);
    let mut listening = Listening::new(&two, &room).await;
    let speakers = Speakers::start([&one, &two], &room);
    let first = cluster.owner(slot);
    let progress = speakers.progress();
    let cluster = tokio::task::spawn_blocking(move || {
        for to in [(first + 1) % 3, (first + 2) % 3, first] {
            progress();
            cluster.move_slot(slot, to);
            assert_eq!(cluster.owner(slot), to);
        }
        progress();
        cluster
    });
    let cluster = cluster.await.unwrap();
    let texts = speakers.stop(&one, &room).await;
    assert!(texts.len() > 100, "{}", texts.len());
    // The events come from where it is now.
    hears_again(&mut listening, &one, &room).await;
    drop(cluster);
}

#[tokio::test]
async fn given_a_failover_by_order_under_load_then_nothing_is_lost_or_said_twice() {
    let cluster = Cluster::start(true, &[]);
    let (one, two) = (keeps_many(&cluster, 1).await, keeps_many(&cluster, 2).await);
    let room = room("room");
    let slot = slot_of(&room);
    let old = cluster.owner(slot);
    let mut listening = Listening::new(&two, &room).await;
    let speakers = Speakers::start([&one, &two], &room);
    let progress = speakers.progress();
    let cluster = tokio::task::spawn_blocking(move || {
        progress();
        assert_eq!(cluster.servers[old + 3].cli(&["CLUSTER", "FAILOVER"]), "OK");
        eventually("the replica takes over", || cluster.owner(slot) == old + 3);
        progress();
        cluster
    });
    let mut cluster = cluster.await.unwrap();
    speakers.stop(&one, &room).await;
    hears_again(&mut listening, &one, &room).await;
    // The other one takes over again when this one dies; what it has, the other has, too.
    cluster.is_whole();
    assert_eq!(cluster.servers[old + 3].cli(&["WAIT", "1", "5000"]), "1");
    cluster.servers[old + 3].kill();
    let fate = loop {
        match say(&one, &room, "after", None).await {
            Err(Unavailable) => {}
            fate => break fate,
        }
    };
    assert!(matches!(fate, Ok(Fate::Said(_))), "{fate:?}");
    hears_again(&mut listening, &one, &room).await;
}

#[tokio::test]
async fn given_a_master_that_hangs_then_what_was_on_its_way_goes_to_its_replica_before_the_time_is_over() {
    let cluster = Cluster::start(true, &[]);
    let settings = cluster.settings(&cluster.servers[0].url());
    let settings = RedisSettings { timeout: DEADLINE, ..settings };
    let node = node_at(&settings, 1, WEEK).await;
    let room = room("room");
    let mut listening = Listening::new(&node, &room).await;
    said(&node, &room, "a").await;
    let owner = cluster.owner(slot_of(&room));
    assert_eq!(cluster.servers[owner].cli(&["WAIT", "1", "5000"]), "1");
    cluster.servers[owner].hang();
    let at = std::time::Instant::now();
    said(&node, &room, "b").await;
    // Otherwise it would have been the end of its time.
    assert!(at.elapsed() < DEADLINE / 2, "{:?}", at.elapsed());
    assert_eq!(shown(&read(&node, &room, Start::Oldest, 9).await).0, ["a", "b"]);
    hears_again(&mut listening, &node, &room).await;
}

#[tokio::test]
async fn given_a_master_that_joins_then_it_gets_the_library_with_the_first_slot() {
    let mut cluster = Cluster::start(false, &[]);
    let node = cluster.node(1).await;
    let room = room("room");
    let mut listening = Listening::new(&node, &room).await;
    said(&node, &room, "a").await;
    assert!(is_said(&listening.change().await, "a"));
    cluster.servers.push(member(&[]));
    cluster.meet(&cluster.servers[3]);
    cluster.know_each_other(4);
    cluster.is_whole();
    cluster.move_slot(slot_of(&room), 3);
    // The old master has ended the subscription; what is said before the next one begins is looked for in the log.
    while listening.next().await != Heard::Begins {}
    said(&node, &room, "b").await;
    assert!(is_said(&listening.change().await, "b"));
    assert_eq!(shown(&read(&node, &room, Start::Oldest, 9).await).0, ["a", "b"]);
}

#[tokio::test]
async fn given_several_members_then_one_that_answers_is_enough_and_there_is_one_database() {
    let mut cluster = Cluster::start(true, &[]);
    let hosts: Vec<_> = cluster.servers.iter().map(|server| format!("127.0.0.1:{}", server.port)).collect();
    let settings = cluster.settings(&format!("redis://{}/1", hosts.join(",")));
    let retention = Retention { messages: 100, age: WEEK, bytes: 1 << 20 };
    let Err(error) = Shared::connect(&settings, Run::new(1), retention).await else { panic!() };
    assert!(error.to_string().contains("has no database of that number"), "{error}");
    cluster.servers[0].kill();
    eventually("the replica takes over", || cluster.owner(0) == 3);
    let node = node_at(&cluster.settings(&format!("redis://{}", hosts.join(","))), 1, WEEK).await;
    for number in 0..20 {
        said(&node, &room(&format!("room {number}")), "a").await;
    }
}

#[tokio::test]
async fn given_masters_that_keep_no_file_then_each_of_them_is_named() {
    let cluster = Cluster::start(false, &["--appendonly", "no"]);
    let node = cluster.node(1).await;
    let warnings = node.warnings();
    for server in &cluster.servers {
        let place = format!("(127.0.0.1:{})", server.port);
        assert!(warnings.iter().any(|warning| warning.contains(&place)), "{warnings:?}");
    }
}
