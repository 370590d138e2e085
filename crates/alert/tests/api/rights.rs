//! Signed tokens, as a program meets them: what they let in, what they keep out, and how they end.

mod ended;
mod ending;
mod every_way;
mod hosts;
mod matrix;
mod nodes;
mod returning;
mod rules;
mod shown;
mod staying;
mod ways;

use std::path::PathBuf;
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

use crate::member::Member;
use crate::server::Server;

const API_TOKEN: &str = "0123456789abcdef";

/// A key, and what it signs.
pub(crate) struct Key {
    folder: TempDir,
}

impl Key {
    pub(crate) fn new() -> Self {
        let key = Self { folder: tempfile::tempdir().unwrap() };
        let file = key.file();
        let made = alert(&["token", "keygen", file.to_str().unwrap()]);
        assert!(made.status.success(), "{made:?}");
        key
    }

    pub(crate) fn file(&self) -> PathBuf {
        self.folder.path().join("key.pem")
    }

    /// A server that takes its tokens.
    pub(crate) fn server(&self, access: &str, flags: &[&str]) -> Server {
        let file = self.file();
        Server::start(&[&["--access", access, "--token-keys", file.to_str().unwrap()], flags].concat())
    }

    /// A token for room R1.
    pub(crate) fn token(&self, sub: &str, can: &str) -> String {
        self.mint(&[sub, "--room", "R1", "--can", can])
    }

    pub(crate) fn mint(&self, words: &[&str]) -> String {
        let file = self.file();
        let minted = alert(&[&["token", "mint", "--key", file.to_str().unwrap()], words].concat());
        assert!(minted.status.success(), "{minted:?}");
        String::from_utf8(minted.stdout).unwrap().trim().to_owned()
    }
}

pub(crate) fn alert(words: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_alert")).env_clear().args(words).output().unwrap()
}

pub(crate) fn bearer(token: &str) -> String {
    format!("Bearer {token}")
}

impl Server {
    /// Connects with a token. Gives what the server answers to that, too.
    pub(crate) fn connect_with(&self, namespace: &str, token: Option<&str>) -> (Member, String) {
        let mut member = self.open_by(self.address, "test");
        let answer = member.connects(namespace, token);
        (member, answer)
    }
}

impl Member {
    /// Connects a namespace (`` or `/v2,`), and gives the answer.
    pub(crate) fn connects(&mut self, namespace: &str, token: Option<&str>) -> String {
        let auth = token.map_or_else(String::new, |token| format!("{{\"token\":\"{token}\"}}"));
        self.send(&format!("40{namespace}{auth}"));
        self.packet()
    }

    /// The ack of an event, whatever comes before it.
    pub(crate) fn asks(&mut self, namespace: &str, event: &Value) -> Value {
        self.send(&format!("42{namespace}7{event}"));
        loop {
            if let Some(ack) = self.packet().strip_prefix(&format!("43{namespace}7")) {
                return serde_json::from_str::<Value>(ack).unwrap()[0].clone();
            }
        }
    }
}

/// Why something was refused, or `ok`.
pub(crate) fn outcome(ack: &Value) -> String {
    match ack["ok"].as_bool() {
        Some(true) => "ok".to_owned(),
        _ => ack["error"]["code"].as_str().unwrap().to_owned(),
    }
}
