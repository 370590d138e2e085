//! A master, its replica, and three sentinels: who is the master is theirs to say.

use super::process::{Process, eventually};
use super::*;
use crate::config::{Config, Flags};
use crate::log::redis::masters::Masters;
use alert_settings::Environment;

const SERVICE: &str = "one";
const REDIS_PASSWORD: &str = "hunter2";
const SENTINEL_PASSWORD: &str = "sesame";

struct Group {
    /// The first was the master at the start.
    servers: Vec<Process>,
    sentinels: Vec<Process>,
}

impl Group {
    fn start() -> Self {
        let cli = ["-a", REDIS_PASSWORD, "--no-auth-warning"];
        let own = ["--requirepass", REDIS_PASSWORD, "--masterauth", REDIS_PASSWORD];
        let master = Process::new(&[&own[..], &["--repl-diskless-sync-delay", "0"]].concat(), &cli);
        let follow = format!("127.0.0.1 {}", master.port);
        let replica = Process::new(&[&own[..], &["--replicaof", &follow]].concat(), &cli);
        eventually("the replica follows", || master.cli(&["INFO", "replication"]).contains("state=online"));
        let sentinels: Vec<_> = (0..3).map(|_| sentinel(master.port)).collect();
        let group = Self { servers: vec![master, replica], sentinels };
        for sentinel in &group.sentinels {
            eventually("the sentinels know of all", || {
                sentinel.cli(&["INFO", "sentinel"]).contains("status=ok")
                    && sentinel.cli(&["INFO", "sentinel"]).contains("slaves=1,sentinels=3")
            });
        }
        group
    }

    fn settings(&self, service: &str, sentinel_password: &str) -> RedisSettings {
        let hosts: Vec<_> =
            self.sentinels.iter().map(|sentinel| format!("127.0.0.1:{}", sentinel.port)).collect();
        let url = format!("redis+sentinel://:{REDIS_PASSWORD}@{}/{service}", hosts.join(","));
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), sentinel_password).unwrap();
        let pairs =
            [("ALERT_REDIS", &*url), ("ALERT_REDIS_SENTINEL_PASSWORD_FILE", file.path().to_str().unwrap())];
        let config = Config::load(&Flags::default(), &Environment::from(&pairs[..])).unwrap();
        config.history.redis.unwrap()
    }

    /// Waits until the sentinels name the replica as the master.
    fn has_failed_over(&self) {
        let port = self.servers[1].port.to_string();
        for sentinel in &self.sentinels[1..] {
            eventually("another master", || {
                sentinel.cli(&["SENTINEL", "GET-MASTER-ADDR-BY-NAME", SERVICE]).contains(&port)
            });
        }
    }
}

fn sentinel(master: u16) -> Process {
    let cli = ["-a", SENTINEL_PASSWORD, "--no-auth-warning"];
    let mut sentinel = Process::idle(&cli);
    let lines = format!(
        "port {}\nbind 127.0.0.1\nrequirepass {SENTINEL_PASSWORD}\n\
         sentinel monitor {SERVICE} 127.0.0.1 {master} 2\nsentinel auth-pass {SERVICE} {REDIS_PASSWORD}\n\
         sentinel down-after-milliseconds {SERVICE} 1000\nsentinel failover-timeout {SERVICE} 2000\n",
        sentinel.port
    );
    let file = sentinel.file("sentinel.conf");
    std::fs::write(&file, lines).unwrap();
    sentinel.run(vec![file.display().to_string(), "--sentinel".to_owned()]);
    sentinel.answers();
    sentinel
}

#[tokio::test]
async fn given_a_master_that_dies_then_the_next_one_is_found_and_nothing_is_lost_or_said_twice() {
    let mut group = Group::start();
    let node = node_at(&group.settings(SERVICE, SENTINEL_PASSWORD), 1, WEEK).await;
    let room = room("room");
    let mut heard = Listening::new(&node, &room).await;
    let first = said(&node, &room, "a").await;
    assert!(is_said(&heard.change().await, "a"));
    // What the replica has not got yet is lost with the master, whoever asks whom.
    assert_eq!(group.servers[0].cli(&["WAIT", "1", "5000"]), "1");
    // A sentinel that is gone is passed over.
    group.sentinels[0].kill();
    group.servers[0].kill();
    let second = loop {
        match say(&node, &room, "b", None).await {
            Ok(Fate::Said(placed)) => break placed.position,
            // Another master takes longer than a call may.
            other => assert_eq!(other, Err(Unavailable)),
        }
    };
    group.has_failed_over();
    assert_ne!(first.epoch, second.epoch);
    assert_eq!(shown(&read(&node, &room, Start::Oldest, 9).await).0, ["a", "b"]);
    // The events come from it too.
    while heard.next().await != Heard::Begins {}
    said(&node, &room, "c").await;
    while !is_said(&heard.change().await, "c") {}
}

#[tokio::test]
async fn given_a_failover_by_order_then_the_link_and_the_events_follow_it() {
    let group = Group::start();
    let node = node_at(&group.settings(SERVICE, SENTINEL_PASSWORD), 1, WEEK).await;
    let room = room("room");
    let mut heard = Listening::new(&node, &room).await;
    said(&node, &room, "a").await;
    assert!(is_said(&heard.change().await, "a"));
    eventually("a sentinel begins", || group.sentinels[0].cli(&["SENTINEL", "FAILOVER", SERVICE]) == "OK");
    group.has_failed_over();
    while heard.next().await != Heard::Begins {}
    let fate = say(&node, &room, "b", None).await;
    assert!(matches!(fate, Ok(Fate::Said(_))), "{fate:?}");
    while !is_said(&heard.change().await, "b") {}
    assert!(group.servers[1].cli(&["INFO", "replication"]).contains("role:master"));
}

#[tokio::test]
async fn given_sentinels_that_do_not_help_then_it_is_said_why() {
    let mut group = Group::start();
    for (service, password, words) in [
        ("two", SENTINEL_PASSWORD, "knows no master named two: correct the name"),
        (SERVICE, "wrong", "give them in --redis-sentinel-user"),
    ] {
        let settings = group.settings(service, password);
        let Err(error) = Masters::find(&settings.address, None).await else { panic!("{words}") };
        assert!(error.to_string().contains(words), "{error}");
    }
    let address = format!("redis://:{SENTINEL_PASSWORD}@127.0.0.1:{}", group.sentinels[0].port);
    let address = RedisAddress::parse(&address).unwrap();
    let Err(error) = Masters::find(&address, None).await else { panic!() };
    assert!(error.to_string().contains("is a sentinel: give --redis as redis+sentinel://"), "{error}");
    let settings = group.settings(SERVICE, SENTINEL_PASSWORD);
    group.servers.iter_mut().for_each(Process::kill);
    let Err(error) = Masters::find(&settings.address, None).await else { panic!() };
    assert!(error.to_string().contains("does not answer"), "{error}");
}
