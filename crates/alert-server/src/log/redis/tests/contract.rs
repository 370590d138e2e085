//! The suite of every store, on Redis: it orders what is said, and says where it has put it.

use super::*;
use crate::log::Stored;
use crate::log::contract::{Said, Stage, contract};
use alert_core::room::policy::{Audit, Policy};
use std::sync::mpsc;
use std::time::{SystemTime, UNIX_EPOCH};

/// A node, and a Redis of its own. It stands first, so that it ends first.
struct RedisStage {
    node: Shared,
    server: Server,
}

fn open(retention: Retention) -> RedisStage {
    let server = Server::start();
    let node = Shared::open(server.settings(), Run::new(1000), retention).unwrap();
    RedisStage { node, server }
}

impl RedisStage {
    /// What counts as said long ago stands in the log as it would now.
    fn say_long_ago(&self, room: &RoomCode, text: &str, ago: Duration) -> Position {
        let (tell, told) = mpsc::channel();
        let (node, code) = (self.node.clone(), room.clone());
        self.node.runtime().spawn(async move { tell.send(node.state(&code, None).await).unwrap() });
        let begun = told.recv_timeout(DEADLINE).unwrap().unwrap().position;
        let at = (SystemTime::now() - ago).duration_since(UNIX_EPOCH).unwrap().as_millis().to_string();
        let base = Keys::new("alert").room(room);
        let (log, meta) = (format!("{base}:log"), format!("{base}:meta"));
        let ordinal = self.server.cli(&["HGET", &meta, "ordinal"]);
        let id = format!("{ordinal}-{}", begun.number + 1);
        self.server.cli(&["XADD", &log, &id, "name", "Ada", "text", text, "at", &at, "by", "another 1"]);
        self.server.cli(&["HSET", &meta, "number", &(begun.number + 1).to_string()]);
        Position { number: begun.number + 1, ..begun }
    }
}

impl Stage for RedisStage {
    type Room = RoomCode;

    fn backend(&self) -> &dyn Backend {
        &self.node
    }

    fn room(&mut self, code: &str) -> RoomCode {
        let room = room(code);
        let meta = format!("{}:meta", Keys::new("alert").room(&room));
        if self.server.cli(&["EXISTS", &meta]) == "1" {
            self.server.cli(&["HSET", &meta, "token", "of another start"]);
        }
        room
    }

    fn rule(&self, code: &str, policy: &Policy, audit: Audit) {
        let (tell, told) = mpsc::channel();
        self.node.rule(&super::room(code), (policy, &[]), Of::Any, Some(&audit), move |ruled| {
            tell.send(ruled).unwrap()
        });
        let ruled = told.recv_timeout(DEADLINE).unwrap();
        assert!(matches!(ruled, Ok(Ruled::Holds(_))), "{ruled:?}");
    }

    fn policy(&self, code: &str) -> Option<Policy> {
        let (tell, told) = mpsc::channel();
        let (node, code) = (self.node.clone(), super::room(code));
        self.node.runtime().spawn(async move { tell.send(node.policy(&code).await).unwrap() });
        told.recv_timeout(DEADLINE).unwrap().unwrap().map(|policy| Policy::clone(&policy))
    }

    fn remove(&self, code: &str, position: Position, audit: Audit) -> bool {
        let (tell, told) = mpsc::channel();
        self.node.remove(&super::room(code), position, &audit, move |removed| tell.send(removed).unwrap());
        told.recv_timeout(DEADLINE).unwrap().unwrap().is_some()
    }

    fn begin(&self, room: &mut RoomCode, text: &str, ago: Duration) -> mpsc::Receiver<Said> {
        let (tell, told) = mpsc::channel();
        if ago.is_zero() {
            self.node.say(room, (&name("Ada"), text), None, None, move |fate| {
                let Ok(Fate::Said(Placed { position, .. })) = fate else { panic!("{fate:?}") };
                let _ = tell.send(Said { position, stored: Stored::Durably });
            });
        } else {
            let position = self.say_long_ago(room, text, ago);
            let _ = tell.send(Said { position, stored: Stored::Durably });
        }
        told
    }
}

contract!(shared open);
