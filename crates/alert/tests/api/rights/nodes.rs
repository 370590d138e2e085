//! Where a rule is made, and where people come: the same server, or another one that shares its rooms.

use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::Key;
use crate::redis::Redis;
use crate::server::{DEADLINE, Server};

pub(super) struct Nodes {
    servers: Vec<Server>,
    redis: Option<Redis>,
}

/// A room with a host, who acts `here`.
pub(super) struct Hosted<'a> {
    nodes: &'a Nodes,
    pub(super) room: String,
    key: String,
}

impl Nodes {
    /// One server, and two.
    pub(super) fn of_each_kind(key: &Key, access: &str, flags: &[&str]) -> [Self; 2] {
        let redis = Redis::start();
        let url = redis.url();
        let shared = [flags, &["--redis", &url]].concat();
        let two = (0..2).map(|_| key.server(access, &shared)).collect();
        [
            Self { servers: vec![key.server(access, flags)], redis: None },
            Self { servers: two, redis: Some(redis) },
        ]
    }

    /// Where rules are made.
    pub(super) fn here(&self) -> &Server {
        &self.servers[0]
    }

    /// Where people come.
    pub(super) fn there(&self) -> &Server {
        self.servers.last().unwrap()
    }

    /// Runs a command on their history.
    pub(super) fn run(&self, words: &[&str]) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_alert"));
        command.env_clear().args(words);
        match &self.redis {
            Some(redis) => command.env("ALERT_REDIS", redis.url()),
            None => command.env("STATE_DIRECTORY", self.here().state()),
        };
        let output = command.output().unwrap();
        assert!(output.status.success(), "{words:?} {output:?}");
    }

    pub(super) fn host(&self, room: &str) -> Hosted<'_> {
        let body = json!({ "room": room }).to_string();
        let made = self.here().ask("POST", "/v1/rooms", &JSON, body.as_bytes());
        let key = made.json()["host"].as_str().unwrap_or_else(|| panic!("{made:?}")).to_owned();
        Hosted { nodes: self, room: room.to_owned(), key }
    }
}

const JSON: [(&str, &str); 1] = [("content-type", "application/json")];

impl Hosted<'_> {
    /// Does something, and waits until it is known `there`.
    pub(super) fn does(&self, action: &Value) {
        let done = self.asks(self.nodes.here(), action);
        let until = Instant::now() + DEADLINE;
        let known =
            || self.asks(self.nodes.there(), &json!({ "action": "show" }))["policy"]["revision"].as_u64();
        while known() < done["policy"]["revision"].as_u64() {
            assert!(Instant::now() < until, "{action} is not known on the other server");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    fn asks(&self, server: &Server, action: &Value) -> Value {
        let path = format!("/v1/rooms/{}/actions", self.room);
        let headers = [("alert-host-key", self.key.as_str()), JSON[0]];
        let answer = server.ask("POST", &path, &headers, action.to_string().as_bytes());
        // Whoever is not there cannot be kicked.
        let is_absent = action["action"] == "kick" && answer.status == 404;
        assert!(answer.status == 200 || is_absent, "{action}: {answer:?}");
        answer.json()
    }

    /// Says something `here`, and gives its position.
    pub(super) fn says(&self, text: &str) -> String {
        let path = format!("/v1/rooms/{}?name=Host", self.room);
        let said = self.nodes.here().post(&path, &[("alert-host-key", &self.key)], text);
        assert_eq!(said.status, 202, "{said:?}");
        said.json()["position"].as_str().unwrap().to_owned()
    }
}
